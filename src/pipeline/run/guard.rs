//! One `derm repro` at a time in a repository, and none inside another's stage.
//!
//! `.derm/tmp/repro.lock` is locked with the operating system's file lock for the whole run, so a run that was killed
//! leaves nothing to clean up. It is not the workspace's lock: a stage's own `derm …` commands take that one.

use std::fs::{File, TryLockError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::pipeline::Error;
use crate::store::Work;
use crate::workspace::{Workspace, WorkspaceLock};

/// The variable that names the stage to its commands.
pub const STAGE: &str = "DERM_STAGE";
/// The variable that names the repository's root to them.
pub const ROOT: &str = "DERM_ROOT";

/// Held for the whole run.
pub struct Guard {
    _file: File,
}

impl Guard {
    /// Waits until no other run holds it, saying so.
    pub fn take(workspace: &Workspace, work: Work<'_>) -> Result<Self, Error> {
        let outer = std::env::var(STAGE).ok().filter(|_| std::env::var_os(ROOT).is_some_and(|root| root == workspace.root()));
        if let Some(stage) = outer {
            return Err(Error::Nested { stage });
        }
        let folder = workspace.derm_dir().join("tmp");
        std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let path = folder.join("repro.lock");
        let file = File::options().write(true).create(true).truncate(false).open(&path).map_err(Error::io("lock", &path))?;
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if work.interrupt.is_raised() => return Err(Error::Interrupted),
                Err(TryLockError::WouldBlock) => {
                    if !std::mem::replace(&mut told, true) {
                        work.observer.note("waiting for another `derm repro` in this repository");
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
