//! Arguments of `derm params`.

use clap::Args;

/// Show parameters
#[derive(Debug, Args)]
pub struct ParamsArgs {}
