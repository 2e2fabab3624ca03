//! How the workspace differs from its pointers: the data half of `derm status`.

use rayon::prelude::*;
use serde::Serialize;

use super::pointer::{self, Pointer};
use super::{Change, Entry, Error, FileChange, Store, Work};
use crate::relpath::RelPath;
use crate::workspace::Workspace;

/// A tracked path and its state.
#[derive(Clone, Debug, Serialize)]
pub struct PathStatus {
    /// The tracked path.
    pub path: RelPath,
    /// What its pointer says.
    pub recorded: Entry,
    /// What is there; `None` when nothing is.
    pub found: Option<Entry>,
    /// Whether all objects that the pointer needs are in the cache.
    pub in_cache: bool,
    /// The files that differ, relative to `path` (the root path for `path` itself); empty when it is as
    /// recorded. One change for the whole path when the recorded listing is not in the cache.
    pub changes: Vec<FileChange>,
}

impl PathStatus {
    /// Whether the workspace has what the pointer says.
    pub fn is_clean(&self) -> bool {
        self.changes.is_empty()
    }
}

/// The state of every tracked path, sorted by path. Files are read only where the index does not know them.
pub fn status(workspace: &Workspace, store: &Store, work: &Work) -> Result<Vec<PathStatus>, Error> {
    let pointers = pointer::find_all(workspace)?;
    pointers.into_par_iter().map(|(path, pointer)| one(store, path, pointer, work)).collect()
}

fn one(store: &Store, path: RelPath, pointer: Pointer, work: &Work) -> Result<PathStatus, Error> {
    let recorded = pointer.entry;
    let found = store.hash(&path, work)?;
    let changes = if found.as_ref() == Some(&recorded) { Vec::new() } else { changes(store, &recorded, found.as_ref())? };
    let in_cache = store.has(&recorded);
    Ok(PathStatus { path, recorded, found, in_cache, changes })
}

/// Which files differ; a path that is gone is one deletion, not one for each of its files.
fn changes(store: &Store, recorded: &Entry, found: Option<&Entry>) -> Result<Vec<FileChange>, Error> {
    let whole = |change, size| Ok(vec![FileChange { path: RelPath::root(), change, size }]);
    let Some(found) = found else { return whole(Change::Deleted, recorded.size) };
    match store.diff(Some(recorded), Some(found)) {
        Err(Error::NoObject(_) | Error::Damaged(_) | Error::BadTree { .. }) => whole(Change::Modified, found.size),
        // Two listings that differ in nothing but a size that someone edited in the pointer.
        Ok(changes) if changes.is_empty() => whole(Change::Modified, found.size),
        changes => changes,
    }
}
