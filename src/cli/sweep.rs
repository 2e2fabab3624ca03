//! Arguments of `derm sweep`.

use clap::{Args, Subcommand, ValueEnum, ValueHint};

/// Search the parameters of a pipeline for the best metric
///
/// Each configuration is an experiment, run as by `derm exp run --temp`: in a
/// worktree of its own, with your files, index and branch left alone. Stages
/// that several configurations share run once.
///
/// Parameters with several values are searched: `A,B` or `choice(A, B)`,
/// `range(START, STOP, STEP)`, `int(LOW, HIGH)`, `uniform(LOW, HIGH)`,
/// `loguniform(LOW, HIGH)`. Others are set for all.
///
/// A sweep that was stopped or killed goes on with --resume, or with the same
/// command again, and ends with the table of one that was not: what is tried
/// follows from the settings and the results, not from who ends first. For that
/// tpe and --stop let no trial start before all but the last N - 1 of those
/// before it have ended, N being the -j with which the sweep began.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    args_conflicts_with_subcommands = true,
    after_help = "\
EXAMPLES
  derm sweep -S train.lr=0.1,0.01 -S train.batch_size=16,32 --metric accuracy --goal max
                                     a grid: all four
  derm sweep -S 'train.lr=loguniform(1e-5,1e-2)' -S train.network=a,b \\
      --metric reports/metrics.json:accuracy --goal max --trials 20 -j 2
                                     twenty, near what was good
  derm sweep ... --stop 'asha(min=2,eta=3)' --watch val_accuracy
                                     ends trials early that fall behind
  derm sweep ... --folds split.fold=0..4
                                     each five times, shown as mean ± sd
  derm sweep --config sweep.yaml     the same from a file, with these names as keys
  derm sweep show tall-oak           its table
  derm sweep --resume tall-oak       on with it

EXIT STATUS
    0  done; trials that failed or were ended early are in the table
    1  no trial succeeded
    2  wrong usage, or a file that cannot be understood
  130  stopped: `derm sweep --resume NAME` goes on"
)]
pub struct SweepArgs {
    #[command(subcommand)]
    pub command: Option<SweepCommand>,

    /// Stages, groups, pipeline files, FILE:STAGE, or outputs; all stages if none is given
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    /// Set or search a parameter: [FILE:]KEY=VALUE, of `params.yaml` if no file is named
    #[arg(short = 'S', long, value_name = "PARAM")]
    pub set: Vec<String>,

    /// What configurations are compared by: [FILE:]KEY of a metric file
    #[arg(long, value_name = "METRIC")]
    pub metric: Option<String>,

    /// Whether less or more of it is better
    #[arg(long, value_name = "min|max")]
    pub goal: Option<Goal>,

    /// Configurations to try [default: all of a grid, else 20]
    #[arg(long, value_name = "N")]
    pub trials: Option<std::num::NonZeroUsize>,

    /// How they are chosen [default: grid, or tpe where a parameter may be any number between two]
    #[arg(long, value_name = "grid|random|tpe")]
    pub search: Option<Search>,

    /// Seed of what is random [default: 0]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Random configurations before tpe looks at results [default: 10, or half of --trials]
    #[arg(long, value_name = "N")]
    pub startup: Option<usize>,

    /// End trials early that fall behind: asha, or asha(min=STEP, eta=N, max=STEP) [default: min=1, eta=3]
    #[arg(long, value_name = "RULE")]
    pub stop: Option<String>,

    /// Where trials report for --stop: a metric of derm's runs, or FILE:KEY of a CSV, TSV or JSON Lines file [default: the metric's key, of runs]
    #[arg(long, value_name = "[FILE:]KEY")]
    pub watch: Option<String>,

    /// Run each configuration for several values of a parameter, and compare the means: KEY=0..4 or KEY=1,2,3
    #[arg(long, alias = "repeat", value_name = "PARAM")]
    pub folds: Option<String>,

    /// What the sweep is called; its experiments are NAME-001, NAME-002, ... [default: two words]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Read all of this from a YAML, JSON or TOML file; options go before it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<String>,

    /// Go on with a sweep
    #[arg(long, value_name = "NAME", conflicts_with_all = ["set", "metric", "goal", "trials", "search", "seed", "startup", "stop", "watch", "folds", "name", "config", "targets"])]
    pub resume: Option<String>,

    /// Print the table as Markdown
    #[arg(long)]
    pub md: bool,
}

/// What to do with sweeps.
#[derive(Debug, Subcommand)]
pub enum SweepCommand {
    List(SweepListArgs),
    Show(SweepShowArgs),
    Remove(SweepRemoveArgs),
}

/// List the sweeps
#[derive(Debug, Args)]
pub struct SweepListArgs {}

/// Show the table of a sweep
#[derive(Debug, Args)]
pub struct SweepShowArgs {
    /// The sweep
    pub name: String,

    /// Print the table as Markdown
    #[arg(long)]
    pub md: bool,
}

/// Forget a sweep; its experiments stay
#[derive(Debug, Args)]
pub struct SweepRemoveArgs {
    /// The sweep
    pub name: String,
}

/// Which values are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Goal {
    Min,
    Max,
}

/// How configurations are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Search {
    Grid,
    Random,
    Tpe,
}
