//! Arguments of `derm completions`.

use clap::Args;

/// Print shell completions
#[derive(Debug, Args)]
pub struct CompletionsArgs {}
