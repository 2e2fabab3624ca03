//! Arguments of `derm drift`.

use clap::Args;

/// Compare current images or predictions with a reference
#[derive(Debug, Args)]
pub struct DriftArgs {}
