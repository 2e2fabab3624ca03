//! Arguments of `derm repro`.

use clap::Args;

/// Run the stages of the pipelines that are stale
#[derive(Debug, Args)]
pub struct ReproArgs {}
