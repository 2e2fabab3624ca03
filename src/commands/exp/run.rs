//! `derm exp run`: what is asked for, the queue, the answer.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::Serialize;

use super::here;
use crate::cli::exp::ExpRunArgs;
use crate::commands::{Context, Exit, Failure};
use crate::experiments::queue::{self, Entry, State as Waits};
use crate::experiments::runner::{self, Listener};
use crate::experiments::trial::{Finished, Spec, State};
use crate::experiments::{Error, Leaf, Set, Snapshot, names, refs, values};
use crate::relpath::RelPath;
use crate::store::Work;
use crate::text;
use crate::ui::{Align, Page, Report, Style, Table, Ui};
use crate::workspace::Workspace;

/// Metrics that the answer to one experiment names.
const METRICS: usize = 8;

#[derive(Serialize)]
pub struct Ran {
    pub experiments: Vec<One>,
    /// Names of what was added to the queue.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queued: Vec<String>,
}

/// One experiment that was run.
#[derive(Serialize)]
pub struct One {
    pub name: String,
    pub commit: Option<String>,
    pub state: State,
    /// The result is that of an older experiment, or of the commit itself, and was not saved again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    pub overrides: Vec<Set>,
    pub params: Vec<Leaf>,
    pub metrics: Vec<Leaf>,
    pub seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<PathBuf>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tail: Vec<String>,
}

impl Report for Ran {
    const KIND: &'static str = "exp-run";

    fn human(&self, page: &mut Page) {
        if !self.queued.is_empty() {
            page.line(format!(
                "{} in the queue: {}",
                text::count(self.queued.len(), "experiment is", "experiments are"),
                self.queued.join(", ")
            ));
            page.line("To run: derm exp run --run-all");
        }
        match self.experiments.as_slice() {
            [] => {}
            [one] if one.state == State::Done => one.alone(page),
            several => {
                page.table(&table(several));
                if several.iter().any(|one| one.state == State::Done) {
                    page.blank().line("To compare: derm exp show");
                }
            }
        }
    }
}

impl One {
    fn alone(&self, page: &mut Page) {
        let name = Style::Heading.paint(&self.name);
        match &self.same_as {
            Some(same) => page.line(format!("Nothing was saved: the result is that of {same}.")),
            None => page.line(format!("Experiment {name} is saved.")),
        };
        let numbers = self.metrics.iter().filter(|leaf| super::show::is_number(&leaf.value)).take(METRICS);
        page.fields(numbers.map(|leaf| (leaf.key.as_str(), super::show::number(&leaf.value))));
        page.blank().line(format!("To compare: derm exp show      To take it: derm exp apply {}", self.name));
    }
}

fn table(several: &[One]) -> Table {
    let mut table = Table::new([("experiment", Align::Left), ("state", Align::Left), ("took", Align::Right), ("set", Align::Left)]);
    for one in several {
        let state = match one.state {
            State::Done => Style::Good.paint("done"),
            State::Failed => Style::Bad.paint("failed"),
            State::Stopped => Style::Changed.paint("stopped"),
        };
        let set = one.overrides.iter().map(|set| format!("{}={}", set.key, set.value)).collect::<Vec<_>>().join(" ");
        table.row([one.name.clone(), state, text::duration(one.seconds), set]);
    }
    table
}

pub fn run(context: &Context, args: &ExpRunArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    if args.run_all {
        queue::tidy(&workspace)?;
        let entries: Vec<Entry> = queue::list(&workspace)?.into_iter().filter(|entry| entry.state == Waits::Waiting).collect();
        if entries.is_empty() {
            context.ui.note("nothing waits in the queue");
        }
        return work_off(context, &workspace, entries, false);
    }
    let combinations = values::combinations(&args.set)?;
    if !(args.queue || args.temp) && combinations.len() == 1 {
        return here::run(context, &workspace, args, combinations.into_iter().next().unwrap_or_default());
    }
    let specs = specs(context, &workspace, args, combinations)?;
    let entries = queue::add(&workspace, specs)?;
    if args.queue {
        let queued = entries.into_iter().map(|entry| entry.spec.name).collect();
        context.ui.show(&Ran { experiments: Vec::new(), queued })?;
        return Ok(Exit::Done);
    }
    work_off(context, &workspace, entries, true)
}

