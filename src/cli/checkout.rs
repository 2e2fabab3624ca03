//! Arguments of `derm checkout`.

use clap::Args;

/// Make files match their pointers and locks
///
/// Brings tracked files and folders to the state that their pointers record, from the cache, verifying every
/// byte. Content that is not in the cache is never overwritten or removed without --force: then
/// nothing is changed and the files are named. What the cache lacks is reported after the rest is done.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  git checkout v1 && derm checkout        the data that belongs to a commit
  derm checkout data/skin/images          only a part of a tracked folder")]
pub struct CheckoutArgs {
    /// Tracked paths, or paths inside or above tracked ones; everything by default
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    /// Overwrite and remove changed files even if their content is nowhere else
    #[arg(short, long)]
    pub force: bool,

    /// Make all files links of the configured type again, also where their content is right
    #[arg(long)]
    pub relink: bool,
}
