//! Arguments of `derm migrate`.

use clap::{Args, Subcommand};

/// Come from another tool, with data and results
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm migrate dvc --dry
  derm migrate dvc")]
pub struct MigrateArgs {
    #[command(subcommand)]
    pub command: MigrateCommand,
}

#[derive(Debug, Subcommand)]
pub enum MigrateCommand {
    Dvc(DvcArgs),
}

/// Make a DVC project a derm repository, so that nothing has to run again
///
/// For every `*.dvc` a pointer `*.derm` is written beside it, for every `dvc.lock` a `derm.lock`: a stage that is up to date for DVC is
/// so for derm, which reads `dvc.yaml` as it is. Every MD5 is verified once against the bytes, in DVC's cache or in place, and the
/// content goes into derm's cache: as a reflink or a hard link of DVC's object where possible, else as a copy. Settings of remotes and links are
/// taken over; what remotes hold has to be pushed anew.
///
/// Nothing of DVC's is changed or removed, so you can go back. What cannot be verified is named and left out: mend it (`dvc fetch`) and
/// run the command again, which does what is missing and nothing else.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm migrate dvc --dry       verify everything, write nothing, say what would be done
  derm migrate dvc && derm status
  derm migrate dvc --json | jq -r '.left_out[].path'

EXIT STATUS
    0  done
    1  something was left out, or failed
    2  this is no DVC project, or a file of yours cannot be understood
  130  interrupted")]
pub struct DvcArgs {
    /// Verify, and say what would be done; write nothing
    #[arg(long)]
    pub dry: bool,
}
