//! Arguments of `derm exp`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

/// Run, compare and share experiments
///
/// An experiment is what a pipeline made with some parameters: a git commit
/// below `refs/derm/exps/`, beside your branch and never on it, whose data is
/// in the cache. `derm gc` keeps that data until the experiment is removed.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm exp run -S train.lr=0.01               one experiment, in the workspace
  derm exp run -S train.lr=0.1,0.01 -j 2      two, each in a worktree of its own
  derm exp show                               all of this commit, in one table
  derm exp apply tall-oak                     the workspace becomes that one"
)]
pub struct ExpArgs {
    #[command(subcommand)]
    pub command: ExpCommand,
}

#[derive(Debug, Subcommand)]
pub enum ExpCommand {
    Run(ExpRunArgs),
    Save(ExpSaveArgs),
    List(ExpListArgs),
    Show(ExpShowArgs),
    Diff(ExpDiffArgs),
    Apply(ExpApplyArgs),
    Branch(ExpBranchArgs),
    Remove(ExpRemoveArgs),
    Rename(ExpRenameArgs),
    Push(ExpTransferArgs),
    Pull(ExpTransferArgs),
}

/// Run the pipelines with other parameters, and keep the result
///
/// Without options that say otherwise, in the workspace: parameters are set in
/// their files, `derm repro` runs, and the result is saved. If a stage fails,
/// nothing is saved and the files stay as they are.
///
/// With --temp, --queue or several values for a parameter each experiment runs
/// in a git worktree of its own below `.derm/tmp/exps/`. It starts from the
/// workspace as it is now, uncommitted changes of tracked files included, and
/// has of the data only what its stages read, linked and not copied. Your
/// files, index and branch are not touched. Stages whose results are known are
/// not run again, whoever ran them.
///
/// A run that is stopped or killed waits in the queue: `--run-all` goes on with
/// it where it was.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm exp run -S train.lr=0.01 -m \"slower\"           in the workspace
  derm exp run -S train.lr=0.01 --temp                beside it
  derm exp run -S train.lr=0.1,0.01 -S train.epochs=5,10 -j 2
                                                      all four, two at once
  derm exp run -S train.lr=0.3 --queue                later, with the others:
  derm exp run --run-all -j 4

EXIT STATUS
    0  all experiments are saved
    1  one failed: `derm exp show` says which, its log says why
    2  wrong usage, or a file that cannot be understood
  130  stopped: what was running waits in the queue"
)]
pub struct ExpRunArgs {
    /// Stages, groups, pipeline files, FILE:STAGE, or outputs; all stages if none is given
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    /// Set a parameter: [FILE:]KEY=VALUE, of `params.yaml` if no file is named; several values make several experiments
    #[arg(short = 'S', long, value_name = "PARAM")]
    pub set: Vec<String>,

    /// What the experiment is called [default: two words]
    #[arg(long, value_name = "NAME", short_alias = 'n')]
    pub name: Option<String>,

    /// A remark that is kept with it
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,

    /// Run beside the workspace, in a git worktree
    #[arg(long)]
    pub temp: bool,

    /// Only add it to the queue
    #[arg(long, conflicts_with_all = ["temp", "run_all"])]
    pub queue: bool,

    /// Run everything that waits in the queue
    #[arg(long, conflicts_with_all = ["targets", "set", "name", "message", "copy_paths", "force", "single", "temp"])]
    pub run_all: bool,

    /// Take this file or folder along although git does not have it
    #[arg(short = 'C', long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub copy_paths: Vec<PathBuf>,

    /// Run stages even if they are up to date, and replace an experiment of the same name
    #[arg(short, long)]
    pub force: bool,

    /// Run only the targets, not what they need
    #[arg(short, long, requires = "targets")]
    pub single: bool,
}

/// Keep the workspace as it is as an experiment
#[derive(Debug, Args)]
pub struct ExpSaveArgs {
    /// What the experiment is called [default: two words]
    #[arg(long, value_name = "NAME", short_alias = 'n')]
    pub name: Option<String>,

    /// A remark that is kept with it
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,

    /// Replace an experiment of the same name
    #[arg(short, long)]
    pub force: bool,
}

/// Which commits' experiments are meant.
#[derive(Clone, Debug, Default, Args)]
pub struct ExpScopeArgs {
    /// The experiments of every commit
    #[arg(short = 'A', long)]
    pub all_commits: bool,

    /// The experiments of this commit; may be repeated
    #[arg(long, value_name = "REV")]
    pub rev: Vec<String>,
}

/// List experiments by name
#[derive(Debug, Args)]
pub struct ExpListArgs {
    #[command(flatten)]
    pub scope: ExpScopeArgs,

    /// Names only, one a line
    #[arg(long)]
    pub name_only: bool,
}

