//! Arguments of `derm cache`.

use clap::{Args, Subcommand};

/// Show or change where objects are kept
#[derive(Debug, Args)]
pub struct CacheArgs {
    #[command(subcommand)]
    pub command: CacheCommand,
}

/// The commands below `derm cache`.
#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    Dir(DirArgs),
}

/// Show the folder of the cache, or set it
///
/// Sets `cache.dir` in `.derm/config`, or with --local in `.derm/config.local`, which is not committed. Nothing is moved:
/// it says what to type to take the objects along. Several repositories may use one folder.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm cache dir                             where it is
  derm cache dir --local /data/shared/derm   on this machine, on the large disk
  derm cache dir --unset                     back to `.derm/cache`")]
pub struct DirArgs {
    /// The new folder; as typed if absolute, else relative to the repository's root
    #[arg(value_name = "DIR")]
    pub folder: Option<String>,

    /// Change the settings of this machine alone
    #[arg(long)]
    pub local: bool,

    /// Take the setting out
    #[arg(long, conflicts_with = "folder")]
    pub unset: bool,
}
