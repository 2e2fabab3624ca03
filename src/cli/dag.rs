//! Arguments of `derm dag`.

use clap::Args;

/// Show which stage comes before which
///
/// Few stages are drawn as boxes, without the arrows that others imply; many
/// are shown as a list in which each stage names those it needs.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm dag                       everything
  derm dag evaluate              the stage `evaluate` and what it needs
  derm dag --dot | dot -Tsvg     a picture, by Graphviz
  derm dag --mermaid             for Markdown on GitHub"
)]
pub struct DagArgs {
    /// Stages, groups, pipeline files, FILE:STAGE, or outputs; all stages if none is given
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    /// Print Graphviz's DOT
    #[arg(long, conflicts_with_all = ["mermaid", "list"])]
    pub dot: bool,

    /// Print a Mermaid flowchart
    #[arg(long, conflicts_with = "list")]
    pub mermaid: bool,

    /// Print a list, however few stages there are
    #[arg(long)]
    pub list: bool,
}
