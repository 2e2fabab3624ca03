//! Arguments of `derm merge-driver`, which git runs.

use std::path::PathBuf;

use clap::Args;

/// Merge pointers by file and locks by stage, for git
///
/// `derm install` tells git of it. The result is written to OURS; with a conflict the exit code is 1.
#[derive(Debug, Args)]
pub struct MergeDriverArgs {
    /// What both sides come from
    #[arg(value_name = "BASE")]
    pub base: PathBuf,
    /// This side, and the place of the result
    #[arg(value_name = "OURS")]
    pub ours: PathBuf,
    /// The other side
    #[arg(value_name = "THEIRS")]
    pub theirs: PathBuf,
    /// The path that is merged, from git's top folder
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
}
