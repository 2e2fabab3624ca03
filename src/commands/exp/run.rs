//! `derm exp run` and `derm exp save`.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Serialize;

use super::short;
use crate::cli::exp::{ExpRunArgs, ExpSaveArgs};
use crate::clock::Timestamp;
use crate::commands::{Context, Exit, Failure};
use crate::experiments::queue::{self, Entry, State as Waits};
use crate::experiments::runner::{self, Listener};
use crate::experiments::trial::{Finished, Spec, State};
use crate::experiments::{Error, Leaf, Note, Set, Snapshot, names, refs, save, snapshot, values};
use crate::pipeline::{Project, revision};
use crate::relpath::RelPath;
use crate::store::{Store, Work};
use crate::text;
use crate::ui::{Align, Page, Report, Style, Table, Ui};
use crate::workspace::Workspace;

/// Metrics that the answer to one experiment names.
const METRICS: usize = 8;

#[derive(Serialize)]
struct Ran {
    experiments: Vec<One>,
    /// Names of what was added to the queue.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queued: Vec<String>,
}

/// One experiment that was run.
#[derive(Serialize)]
struct One {
    name: String,
    commit: Option<String>,
    state: State,
    /// The result is that of an older experiment, or of the commit itself, and was not saved again.
    #[serde(skip_serializing_if = "Option::is_none")]
    same_as: Option<String>,
    overrides: Vec<Set>,
    params: Vec<Leaf>,
    metrics: Vec<Leaf>,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<PathBuf>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tail: Vec<String>,
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
        return in_workspace(context, &workspace, args, combinations.into_iter().next().unwrap_or_default());
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
fn flags(args: &ExpRunArgs) -> Vec<String> {
    let flags = [("--force", args.force), ("--single", args.single)];
    flags.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag.to_owned()).collect()
}

/// Names that a baseline's experiments and the queue have.
struct Taken(Vec<String>);

impl Taken {
    fn of(workspace: &Workspace, baseline: &str) -> Result<Self, Error> {
        let saved = refs::all(workspace)?.into_iter().filter(|one| one.baseline == baseline).map(|one| one.name);
        // A name that failed is free: the same again goes under the same name.
        let waits = queue::list(workspace)?.into_iter().filter(|entry| entry.state != Waits::Failed);
        let queued = waits.map(|entry| entry.spec.name);
        Ok(Self(saved.chain(queued).collect()))
    }

