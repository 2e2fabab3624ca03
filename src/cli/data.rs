//! Arguments of `derm data`.

use clap::Args;

/// Ingest, split, audit and describe image datasets
#[derive(Debug, Args)]
pub struct DataArgs {}