/// What is to be run beside the workspace.
fn specs(context: &Context, workspace: &Workspace, args: &ExpRunArgs, combinations: Vec<Vec<Set>>) -> Result<Vec<Spec>, Failure> {
    let snapshot = Snapshot::take(workspace)?;
    let mut copy = Vec::new();
    for path in &args.copy_paths {
        copy.push(workspace.relative(&context.cwd, path)?);
    }
    let folder = RelPath::strip(workspace.root(), &context.cwd).unwrap_or_default();
    let repro = flags(args);
    let several = combinations.len() > 1;
    // Of one process the threads are shared by all experiments that it runs.
    let threads = context.jobs.filter(|jobs| several && jobs.get() > 1).and_then(|jobs| NonZeroUsize::new((cores() / jobs.get()).max(1)));
    let mut taken = Taken::of(workspace, &snapshot.baseline)?;
    let tree = snapshot.tree(workspace)?;
    let waiting = queue::list(workspace)?;
    let mut specs = Vec::new();
    for (at, overrides) in combinations.into_iter().enumerate() {
        let mut spec = Spec {
            name: String::new(),
            snapshot: snapshot.clone(),
            overrides,
            targets: args.targets.clone(),
            folder: folder.clone(),
            repro: repro.clone(),
            copy: copy.clone(),
            labels: BTreeMap::new(),
            message: args.message.clone(),
            threads,
            replace: args.force,
        };
        let waits = || waiting.iter().find(|entry| entry.state == Waits::Waiting && entry.spec.is_same_work(&spec));
        spec.name = match &args.name {
            Some(name) if several => format!("{name}-{}", at + 1),
            Some(name) => name.clone(),
            None => match waits() {
                Some(entry) => entry.spec.name.clone(),
                None => taken.name(&tree, &spec.overrides, &args.targets),
            },
        };
        specs.push(spec);
    }
    Ok(specs)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Options of `exp run` that `repro` understands.
pub fn flags(args: &ExpRunArgs) -> Vec<String> {
    let flags = [("--force", args.force), ("--single", args.single)];
    flags.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag.to_owned()).collect()
}

/// Names that a baseline's experiments and the queue have.
pub struct Taken(Vec<String>);

impl Taken {
    pub fn of(workspace: &Workspace, baseline: &str) -> Result<Self, Error> {
        let saved = refs::all(workspace)?.into_iter().filter(|one| one.baseline == baseline).map(|one| one.name);
        // A name that failed is free: the same again goes under the same name.
        let waits = queue::list(workspace)?.into_iter().filter(|entry| entry.state != Waits::Failed);
        let queued = waits.map(|entry| entry.spec.name);
        Ok(Self(saved.chain(queued).collect()))
    }

    /// A new name for what goes in.
    pub fn name(&mut self, tree: &str, overrides: &[Set], targets: &[String]) -> String {
        let sets: Vec<String> = overrides.iter().map(|set| format!("{}:{}={}", set.file, set.key, set.value)).collect();
        let parts: Vec<&str> = [tree].into_iter().chain(sets.iter().chain(targets).map(String::as_str)).collect();
        let name = names::of(&parts, |name| self.0.iter().any(|taken| taken == name));
        self.0.push(name.clone());
        name
    }
}

