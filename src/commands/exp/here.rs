//! Experiments in the workspace: `derm exp run` without `--temp`, and `derm exp save`.

use std::process::{Command, Stdio};

use super::run::{One, Ran, Taken, flags};
use super::short;
use crate::cli::exp::{ExpRunArgs, ExpSaveArgs};
use crate::clock::Timestamp;
use crate::commands::{Context, Exit, Failure};
use crate::experiments::trial::State;
use crate::experiments::{Error, Note, Set, refs, save, snapshot, values};
use crate::pipeline::{Project, revision};
use crate::store::Store;
use crate::workspace::Workspace;

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
pub fn run(context: &Context, workspace: &Workspace, args: &ExpRunArgs, overrides: Vec<Set>) -> Result<Exit, Failure> {
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
