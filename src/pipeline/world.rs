//! The repository on disk, as [`super::decide`] asks about it.
//!
//! Every path is looked at once for verdicts. A stage that runs looks at its inputs again before and after ([`Disk::look`]), and
//! what it makes is forgotten and noted anew; parameter files are read again when their times say so. Only after a failure, or
//! when another derm did something, is everything looked at again.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::Error;
use super::decide::World;
use super::paramfile::ParamFiles;
use super::value::Value;
use crate::relpath::RelPath;
use crate::store::{Entry, FileChange, Stat, Store, Work};

/// The disk, the cache, and what was seen so far.
pub struct Disk<'a> {
    /// The store.
    pub store: &'a Store,
    /// Parameter files.
    pub files: &'a ParamFiles,
    /// Progress and interruption.
    pub work: Work<'a>,
    seen: Mutex<BTreeMap<String, Option<Entry>>>,
    /// Parameter files as they were when they were read; `None` for one that may have changed unseen.
    read: Mutex<HashMap<RelPath, Option<Stat>>>,
}

impl<'a> Disk<'a> {
    /// Looks at nothing yet.
    pub fn new(store: &'a Store, files: &'a ParamFiles, work: Work<'a>) -> Self {
        Self { store, files, work, seen: Mutex::default(), read: Mutex::default() }
    }

    /// Forgets what was seen: files may be different ones now.
    pub fn forget(&self) {
        self.seen().clear();
        self.files.forget();
    }

    /// Forgets what was seen of a path, of what is inside it, and of the folders that hold it.
    pub fn forget_path(&self, path: &RelPath) {
        let mut seen = self.seen();
        seen.remove(path.as_str());
        let inside = format!("{path}/");
        let below: Vec<String> =
            seen.range(inside.clone()..).map(|(name, _)| name).take_while(|name| name.starts_with(&inside)).cloned().collect();
        for name in &below {
            seen.remove(name);
        }
        let mut above = path.parent();
        while let Some(folder) = above {
            seen.remove(folder.as_str());
            above = folder.parent();
        }
    }

    /// What is at a path now, whatever was seen before.
    pub fn look(&self, path: &RelPath) -> Result<Option<Entry>, Error> {
        let entry = self.store.hash(path, &self.work)?;
        self.seen().insert(path.as_str().to_owned(), entry.clone());
        Ok(entry)
    }

    /// Reads parameter files again if one of those that were read may be another by now.
    pub fn recheck_params(&self) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.iter().any(|(file, before)| before.is_none() || self.stat(file) != *before) {
            self.files.forget();
            read.clear();
        }
    }

    /// Notes what is at a path, when it is known without looking.
    pub fn note(&self, path: &RelPath, entry: &Entry) {
        self.seen().insert(path.as_str().to_owned(), Some(entry.clone()));
    }

    /// What a file's times are; `None` when a later change might not show in them.
    fn stat(&self, file: &RelPath) -> Option<Stat> {
        let now = SystemTime::now();
        let meta = file.on_disk(self.files.origin().folder()?).metadata().ok()?;
        Some(Stat::of(&meta)).filter(|stat| stat.is_settled(now))
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<String, Option<Entry>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World for Disk<'_> {
    fn entry(&self, path: &RelPath) -> Result<Option<Entry>, Error> {
        if let Some(known) = self.seen().get(path.as_str()) {
            return Ok(known.clone());
        }
        self.look(path)
    }

    fn in_cache(&self, entry: &Entry) -> bool {
        self.store.has(entry)
    }

    fn diff(&self, old: &Entry, new: &Entry) -> Vec<FileChange> {
        // The old listing may be gone from the cache; the verdict stands without the details.
        self.store.diff(Some(old), Some(new)).unwrap_or_default()
    }

    fn params(&self, file: &RelPath) -> Result<Option<Value>, Error> {
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).contains_key(file);
        if !known {
            let stat = self.stat(file);
            self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(file.clone(), stat);
        }
        Ok(self.files.read(file)?.map(|file| file.value.clone()))
    }
}
