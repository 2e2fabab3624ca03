//! The commands: each file resolves arguments, calls one engine and hands the result to [`crate::ui`].
//!
//! Every command is `pub fn run(&Context, &Args) -> Result<Exit, Failure>`.

pub mod add;
pub mod checkout;
pub mod completions;
mod context;
pub mod dag;
pub mod data;
pub mod diff;
pub mod doctor;
pub mod drift;
mod error;
pub mod evaluate;
mod exit;
pub mod export;
pub mod init;
pub mod man;
pub mod metrics;
pub mod params;
pub mod predict;
pub mod repro;
pub mod runs;
pub mod status;
pub mod train;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

pub use context::Context;
pub use error::{Explain, Failure};
pub use exit::Exit;

use crate::cli::{Cli, Command};

/// Parses `args`, runs the command and shows its failure; never panics on a user's input.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Exit::Usage } else { Exit::Done });
        }
    };
    let context = match Context::new(&cli.global) {
        Ok(context) => context,
        Err(failure) => return failure.show_plain(),
    };
    let Some(command) = &cli.command else {
        return ExitCode::from(Exit::Usage);
    };
    match dispatch(&context, command) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            context.ui.failure(&failure.shown());
            failure.exit().into()
        }
    }
}

fn dispatch(context: &Context, command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Init(args) => init::run(context, args),
        Command::Add(args) => add::run(context, args),
        Command::Status(args) => status::run(context, args),
        Command::Checkout(args) => checkout::run(context, args),
        Command::Diff(args) => diff::run(context, args),
        Command::Doctor(args) => doctor::run(context, args),
        Command::Repro(args) => repro::run(context, args),
        Command::Dag(args) => dag::run(context, args),
        Command::Params(args) => params::run(context, args),
        Command::Metrics(args) => metrics::run(context, args),
        Command::Data(args) => data::run(context, args),
        Command::Train(args) => train::run(context, args),
        Command::Predict(args) => predict::run(context, args),
        Command::Evaluate(args) => evaluate::run(context, args),
        Command::Drift(args) => drift::run(context, args),
        Command::Export(args) => export::run(context, args),
        Command::Runs(args) => runs::run(context, args),
        Command::Completions(args) => completions::run(context, args),
        Command::Man(args) => man::run(context, args),
    }
}
