//! Where the real files are.

use std::path::PathBuf;

/// A path below the folder that `DERM_TEST_DATA` names; the check fails when there is none.
pub fn real(relative: &str) -> PathBuf {
    let root = std::env::var_os("DERM_TEST_DATA").expect("DERM_TEST_DATA names no folder of real data");
    let path = PathBuf::from(root).join(relative);
    assert!(path.exists(), "{} does not exist", path.display());
    path
}
