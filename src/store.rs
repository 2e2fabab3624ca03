//! The content-addressed store: data outside git, named by what it holds. This page is the
//! specification of format 1.
//!
//! # Where things are
//!
//! | path | what | specified in |
//! | --- | --- | --- |
//! | `PATH.derm` | the pointer of the tracked `PATH` | [`pointer`] |
//! | `.derm/cache/b3/ab/cdef…` | objects | here and [`cache`] |
//! | `.derm/cache/tmp/` | objects being written | [`scratch`] |
//! | `.derm/cache/partial/` | large objects on their way from a remote | [`remote`] |
//! | `.derm/cache/damaged/` | what was found under a name it does not hash to | [`cache`] |
//! | `.derm/index` | what was hashed, with the file's times, and whether the cache has it | [`index`], [`stat`] |
//! | `.derm/tmp/` | files being checked out | [`scratch`] |
//!
//! # Objects
//!
//! An object is a sequence of bytes, named by its BLAKE3 hash in 64 lower-case hex digits, the first two
//! of which are a folder. It is read-only (0444 less the umask). There are no headers: the object of a
//! file is the file. A folder's object is its listing, one per folder ([`tree`]). The target of
//! a symbolic link is an object too. Nothing under a name ever changes.
//!
//! # Promises
//!
//! - Under a name in `b3/` is a whole object or nothing, at any moment, for any number of processes,
//!   also after `kill -9`; after a power cut as far as the disk keeps what it said it had synced ([`batch`]).
//! - Bytes are hashed whenever they leave the cache. Where a hard or symbolic link is put back that led to the object's own file
//!   before, size, time of writing and inode of when that file was hashed will do. What does not match its name is set aside and
//!   reported, never used. An edit through a hard or symbolic link is found so, and by `fsck`.
//! - A checkout destroys no bytes that are not in the cache, unless forced; it looks before it touches anything.
//! - Saving changes neither the content nor the name of a file; with hard or symbolic links it becomes
//!   read-only or a link. A failed or killed save leaves every file readable with its content.
//! - Executable bits, symbolic links and empty folders are kept; owners, times and other permissions are not.
//! - A file that did not change since it was hashed is not read again, unless that was a moment ago and its times cannot tell yet.
//! - No object that an entry needs is removed: [`gc`] knows all that are needed before it removes the first.
//!
//! # What it does not do
//!
//! It never talks to a network but in [`remote`], and knows nothing of stages or git (it asks
//! [`crate::workspace`]). It takes no lock: objects need none, and who writes pointers or data
//! holds [`crate::workspace::WorkspaceLock`].

pub mod add;
pub mod adopt;
mod batch;
mod cache;
mod checkout;
mod diff;
pub mod doctor;
mod entry;
mod error;
#[doc(hidden)]
pub mod fuzzing;
pub mod gc;
mod index;
mod links;
pub mod merge;
pub mod pointer;
pub mod remote;
mod scan;
mod scratch;
mod stat;
mod status;
pub mod tracked;
mod tree;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

pub use checkout::Overwrite;
pub use entry::{Change, Changed, Entry, FileChange, Kind, Work};
pub use error::{Error, Untrackable};
pub use scratch::Scratch;
pub use stat::{Stat, is_executable};
pub use status::{PathStatus, status};

use batch::Batch;
use cache::{Cache, Health};
use index::Index;
use links::Links;
use scan::{Scan, TopLink};
use tree::{Node, What};

use crate::digest::ObjectId;
use crate::relpath::RelPath;
use crate::workspace::Workspace;

/// Paths that are saved by and by and become durable together with what others save: one wait for the disk instead of many.
/// Dropped without that, nothing of it is kept.
pub struct Saving<'a> {
    store: &'a Store,
    batch: Batch<'a>,
    stored: Mutex<Vec<scan::Stored>>,
    trees: Mutex<Vec<ObjectId>>,
}

