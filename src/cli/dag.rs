//! Arguments of `derm dag`.

use clap::Args;

/// Draw the graph of stages
#[derive(Debug, Args)]
pub struct DagArgs {}
