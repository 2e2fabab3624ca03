//! Arguments of `derm stage`, `derm freeze` and `derm unfreeze`.

use clap::{Args, Subcommand, ValueHint};

/// List stages, or write a new one
#[derive(Debug, Args)]
pub struct StageArgs {
    #[command(subcommand)]
    pub command: StageCommand,
}

/// The commands below `derm stage`.
#[derive(Debug, Subcommand)]
pub enum StageCommand {
    List(ListArgs),
    Add(Box<AddArgs>),
}

/// List the stages of all pipelines
///
/// After `foreach`, `matrix` and `${…}` are filled in. With --json each stage has its command, folder, inputs and outputs.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Stages, groups, pipeline files, FILE:STAGE, or outputs; all stages if none is given
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    /// Print names only, one a line
    #[arg(long, alias = "names-only")]
    pub name_only: bool,
}

/// Write a stage into a pipeline file
///
/// The rest of the file stays as it is, comments and all, and nothing is written that could not be run: the
/// new stage is checked with all others first.
///
/// Without --file it goes into the `dvc.yaml` of this folder if there is one, else into the only
/// file in `pipelines/`, else into a new `pipelines/main.yaml`. Paths are meant as typed here: if the paths of the
/// file start elsewhere, the stage gets this folder as its `wdir`.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
The letters of `dvc stage add` are understood: -n, -d, -p, -o, -O, -m, -M, -w.

EXAMPLES
  derm stage add --name clean --dep raw.csv --out clean.csv 'sort raw.csv > clean.csv'
  derm stage add --name fit --dep clean.csv --param train.lr,train.epochs --param conf.toml:seed \\
      --out model.bin --metric-no-cache metrics.json -- python fit.py --fast"
)]
pub struct AddArgs {
    /// Its name
    #[arg(long, short_alias = 'n')]
    pub name: String,

    /// A file or folder that it reads; may be repeated, as all options for paths
    #[arg(long = "dep", alias = "deps", short_alias = 'd', value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub deps: Vec<String>,

    /// Parameters that it reads: keys of params.yaml, FILE:KEYS, or FILE: for all of a file
    #[arg(long = "param", alias = "params", short_alias = 'p', value_name = "[FILE:]KEY,...")]
    pub params: Vec<String>,

    /// A file or folder that it makes
    #[arg(long = "out", alias = "outs", short_alias = 'o', value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub outs: Vec<String>,

    /// One that is kept out of the cache, for git
    #[arg(long = "out-no-cache", alias = "outs-no-cache", short_alias = 'O', value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub outs_no_cache: Vec<String>,

    /// One that stays in place while the stage runs
    #[arg(long = "out-persist", alias = "outs-persist", value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub outs_persist: Vec<String>,

    /// One that stays in place and is kept out of the cache
    #[arg(long = "out-persist-no-cache", alias = "outs-persist-no-cache", value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub outs_persist_no_cache: Vec<String>,

    /// A file of metrics that it makes
    #[arg(long = "metric", alias = "metrics", short_alias = 'm', value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub metrics: Vec<String>,

    /// One that is kept out of the cache, for git
    #[arg(long = "metric-no-cache", alias = "metrics-no-cache", short_alias = 'M', value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub metrics_no_cache: Vec<String>,

    /// A file or folder of plots that it makes
    #[arg(long = "plot", alias = "plots", value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub plots: Vec<String>,

    /// One that is kept out of the cache, for git
    #[arg(long = "plot-no-cache", alias = "plots-no-cache", value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub plots_no_cache: Vec<String>,

    /// The folder that its command starts in and its paths are relative to
    #[arg(long, short_alias = 'w', value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub wdir: Option<String>,

    /// Run it every time
    #[arg(long)]
    pub always_changed: bool,

    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub desc: Option<String>,

    /// The pipeline file: `pipelines/NAME.yaml` or a `dvc.yaml`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<String>,

    /// Replace a stage of that name
    #[arg(short, long)]
    pub force: bool,

    /// Run it then
    #[arg(long)]
    pub run: bool,

    /// What it runs: one text, or a command with its arguments
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
}

/// Keep stages from being run
///
/// Writes `frozen: true` into the pipeline file; the rest of it stays as it is. A frozen stage is not run, nor is what it
/// needs on its behalf, until `derm unfreeze`.
#[derive(Debug, Args)]
pub struct FreezeArgs {
    /// Stages or groups, as in `derm repro`
    #[arg(value_name = "STAGE", required = true)]
    pub stages: Vec<String>,
}

/// Let frozen stages be run again
///
/// Takes `frozen: true` out of the pipeline file.
#[derive(Debug, Args)]
pub struct UnfreezeArgs {
    /// Stages or groups, as in `derm repro`
    #[arg(value_name = "STAGE", required = true)]
    pub stages: Vec<String>,
}
