//! One experiment in a worktree of its own, run by a child process.
//!
//! [`start`] makes the worktree and starts `derm repro` in it; [`Running::poll`] says whether that ended; [`Running::finish`] makes the
//! result an experiment, or says that there is none, and removes the worktree. A [`Running`] that is dropped before it is finished ends
//! its child and leaves the worktree: starting the same [`Spec`] again goes on there. So does a start after a kill.
//!
//! The child leads a process group of its own, so that a Ctrl-C on the terminal reaches it only through [`Running::stop`]. It gets
//! `DERM_EXP_NAME` and `DERM_EXP_BASELINE` (and DVC's `DVC_EXP_NAME` and `DVC_EXP_BASELINE_REV`), and with `threads` a limit for its threads.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use serde::{Deserialize, Serialize};

use super::place::{self, Place, Process};
use super::values::{self, Leaf, Set};
use super::{Error, Note, Snapshot, inputs, refs, save};
use crate::clock::Timestamp;
use crate::observer::Interrupt;
use crate::pipeline::run::end_orphans;
use crate::pipeline::{Project, revision};
use crate::relpath::RelPath;
use crate::store::{Store, Work};
use crate::workspace::{DERM_DIR, Workspace, atomic};

/// What a trial is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// The experiment's name; see [`super::names`] and [`refs::check_name`].
    pub name: String,
    /// What it starts from: take one and share it among trials that are to be compared.
    pub snapshot: Snapshot,
    /// Parameters that are set.
    pub overrides: Vec<Set>,
    /// Targets of `repro`, as typed; none are all stages.
    pub targets: Vec<String>,
    /// The folder that targets are relative to.
    #[serde(default)]
    pub folder: RelPath,
    /// Further arguments of `repro`, such as `--force`.
    #[serde(default)]
    pub repro: Vec<String>,
    /// Files and folders of the workspace that the trial gets although git does not have them.
    #[serde(default)]
    pub copy: Vec<RelPath>,
    /// Go into the experiment's note.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What the user says about it.
    #[serde(default)]
    pub message: Option<String>,
    /// Threads that each of its programs may use at most.
    #[serde(default)]
    pub threads: Option<NonZeroUsize>,
    /// An experiment of this name may be replaced.
    #[serde(default)]
    pub replace: bool,
}

impl Spec {
    /// Whether both run the same, whatever they are called.
    pub fn is_same_work(&self, other: &Self) -> bool {
        let without = |spec: &Self| Self {
            name: String::new(),
            labels: BTreeMap::new(),
            message: None,
            threads: None,
            replace: false,
            ..spec.clone()
        };
        without(self) == without(other)
    }
}

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Its stages are up to date, and it is an experiment now.
    Done,
    /// A stage failed.
    Failed,
    /// It was stopped.
    Stopped,
}

/// A trial that ended.
#[derive(Clone, Debug, Serialize)]
pub struct Finished {
    /// The experiment's name.
    pub name: String,
    /// Its commit, when it is done.
    pub commit: Option<String>,
    /// How it ended.
    pub state: State,
    /// Its parameters.
    pub params: Vec<Leaf>,
    /// Its metrics; of a trial that is not done, those that are there.
    pub metrics: Vec<Leaf>,
    /// Wall-clock seconds since it was started.
    pub seconds: f64,
    /// Where everything that it printed is kept.
    pub log: PathBuf,
    /// The last lines of that, when it failed.
    pub tail: Vec<String>,
}

/// A trial whose child was started.
#[derive(Debug)]
pub struct Running {
    workspace: Workspace,
    spec: Spec,
    place: Option<Place>,
    root: PathBuf,
    child: Child,
    started: Timestamp,
    clock: std::time::Instant,
    status: Option<ExitStatus>,
    stopped: bool,
    log_start: u64,
}

/// Lines that [`Finished::tail`] has at most.
const TAIL: usize = 12;

