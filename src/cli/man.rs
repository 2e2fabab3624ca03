//! Arguments of `derm man`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Write the man pages into a folder
///
/// One page for derm and one for each command, such as `derm-repro.1`. The folder is made
/// if it is missing. Needs no repository and reads no settings.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm man ~/.local/share/man/man1     then: man derm-repro")]
pub struct ManArgs {
    /// The folder to write to
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
}