    /// A new name for what goes in.
    fn name(&mut self, tree: &str, overrides: &[Set], targets: &[String]) -> String {
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

/// What a run in the workspace starts from.
struct Before {
    baseline: String,
    tree: String,
}

impl Before {
    fn of(workspace: &Workspace) -> Result<Self, Error> {
        let baseline = snapshot::head(workspace)?;
        Ok(Self { baseline, tree: save::tree(&Project::load(workspace)?, &[])? })
    }
}

/// Runs in the workspace: sets the parameters, runs `repro` as a user would, saves.
fn in_workspace(context: &Context, workspace: &Workspace, args: &ExpRunArgs, overrides: Vec<Set>) -> Result<Exit, Failure> {
    let clock = std::time::Instant::now();
    let started = Timestamp::now();
    let before = Before::of(workspace)?;
    if let Some(name) = &args.name {
        refs::check_name(name)?;
        if !args.force && refs::exists(workspace, &before.baseline, name)? {
            return Err(Error::Taken(name.clone()).into());
        }
    }
    let name = match &args.name {
        Some(name) => name.clone(),
        None => Taken::of(workspace, &before.baseline)?.name(&before.tree, &overrides, &args.targets),
    };
    if !args.copy_paths.is_empty() {
        context.ui.note("nothing needs to be copied: the experiment runs in the workspace");
    }
    values::apply(workspace, &overrides)?;
    let exit = repro(context, args, &name, &before.baseline)?;
    if exit != Exit::Done {
        let failure = match exit {
            Exit::Interrupted => Failure::new("interrupted: no experiment was saved"),
            _ => Failure::new("no experiment was saved: `derm repro` failed"),
        };
        let failure = match overrides.is_empty() {
            true => failure,
            false => failure.hint("the parameter files stay as they were set; `git diff` shows how"),
        };
        return Err(failure.with_exit(exit));
    }
    let project = Project::load(workspace)?;
    let mut note = Note::now(overrides.clone(), args.targets.clone(), started);
    note.message = args.message.clone();
    let saved = keep(&project, &before.baseline, &name, &note, args.name.is_some(), args.force)?;
    let place = revision::Snapshot::now(workspace)?;
    let (params, metrics) = values::at(&place, &Store::open(workspace)?);
    let (name, commit, same_as) = match saved {
        Kept::New(commit) => (name, Some(commit), None),
        Kept::Experiment(older, commit) => (older.clone(), Some(commit), Some(format!("the experiment `{older}`"))),
        Kept::Baseline => (name, None, Some(format!("the commit {}", short(&before.baseline)))),
    };
    let seconds = clock.elapsed().as_secs_f64();
    let one = One { name, commit, state: State::Done, same_as, overrides, params, metrics, seconds, log: None, tail: Vec::new() };
    context.ui.show(&Ran { experiments: vec![one], queued: Vec::new() })?;
    Ok(Exit::Done)
}

/// `derm repro` as a child that shares the terminal. What it answers goes where remarks go.
fn repro(context: &Context, args: &ExpRunArgs, name: &str, baseline: &str) -> Result<Exit, Failure> {
    let failed = |error: std::io::Error| Failure::new("cannot start `derm repro`").cause(error.to_string());
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command.current_dir(&context.cwd).arg("repro").args(flags(args));
    if context.ui.is_quiet() {
        command.arg("--quiet");
    }
    command.args(std::iter::repeat_n("-v", context.ui.verbosity().into()));
    command.args(context.jobs.map(|jobs| format!("-j{jobs}")));
    command.arg("--").args(&args.targets).stdin(Stdio::null()).stdout(Stdio::null());
    command.env("DERM_EXP_NAME", name).env("DVC_EXP_NAME", name);
    command.env("DERM_EXP_BASELINE", baseline).env("DVC_EXP_BASELINE_REV", baseline);
    // Of a Ctrl-C it hears once, from here: a second signal would end it before its stages are put back.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(failed)?;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        if context.interrupt.is_raised() {
            signal(&child);
            break child.wait().map_err(failed)?;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    Ok(match status.code() {
        Some(0) => Exit::Done,
        Some(2) => Exit::Usage,
        Some(130) => Exit::Interrupted,
        _ => Exit::Failed,
    })
}

fn signal(child: &std::process::Child) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
    }
}

/// What became of a result.
enum Kept {
    New(String),
    /// An experiment of the same commit has the same files: its name and commit.
    Experiment(String, String),
    /// Nothing differs from the commit.
    Baseline,
}

/// Saves the workspace, unless nobody gave a name and the same is there.
fn keep(project: &Project, baseline: &str, name: &str, note: &Note, named: bool, replace: bool) -> Result<Kept, Error> {
    let workspace = &project.workspace;
    let tree = save::tree(project, &[])?;
    if !named {
        if workspace.commit_facts(baseline)?.tree == tree {
            return Ok(Kept::Baseline);
        }
        if let Some(older) = refs::all(workspace)?.into_iter().find(|one| one.baseline == baseline && one.tree == tree) {
            return Ok(Kept::Experiment(older.name, older.commit));
        }
    }
    Ok(Kept::New(save::write(project, tree, baseline, name, note, replace)?.commit))
}

pub fn save(context: &Context, args: &ExpSaveArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let project = Project::load(&workspace)?;
    let baseline = snapshot::head(&workspace)?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => Taken::of(&workspace, &baseline)?.name(&save::tree(&project, &[])?, &[], &[]),
    };
    let mut note = Note::now(Vec::new(), Vec::new(), Timestamp::now());
    note.message = args.message.clone();
    let (name, commit, same_as) = match keep(&project, &baseline, &name, &note, args.name.is_some(), args.force)? {
        Kept::New(commit) => (name, Some(commit), None),
        Kept::Experiment(older, commit) => (older.clone(), Some(commit), Some(format!("the experiment `{older}`"))),
        Kept::Baseline => (name, None, Some(format!("the commit {}", short(&baseline)))),
    };
    let place = revision::Snapshot::now(&workspace)?;
    let (params, metrics) = values::at(&place, &Store::open(&workspace)?);
    let overrides = Vec::new();
    let one = One { name, commit, state: State::Done, same_as, overrides, params, metrics, seconds: 0.0, log: None, tail: Vec::new() };
    context.ui.show(&Ran { experiments: vec![one], queued: Vec::new() })?;
    Ok(Exit::Done)
}
