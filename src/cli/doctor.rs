//! Arguments of `derm doctor`.

use clap::Args;

/// Check this machine, this repository and its cache
#[derive(Debug, Args)]
pub struct DoctorArgs {}
