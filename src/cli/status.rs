//! Arguments of `derm status`.

use clap::Args;

/// Show what changed: data, and stages that are stale
#[derive(Debug, Args)]
pub struct StatusArgs {}
