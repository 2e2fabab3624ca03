//! The commands: each file resolves arguments, calls one engine and hands the result to [`crate::ui`].
//!
//! Every command is `pub fn run(&Context, &Args) -> Result<Exit, Failure>`.

pub mod add;
mod bug;
pub mod cache;
pub mod checkout;
pub mod commit;
pub mod completions;
pub mod config;
mod context;
pub mod dag;
pub mod data;
mod device;
pub mod diff;
pub mod doctor;
pub mod drift;
pub mod du;
pub mod ensemble;
mod error;
pub mod evaluate;
mod exit;
mod exp;
pub mod explain;
pub mod export;
mod first;
mod foreign;
pub mod fsck;
pub mod gc;
pub mod get;
pub mod import;
pub mod init;
pub mod install;
pub mod ls;
pub mod man;
pub mod merge_driver;
mod metadata;
pub mod metrics;
pub mod migrate;
pub mod model;
pub mod moving;
pub mod params;
pub mod predict;
mod recorded;
pub mod remote;
pub mod remove;
pub mod repro;
pub mod runs;
pub mod status;
mod sweep;
pub mod train;
pub mod transfer;
pub mod unprotect;
mod weights;
mod welcome;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::FromArgMatches;

pub use context::Context;
pub use error::{Explain, Failure};
pub use exit::Exit;

use crate::allocator;
use crate::cli::{self, Cli, Command};
use crate::ui::{Options, Ui};

/// Parses `args`, runs the command and shows its failure. A bug is shown as one, with exit code 1.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = first::with_help_command(args.into_iter().collect());
    let options = first::options(&args);
    bug::catch_messages();
    let exit = catch_unwind(AssertUnwindSafe(|| run(args, options)));
    exit.unwrap_or_else(|_| bug::answer(options)).into()
}

fn run(args: Vec<OsString>, options: Options) -> Exit {
    let parsed = cli::command().try_get_matches_from(&args).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return first::answer(&Ui::new(options), &error, &args),
    };
    let context = match Context::new(&cli.global) {
        Ok(context) => context,
        Err(failure) => return show(&Ui::new(options), &failure),
    };
    if cli.command.as_ref().is_some_and(|command| !computes(command)) {
        allocator::give_back_freed_memory();
    }
    let done = match &cli.command {
        Some(command) => dispatch(&context, command),
        None => welcome::run(&context),
    };
    done.unwrap_or_else(|failure| show(&context.ui, &failure.seen_from(&context.here)))
}

fn show(ui: &Ui, failure: &Failure) -> Exit {
    ui.failure(&failure.shown());
    failure.exit()
}

/// Whether a command makes the same large tensors again and again, and so should keep the memory of those it freed. The others walk
/// over many small things once: what is freed is of no use to them.
fn computes(command: &Command) -> bool {
    use Command::{Data, Drift, Ensemble, Evaluate, Explain, Export, Model, Predict, Train};
    matches!(command, Data(_) | Drift(_) | Ensemble(_) | Evaluate(_) | Explain(_) | Export(_) | Model(_) | Predict(_) | Train(_))
}

fn dispatch(context: &Context, command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Init(args) => init::run(context, args),
        Command::Add(args) => add::run(context, args),
        Command::Status(args) => status::run(context, args),
        Command::Checkout(args) => checkout::run(context, args),
        Command::Diff(args) => diff::run(context, args),
        Command::Config(args) => config::run(context, args),
        Command::Remote(args) => remote::run(context, args),
        Command::Fsck(args) => fsck::run(context, args),
        Command::Get(args) => get::run(context, args),
        Command::Import(args) => import::import(context, args),
        Command::Update(args) => import::update(context, args),
        Command::Ls(args) => ls::run(context, args),
        Command::Push(args) => transfer::push(context, args),
        Command::Fetch(args) => transfer::fetch(context, args),
        Command::Pull(args) => transfer::pull(context, args),
        Command::Commit(args) => commit::run(context, args),
        Command::Move(args) => moving::run(context, args),
        Command::Remove(args) => remove::run(context, args),
        Command::Unprotect(args) => unprotect::run(context, args),
        Command::Du(args) => du::run(context, args),
        Command::Gc(args) => gc::run(context, args),
        Command::Cache(args) => cache::run(context, args),
        Command::Doctor(args) => doctor::run(context, args),
        Command::Repro(args) => repro::run(context, args),
        Command::Dag(args) => dag::run(context, args),
        Command::Params(args) => params::run(context, args),
        Command::Metrics(args) => metrics::run(context, args),
        Command::Exp(args) => exp::run(context, args),
        Command::Sweep(args) => sweep::run(context, args),
        Command::Install(args) => install::run(context, args),
        Command::MergeDriver(args) => merge_driver::run(context, args),
        Command::Migrate(args) => migrate::run(context, args),
        Command::Data(args) => data::run(context, args),
        Command::Train(args) => train::run(context, args),
        Command::Predict(args) => predict::run(context, args),
        Command::Evaluate(args) => evaluate::run(context, args),
        Command::Ensemble(args) => ensemble::run(context, args),
        Command::Explain(args) => explain::run(context, args),
        Command::Drift(args) => drift::run(context, args),
        Command::Export(args) => export::run(context, args),
        Command::Model(args) => model::run(context, args),
        Command::Runs(args) => runs::run(context, args),
        Command::Completions(args) => completions::run(context, args),
        Command::Man(args) => man::run(context, args),
    }
}
