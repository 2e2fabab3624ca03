//! The repository on disk, as [`super::decide`] asks about it.
//!
//! Every path is looked at once; after a stage ran, everything is looked at again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Error;
use super::decide::World;
use super::paramfile::ParamFiles;
use super::value::Value;
use crate::relpath::RelPath;
use crate::store::{Entry, FileChange, Store, Work};

/// The disk, the cache, and what was seen so far.
pub struct Disk<'a> {
    /// The store.
    pub store: &'a Store,
    /// Parameter files.
    pub files: &'a ParamFiles,
    /// Progress and interruption.
    pub work: Work<'a>,
    seen: Mutex<HashMap<RelPath, Option<Entry>>>,
}

impl<'a> Disk<'a> {
    /// Looks at nothing yet.
    pub fn new(store: &'a Store, files: &'a ParamFiles, work: Work<'a>) -> Self {
        Self { store, files, work, seen: Mutex::default() }
    }

    /// Forgets what was seen: files may be different ones now.
    pub fn forget(&self) {
        self.seen().clear();
        self.files.forget();
    }

    /// Notes what is at a path, when it is known without looking.
    pub fn note(&self, path: &RelPath, entry: &Entry) {
        self.seen().insert(path.clone(), Some(entry.clone()));
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<RelPath, Option<Entry>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World for Disk<'_> {
    fn entry(&self, path: &RelPath) -> Result<Option<Entry>, Error> {
        if let Some(known) = self.seen().get(path) {
            return Ok(known.clone());
        }
        let entry = self.store.hash(path, &self.work)?;
        self.seen().insert(path.clone(), entry.clone());
        Ok(entry)
    }

    fn in_cache(&self, entry: &Entry) -> bool {
        self.store.has(entry)
    }

    fn diff(&self, old: &Entry, new: &Entry) -> Vec<FileChange> {
        // The old listing may be gone from the cache; the verdict stands without the details.
        self.store.diff(Some(old), Some(new)).unwrap_or_default()
    }

    fn params(&self, file: &RelPath) -> Result<Option<Value>, Error> {
        Ok(self.files.read(file)?.map(|file| file.value.clone()))
    }
}
