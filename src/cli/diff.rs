//! Arguments of `derm diff`.

use clap::Args;

/// Show which tracked files differ between two revisions
///
/// Without a revision: the workspace against the last commit. With one: the workspace against it. With
/// two: the second against the first. Files inside tracked folders are listed one by one as far as the
/// folder's listing is in the cache; a file that moved is recognised by its content.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm diff                      what changed since the last commit
  derm diff v1.0 v1.1            between two tags
  derm diff --exit-code main     exit code 3 when anything differs

EXIT STATUS
    0  done
    1  failed
    2  wrong usage, or a file of yours that cannot be understood
    3  with --exit-code: there are differences
  130  interrupted")]
pub struct DiffArgs {
    /// The revision to start from (default: HEAD)
    #[arg(value_name = "OLD")]
    pub old: Option<String>,

    /// The revision to compare with it (default: the workspace)
    #[arg(value_name = "NEW")]
    pub new: Option<String>,

    /// Exit with code 3 when there are differences
    #[arg(long)]
    pub exit_code: bool,

    /// Print a Markdown table, for comments of a CI
    #[arg(long, conflicts_with = "json")]
    pub md: bool,

    /// Leave out tracked files and folders that are not in the workspace
    #[arg(long, conflicts_with = "new")]
    pub hide_missing: bool,
}
