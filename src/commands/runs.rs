//! `derm runs`.

mod compare;
mod list;
mod show;
mod values;
mod watch;

use super::{Context, Exit, Failure};
use crate::cli::runs::{RunsArgs, RunsCommand};

pub fn run(context: &Context, args: &RunsArgs) -> Result<Exit, Failure> {
    match &args.command {
        RunsCommand::List(args) => list::run(context, args),
        RunsCommand::Show(args) => show::run(context, args),
        RunsCommand::Compare(args) => compare::run(context, args),
        RunsCommand::Watch(args) => watch::run(context, args),
    }
}
