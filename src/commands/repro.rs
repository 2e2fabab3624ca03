//! `derm repro`.

mod pull;
mod report;
mod voice;
mod watch;

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
    if args.watch { watch::run(context, args) } else { once(context, args, &load(context)?) }
}

fn load(context: &Context) -> Result<Project, Failure> {
    let project = Project::load(&context.workspace()?)?;
    project.warnings.iter().for_each(|warning| context.ui.warn(warning));
    Ok(project)
}

/// The stages that the words name.
fn targets(context: &Context, args: &ReproArgs, project: &Project) -> Result<Vec<usize>, Failure> {
    let mut targets = Vec::new();
    for typed in &args.targets {
        let resolve = if args.glob { target::resolve_glob } else { target::resolve };
        targets.extend(resolve(project, &context.cwd, typed)?);
    }
    Ok(targets)
}

/// What the arguments ask for.
fn options<'a>(context: &Context, args: &ReproArgs, targets: &'a [usize], gpus: &'a [String]) -> Options<'a> {
    Options {
        targets,
        force: args.force,
        force_downstream: args.force_downstream,
        dry: args.dry,
        single: args.single,
        downstream: args.downstream,
        keep_going: args.keep_going,
        ignore_errors: args.ignore_errors,
        allow_missing: args.allow_missing,
        no_run_cache: args.no_run_cache,
        no_commit: args.no_commit,
        jobs: context.jobs.map_or(1, std::num::NonZeroUsize::get),
        gpus,
        share_terminal: context.ui.may_share_terminal() && args.output.is_none(),
        bring: None,
    }
}

/// One run.
fn once(context: &Context, args: &ReproArgs, project: &Project) -> Result<Exit, Failure> {
    let started = Instant::now();
    let targets = targets(context, args, project)?;
    let gpus = gpus(args.gpus);
    let mut options = options(context, args, &targets, &gpus);
    let puller = if args.pull && !args.dry { Some(pull::Puller::new(context, project, &options)?) } else { None };
    let bring = |entries: &[_]| puller.as_ref().is_some_and(|puller| puller.bring(entries));
    if puller.is_some() {
        options.bring = Some(&bring);
    }
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let voice = Voice::new(&context.ui, project, options.jobs, args.output, args.explain);
    let outcome = repro(project, &options, work, &voice)?;
    answer(context, args, project, outcome, started.elapsed().as_secs_f64())
}

/// The GPUs by the names that CUDA knows them by: those that derm itself was given, or that the machine has.
fn gpus(asked: Option<u16>) -> Vec<String> {
    let given = std::env::var("CUDA_VISIBLE_DEVICES").ok();
    let mut names: Vec<String> = match given.filter(|given| !given.trim().is_empty()) {
        Some(given) => given.split(',').map(|name| name.trim().to_owned()).collect(),
        None => {
            let there = std::fs::read_dir("/proc/driver/nvidia/gpus").map_or(0, Iterator::count);
            (0..there.max(asked.map_or(0, usize::from))).map(|number| number.to_string()).collect()
        }
    };
    names.truncate(asked.map_or(usize::MAX, usize::from));
    names
}

/// Shows the answer; a failed run is an error for people and, for programs, a report with its errors in it.
fn answer(context: &Context, args: &ReproArgs, project: &Project, mut outcome: Outcome, seconds: f64) -> Result<Exit, Failure> {
    let mut report = Repro::new(project, &outcome, args.dry, args.explain, seconds);
    let errors: Vec<(usize, Error)> =
        outcome.steps.iter_mut().enumerate().filter_map(|(at, step)| step.error.take().map(|error| (at, error))).collect();
    let ignored = args.ignore_errors && !outcome.interrupted;
    if errors.is_empty() && !outcome.interrupted {
        context.ui.show(&report)?;
        return Ok(Exit::Done);
    }
    if !context.ui.is_json() && !ignored {
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
    Ok(if ignored { Exit::Done } else { exit })
}

fn whole(mut errors: Vec<Error>, interrupted: bool) -> Error {
    match errors.len() {
        0 => Error::Interrupted,
        _ if interrupted => Error::Interrupted,
        1 => errors.remove(0),
        _ => Error::Several(errors),
    }
}
