//! Arguments of `derm man`.

use clap::Args;

/// Write man pages
#[derive(Debug, Args)]
pub struct ManArgs {}
