//! Arguments of `derm lock`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Show what stages last used and made, or merge two such records
#[derive(Debug, Args)]
pub struct LockArgs {
    #[command(subcommand)]
    pub command: LockCommand,
}

/// The commands below `derm lock`.
#[derive(Debug, Subcommand)]
pub enum LockCommand {
    Show(ShowArgs),
    Merge(MergeArgs),
}

/// Show what stages last used and made
///
/// What the locks say, not what is on the disk: `derm status` compares the two. Stages that are in no
/// pipeline any more are shown until their lock is next written.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct ShowArgs {
    /// Stages by name; all of them if none is given
    #[arg(value_name = "STAGE")]
    pub stages: Vec<String>,
}

/// Merge two versions of a lock, stage by stage
///
/// What only one side changed is taken from it. A stage that both changed, each in its own way, stands twice in the
/// result, between the usual marks, and the exit code is 1; keep either, and `derm repro` runs what does not fit.
/// `derm install` makes git do this by itself.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  git config merge.derm-lock.driver 'derm lock merge %O %A %B'
  echo 'pipelines/*.lock merge=derm-lock' >> .gitattributes"
)]
pub struct MergeArgs {
    /// What both sides come from; an empty file if there is none
    #[arg(value_name = "BASE")]
    pub base: PathBuf,
    /// This side, and the place of the result
    #[arg(value_name = "OURS")]
    pub ours: PathBuf,
    /// The other side
    #[arg(value_name = "THEIRS")]
    pub theirs: PathBuf,
}
