//! Arguments of `derm data`.

pub mod audit;
pub mod extract;
pub mod ingest;
pub mod split;
pub mod stats;

use clap::{Args, Subcommand};

/// Ingest, split, audit and describe image datasets
///
/// A dataset is a folder with the images, a table of what is known about
/// each, and a note of where they came from. The usual order is `ingest`,
/// `split`, `audit`; then `derm train`.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm data ingest synthetic --out data/skin
  derm data ingest ~/Downloads/HAM10000 --out data/skin
  derm data split data/skin --out data/skin-split.csv
  derm data audit data/skin --split data/skin-split.csv --fail-on leakage"
)]
pub struct DataArgs {
    #[command(subcommand)]
    pub command: DataCommand,
}

/// The commands on datasets.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    Ingest(ingest::IngestArgs),
    Split(split::SplitArgs),
    Audit(audit::AuditArgs),
    Stats(stats::StatsArgs),
    Extract(extract::ExtractArgs),
}
