//! Arguments of `derm unprotect`.

use clap::Args;

/// Make linked files writable copies
///
/// Files that are hard or symbolic links into the cache are read-only, because an edit would reach the object. This
/// makes them files of their own, to be edited; `derm add` or `derm checkout --relink` links them again.
#[derive(Debug, Args)]
pub struct UnprotectArgs {
    /// Files or folders, tracked or made by stages
    #[arg(required = true, value_name = "TARGET")]
    pub targets: Vec<String>,
}
