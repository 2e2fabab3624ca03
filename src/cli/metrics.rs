//! Arguments of `derm metrics`.

use clap::{Args, Subcommand};

/// Show metrics
#[derive(Debug, Args)]
pub struct MetricsArgs {
    #[command(subcommand)]
    pub command: MetricsCommand,
}

/// What to do with metrics.
#[derive(Debug, Subcommand)]
pub enum MetricsCommand {
    Show(MetricsShowArgs),
}

/// Show every metric with its value
///
/// Lists the files that stages or pipelines name under `metrics:` (JSON, YAML,
/// TOML). A file that cannot be read is reported, the others are shown.
///
/// The table has numbers only; `--json` has texts and lists too, and all digits.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct MetricsShowArgs {
    /// Files to show instead
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,

    /// Digits after the decimal point; four significant ones if not given
    #[arg(long, value_name = "N")]
    pub precision: Option<usize>,
}