impl Saving<'_> {
    /// As [`Store::save`], but the cache has it only after [`Saving::commit`].
    pub fn save(&self, path: &RelPath, work: &Work) -> Result<Entry, Error> {
        let scan = Scan::new(self.store, path, Some(&self.batch), work);
        let what = scan.run(TopLink::Refuse)?;
        let entry = what.as_ref().and_then(scan::entry_of).ok_or_else(|| Error::Missing(path.clone()))?;
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).extend(scan.into_stored());
        if entry.kind == Kind::Tree {
            self.trees.lock().unwrap_or_else(PoisonError::into_inner).push(entry.id);
        }
        Ok(entry)
    }

    /// Puts what all of them saved into the cache and links it back; says of each whether that went well.
    ///
    /// # Errors
    /// What concerns all of them, such as a full disk.
    pub fn commit(all: &[&Self], work: &Work) -> Result<Vec<Result<(), Error>>, Error> {
        let batches: Vec<&Batch> = all.iter().map(|saving| &saving.batch).collect();
        let accepted = Batch::commit_together(&batches)?;
        let link_back = |(saving, accepted): (&&Self, Result<(), Error>)| {
            accepted?;
            let stored = std::mem::take(&mut *saving.stored.lock().unwrap_or_else(PoisonError::into_inner));
            checkout::link_back(saving.store, &stored, work)?;
            saving.store.complete().extend(saving.trees.lock().unwrap_or_else(PoisonError::into_inner).drain(..));
            Ok(())
        };
        Ok(all.iter().zip(accepted).map(link_back).collect())
    }
}

impl Drop for Saving<'_> {
    fn drop(&mut self) {
        self.batch.discard();
    }
}

/// The store of one repository. `Send + Sync`; opening it reads nothing.
pub struct Store {
    workspace: Workspace,
    cache: Cache,
    index: Index,
    links: Links,
    /// Listings seen by this process, also of folders that were only hashed.
    nodes: Mutex<HashMap<ObjectId, Arc<Node>>>,
    /// Trees found to be in the cache as a whole.
    complete: Mutex<HashSet<ObjectId>>,
}

impl Store {
    /// Opens the store of a repository.
    pub fn open(workspace: &Workspace) -> Result<Self, Error> {
        Ok(Self {
            cache: Cache::new(workspace.cache_dir()),
            index: Index::new(workspace.derm_dir().join("index")),
            links: Links::new(&workspace.config().cache.link.value),
            workspace: workspace.clone(),
            nodes: Mutex::default(),
            complete: Mutex::default(),
        })
    }

    /// What is at `path`, through the index; `None` when nothing is. A symbolic link at `path` itself is
    /// looked through. Writes no objects.
    pub fn hash(&self, path: &RelPath, work: &Work) -> Result<Option<Entry>, Error> {
        let found = Scan::new(self, path, None, work).run(TopLink::Follow)?;
        Ok(found.as_ref().and_then(scan::entry_of))
    }

    /// Puts what is at `path` into the cache and links it back by the configured link type.
    pub fn save(&self, path: &RelPath, work: &Work) -> Result<Entry, Error> {
        let batch = Batch::new(&self.cache, &self.links);
        let scan = Scan::new(self, path, Some(&batch), work);
        let what = scan.run(TopLink::Refuse)?;
        let entry = what.as_ref().and_then(scan::entry_of).ok_or_else(|| Error::Missing(path.clone()))?;
        let stored = scan.into_stored();
        batch.commit()?;
        checkout::link_back(self, &stored, work)?;
        if entry.kind == Kind::Tree {
            self.complete().insert(entry.id);
        }
        Ok(entry)
    }

