//! Arguments of `derm init`.

use clap::Args;

/// Make this folder a derm repository
#[derive(Debug, Args)]
pub struct InitArgs {}
