//! Arguments of `derm remove`.

use clap::Args;

/// Stop tracking files or folders
///
/// Removes the pointer and the line in `.gitignore`; the data stays where it is. With --data it goes too, if
/// the cache has it, so that `git checkout` and `derm checkout` bring it back. Objects stay in the cache until `derm gc`.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm remove data/skin              the folder stays, and git sees it from now on
  derm remove --data data/skin       the folder goes; the cache has it")]
pub struct RemoveArgs {
    /// Tracked files or folders
    #[arg(required = true, value_name = "TARGET")]
    pub targets: Vec<String>,

    /// Remove the data too
    #[arg(long)]
    pub data: bool,

    /// With --data: also what the cache does not have
    #[arg(short, long, requires = "data")]
    pub force: bool,
}
