//! Arguments of `derm completions`.

use clap::Args;

/// Print the completions of a shell
///
/// Writes to stdout what makes a shell complete derm's commands and options. Needs no
/// repository and reads no settings.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  bash         derm completions bash > ~/.local/share/bash-completion/completions/derm
  zsh          derm completions zsh > \"${fpath[1]}/_derm\"
  fish         derm completions fish > ~/.config/fish/completions/derm.fish
  elvish       derm completions elvish >> ~/.config/elvish/rc.elv
  PowerShell   derm completions powershell >> $PROFILE")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: clap_complete::Shell,
}
