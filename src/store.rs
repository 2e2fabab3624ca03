//! (specification being written)
#![allow(unused)]

mod entry;
mod error;
pub mod pointer;

pub use entry::{Change, Changed, Entry, FileChange, Kind, Work};
pub use error::{Error, Untrackable};

use crate::relpath::RelPath;
use crate::workspace::Workspace;

/// The content-addressed store of one repository. `Send + Sync`; cheap to open.
pub struct Store {
    workspace: Workspace,
}

/// How careful a checkout is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// Refuse when bytes would be lost that are not in the cache.
    #[default]
    Refuse,
    /// Replace whatever is there.
    Force,
}

/// One tracked path and how the workspace differs from its pointer.
#[derive(Debug, serde::Serialize)]
pub struct PathStatus {
    pub path: RelPath,
    /// What the pointer says.
    pub recorded: Entry,
    /// Whether all objects of the pointer are in the cache.
    pub in_cache: bool,
    /// Whether nothing is at the path.
    pub deleted: bool,
    /// The files that differ; empty when the workspace matches.
    pub changes: Vec<FileChange>,
}

impl Store {
    /// Opens the store; reads nothing yet.
    pub fn open(workspace: &Workspace) -> Result<Self, Error> {
        Ok(Self { workspace: workspace.clone() })
    }

    /// What is at `path`, through the stat index; `None` when nothing is. Writes no objects.
    pub fn hash(&self, path: &RelPath, work: &Work) -> Result<Option<Entry>, Error> {
        Err(Error::Missing(path.clone()))
    }

    /// Hashes `path`, puts its objects into the cache and links it back by the configured link type.
    pub fn save(&self, path: &RelPath, work: &Work) -> Result<Entry, Error> {
        Err(Error::Missing(path.clone()))
    }

    /// Makes `path` be `entry`, verified; refuses to destroy bytes that are not in the cache.
    pub fn checkout(&self, entry: &Entry, path: &RelPath, work: &Work) -> Result<Changed, Error> {
        self.checkout_with(entry, path, Overwrite::Refuse, work)
    }

    /// As [`Store::checkout`], with a choice.
    pub fn checkout_with(&self, entry: &Entry, path: &RelPath, overwrite: Overwrite, work: &Work) -> Result<Changed, Error> {
        Err(Error::Missing(path.clone()))
    }

    /// Whether all objects of `entry` are in the cache.
    pub fn has(&self, entry: &Entry) -> bool {
        false
    }

    /// Which files differ.
    pub fn diff(&self, old: Option<&Entry>, new: Option<&Entry>) -> Result<Vec<FileChange>, Error> {
        Ok(Vec::new())
    }

    /// Writes the stat index, if it changed.
    pub fn flush(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// How the workspace differs from its pointers: the data half of `derm status`.
pub fn status(workspace: &Workspace, store: &Store, work: &Work) -> Result<Vec<PathStatus>, Error> {
    Ok(Vec::new())
}
