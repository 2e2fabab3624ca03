//! Arguments of `derm init`.

use clap::Args;

/// Make this folder a derm repository
///
/// Creates `.derm/` with a commented `config`. Typing it again completes what is missing and changes
/// nothing else.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  derm init              in the folder that holds your project
  derm init --git        also create a git repository, unless there is one")]
pub struct InitArgs {
    /// Also create a git repository, unless the folder lies in one
    #[arg(long)]
    pub git: bool,
}
