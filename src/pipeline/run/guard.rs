//! Who may run beside whom, and no `derm repro` inside another's stage.
//!
//! `.derm/tmp/repro.lock` is locked with the operating system's file lock, so a run that was killed leaves nothing to clean up.
//! Runs share it: they divide the stages among themselves ([`super::claim`]). What no run may be beside, such as `gc` and
//! `commit`, has it alone. It is not the workspace's lock: a stage's own `derm …` commands take that one.

use std::fs::{File, TryLockError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::pipeline::Error;
use crate::store::Work;
use crate::workspace::{Workspace, WorkspaceLock};

/// The variable that names the stage to its commands.
pub const STAGE: &str = "DERM_STAGE";
/// The variable that names the repository's root to them.
pub const ROOT: &str = "DERM_ROOT";

/// A wait so short is not told.
const QUIET: Duration = Duration::from_millis(200);

/// Held for the whole run.
pub struct Guard {
    _file: File,
}

impl Guard {
    /// Waits until no run holds it, saying so; then no run starts.
    ///
    /// # Errors
    /// Inside a stage of the same repository, or when the user stops the wait.
    pub fn take(workspace: &Workspace, work: Work<'_>) -> Result<Self, Error> {
        Self::wait(workspace, work, File::try_lock, "waiting for another `derm repro` in this repository")
    }

    /// Joins other runs.
    pub(super) fn join(workspace: &Workspace, work: Work<'_>) -> Result<Self, Error> {
        Self::wait(workspace, work, File::try_lock_shared, "waiting for `derm gc` or `derm commit` in this repository")
    }

    /// As [`Guard::take`] without waiting.
    pub(in crate::pipeline) fn try_take(workspace: &Workspace) -> Option<Self> {
        let file = File::options().write(true).create(true).truncate(false).open(place(workspace)).ok()?;
        file.try_lock().ok().map(|()| Self { _file: file })
    }

    fn wait(
        workspace: &Workspace,
        work: Work<'_>,
        lock: fn(&File) -> Result<(), TryLockError>,
        waiting: &'static str,
    ) -> Result<Self, Error> {
        let outer = std::env::var(STAGE).ok().filter(|_| std::env::var_os(ROOT).is_some_and(|root| root == workspace.root()));
        if let Some(stage) = outer {
            return Err(Error::Nested { stage });
        }
        let path = place(workspace);
        let folder = path.parent().unwrap_or(&path);
        std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let file = File::options().write(true).create(true).truncate(false).open(&path).map_err(Error::io("lock", &path))?;
        let mut told = false;
        let started = Instant::now();
        loop {
            match lock(&file) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if work.interrupt.is_raised() => return Err(Error::Interrupted),
                Err(TryLockError::WouldBlock) => {
                    // A command that merges the journal has it for a moment only.
                    if started.elapsed() > QUIET && !std::mem::replace(&mut told, true) {
                        work.observer.note(waiting);
                    }
                    std::thread::sleep(Duration::from_millis(25));
                }
                // A file system without locks; the workspace's lock has warned already where it matters.
                Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(Self { _file: file }),
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
            }
        }
    }
}

fn place(workspace: &Workspace) -> std::path::PathBuf {
    workspace.derm_dir().join("tmp").join("repro.lock")
}

/// The stages of this process first wait for each other here, without a word; the workspace's lock, which says whom it
/// waits for, is then only ever contended by other processes.
static OURS: Mutex<()> = Mutex::new(());

/// The workspace's lock while data or locks are written; never while a command runs.
pub struct Held {
    // Dropped in this order.
    _theirs: WorkspaceLock,
    _ours: MutexGuard<'static, ()>,
}

impl Held {
    /// Waits for it.
    pub fn take(workspace: &Workspace, work: &Work<'_>) -> Result<Self, Error> {
        let ours = OURS.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Self { _theirs: workspace.lock(work.observer, work.interrupt)?, _ours: ours })
    }
}