    /// Begins to save paths. What is unfinished lies in `folder`, which many may share.
    pub fn saving(&self, folder: &Arc<Scratch>) -> Saving<'_> {
        let batch = Batch::beside(&self.cache, &self.links, folder.clone());
        Saving { store: self, batch, stored: Mutex::default(), trees: Mutex::default() }
    }

    /// A folder for [`Store::saving`].
    pub fn scratch(&self) -> Result<Arc<Scratch>, Error> {
        Ok(Arc::new(Scratch::new(&self.cache.scratch_dir())?))
    }

    /// Makes `path` be `entry`, verified. Refuses to destroy bytes that are not in the cache, before anything is
    /// touched. [`Error::Incomplete`] names what is missing or damaged in the cache after the rest is done.
    pub fn checkout(&self, entry: &Entry, path: &RelPath, work: &Work) -> Result<Changed, Error> {
        self.checkout_with(entry, path, Overwrite::Refuse, work)
    }

    /// As [`Store::checkout`], with a choice of what to do about bytes that would be lost.
    pub fn checkout_with(&self, entry: &Entry, path: &RelPath, overwrite: Overwrite, work: &Work) -> Result<Changed, Error> {
        checkout::run(self, Some(&scan::what_of(entry)), path, overwrite, work)
    }

    /// Whether all objects of `entry` are in the cache. Looks at names, not at bytes.
    pub fn has(&self, entry: &Entry) -> bool {
        match entry.kind {
            Kind::File => self.cache.has(&entry.id),
            Kind::Tree => self.has_tree(&entry.id),
        }
    }

    fn has_tree(&self, id: &ObjectId) -> bool {
        if self.complete().contains(id) {
            return true;
        }
        if !self.cache.has(id) {
            return false;
        }
        let Ok(node) = self.node(id) else { return false };
        let whole = node.items().par_iter().all(|item| match &item.what {
            What::File { id, .. } => self.cache.has(id),
            What::Folder { id, .. } => self.has_tree(id),
            What::Link { .. } => true,
        });
        if whole {
            self.complete().insert(*id);
        }
        whole
    }

    /// Which files, links and empty folders differ, sorted by path; renames are found by content.
    /// [`Error::NoObject`] when the listing of a folder is neither in the cache nor known to this process.
    pub fn diff(&self, old: Option<&Entry>, new: Option<&Entry>) -> Result<Vec<FileChange>, Error> {
        diff::entries(self, old, new)
    }

    /// What `path` inside the tree `entry` is; `None` when it holds no such file or folder.
    pub fn find(&self, entry: &Entry, path: &RelPath) -> Result<Option<Entry>, Error> {
        let mut here = scan::what_of(entry);
        for part in path.parts() {
            let What::Folder { id, .. } = here else { return Ok(None) };
            match self.node(&id)?.get(part) {
                Some(what) => here = what.clone(),
                None => return Ok(None),
            }
        }
        Ok(scan::entry_of(&here))
    }

    /// Every file below `entry`, which is at `path`, in the order of their paths. Links and empty folders are passed over.
    pub fn files_of(&self, entry: &Entry, path: &RelPath, each: &mut dyn FnMut(RelPath, Entry)) -> Result<(), Error> {
        if entry.kind == Kind::File {
            each(path.clone(), entry.clone());
            return Ok(());
        }
        for item in self.node(&entry.id)?.items() {
            if let Some(inner) = scan::entry_of(&item.what) {
                self.files_of(&inner, &path.join(&item.name), each)?;
            }
        }
        Ok(())
    }

    /// A small file's bytes from the cache, verified (metrics of an old revision).
    pub fn read(&self, entry: &Entry) -> Result<Vec<u8>, Error> {
        match self.cache.read(&entry.id)? {
            Health::Whole(bytes) => Ok(bytes),
            Health::Missing => Err(Error::NoObject(entry.id)),
            Health::Damaged => Err(Error::Damaged(entry.id)),
        }
    }

    /// Writes the index if it changed. A lost index costs time, never data.
    pub fn flush(&self) -> Result<(), Error> {
        self.index.flush(self.workspace.root())
    }

    /// A listing, from this process or from the cache.
    fn node(&self, id: &ObjectId) -> Result<Arc<Node>, Error> {
        if let Some(node) = self.nodes().get(id) {
            return Ok(node.clone());
        }
        let bytes = match self.cache.read(id)? {
            Health::Whole(bytes) => bytes,
            Health::Missing => return Err(Error::NoObject(*id)),
            Health::Damaged => return Err(Error::Damaged(*id)),
        };
        let node = Arc::new(Node::decode(&bytes).map_err(|reason| Error::BadTree { id: *id, reason })?);
        self.nodes().insert(*id, node.clone());
        Ok(node)
    }

    fn remember_node(&self, id: ObjectId, node: Node) {
        self.nodes().entry(id).or_insert_with(|| Arc::new(node));
    }

    fn nodes(&self) -> MutexGuard<'_, HashMap<ObjectId, Arc<Node>>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn complete(&self) -> MutexGuard<'_, HashSet<ObjectId>> {
        self.complete.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
