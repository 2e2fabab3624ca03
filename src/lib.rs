//! `derm`: from a folder of skin images to an audited, reproducible, exportable model.
//!
//! Each module uses only what stands further down this list; peers in a row do not use each
//! other. `tests/derm/layers.rs` holds the list to be true by reading `src/`.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`commands`] | one file a command: resolve arguments, call one engine, show the result |
//! | [`ui`] | the terminal: human text, JSON, colour, progress. Nothing below can print |
//! | [`cli`] | clap definitions, the one source of help, completions and man pages |
//! | [`experiments`] | experiments and their queue over pipelines |
//! | [`training`], [`drift`], [`explain`], [`export`] | engines: data and model in, a result type out |
//! | [`evaluation`] | metrics, calibration, curves |
//! | [`tracking`], [`pipeline`] | runs as files; schema, graph, plan, lock, execution |
//! | [`dataset`], [`nn`] | readers, manifest, splits, audit, loader; operations, networks, weights |
//! | [`store`] | objects, trees, pointers, links, the stat index |
//! | [`workspace`] | the root, configuration, git, ignore rules, locks, atomic files |
//! | [`report`] | plain numbers in; SVG plots and self-contained HTML out |
//! | [`digest`], [`relpath`], [`clock`], [`text`], [`observer`], [`allocator`] | small ground modules |

pub mod allocator;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod dataset;
pub mod digest;
pub mod drift;
pub mod evaluation;
pub mod experiments;
pub mod explain;
pub mod export;
#[doc(hidden)]
pub mod fuzzing;
pub mod nn;
pub mod observer;
pub mod pipeline;
pub mod relpath;
pub mod report;
pub mod store;
pub mod text;
pub mod tracking;
pub mod training;
pub mod ui;
pub mod workspace;
