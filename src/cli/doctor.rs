//! Arguments of `derm doctor`.

use clap::Args;

/// Check this machine, this repository and its cache
///
/// Exits with code 3 when a check fails. Outside a repository only the machine is checked.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Read and hash every object of the cache; damaged ones are set aside
    #[arg(long)]
    pub verify: bool,
}