/// Makes the worktree, or takes up the one that an earlier start of the same trial left, and starts `derm repro` in it.
///
/// # Errors
/// The name is taken or the trial is run by another derm; a parameter, target or input that is not there.
pub fn start(workspace: &Workspace, spec: &Spec, work: &Work<'_>) -> Result<Running, Error> {
    refs::check_name(&spec.name)?;
    if !spec.replace && refs::exists(workspace, &spec.snapshot.baseline, &spec.name)? {
        return Err(Error::Taken(spec.name.clone()));
    }
    let place = Place::take(workspace, spec)?;
    // No `gc` begins meanwhile; from then on it sees that the trial runs.
    let _lock = workspace.lock(work.observer, work.interrupt)?;
    let log_start = place.log().metadata().map_or(0, |meta| meta.len());
    match begin(workspace, spec, &place, work) {
        Ok((root, child)) => {
            place.note(true, Some(Process::just_started(child.id())))?;
            let (started, clock) = (Timestamp::now(), std::time::Instant::now());
            let (workspace, spec) = (workspace.clone(), spec.clone());
            Ok(Running { workspace, spec, place: Some(place), root, child, started, clock, status: None, stopped: false, log_start })
        }
        Err(error) => {
            let _ = place.clear(workspace, None);
            place.remove();
            Err(error)
        }
    }
}

fn begin(workspace: &Workspace, spec: &Spec, place: &Place, work: &Work<'_>) -> Result<(PathBuf, Child), Error> {
    let (child, usable) = place.left();
    if let Some(child) = child {
        child.end();
    }
    let root = match usable {
        true => place.tree().join(below_git(workspace)),
        false => {
            place.clear(workspace, None)?;
            let tree = spec.snapshot.tree(workspace)?;
            let root = workspace.add_worktree(&place.tree(), place.id(), &spec.snapshot.baseline, &tree)?;
            settle(workspace, &root)?;
            copy(workspace, &root, &spec.copy)?;
            values::apply(&Workspace::at(&root)?, &spec.overrides)?;
            place.note(true, None)?;
            root
        }
    };
    let inside = Workspace::at(&root)?;
    let folder = spec.folder.on_disk(inside.root());
    fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    let single = spec.repro.iter().any(|option| matches!(option.as_str(), "--single" | "-s"));
    inputs::bring(&Project::load(&inside)?, &folder, &spec.targets, single, workspace.root(), work)?;
    let child = spawn(spec, &folder, &place.log()).map_err(|source| Error::Start { folder, source })?;
    Ok((root, child))
}

/// derm's root below git's top folder.
fn below_git(workspace: &Workspace) -> PathBuf {
    workspace.below_git().unwrap_or_default()
}

/// Sends the worktree to the cache, the run cache and the remotes of the repository that it belongs to.
fn settle(workspace: &Workspace, root: &Path) -> Result<(), Error> {
    let derm = root.join(DERM_DIR);
    fs::create_dir_all(&derm).map_err(Error::io("create", &derm))?;
    for name in ["config", ".gitignore"] {
        let (from, to) = (workspace.derm_dir().join(name), derm.join(name));
        if !to.exists() && from.exists() {
            fs::copy(&from, &to).map_err(Error::io("copy", &from))?;
        }
    }
    let text = workspace.config().for_elsewhere(workspace.root());
    Ok(atomic::write(&derm.join("config.local"), text.as_bytes())?)
}

/// Copies what the user named, folders with all that is in them.
fn copy(workspace: &Workspace, root: &Path, paths: &[RelPath]) -> Result<(), Error> {
    for path in paths {
        let from = path.on_disk(workspace.root());
        if from.symlink_metadata().is_err() {
            return Err(Error::NoCopy(path.clone()));
        }
        copy_all(&from, &path.on_disk(root))?;
    }
    Ok(())
}

fn copy_all(from: &Path, to: &Path) -> Result<(), Error> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    }
    if !from.is_dir() {
        let _ = fs::remove_file(to);
        return reflink_copy::reflink_or_copy(from, to).map(drop).map_err(Error::io("copy", from));
    }
    fs::create_dir_all(to).map_err(Error::io("create", to))?;
    for entry in fs::read_dir(from).map_err(Error::io("read", from))? {
        let name = entry.map_err(Error::io("read", from))?.file_name();
        copy_all(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

fn spawn(spec: &Spec, folder: &Path, log: &Path) -> std::io::Result<Child> {
    let log = File::options().create(true).append(true).open(log)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--cd").arg(folder).arg("repro").args(&spec.repro).arg("--").args(&spec.targets).current_dir(folder);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    for (own, theirs) in [("DERM_EXP_NAME", "DVC_EXP_NAME"), ("DERM_EXP_BASELINE", "DVC_EXP_BASELINE_REV")] {
        let value = if own.ends_with("NAME") { &spec.name } else { &spec.snapshot.baseline };
        command.env(own, value).env(theirs, value);
    }
    // What a git command that started derm says about its own repository does not hold in the worktree.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "DERM_STAGE", "DVC_STAGE", "DERM_ROOT", "DVC_ROOT"] {
        command.env_remove(name);
    }
    if let Some(threads) = spec.threads.filter(|_| std::env::var_os("RAYON_NUM_THREADS").is_none()) {
        command.env("RAYON_NUM_THREADS", threads.to_string());
    }
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
}

