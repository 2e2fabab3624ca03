//! Arguments of `derm du`.

use clap::Args;

/// Show how large tracked data is
///
/// Files and bytes as pointers and locks record them, whether they are here or not, and how much of it the
/// cache has. Equal files are one object and take their space once, also over several paths.
#[derive(Debug, Args)]
pub struct DuArgs {
    /// Tracked paths, or paths inside or above tracked ones; everything by default
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
}
