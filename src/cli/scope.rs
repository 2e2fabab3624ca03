//! Arguments of commands that look beyond the workspace: which commits' data is meant.

use clap::Args;

/// Which commits are looked at, beside the workspace.
#[derive(Clone, Debug, Default, Args)]
pub struct ScopeArgs {
    /// Also the data of the tips of all branches
    #[arg(short = 'a', long)]
    pub all_branches: bool,

    /// Also the data of all tags
    #[arg(short = 'T', long)]
    pub all_tags: bool,

    /// Also the data of every commit that a branch or a tag reaches
    #[arg(short = 'A', long)]
    pub all_commits: bool,

    /// Also the data of this revision; may be repeated
    #[arg(long, value_name = "REV")]
    pub rev: Vec<String>,
}
