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

/// Which commits a listing shows beside the workspace.
#[derive(Clone, Debug, Default, Args)]
pub struct HistoryArgs {
    /// Also the tips of all branches
    #[arg(short = 'a', long)]
    pub all_branches: bool,

    /// Also all tags
    #[arg(short = 'T', long)]
    pub all_tags: bool,

    /// Also every commit that a branch or a tag reaches
    #[arg(short = 'A', long)]
    pub all_commits: bool,

    /// Also this revision; may be repeated
    #[arg(long, value_name = "REV")]
    pub rev: Vec<String>,

    /// Accepted for scripts written for DVC: folders are always searched
    #[arg(short = 'R', long, hide = true)]
    pub recursive: bool,
}

/// What two places are compared, and how that is shown.
#[derive(Clone, Debug, Default, Args)]
pub struct ComparisonArgs {
    /// The revision to start from (default: HEAD)
    #[arg(value_name = "OLD")]
    pub old: Option<String>,

    /// The revision to compare with it (default: the workspace)
    #[arg(value_name = "NEW")]
    pub new: Option<String>,

    /// Compare these files, or all files in these folders, and nothing else
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub targets: Vec<String>,

    /// Accepted for scripts written for DVC: folders are always searched
    #[arg(short = 'R', long, hide = true)]
    pub recursive: bool,

    /// Also what is equal
    #[arg(long)]
    pub all: bool,

    /// Leave out the column of files
    #[arg(long)]
    pub no_path: bool,

    /// Print a Markdown table, for comments and step summaries of a CI
    #[arg(long, conflicts_with = "json")]
    pub md: bool,

    /// Exit with code 3 when there are differences
    #[arg(long)]
    pub exit_code: bool,
}
