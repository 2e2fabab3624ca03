//! Arguments of `derm repro`.

use clap::Args;

/// Run the stages of the pipelines that are stale
///
/// A stage is stale when its command, the content of what it reads, the value
/// of a parameter it reads, or what it made differs from what its lock says;
/// times play no part. After a stage ran and made the same as before, what
/// comes after it is not run. Stages are defined in `pipelines/*.yaml` and in
/// any `dvc.yaml`.
///
/// Outputs whose inputs did not change are taken from the cache instead of
/// being made again. If a stage fails or is stopped, its old outputs are put
/// back and nothing is recorded.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm repro                     everything that is stale
  derm repro --dry               only say what would run, and why
  derm repro train               the stage `train` and what it needs
  derm repro models/skin         what makes `models/skin`, and what that needs
  derm repro -f -s train         run `train` alone, stale or not
  derm repro -j 4 -k             up to four at once, going on after a failure

EXIT STATUS
    0  everything is up to date
    1  a stage failed
    2  wrong usage, or a pipeline file that cannot be understood
  130  stopped: nothing of the running stages is recorded"
)]
pub struct ReproArgs {
    /// Stages, groups, pipeline files, FILE:STAGE, or outputs; all stages if none is given
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    /// Run stages even if they are up to date
    #[arg(short, long)]
    pub force: bool,

    /// Say what would be done and why, and do nothing
    #[arg(long, alias = "dry-run")]
    pub dry: bool,

    /// Run only the targets, not what they need
    #[arg(short, long, requires = "targets", conflicts_with = "downstream")]
    pub single: bool,

    /// Run the targets and what needs them, instead of what they need
    #[arg(long, requires = "targets")]
    pub downstream: bool,

    /// After a failure go on with stages that do not need what failed
    #[arg(short, long)]
    pub keep_going: bool,
}
