//! Arguments of `derm status`.

use clap::Args;

/// Show which stages are stale and which data changed, and why
///
/// For every stage: whether `derm repro` would run it, and the reasons. For
/// every added file or folder: how it differs from its pointer, whether the
/// pointer differs from the last commit's, and whether the cache has it all.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXIT STATUS
    0  done
    1  failed
    2  wrong usage, or a file of yours that cannot be understood
    3  with --exit-code: a stage is stale, data differs, or the remote lacks some
  130  interrupted"
)]
pub struct StatusArgs {
    /// Exit with 3 if a stage is stale or data changed
    #[arg(long)]
    pub exit_code: bool,

    /// Also list files that neither git nor derm tracks or ignores
    #[arg(short, long)]
    pub untracked: bool,

    /// Also ask a remote what it lacks: the default one, or NAME
    #[arg(short, long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    pub remote: Option<String>,
}