/// Show experiments with their metrics and parameters in one table
///
/// Below each commit stand the experiments that started from it, then what
/// waits, runs or failed. Columns that are the same in every row are left out,
/// and on a terminal as many as do not fit: metrics come first, then parameters
/// that differ. The best value of a metric is marked.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm exp show --sort-by accuracy
  derm exp show -A --only-changed --md
  derm exp show --keep lr,epochs --drop loss --csv"
)]
pub struct ExpShowArgs {
    #[command(flatten)]
    pub scope: ExpScopeArgs,

    /// The experiments of the last N commits
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1)]
    pub limit: usize,

    /// Sort by this metric or parameter, best first; a part of its name will do
    #[arg(long, value_name = "KEY")]
    pub sort_by: Option<String>,

    /// Which way to sort [default: best first for metrics, least first for parameters]
    #[arg(long, value_name = "ORDER", requires = "sort_by")]
    pub sort_order: Option<SortOrder>,

    /// Only metrics and parameters that are not the same everywhere, also in --csv and --md
    #[arg(long)]
    pub only_changed: bool,

    /// Leave out columns whose name has this text in it, or matches this glob; may be repeated
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub drop: Vec<String>,

    /// Show such columns whatever else leaves them out; may be repeated
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub keep: Vec<String>,

    /// Comma-separated values, with every column and full names
    #[arg(long, conflicts_with = "md")]
    pub csv: bool,

    /// A table for Markdown, as for GitHub's step summary
    #[arg(long)]
    pub md: bool,

    /// Leave out what waits in the queue
    #[arg(long)]
    pub hide_queued: bool,

    /// Leave out what failed
    #[arg(long)]
    pub hide_failed: bool,

    /// Leave out the workspace
    #[arg(long)]
    pub hide_workspace: bool,
}

/// Which way to sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SortOrder {
    Asc,
    Desc,
}

/// Compare the metrics and parameters of two experiments
///
/// Without names, the workspace with the commit that is checked out; with one,
/// that experiment with the commit that it started from. Names of experiments
/// or any git revisions.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct ExpDiffArgs {
    /// An experiment or a git revision
    #[arg(value_name = "A")]
    pub a: Option<String>,

    /// What it is compared with
    #[arg(value_name = "B")]
    pub b: Option<String>,

    /// Also what is the same
    #[arg(long)]
    pub all: bool,

    /// A table for Markdown
    #[arg(long)]
    pub md: bool,
}

/// Make the workspace what an experiment is
///
/// Files that git tracks are written as the experiment has them, and its data
/// is checked out. Nothing is committed. Uncommitted changes that are in no
/// experiment are not overwritten without --force. An experiment of another
/// commit changes only the files that it changed.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct ExpApplyArgs {
    /// The experiment
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Overwrite uncommitted changes, and data that is nowhere else
    #[arg(short, long)]
    pub force: bool,
}

/// Make a branch of an experiment
#[derive(Debug, Args)]
pub struct ExpBranchArgs {
    /// The experiment
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The branch [default: NAME-branch]
    #[arg(value_name = "BRANCH")]
    pub branch: Option<String>,
}

/// Remove experiments
///
/// The data stays in the cache until the next `derm gc`.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm exp remove tall-oak calm-fern
  derm exp remove --queue              everything that waits or failed
  derm exp remove --rev HEAD~1         all experiments of one commit"
)]
pub struct ExpRemoveArgs {
    /// Experiments, or what waits or failed
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,

    /// Everything that waits or failed
    #[arg(long)]
    pub queue: bool,

    #[command(flatten)]
    pub scope: ExpScopeArgs,
}

/// Give an experiment another name
#[derive(Debug, Args)]
pub struct ExpRenameArgs {
    /// The experiment
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Its new name
    #[arg(value_name = "NEW")]
    pub new: String,

    /// Replace an experiment of that name
    #[arg(short, long)]
    pub force: bool,
}

/// Send experiments to, or bring them from, another git repository
///
/// git moves the references, with the keys and settings that it has; the data
/// that the experiments need, and nothing else, goes to or comes from derm's
/// remote. Without names, all experiments of the commit that is checked out.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct ExpTransferArgs {
    /// The git remote, such as `origin`, or a URL
    #[arg(value_name = "GIT")]
    pub git_remote: String,

    /// Experiments
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,

    #[command(flatten)]
    pub scope: ExpScopeArgs,

    /// The remote that has the data, or a URL
    #[arg(short, long, value_name = "NAME")]
    pub remote: Option<String>,

    /// Leave the data where it is
    #[arg(long)]
    pub no_data: bool,

    /// Replace experiments of the same name
    #[arg(short, long)]
    pub force: bool,
}
