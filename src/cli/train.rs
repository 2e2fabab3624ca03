//! Arguments of `derm train`.

use clap::Args;

/// Train a network
#[derive(Debug, Args)]
pub struct TrainArgs {}
