//! `derm sweep`.

mod report;
mod wishes;

use std::cell::RefCell;
use std::num::NonZeroUsize;

use super::{Context, Exit, Failure};
use crate::cli::sweep::{SweepArgs, SweepCommand};
use crate::experiments::Snapshot;
use crate::experiments::sweep::{self, Ended, Error, Journal, Listener, Settings, Sweep};
use crate::experiments::trial::State;
use crate::experiments::{names, sweep::Outcome};
use crate::observer::{Task, Unit};
use crate::store::Work;
use crate::ui::Ui;
use crate::workspace::Workspace;
use report::{List, One, Shown};

pub fn run(context: &Context, args: &SweepArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    match &args.command {
        Some(SweepCommand::List(_)) => return list(context, &workspace),
        Some(SweepCommand::Show(show)) => {
            context.ui.show(&look(&workspace, &show.name, show.md)?)?;
            return Ok(Exit::Done);
        }
        Some(SweepCommand::Remove(remove)) => {
            sweep::remove(&workspace, &remove.name)?;
            context.ui.note(format!("the sweep `{}` is forgotten; its experiments are there: `derm exp list`", remove.name));
            return Ok(Exit::Done);
        }
        None => {}
    }
    let jobs = context.jobs.unwrap_or(NonZeroUsize::MIN);
    let sweep = match &args.resume {
        Some(name) => Sweep::read(&workspace, name)?,
        None => begin(context, &workspace, args, jobs)?,
    };
    let observer = context.ui.observer();
    let total = sweep.settings.trials as u64;
    let voice = Voice { ui: &context.ui, task: observer.begin("sweep", Some(total), Unit::Items("configurations")), told: RefCell::new(0) };
    let outcome = sweep::run(&workspace, &sweep, jobs, &Work { observer: &*observer, interrupt: &context.interrupt }, &voice)?;
    drop(voice);
    answer(context, &workspace, &sweep, &outcome, args.md)
}

fn answer(context: &Context, workspace: &Workspace, sweep: &Sweep, outcome: &Outcome, md: bool) -> Result<Exit, Failure> {
    let shown = look(workspace, &sweep.name, md)?;
    if outcome.interrupted {
        if context.ui.is_json() {
            context.ui.show(&shown)?;
            return Ok(Exit::Interrupted);
        }
        return Err(Failure::new("interrupted").hint(format!("`derm sweep --resume {}` goes on", sweep.name)).with_exit(Exit::Interrupted));
    }
    context.ui.show(&shown)?;
    let any = outcome.table.rows.iter().any(|row| row.state != Some(State::Failed));
    Ok(if any { Exit::Done } else { Exit::Failed })
}

/// A sweep as the options say: a new one, or the same that was begun before.
fn begin(context: &Context, workspace: &Workspace, args: &SweepArgs, jobs: NonZeroUsize) -> Result<Sweep, Failure> {
    let wishes = wishes::gather(context, workspace, args)?;
    let settings = wishes.settings(context, workspace, jobs)?;
    settings.searcher()?;
    let snapshot = Snapshot::take(workspace)?;
    let name = match wishes.name {
        Some(name) => name,
        None => name(workspace, &snapshot, &settings),
    };
    let sweep = Sweep::new(name, snapshot, settings);
    if sweep.create(workspace)? {
        context.ui.note(format!("sweep {}", sweep.name));
        return Ok(sweep);
    }
    context.ui.note(format!("going on with sweep {}", sweep.name));
    Ok(Sweep::read(workspace, &sweep.name)?)
}

/// The same for the same sweep, so that the same command goes on with it.
fn name(workspace: &Workspace, snapshot: &Snapshot, settings: &Settings) -> String {
    // How many run at once decides no name: what a sweep began with holds.
    let settings = Settings { lag: 0, ..settings.clone() };
    let text = serde_json::to_string(&settings).unwrap_or_default();
    let tree = snapshot.tree(workspace).unwrap_or_default();
    let taken = |name: &str| match Sweep::read(workspace, name) {
        Err(Error::Unknown { .. }) => false,
        Err(_) => true,
        Ok(there) => there.snapshot != *snapshot || (Settings { lag: 0, ..there.settings }) != settings,
    };
    names::of(&["sweep", &tree, &text], taken)
}

fn look(workspace: &Workspace, name: &str, md: bool) -> Result<Shown, Failure> {
    let sweep = Sweep::read(workspace, name)?;
    let (events, runs) = Journal::look(workspace, name)?;
    Ok(Shown::new(sweep, &events, runs, md)?)
}

fn list(context: &Context, workspace: &Workspace) -> Result<Exit, Failure> {
    let mut sweeps = Vec::new();
    for name in sweep::list(workspace) {
        match look(workspace, &name, false) {
            Ok(shown) => sweeps.push(One::of(&shown)),
            Err(failure) => context.ui.warn(failure.shown().message),
        }
    }
    context.ui.show(&List { sweeps })?;
    Ok(Exit::Done)
}

/// Says what happens, as it happens.
struct Voice<'a> {
    ui: &'a Ui,
    task: Box<dyn Task>,
    told: RefCell<usize>,
}

impl Listener for Voice<'_> {
    fn starts(&self, experiment: &str, params: &[String]) {
        let short = |typed: &String| report::param(typed);
        let params: Vec<String> = params.iter().map(short).map(|(key, value)| format!("{key}={value}")).collect();
        self.ui.note(format!("{experiment} starts: {}", params.join(" ")));
    }

    fn ended(&self, experiment: &str, ended: &Ended) {
        let value = ended.value.map(report::number).unwrap_or_default();
        let said = match (ended.state, ended.step) {
            (State::Done, _) => format!("{experiment} is done: {value}"),
            (State::Stopped, Some(step)) => format!("{experiment} falls behind and is ended at step {step}: {value}"),
            (State::Stopped, None) => format!("{experiment} was ended"),
            (State::Failed, _) => {
                let reason = ended.reason.as_deref().unwrap_or("a stage failed");
                format!("{experiment} failed: {reason} (`.derm/exps/logs/{experiment}.log`)")
            }
        };
        self.ui.note(said);
    }

    fn silent(&self, experiment: &str, key: &str) {
        self.ui.note(format!("{experiment} reported no `{key}` while it ran, so that it could not be ended early; see `--watch`"));
    }

    fn progress(&self, finished: usize, _total: usize) {
        let mut told = self.told.borrow_mut();
        self.task.advance(finished.saturating_sub(*told) as u64);
        *told = finished.max(*told);
    }
}
