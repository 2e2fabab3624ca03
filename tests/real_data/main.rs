//! Checks on real files, not part of the default run: `DERM_TEST_DATA=… cargo test --release --test real_data`.
//!
//! `DERM_TEST_DATA` names a folder with `ham10000/`, `isic2019-metadata/`, `weights-imagenet/` and so on.

mod data;
mod formula;
mod golden;
mod naming;
mod networks;
mod support;
mod table;
