//! Arguments of `derm status`.

use clap::Args;

/// Show which stages are stale and which data changed, and why
///
/// For every stage: whether `derm repro` would run it, and the reasons. For
/// every added file or folder: how it differs from its pointer.
///
/// EXIT STATUS
///
///     0 done (with --exit-code: nothing differs)
///     3 with --exit-code: something does
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct StatusArgs {
    /// Exit with 3 if a stage is stale or data changed
    #[arg(long)]
    pub exit_code: bool,
}