impl Running {
    /// The experiment's name.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// derm's root in the worktree: runs that the trial records are below its `.derm/runs/`.
    pub fn worktree(&self) -> &Path {
        &self.root
    }

    /// The file that everything the child prints goes to.
    pub fn log(&self) -> PathBuf {
        self.place.as_ref().map(Place::log).unwrap_or_default()
    }

    /// How long the log was when the child was started: what an earlier one printed.
    pub fn log_start(&self) -> u64 {
        self.log_start
    }

    /// How the child ended; `None` while it runs.
    pub fn poll(&mut self) -> Result<Option<ExitStatus>, Error> {
        if self.status.is_none() {
            self.status = self.child.try_wait().map_err(Error::io("wait for", &self.root))?;
        }
        Ok(self.status)
    }

    /// Ends the child and all that it started, politely first, and waits for that. What it made of its stages stays.
    pub fn stop(&mut self) {
        if self.status.is_some() {
            return;
        }
        self.stopped = true;
        let (child, status) = (&mut self.child, &mut self.status);
        place::end_group(child.id(), || {
            *status = child.try_wait().ok().flatten();
            status.is_none()
        });
        if self.status.is_none() {
            self.status = self.child.wait().ok();
        }
    }

    /// Waits for the child and closes the trial: a success becomes an experiment; the worktree goes, and runs that were recorded in
    /// it are moved to the repository.
    ///
    /// # Errors
    /// What keeps the experiment from being saved; the worktree is left then.
    pub fn finish(&mut self) -> Result<Finished, Error> {
        let status = match self.poll()? {
            Some(status) => status,
            None => self.child.wait().map_err(Error::io("wait for", &self.root))?,
        };
        self.status = Some(status);
        let state = match (status.success(), self.stopped) {
            (true, _) => State::Done,
            (false, true) => State::Stopped,
            (false, false) => State::Failed,
        };
        let inside = Workspace::at(&self.root)?;
        let (params, metrics) = values::at(&revision::Snapshot::now(&inside)?, &Store::open(&inside)?);
        let commit = match state {
            State::Done => Some(self.save(&Project::load(&inside)?)?),
            _ => None,
        };
        let log = super::queue::log_of(&self.workspace, &self.spec.name)?;
        let tail = if state == State::Failed { last_lines(&self.log()) } else { Vec::new() };
        move_runs(&inside, &self.workspace)?;
        if let Some(place) = self.place.take() {
            let work = Work { observer: &crate::observer::Silent, interrupt: &Interrupt::default() };
            end_orphans(&inside, work);
            place.clear(&self.workspace, Some(&log))?;
            place.remove();
        }
        let seconds = self.clock.elapsed().as_secs_f64();
        Ok(Finished { name: self.spec.name.clone(), commit, state, params, metrics, seconds, log, tail })
    }

    fn save(&self, project: &Project) -> Result<String, Error> {
        let spec = &self.spec;
        let mut note = Note::now(spec.overrides.clone(), spec.targets.clone(), self.started);
        note.labels = spec.labels.clone();
        note.message = spec.message.clone();
        let tree = save::tree(project, &spec.copy)?;
        Ok(save::write(project, tree, &spec.snapshot.baseline, &spec.name, &note, spec.replace)?.commit)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Finished, or to be taken up again: either way nothing goes on without anybody who looks.
        self.stop();
        if let Some(place) = &self.place {
            let _ = place.note(true, None);
        }
    }
}

/// Runs that the trial recorded become the repository's.
fn move_runs(from: &Workspace, to: &Workspace) -> Result<(), Error> {
    let list = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    for experiment in list(&from.derm_dir().join("runs")).into_iter().filter(|path| path.is_dir()) {
        let Some(name) = experiment.file_name() else { continue };
        let target = to.derm_dir().join("runs").join(name);
        fs::create_dir_all(&target).map_err(Error::io("create", &target))?;
        for run in list(&experiment) {
            let place = target.join(run.file_name().unwrap_or_default());
            if !place.exists() && fs::rename(&run, &place).is_err() {
                copy_all(&run, &place)?;
            }
        }
    }
    Ok(())
}

fn last_lines(log: &Path) -> Vec<String> {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(TAIL)..].iter().map(|line| (*line).to_owned()).collect()
}
