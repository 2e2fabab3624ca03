//! Arguments of `derm install`.

use clap::Args;

/// Let git work together with derm: hooks, and merging of pointers and locks
///
/// Three hooks, in the folder that git looks for them: before a commit `derm status` says what changed, after a branch was checked out
/// `derm checkout` brings its data, before a push `derm push` sends data, if there is a remote. A script that is there keeps what it does and gets a
/// marked block; a hook that is no shell script is left alone, and what to add is shown.
///
/// A merge driver, in `.gitattributes` (commit it) and in the repository's own configuration: pointers of folders are merged file by
/// file, locks stage by stage. What both sides changed, each in its own way, is a conflict and named.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm install
  derm install --remove      take all of it back")]
pub struct InstallArgs {
    /// Take the hooks and the merge driver back
    #[arg(long)]
    pub remove: bool,
}
