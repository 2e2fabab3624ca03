//! Arguments of `derm runs`.

use clap::Args;

/// List, show and compare runs
#[derive(Debug, Args)]
pub struct RunsArgs {}
