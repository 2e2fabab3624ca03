//! Arguments of `derm evaluate`.

use clap::Args;

/// Evaluate a model or a table of predictions
#[derive(Debug, Args)]
pub struct EvaluateArgs {}
