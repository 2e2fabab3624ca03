//! Arguments of `derm repro`.

use clap::{Args, ValueEnum};

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
/// back and nothing is recorded. Several `derm repro` at once, also in git
/// worktrees that share a cache, divide the stages among themselves.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm repro                     everything that is stale
  derm repro --dry --explain     only say what would run, and why
  derm repro train               the stage `train` and what it needs
  derm repro models/skin         what makes `models/skin`, and what that needs
  derm repro -f -s train         run `train` alone, stale or not
  derm repro -j 4 -k             up to four at once, going on after a failure
  derm repro --pull              in a fresh clone: fetch what was made before
  derm repro --watch             again whenever an input changes

EXIT STATUS
    0  everything is up to date, or errors were ignored
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

    /// Also run all that comes after a stage that ran, even if it made the same as before
    #[arg(long)]
    pub force_downstream: bool,

    /// Say what would be done and why, and do nothing
    #[arg(long, alias = "dry-run")]
    pub dry: bool,

    /// Say of every stage what is done, and all the reasons
    #[arg(long)]
    pub explain: bool,

    /// Run only the targets, not what they need
    #[arg(short, long, alias = "single-item", requires = "targets", conflicts_with = "downstream")]
    pub single: bool,

    /// Run the targets and what needs them, instead of what they need
    #[arg(long, requires = "targets")]
    pub downstream: bool,

    /// Targets are patterns: `train@*`, `models/*`
    #[arg(long, requires = "targets")]
    pub glob: bool,

    /// After a failure go on with stages that do not need what failed
    #[arg(short, long)]
    pub keep_going: bool,

    /// After a failure go on with all stages; what failed keeps what it made, and is not recorded
    #[arg(long, conflicts_with = "keep_going")]
    pub ignore_errors: bool,

    /// First fetch data that is missing here, and results of earlier runs, from the remotes
    #[arg(long)]
    pub pull: bool,

    /// Missing data is no reason to run a stage
    #[arg(long)]
    pub allow_missing: bool,

    /// Run stages even if they were run before with the same inputs
    #[arg(long)]
    pub no_run_cache: bool,

    /// Record what stages make without putting it into the cache; `derm commit` does that later
    #[arg(long)]
    pub no_commit: bool,

    /// Stay, and run again when an input, a parameter or a pipeline file changes
    #[arg(long, conflicts_with = "dry")]
    pub watch: bool,

    /// What several stages print at once: line by line as `stage | …`, or all of a stage when it ends
    #[arg(long, value_name = "HOW")]
    pub output: Option<Output>,

    /// How many GPUs the stages share; those that the machine has by default
    #[arg(long, value_name = "N")]
    pub gpus: Option<u16>,
}

/// How the output of several stages is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Every line as it comes, with the stage before it
    Prefixed,
    /// The whole of a stage's output when it ends
    Grouped,
}
