//! Arguments of `derm runs`.

use clap::{Args, Subcommand, ValueEnum};

/// List, show and compare runs
///
/// Every training and every evaluation is a run: its parameters, metrics at each step, data,
/// code and machine, kept as text files under `.derm/runs/`. RUN is an id, the unique start of
/// one, or `last`.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm runs list --experiment skin --sort val_balanced_accuracy
  derm runs show last
  derm runs compare $(derm runs list -q --limit 2)")]
pub struct RunsArgs {
    #[command(subcommand)]
    pub command: RunsCommand,
}

#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    List(ListArgs),
    Show(ShowArgs),
    Compare(CompareArgs),
    Watch(WatchArgs),
}

/// List runs, newest first
///
/// With `--quiet` it prints full ids only, one a line, for scripts. A run that cannot be read
/// is reported on stderr and the others are listed.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only the runs of this experiment
    #[arg(long, value_name = "NAME")]
    pub experiment: Option<String>,

    /// Only runs that ended so, or are still running
    #[arg(long, value_name = "STATUS", value_enum)]
    pub status: Option<StatusArg>,

    /// Sort by a metric's best value, a parameter, `started` or `duration`; best or newest first
    ///
    /// The least value of a metric is its best when its name speaks of a loss or an error, and
    /// the greatest otherwise. Runs without the key come last.
    #[arg(long, value_name = "KEY")]
    pub sort: Option<String>,

    /// Turn the order round
    #[arg(long)]
    pub reverse: bool,

    /// List at most N runs
    #[arg(short = 'n', long, value_name = "N")]
    pub limit: Option<usize>,

    /// Also show these metrics and parameters, separated by commas
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    pub columns: Vec<String>,
}

/// Watch a run's curves while it grows
///
/// On a terminal its curves are drawn again and again until it ends; elsewhere each new value is a line `STEP<TAB>METRIC<TAB>VALUE`, and
/// with `--json` all of them are one document at the end.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm runs watch
  derm runs watch last --metrics train_loss,val_dice
  derm runs watch --once --json | jq .metrics.train_loss[-1]")]
pub struct WatchArgs {
    /// The run: an id, the unique start of one, or `last`
    #[arg(value_name = "RUN", default_value = "last")]
    pub run: String,

    /// The metrics to show, separated by commas [default: train_loss and those of the validation images]
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    pub metrics: Vec<String>,

    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = seconds)]
    pub every: f64,

    /// Look once and end
    #[arg(long)]
    pub once: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "must be a number of seconds".to_owned())?;
    if (0.05..=86_400.0).contains(&seconds) { Ok(seconds) } else { Err("must be from 0.05 to 86400".to_owned()) }
}

/// Show one run
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The run: an id, the unique start of one, or `last`
    #[arg(value_name = "RUN")]
    pub run: String,

    /// Also show every value of these metrics, separated by commas
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    pub history: Vec<String>,
}

/// Compare runs side by side
///
/// Shows the parameters, data and code in which they differ, and for each metric its last and
/// its best value.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The runs: ids, unique starts of ids, or `last`
    #[arg(value_name = "RUN", num_args = 2.., required = true)]
    pub runs: Vec<String>,

    /// Also show the parameters that are equal
    #[arg(long)]
    pub all: bool,
}

/// A status as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatusArg {
    Running,
    Finished,
    Failed,
    Interrupted,
    Crashed,
}
