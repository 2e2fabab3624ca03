//! Arguments of `derm doctor`.

use clap::Args;

/// Check this machine, this repository and its cache
///
/// Outside a repository only the machine is checked.
#[derive(Debug, Args)]
#[command(after_help = "\
EXIT STATUS
    0  all is well, perhaps with warnings
    1  failed
    2  wrong usage, or a file of yours that cannot be understood
    3  a check failed
  130  interrupted")]
pub struct DoctorArgs {
    /// Read and hash every object of the cache; damaged ones are set aside
    #[arg(long)]
    pub verify: bool,
}
