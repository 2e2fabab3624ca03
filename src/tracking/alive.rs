//! Whether the process that writes a run is still there.
//!
//! The writer holds an exclusive advisory lock on `alive`; the operating system frees it when
//! the process ends, however it ends. Readers try a shared lock for an instant.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file in a run's folder.
const NAME: &str = "alive";

/// Holds the lock.
#[derive(Debug)]
pub(super) struct Guard {
    path: PathBuf,
    _file: File,
}

/// Takes the lock of the run in `dir`. `WouldBlock` when another process holds it.
pub(super) fn hold(dir: &Path, host: Option<&str>) -> io::Result<Guard> {
    let path = dir.join(NAME);
    let mut file = OpenOptions::new().create(true).truncate(false).write(true).read(true).open(&path)?;
    lock(&file)?;
    let facts = serde_json::json!({ "pid": std::process::id(), "host": host, "boot": boot_id() });
    file.set_len(0)?;
    file.write_all(format!("{facts}\n").as_bytes())?;
    Ok(Guard { path, _file: file })
}

/// A reader may hold the lock for an instant: try for a fifth of a second.
fn lock(file: &File) -> io::Result<()> {
    for _ in 0..20 {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            // A file system without locks: the run goes on, and is shown by its status alone.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::ErrorKind::WouldBlock.into())
}

impl Guard {
    /// Frees the lock and removes the file: the run has ended.
    pub(super) fn release(self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether a process holds the lock of the run in `dir`. Unknown counts as held, so that a live
/// run is never called crashed.
pub(super) fn is_held(dir: &Path) -> bool {
    match File::open(dir.join(NAME)) {
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => false,
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => true,
        },
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Distinguishes two boots of one machine, where the system tells.
fn boot_id() -> Option<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_while_the_guard_lives() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_held(folder.path()));
        let guard = hold(folder.path(), Some("host")).unwrap();
        assert!(is_held(folder.path()));
        assert_eq!(hold(folder.path(), None).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(guard);
        assert!(!is_held(folder.path()));
        hold(folder.path(), None).unwrap().release();
        assert!(!folder.path().join(NAME).exists());
    }
}
