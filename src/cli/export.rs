//! Arguments of `derm export`.

use clap::Args;

/// Export a trained model
#[derive(Debug, Args)]
pub struct ExportArgs {}
