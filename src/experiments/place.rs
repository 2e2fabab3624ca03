//! The folder of one trial: its lock, what it is for, its worktree and its log.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use serde::{Deserialize, Serialize};

use super::Error;
use super::trial::Spec;
use crate::digest::KeyHasher;
use crate::observer::{Interrupt, Silent};
use crate::pipeline::run::give_up as give_up_runs;
use crate::store::Work;
use crate::workspace::config::Origin;
use crate::workspace::{Workspace, atomic};

/// From the polite signal to the one that nobody survives: a stage has ten seconds, and five more after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(18);
/// Seconds by which clocks of the system and of its process table may differ.
const SLACK: u64 = 3;

/// A process, told from others that have its number later by the second in which it was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number, which is that of its group too.
    pub pid: u32,
    /// Seconds since 1970.
    pub started: u64,
}

impl Process {
    /// One that was started just now.
    pub fn just_started(pid: u32) -> Self {
        Self { pid, started: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs()) }
    }

    /// Whether it still runs.
    pub fn is_alive(&self) -> bool {
        let Ok(mut system) = sysinfo::System::new() else { return false };
        let pid = sysinfo::Pid::from_u32(self.pid);
        system.refresh_processes(sysinfo::ProcessesToUpdate::Some(&[pid]), true);
        system.process(pid).is_some_and(|process| process.start_time().abs_diff(self.started) <= SLACK)
    }

    /// Ends its process group, politely first, and waits for that.
    pub fn end(&self) {
        if self.is_alive() {
            end_group(self.pid, || true);
        }
    }
}

