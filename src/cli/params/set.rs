//! Arguments of `derm params set`.

use clap::Args;

/// Change parameters in their files, and nothing else in them
///
/// Comments, order, quotes and indentation of a YAML, JSON or TOML file stay.
/// A parameter that is not there is refused, so that a slip of the finger does
/// not go unnoticed; +KEY=VALUE or --add adds it, ~KEY takes it away.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm params set train.lr=1e-3 train.network=resnet50
  derm params set other.yaml:model.layers=[64,32]     a file by its name
  derm params set train.layers.0=128                  one item of a list
  derm params set +train.warmup=5                     one that is not there yet
  derm params set ~train.warmup                       and away again
  derm params set 'train.note=\"1, 2\"'                 a text is quoted where it is needed"
)]
pub struct ParamsSetArgs {
    /// What is to be: [FILE:]KEY=VALUE, of `params.yaml` beside you or in the root if no file is named
    #[arg(value_name = "[FILE:]KEY=VALUE", required = true)]
    pub set: Vec<String>,

    /// Add parameters that are not there
    #[arg(long)]
    pub add: bool,

    /// Say what would change, and change nothing
    #[arg(long, alias = "dry-run")]
    pub dry: bool,
}
