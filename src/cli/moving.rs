//! Arguments of `derm move`.

use clap::Args;

/// Move or rename tracked data
///
/// Moves the data with its pointer, keeps the pointer's notes, and brings `.gitignore` up to date. Nothing is read
/// and nothing changes in the cache. Pipelines are not edited: stages that name the old path are told.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm move data/skin data/ham10000      rename a tracked folder
  derm move weights.bin models/          into a folder that is there")]
pub struct MoveArgs {
    /// The tracked file or folder
    #[arg(value_name = "FROM")]
    pub from: String,

    /// Its new place, or a folder that it comes into
    #[arg(value_name = "TO")]
    pub to: String,
}
