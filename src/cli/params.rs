//! Arguments of `derm params`.

use clap::{Args, Subcommand};

use super::scope::{ComparisonArgs, HistoryArgs};

/// Show and compare parameters
#[derive(Debug, Args)]
pub struct ParamsArgs {
    #[command(subcommand)]
    pub command: ParamsCommand,
}

/// What to do with parameters.
#[derive(Debug, Subcommand)]
pub enum ParamsCommand {
    Show(ParamsShowArgs),
    Diff(ParamsDiffArgs),
}

/// Show every parameter with its value
///
/// Lists params.yaml and every other parameter file that a pipeline names
/// (YAML, JSON, TOML); of files that stages read in part, that part. A file that
/// cannot be read is reported, the others are shown. Other commits are read
/// without a checkout.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct ParamsShowArgs {
    /// Files, to be shown whole instead
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,

    #[command(flatten)]
    pub history: HistoryArgs,

    /// Only parameters that stages read
    #[arg(long, conflicts_with = "files")]
    pub deps: bool,

    /// Also show the line of each value, and the stages that read it
    #[arg(long)]
    pub origin: bool,

    /// Print a Markdown table, for comments and step summaries of a CI
    #[arg(long, conflicts_with = "json")]
    pub md: bool,
}

/// Show which parameters differ between two revisions
///
/// Without a revision: the workspace against the last commit. With one: the
/// workspace against it. With two: the second against the first. Values are
/// compared, not texts: `0.10` is `0.1`, and comments do not count.
///
/// The field `diff` of `--json` is what `dvc params diff --json` prints, with
/// lists as lists.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm params diff                     since the last commit
  derm params diff main --deps         only what stages read
  derm params diff v1 v2 --md          between two tags, for a step summary

EXIT STATUS
    0  done
    1  failed
    2  wrong usage, or a file of yours that cannot be understood
    3  with --exit-code: there are differences
  130  interrupted"
)]
pub struct ParamsDiffArgs {
    #[command(flatten)]
    pub comparison: ComparisonArgs,

    /// Only parameters that stages read
    #[arg(long, conflicts_with = "targets")]
    pub deps: bool,
}
