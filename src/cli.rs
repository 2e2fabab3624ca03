//! Command-line definitions: a leaf that help, completions, man pages and `commands` read.
//!
//! One file a command. The doc comment of an argument struct is the help of its command.

pub mod add;
pub mod cache;
pub mod checkout;
pub mod commit;
pub mod completions;
pub mod config;
pub mod dag;
pub mod data;
pub mod device;
pub mod diff;
pub mod doctor;
pub mod drift;
pub mod du;
pub mod ensemble;
pub mod evaluate;
pub mod exp;
pub mod explain;
pub mod export;
pub mod fsck;
pub mod gc;
pub mod import;
pub mod init;
pub mod install;
pub mod man;
pub mod merge_driver;
pub mod metrics;
pub mod migrate;
pub mod model;
pub mod moving;
pub mod params;
pub mod predict;
pub mod remote;
pub mod remove;
pub mod repro;
pub mod runs;
pub mod scope;
pub mod status;
pub mod sweep;
pub mod train;
pub mod transfer;
pub mod unprotect;

mod overview;

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};

/// Looks of help pages.
const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Green.on_default().bold())
    .placeholder(AnsiColor::Green.on_default());

/// The whole definition: what parsing, help, completions and man pages are made from.
pub fn command() -> clap::Command {
    overview::apply(Cli::command())
}

/// From a folder of skin images to an audited, reproducible, exportable model.
#[derive(Debug, Parser)]
#[command(name = "derm", version, disable_help_subcommand = true, styles = STYLES, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,

    #[command(subcommand)]
    pub command: Option<Command>,
}

fn threads(text: &str) -> Result<std::num::NonZeroUsize, String> {
    text.parse().map_err(|_| "must be a whole number of at least 1".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "must be a number from 0 to 1".to_owned())
}

/// Options that every command takes.
#[derive(Debug, Args)]
pub struct GlobalArgs {
    /// Print one JSON document on stdout, and nothing else there
    #[arg(long, global = true, help_heading = "Global options")]
    pub json: bool,

    /// Print no remarks and no progress on stderr
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub quiet: bool,

    /// Say more about what is done and why; may be repeated
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Global options")]
    pub verbose: u8,

    /// Run as if started in DIR
    #[arg(long = "cd", global = true, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Global options")]
    pub directory: Option<PathBuf>,

    /// Use at most N threads [default: as many as the machine has]
    #[arg(short, long, global = true, value_name = "N", value_parser = threads, help_heading = "Global options")]
    pub jobs: Option<std::num::NonZeroUsize>,

    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    pub color: Color,
}

/// The commands.
// One value a process: boxing the large ones would only add words.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Subcommand)]
pub enum Command {
    Init(init::InitArgs),
    Add(add::AddArgs),
    Status(status::StatusArgs),
    Checkout(checkout::CheckoutArgs),
    Diff(diff::DiffArgs),
    Config(config::ConfigArgs),
    Remote(remote::RemoteArgs),
    Fsck(fsck::FsckArgs),
    Get(import::GetArgs),
    Import(import::ImportArgs),
    Update(import::UpdateArgs),
    Ls(import::LsArgs),
    Push(transfer::PushArgs),
    Fetch(transfer::FetchArgs),
    Pull(transfer::PullArgs),
    Commit(commit::CommitArgs),
    Move(moving::MoveArgs),
    Remove(remove::RemoveArgs),
    Unprotect(unprotect::UnprotectArgs),
    Du(du::DuArgs),
    Gc(gc::GcArgs),
    Cache(cache::CacheArgs),
    Doctor(doctor::DoctorArgs),
    Repro(repro::ReproArgs),
    Dag(dag::DagArgs),
    Params(params::ParamsArgs),
    Metrics(metrics::MetricsArgs),
    Exp(Box<exp::ExpArgs>),
    Sweep(Box<sweep::SweepArgs>),
    Migrate(migrate::MigrateArgs),
    Install(install::InstallArgs),
    Data(data::DataArgs),
    Train(Box<train::TrainArgs>),
    Predict(predict::PredictArgs),
    Evaluate(evaluate::EvaluateArgs),
    Ensemble(ensemble::EnsembleArgs),
    Explain(explain::ExplainArgs),
    Drift(Box<drift::DriftArgs>),
    Export(export::ExportArgs),
    Model(model::ModelArgs),
    Runs(runs::RunsArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
    #[command(hide = true)]
    MergeDriver(merge_driver::MergeDriverArgs),
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    // Plain comments: with help of its own each value would take a line on every page.
    // On a terminal, unless NO_COLOR, CLICOLOR or CLICOLOR_FORCE say otherwise.
    #[default]
    Auto,
    Always,
    Never,
}
