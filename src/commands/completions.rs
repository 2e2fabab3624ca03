//! `derm completions`.

use clap_complete::Shell;

use super::{Context, Exit, Failure};
use crate::cli;
use crate::cli::completions::CompletionsArgs;

pub fn run(context: &Context, args: &CompletionsArgs) -> Result<Exit, Failure> {
    context.ui.raw(&script(args.shell))?;
    Ok(Exit::Done)
}

/// What makes `shell` complete derm's commands, from clap's definitions alone.
pub fn script(shell: Shell) -> String {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), "derm", &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
