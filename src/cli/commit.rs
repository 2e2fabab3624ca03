//! Arguments of `derm commit`.

use clap::Args;

/// Record what is there as it is, without running anything
///
/// Tracked files and folders: as `derm add` for what is tracked already. Stages: what they read and made, as it is now,
/// goes into the lock and the cache, so that they count as up to date. For edits that do not matter, or outputs that
/// were made by hand; nothing checks that the outputs follow from the inputs.
///
/// On a terminal it asks before it accepts changes of stages; in a script nothing is asked.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm commit data/skin          the folder's present content becomes the recorded one
  derm commit train              do not run `train` again: its inputs changed in nothing that matters
  derm commit                    everything that is tracked, and all stages")]
pub struct CommitArgs {
    /// Tracked paths, stages, groups, pipeline files or outputs; everything by default
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    /// Accept changes of stages without asking
    #[arg(short, long)]
    pub force: bool,
}
