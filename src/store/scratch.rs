//! Folders for files that are not finished, each owned by one running process.
//!
//! A scratch folder holds a locked file for as long as its owner lives. Whoever makes the next one
//! beside it removes those whose owner is dead, so a kill leaves nothing for ever.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Error;
use super::gc::Amount;

const LOCK: &str = "owner";

/// A new folder is left alone for this long, whoever owns it: its lock may be about to be taken.
const YOUNG: Duration = Duration::from_secs(10);

/// Removed with its content when dropped.
#[derive(Debug)]
pub struct Scratch {
    folder: tempfile::TempDir,
    _lock: Option<File>,
    next: AtomicU64,
}

impl Scratch {
    /// A new folder in `base`, which is made if missing and must be in the file system of the final files.
    pub fn new(base: &Path) -> Result<Self, Error> {
        fs::create_dir_all(base).map_err(Error::io("create", base))?;
        remove_dead(base);
        let folder = tempfile::Builder::new().prefix(crate::workspace::atomic::TEMP_PREFIX).tempdir_in(base);
        let folder = folder.map_err(Error::io("write in", base))?;
        let lock = File::create(folder.path().join(LOCK)).ok().filter(|file| file.try_lock().is_ok());
        Ok(Self { folder, _lock: lock, next: AtomicU64::new(0) })
    }

    /// A path in the folder that was not given out before.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(self.next.fetch_add(1, Ordering::Relaxed).to_string())
    }
}

/// Best effort: what cannot be removed now is removed another time.
fn remove_dead(base: &Path) {
    for path in dead(base) {
        let _ = fs::remove_dir_all(path);
    }
}

/// Removes what dead processes left in `base`, or (`dry`) only counts it.
pub fn sweep(base: &Path, dry: bool) -> Amount {
    let mut found = Amount::default();
    for path in dead(base) {
        for file in fs::read_dir(&path).into_iter().flatten().flatten().filter(|file| file.file_name() != LOCK) {
            found.add(file.metadata().map_or(0, |meta| meta.len()));
        }
        if !dry {
            let _ = fs::remove_dir_all(path);
        }
    }
    found
}

fn dead(base: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(crate::workspace::atomic::TEMP_PREFIX));
        let old =
            entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|time| time.elapsed().ok()).is_some_and(|age| age > YOUNG);
        let path = entry.path();
        if ours && old && path.is_dir() && is_dead(&path) {
            found.push(path);
        }
    }
    found
}

fn is_dead(folder: &Path) -> bool {
    File::open(folder.join(LOCK)).map_or(true, |lock| lock.try_lock().is_ok())
}
