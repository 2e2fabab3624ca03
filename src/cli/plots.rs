//! Arguments of `derm plots`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Plot curves, tables and pictures, of several revisions side by side
#[derive(Debug, Args)]
pub struct PlotsArgs {
    #[command(subcommand)]
    pub command: PlotsCommand,
}

/// What to do with plots.
#[derive(Debug, Subcommand)]
pub enum PlotsCommand {
    Show(PlotsShowArgs),
    Diff(PlotsDiffArgs),
}

/// Show every plot: small ones here, large ones on a page
///
/// Plots are what stages list under `plots:` and what pipeline files define at
/// their top, in DVC's words: `x`, `y`, `x_label`, `y_label`, `title`, `header`,
/// and `template`, one of linear, simple, smooth, scatter, bar_horizontal,
/// bar_horizontal_sorted, confusion, confusion_normalized. Data is read from
/// CSV, TSV, JSON, YAML and TOML; pictures (JPEG, PNG, GIF, SVG) are shown as
/// they are. The page needs no network and no other file.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm plots show                              all plots, and plots.html
  derm plots show logs/loss.csv --out loss.html
  derm plots show table.csv -x epoch -y loss   a file that no stage names
  derm plots show --json                       the data"
)]
pub struct PlotsShowArgs {
    /// Plots by name, files, or folders; all plots if none is given
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    #[command(flatten)]
    pub look: LookArgs,
}

/// Show plots of several revisions on top of each other
///
/// Without a revision: the last commit and the workspace. With one: it and the
/// workspace. With more: those. Nothing is checked out; what is cached comes from
/// the cache. Lines share their axes, pictures stand side by side.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm plots diff                              since the last commit
  derm plots diff main --out page.html         against a branch
  derm plots diff v1 v2 --targets loss.csv     one plot at two tags"
)]
pub struct PlotsDiffArgs {
    /// Revisions to show
    #[arg(value_name = "REV")]
    pub revisions: Vec<String>,

    /// Plots by name, files, or folders; all plots if none is given
    #[arg(long, value_name = "TARGET", num_args = 1..)]
    pub targets: Vec<String>,

    #[command(flatten)]
    pub look: LookArgs,
}

/// How plots are shown.
#[derive(Debug, Args)]
pub struct LookArgs {
    /// Where the page is written
    #[arg(short, long, value_name = "FILE", default_value = "plots.html")]
    pub out: PathBuf,

    /// Print a Markdown table of each plot's figures instead, for a CI's step summary
    #[arg(long, conflicts_with = "json")]
    pub md: bool,

    /// Draw with this template
    #[arg(long, value_name = "NAME")]
    pub template: Option<String>,

    /// The column along the horizontal axis
    #[arg(short = 'x', long = "x", value_name = "COLUMN")]
    pub x: Option<String>,

    /// The column along the vertical axis
    #[arg(short = 'y', long = "y", value_name = "COLUMN")]
    pub y: Option<String>,

    /// The words below the horizontal axis
    #[arg(long, value_name = "TEXT")]
    pub x_label: Option<String>,

    /// The words beside the vertical axis
    #[arg(long, value_name = "TEXT")]
    pub y_label: Option<String>,

    /// The words above
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,

    /// The first row of a CSV or TSV file is data; columns are called 0, 1, 2
    #[arg(long)]
    pub no_header: bool,
}
