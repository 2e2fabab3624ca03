//! `derm repro`.

mod report;
mod voice;

use std::time::Instant;

use super::{Context, Exit, Failure};
use crate::cli::repro::ReproArgs;
use crate::pipeline::run::Outcome;
use crate::pipeline::{Error, Options, Project, repro, target};
use crate::store::Work;
use crate::ui;
use report::Repro;
pub(super) use report::Why;
use voice::Voice;

pub fn run(context: &Context, args: &ReproArgs) -> Result<Exit, Failure> {
    let started = Instant::now();
    let project = Project::load(&context.workspace()?)?;
    project.warnings.iter().for_each(|warning| context.ui.warn(warning));
    let mut targets = Vec::new();
    for typed in &args.targets {
        targets.extend(target::resolve(&project, &context.cwd, typed)?);
    }
    let jobs = context.jobs.map_or(1, std::num::NonZeroUsize::get);
    let options = Options {
        targets,
        force: args.force,
        dry: args.dry,
        single: args.single,
        downstream: args.downstream,
        keep_going: args.keep_going,
        jobs,
        share_terminal: context.ui.may_share_terminal(),
    };
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let outcome = repro(&project, &options, work, &Voice { ui: &context.ui, project: &project, several: jobs > 1 })?;
    answer(context, args, &project, outcome, started.elapsed().as_secs_f64())
}

/// Shows the answer; a failed run is an error for people and, for programs, a report with its errors in it.
fn answer(context: &Context, args: &ReproArgs, project: &Project, mut outcome: Outcome, seconds: f64) -> Result<Exit, Failure> {
    let mut report = Repro::new(project, &outcome, args.dry, seconds);
    let errors: Vec<(usize, Error)> =
        outcome.steps.iter_mut().enumerate().filter_map(|(at, step)| step.error.take().map(|error| (at, error))).collect();
    if errors.is_empty() && !outcome.interrupted {
        context.ui.show(&report)?;
        return Ok(Exit::Done);
    }
    if !context.ui.is_json() {
        report.left_over().into_iter().for_each(|line| context.ui.note(line));
        return Err(whole(errors.into_iter().map(|(_, error)| error).collect(), outcome.interrupted).into());
    }
    let mut exit = Exit::Failed;
    if outcome.interrupted {
        exit = Exit::Interrupted;
        ui::tell(&Failure::from(Error::Interrupted).shown());
    }
    for (at, error) in errors {
        let failure = Failure::from(error).seen_from(&context.here);
        ui::tell(&failure.shown());
        if !outcome.interrupted && failure.exit() != Exit::Failed {
            exit = failure.exit();
        }
        report.stages[at].error = serde_json::to_value(failure.shown()).ok();
    }
    context.ui.show(&report)?;
    Ok(exit)
}

fn whole(mut errors: Vec<Error>, interrupted: bool) -> Error {
    match errors.len() {
        0 => Error::Interrupted,
        _ if interrupted => Error::Interrupted,
        1 => errors.remove(0),
        _ => Error::Several(errors),
    }
}
