//! Arguments of `derm dag`.

use std::path::PathBuf;

use clap::Args;

/// Show which stage comes before which
///
/// Stages are drawn as boxes, without the arrows that others imply, where that
/// fits the terminal; else as one line a stage with lines between them. The stages
/// of a `foreach` or `matrix` are one box.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm dag                       everything
  derm dag evaluate              the stage `evaluate` and what it needs
  derm dag --full evaluate       and everything that hangs together with it
  derm dag --html dag.html       a page: how each stage stands, what it reads and makes
  derm dag --md                  for a step summary on GitHub
  derm dag --dot | dot -Tsvg     a picture, by Graphviz"
)]
pub struct DagArgs {
    /// Stages, groups, pipeline files, FILE:STAGE, or outputs; all stages if none is given
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    /// Also what needs the targets, and what that needs
    #[arg(long)]
    pub full: bool,

    /// The graph of outputs instead of stages
    #[arg(long, conflicts_with = "html")]
    pub outs: bool,

    /// Every stage of a `foreach` or `matrix` on its own
    #[arg(long)]
    pub expand: bool,

    /// Print Graphviz's DOT
    #[arg(long, group = "form")]
    pub dot: bool,

    /// Print a Mermaid flowchart
    #[arg(long, group = "form")]
    pub mermaid: bool,

    /// Print a Mermaid flowchart inside Markdown
    #[arg(long, group = "form", conflicts_with = "json")]
    pub md: bool,

    /// Print a list, however few stages there are
    #[arg(long, group = "form")]
    pub list: bool,

    /// Write a page that needs no network
    #[arg(long, group = "form", value_name = "FILE", conflicts_with = "json")]
    pub html: Option<PathBuf>,
}
