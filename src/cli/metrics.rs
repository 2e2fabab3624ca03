//! Arguments of `derm metrics`.

use clap::{Args, Subcommand};

use super::scope::{ComparisonArgs, HistoryArgs};

/// Show and compare metrics
#[derive(Debug, Args)]
pub struct MetricsArgs {
    #[command(subcommand)]
    pub command: MetricsCommand,
}

/// What to do with metrics.
#[derive(Debug, Subcommand)]
pub enum MetricsCommand {
    Show(MetricsShowArgs),
    Diff(MetricsDiffArgs),
}

/// Show every metric with its value
///
/// Lists the files that stages or pipelines name under `metrics:` (JSON, YAML,
/// TOML). A file that cannot be read is reported, the others are shown. Metrics
/// of other commits are read from git or, where they are cached, from the cache;
/// nothing is checked out.
///
/// The table has numbers only; `--json` has texts and lists too, and all digits,
/// and under `revisions` what `dvc metrics show --json` prints.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm metrics show                    the workspace
  derm metrics show -a                 and the tip of every branch
  derm metrics show -T --md            all tags, as a Markdown table
  derm metrics show -A --json          every commit, for a script"
)]
pub struct MetricsShowArgs {
    /// Files, or folders of files, to show instead
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,

    #[command(flatten)]
    pub history: HistoryArgs,

    /// Digits after the decimal point; four significant ones if not given
    #[arg(long, value_name = "N")]
    pub precision: Option<usize>,

    /// Print a Markdown table, for comments and step summaries of a CI
    #[arg(long, conflicts_with = "json")]
    pub md: bool,
}

/// Show which metrics differ between two revisions
///
/// Without a revision: the workspace against the last commit. With one: the
/// workspace against it. With two: the second against the first. A rise of what
/// should rise is green; what is neither good nor bad has no colour.
///
/// The field `diff` of `--json` is what `dvc metrics diff --json` prints.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm metrics diff                    since the last commit
  derm metrics diff main --md          against a branch, for a step summary
  derm metrics diff v1 v2 --json       between two tags, for a script

EXIT STATUS
    0  done
    1  failed
    2  wrong usage, or a file of yours that cannot be understood
    3  with --exit-code: there are differences
  130  interrupted"
)]
pub struct MetricsDiffArgs {
    #[command(flatten)]
    pub comparison: ComparisonArgs,

    /// Digits after the decimal point; four significant ones if not given
    #[arg(long, value_name = "N")]
    pub precision: Option<usize>,
}