/// Ends a process group, politely first. `still`: whether its leader is there as far as the caller knows.
pub fn end_group(pid: u32, mut still: impl FnMut() -> bool) {
    let Some(group) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
    for (signal, patience) in [(Signal::INT, PATIENCE), (Signal::KILL, Duration::from_secs(5))] {
        let _ = kill_process_group(group, signal);
        let until = Instant::now() + patience;
        while Instant::now() < until {
            if !still() || test_kill_process_group(group).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// What `trial.json` holds.
#[derive(Debug, Serialize, Deserialize)]
struct Facts {
    schema: u32,
    /// The experiment's name.
    #[serde(default)]
    name: String,
    /// Hash of everything that decides what the trial does.
    key: String,
    /// The worktree is whole and its parameters are set.
    ready: bool,
    /// Who works there.
    child: Option<Process>,
}

/// The folder of a trial; nobody else has it while this value lives.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    id: String,
    name: String,
    key: String,
    _lock: File,
}

/// The folder that all trials of a repository are in.
pub fn base(workspace: &Workspace) -> PathBuf {
    let setting = &workspace.config().exp_dir;
    let place = workspace.root().join(&setting.value);
    match setting.origin {
        Origin::Default => place,
        // Several repositories may name the same folder.
        Origin::File(_) => place.join(&KeyHasher::new("derm trials of 1").text(&workspace.root().to_string_lossy()).finish().hex()[..8]),
    }
}

/// The names of the folders of all trials.
pub fn all(workspace: &Workspace) -> Vec<String> {
    let entries = fs::read_dir(base(workspace)).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn facts(folder: &Path) -> Option<Facts> {
    serde_json::from_slice(&fs::read(folder.join("trial.json")).ok()?).ok()
}

/// The name of a trial's experiment; before that is noted, its folder's.
pub fn name(workspace: &Workspace, id: &str) -> String {
    facts(&base(workspace).join(id)).map(|facts| facts.name).filter(|name| !name.is_empty()).unwrap_or_else(|| id.to_owned())
}

/// The name of a trial's folder.
pub fn id(baseline: &str, name: &str) -> String {
    KeyHasher::new("derm trial 1").text(baseline).text(name).finish().hex()[..16].to_owned()
}

/// Whether a derm that lives looks after the trial.
pub fn is_busy(workspace: &Workspace, id: &str) -> bool {
    let lock = File::options().write(true).open(base(workspace).join(id).join("lock"));
    lock.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

impl Place {
    /// Takes the folder of a trial, making it.
    ///
    /// # Errors
    /// [`Error::Busy`] while another derm has it.
    pub fn take(workspace: &Workspace, spec: &Spec) -> Result<Self, Error> {
        let id = id(&spec.snapshot.baseline, &spec.name);
        let folder = base(workspace).join(&id);
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let path = folder.join("lock");
        let lock = File::options().write(true).create(true).truncate(false).open(&path).map_err(Error::io("lock", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Busy(spec.name.clone())),
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
        }
        Ok(Self { folder, id, name: spec.name.clone(), key: key_of(spec), _lock: lock })
    }

    /// Takes a folder that is there already, of whatever trial; `None` while another derm has it.
    fn reopen(workspace: &Workspace, id: &str) -> Option<Self> {
        let folder = base(workspace).join(id);
        let lock = File::options().write(true).create(true).truncate(false).open(folder.join("lock")).ok()?;
        lock.try_lock().ok()?;
        Some(Self { folder, id: id.to_owned(), name: String::new(), key: String::new(), _lock: lock })
    }

    /// The name of the folder, and of git's part of the worktree.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where the worktree is.
    pub fn tree(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// Where the child's words go.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// What an earlier derm left: a child that may still work there, and whether the worktree can be gone on with.
    pub fn left(&self) -> (Option<Process>, bool) {
        match facts(&self.folder) {
            Some(facts) => (facts.child, facts.ready && facts.schema == 1 && facts.key == self.key && self.tree().is_dir()),
            None => (None, false),
        }
    }

    /// Notes how far the trial is.
    pub fn note(&self, ready: bool, child: Option<Process>) -> Result<(), Error> {
        let facts = Facts { schema: 1, name: self.name.clone(), key: self.key.clone(), ready, child };
        let text = serde_json::to_string_pretty(&facts).unwrap_or_default();
        Ok(atomic::write(&self.folder.join("trial.json"), text.as_bytes())?)
    }

    /// Removes the worktree; the log stays when `keep_log` says where.
    pub fn clear(&self, workspace: &Workspace, keep_log: Option<&Path>) -> Result<(), Error> {
        workspace.remove_worktree(&self.tree(), &self.id)?;
        if let Some(place) = keep_log {
            let _ = fs::rename(self.log(), place).or_else(|_| fs::copy(self.log(), place).map(drop));
        }
        let _ = fs::remove_file(self.folder.join("trial.json"));
        Ok(())
    }

    /// Ends what still works here, and removes the worktree.
    pub fn give_up(&self, workspace: &Workspace) -> Result<(), Error> {
        if let (Some(child), _) = self.left() {
            child.end();
        }
        if let Ok(inside) = Workspace::at(&self.tree().join(workspace.below_git().unwrap_or_default())) {
            // What is put back there goes with the worktree: a failure harms nobody.
            let _ = give_up_runs(&inside, Work { observer: &Silent, interrupt: &Interrupt::default() });
        }
        self.clear(workspace, None)
    }

    /// Removes everything, the lock last.
    pub fn remove(self) {
        // What cannot be removed is in nobody's way.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// How long a trial that no queue names may still be taken up again.
const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);

/// Removes trials that nobody works on, that `keep` says no to and that nobody touched for two weeks. Whether any other is left.
pub fn sweep(workspace: &Workspace, keep: impl Fn(&str) -> bool) -> Result<bool, Error> {
    let mut others = false;
    for entry in fs::read_dir(base(workspace)).into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().map(str::to_owned).filter(|id| !keep(id)) else { continue };
        let touched = entry.path().join("trial.json").metadata().and_then(|meta| meta.modified()).ok();
        let old = touched.and_then(|time| time.elapsed().ok()).is_some_and(|age| age >= KEPT);
        match old {
            true => Place::reopen(workspace, &id).map_or(Ok(()), |place| {
                place.give_up(workspace)?;
                place.remove();
                Ok::<_, Error>(())
            })?,
            false => others |= touched.is_some(),
        }
    }
    Ok(others)
}

/// Hash of everything that decides what the trial does.
fn key_of(spec: &Spec) -> String {
    let text = serde_json::to_string(&(&spec.snapshot, &spec.overrides, &spec.targets, &spec.folder, &spec.repro, &spec.copy));
    KeyHasher::new("derm trial key 1").text(&text.unwrap_or_default()).finish().hex()
}
