//! Arguments of `derm add`.

use clap::Args;

/// Track files or folders by content hash
///
/// Puts the content into the cache, writes a small pointer file `PATH.derm` to commit to git, and lists
/// the data itself in `.gitignore`. A path inside a tracked folder updates that folder's pointer, also
/// when the rest of the folder is not on this machine. Unchanged files are not read again.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm add data/skin                      a folder with all it holds
  derm add 'data/*.csv' weights.bin       patterns are expanded by derm too
  derm add data/skin/images/new.jpg       one more file of a tracked folder
  find scans -name '*.tiff' | derm add -  paths from stdin, one a line")]
pub struct AddArgs {
    /// Files, folders or patterns; `-` reads paths from stdin, one a line
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<String>,

    /// Send the content to a remote and not into the cache: for what is too large for this disk twice
    #[arg(long)]
    pub to_remote: bool,

    /// The remote, or a URL, for --to-remote
    #[arg(short, long, value_name = "NAME", requires = "to_remote")]
    pub remote: Option<String>,
}
