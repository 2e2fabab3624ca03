//! The world of `--allow-missing`: data that is not there is taken for what it was recorded to be.
//!
//! An output that is not there counts as recorded; a dependency as what the stage that makes it, or the pointer that tracks it,
//! says now, which may differ from what was used; one that nobody makes as what was used. What is there counts as it is, and every
//! object as being in the cache. So only stages whose command, parameters or known inputs changed are stale.

use std::collections::HashMap;

use super::decide::World;
use super::lock::{Lock, Record};
use super::value::Value;
use super::{Error, Project};
use crate::relpath::RelPath;
use crate::store::{Entry, FileChange, Store, pointer};

/// What stages are recorded to have made.
pub struct Made(HashMap<RelPath, Entry>);

impl Made {
    /// From the locks.
    pub fn new(locks: &[Lock]) -> Self {
        let outs = locks.iter().flat_map(|lock| lock.values()).flat_map(|record| &record.outs);
        Self(outs.map(|(path, entry)| (path.clone(), entry.clone())).collect())
    }

    /// Whatever tells what should be at a path.
    fn find(&self, project: &Project, store: &Store, path: &RelPath) -> Option<Entry> {
        if let Some(entry) = self.0.get(path) {
            return Some(entry.clone());
        }
        let inside = |top: &RelPath, entry: &Entry| {
            let rest = path.as_str().strip_prefix(top.as_str())?.trim_start_matches('/');
            store.find(entry, &RelPath::new(rest).unwrap_or_default()).ok().flatten()
        };
        let mut above = path.parent();
        while let Some(folder) = above.filter(|folder| !folder.is_root()) {
            if let Some(entry) = self.0.get(&folder) {
                return inside(&folder, entry);
            }
            above = folder.parent();
        }
        let (top, pointer) = pointer::covering(&project.workspace, path).ok().flatten()?;
        if top == *path { Some(pointer.entry) } else { inside(&top, &pointer.entry) }
    }
}

/// The world as one stage sees it.
pub struct Lenient<'a> {
    /// What is there.
    pub world: &'a dyn World,
    /// All pipelines.
    pub project: &'a Project,
    /// Listings of recorded folders.
    pub store: &'a Store,
    /// What was made.
    pub made: &'a Made,
    /// The stage's record.
    pub record: Option<&'a Record>,
}

impl World for Lenient<'_> {
    fn entry(&self, path: &RelPath) -> Result<Option<Entry>, Error> {
        let Some(record) = self.record else { return self.world.entry(path) };
        Ok(self.world.entry(path)?.or_else(|| {
            let used = || record.deps.get(path).cloned();
            record.outs.get(path).cloned().or_else(|| self.made.find(self.project, self.store, path)).or_else(used)
        }))
    }

    fn in_cache(&self, _: &Entry) -> bool {
        true
    }

    fn diff(&self, old: &Entry, new: &Entry) -> Vec<FileChange> {
        self.world.diff(old, new)
    }

    fn params(&self, file: &RelPath) -> Result<Option<Value>, Error> {
        self.world.params(file)
    }
}
