//! Arguments of `derm fsck`.

use clap::Args;

use super::scope::ScopeArgs;

/// Check that every object is whole and there, and heal what is not
///
/// Hashes every object of the cache; one that does not have the bytes of its
/// name is set aside. Then looks whether all that pointers and pipelines' locks
/// name is there. With --heal, what is missing comes from the workspace, where a
/// file still has the right bytes, or from a remote.
///
/// With --in-remote the remote is checked instead: every object that is named is
/// read from there and hashed. --heal sends those that are wrong or missing.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm fsck                         is everything here, and as it was?
  derm fsck --heal                  and make it so
  derm fsck --in-remote -r lab      could everything be had from `lab`?

EXIT STATUS
    0  everything is whole
    1  failed
    2  wrong usage, or a file of yours that cannot be understood
    3  something is damaged or missing
  130  interrupted"
)]
pub struct FsckArgs {
    /// Bring or send what is damaged or missing
    #[arg(long)]
    pub heal: bool,

    /// The remote, or a URL
    #[arg(short, long, value_name = "NAME")]
    pub remote: Option<String>,

    /// Check what the remote has instead of the cache
    #[arg(long)]
    pub in_remote: bool,

    #[command(flatten)]
    pub scope: ScopeArgs,
}
