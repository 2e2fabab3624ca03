//! Arguments of `derm metrics`.

use clap::Args;

/// Show metrics
#[derive(Debug, Args)]
pub struct MetricsArgs {}