/// Runs entries of the queue and answers with what came of them. `asked`: for right now, so that what could not even be started is
/// told and does not stay in the queue.
fn work_off(context: &Context, workspace: &Workspace, entries: Vec<Entry>, asked: bool) -> Result<Exit, Failure> {
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let sets: BTreeMap<String, Vec<Set>> = entries.iter().map(|entry| (entry.spec.name.clone(), entry.spec.overrides.clone())).collect();
    let jobs = context.jobs.unwrap_or(NonZeroUsize::MIN);
    let voice = Voice { ui: &context.ui, several: jobs.get() > 1 && entries.len() > 1, alone: entries.len() == 1 };
    let all = if asked { entries.clone() } else { Vec::new() };
    let order: Vec<String> = entries.iter().map(|entry| entry.spec.name.clone()).collect();
    let mut outcome = runner::run(workspace, entries, jobs, &work, &voice)?;
    outcome.finished.sort_by_key(|finished| order.iter().position(|name| *name == finished.name));
    for entry in all.iter().filter(|entry| outcome.errors.iter().any(|(name, _)| *name == entry.spec.name)) {
        queue::remove(workspace, entry)?;
    }
    for name in &outcome.elsewhere {
        context.ui.note(format!("another derm is running `{name}`"));
    }
    if !outcome.interrupted {
        queue::tidy(workspace)?;
    }
    let one = |finished: Finished| One {
        overrides: sets.get(&finished.name).cloned().unwrap_or_default(),
        name: finished.name,
        commit: finished.commit,
        state: finished.state,
        same_as: None,
        params: finished.params,
        metrics: finished.metrics,
        seconds: finished.seconds,
        log: Some(finished.log),
        tail: finished.tail,
    };
    let failed = outcome.finished.iter().filter(|finished| finished.state == State::Failed).map(|finished| finished.name.clone());
    let failed: Vec<String> = failed.chain(outcome.errors.iter().map(|(name, _)| name.clone())).collect();
    let alone = outcome.finished.is_empty() && outcome.errors.len() == 1;
    let report = Ran { experiments: outcome.finished.into_iter().map(one).collect(), queued: Vec::new() };
    if outcome.interrupted {
        if context.ui.is_json() || !report.experiments.is_empty() {
            context.ui.show(&report)?;
        }
        let failure = Failure::from(Error::Interrupted).hint("`derm exp run --run-all` goes on with what was running");
        crate::ui::tell(&failure.hint("`derm exp remove --queue` gives it up").shown());
        return Ok(Exit::Interrupted);
    }
    if alone {
        return Err(outcome.errors.into_iter().next().map(|(_, error)| error.into()).unwrap_or_else(|| Failure::new("it failed")));
    }
    context.ui.show(&report)?;
    if failed.is_empty() {
        return Ok(Exit::Done);
    }
    let logs = failed.first().map(|name| queue::log_of(workspace, name)).transpose()?;
    let mut failure = Failure::new(format!("{} failed", text::count(failed.len(), "experiment", "experiments")));
    failure = failure.cause(text::quoted_list(&failed));
    if let Some(log) = logs.filter(|log| log.exists()) {
        failure = failure.hint(format!("what it printed: {}", log.display()));
    }
    crate::ui::tell(&failure.seen_from(&context.here).shown());
    Ok(Exit::Failed)
}

/// Says what happens, on stderr.
struct Voice<'a> {
    ui: &'a Ui,
    several: bool,
    /// There is one experiment: what goes wrong with it is the answer.
    alone: bool,
}

impl Listener for Voice<'_> {
    fn starts(&self, spec: &Spec) {
        let set = spec.overrides.iter().map(|set| format!(" {}={}", set.key, set.value)).collect::<String>();
        self.ui.note(format!("experiment {}{set}", Style::Heading.paint(&spec.name)));
    }

    fn output(&self, name: &str, line: &str) {
        match self.several {
            true => self.ui.note(format!("{} {line}", Style::Faint.paint(&format!("[{name}]")))),
            false => self.ui.note(line),
        }
    }

    fn ended(&self, finished: &Finished) {
        let how = match finished.state {
            State::Done => Style::Good.paint("is done"),
            State::Failed => Style::Bad.paint("failed"),
            State::Stopped => Style::Changed.paint("was stopped"),
        };
        self.ui.note(format!("experiment {} {how} after {}", Style::Heading.paint(&finished.name), text::duration(finished.seconds)));
    }

    fn failed(&self, spec: &Spec, error: &Error) {
        if self.alone {
            return;
        }
        self.ui.warn(format!("experiment {} {}: {error}", Style::Heading.paint(&spec.name), Style::Bad.paint("failed")));
    }
}
