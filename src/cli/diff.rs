//! Arguments of `derm diff`.

use clap::Args;

/// Show which tracked files differ between two revisions
#[derive(Debug, Args)]
pub struct DiffArgs {}
