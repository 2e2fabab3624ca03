//! Arguments of `derm init`.

use clap::Args;

/// Make this folder a derm repository
///
/// Creates `.derm/` with a commented `config`. Typing it again completes what is missing and changes
/// nothing else.
///
/// `--example` also writes `pipelines/skin.yaml` and `params.yaml`: from images to an audited, exported model, on drawn
/// images until `data.source` in params.yaml names a folder. Files that exist are kept.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  derm init              in the folder that holds your project
  derm init --git        also create a git repository, unless there is one
  derm init --example    with a pipeline that runs as it is: derm repro")]
pub struct InitArgs {
    /// Also create a git repository, unless the folder lies in one
    #[arg(long)]
    pub git: bool,

    /// Also write a pipeline and its parameters to start from
    #[arg(long)]
    pub example: bool,
}
