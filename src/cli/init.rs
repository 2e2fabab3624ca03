//! Arguments of `derm init`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Make a folder a derm repository
///
/// Creates `.derm/` with a commented `config`. Typing it again completes what is missing and changes
/// nothing else.
///
/// `--example` also writes `pipelines/skin.yaml` and `params.yaml`: from images to an audited, exported model, on drawn
/// images until `data.source` in params.yaml names a folder. Files that exist are kept.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm init                   in the folder that holds your project
  derm init --git             also create a git repository, unless there is one
  derm init --example skin    in a new folder `skin`, with a pipeline that runs as it is: derm repro")]
pub struct InitArgs {
    /// The folder, made if it is not there [default: the current one]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folder: Option<PathBuf>,

    /// Also create a git repository, unless the folder lies in one
    #[arg(long)]
    pub git: bool,

    /// Also write a pipeline and its parameters to start from
    #[arg(long)]
    pub example: bool,
}
