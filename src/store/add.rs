//! `derm add`: from paths to objects, pointers and `.gitignore` lines.
//!
//! A path gets a pointer of its own, unless it lies inside a tracked folder: then that folder's listing is
//! changed in this place and its pointer rewritten, which needs neither the rest of the data on disk nor its objects,
//! only the listings on the way.
//!
//! All paths are checked before any is read, and all are in the cache before the first pointer is written, so a
//! failure leaves pointers and `.gitignore` as they were. The pointer is written last: what it names is there.

use std::collections::BTreeMap;
use std::fs;

use serde::Serialize;

use super::batch::Batch;
use super::pointer::{self, Pointer};
use super::remote::{self, Remote};
use super::scan;
use super::tree::{Node, What};
use super::{Entry, Error, Store, Untrackable, Work};
use crate::digest::ObjectId;
use crate::relpath::RelPath;
use crate::workspace::rules::Rules;
use crate::workspace::{Workspace, gitignore};

/// What became of one tracked path.
#[derive(Clone, Debug, Serialize)]
pub struct Added {
    /// The tracked path: as asked for, or the tracked folder that holds it.
    pub path: RelPath,
    /// Its pointer file.
    pub pointer: RelPath,
    /// What the pointer says now.
    pub entry: Entry,
    /// What it said before.
    pub before: Option<Entry>,
    /// Whether `.gitignore` beside it got a line.
    #[serde(skip)]
    pub ignored: bool,
}

/// Adds `paths`, sorted by tracked path. The caller holds the repository's lock.
pub fn add(workspace: &Workspace, store: &Store, paths: &[RelPath], work: &Work) -> Result<Vec<Added>, Error> {
    add_by(workspace, store, paths, &|path| store.save(path, work))
}

/// As [`add`], but the content goes to a remote and not into the cache.
pub fn add_to_remote(workspace: &Workspace, store: &Store, remote: &Remote, paths: &[RelPath], work: &Work) -> Result<Vec<Added>, Error> {
    add_by(workspace, store, paths, &|path| {
        if path.on_disk(workspace.root()).is_symlink() {
            return Err(Error::Untrackable { path: path.clone(), reason: Untrackable::Symlink(path.clone()) });
        }
        let entry = store.hash(path, work)?.ok_or_else(|| Error::Missing(path.clone()))?;
        remote::push_workspace(store, remote, path, &entry, work)?;
        Ok(entry)
    })
}

/// Adds `paths`, whose content `keep` puts where it is to be.
fn add_by(
    workspace: &Workspace,
    store: &Store,
    paths: &[RelPath],
    keep: &dyn Fn(&RelPath) -> Result<Entry, Error>,
) -> Result<Vec<Added>, Error> {
    let mut checked = Vec::new();
    for path in paths {
        checked.push((path, check(workspace, path)?));
    }
    let mut pointers: BTreeMap<RelPath, (Pointer, Option<Entry>)> = BTreeMap::new();
    for (path, covering) in checked {
        let entry = keep(path)?;
        let (target, old) = covering.unwrap_or_else(|| (path.clone(), Pointer::new(entry.clone())));
        let known = pointer::Pointer::read(workspace, &target)?.map(|pointer| pointer.entry);
        let (mut pointer, before) = pointers.remove(&target).unwrap_or((old, known));
        pointer.entry = if target == *path { entry } else { splice(store, &pointer.entry, &target, path, &entry)? };
        pointers.insert(target, (pointer, before));
    }
    let mut added = Vec::new();
    for (path, (pointer, before)) in pointers {
        let ignored = if before.as_ref() != Some(&pointer.entry) || !pointer::path_of(&path).on_disk(workspace.root()).exists() {
            write(workspace, &path, &pointer)?
        } else {
            gitignore::add(workspace, &path)?
        };
        added.push(Added { pointer: pointer::path_of(&path), path, entry: pointer.entry, before, ignored });
    }
    Ok(added)
}

/// Writes the line of `.gitignore`, then the pointer; takes a new line back if the pointer cannot be written.
/// `true` when the line is new.
pub(super) fn write(workspace: &Workspace, path: &RelPath, pointer: &Pointer) -> Result<bool, Error> {
    let new = gitignore::add(workspace, path)?;
    pointer.write(workspace, path).inspect_err(|_| {
        if new {
            let _ = gitignore::remove(workspace, path);
        }
    })?;
    Ok(new)
}

/// Whether `path` may be added; the pointer that covers it already, if any.
fn check(workspace: &Workspace, path: &RelPath) -> Result<Option<(RelPath, Pointer)>, Error> {
    let disk = path.on_disk(workspace.root());
    let folder = match disk.symlink_metadata() {
        Ok(meta) => meta.is_dir(),
        Err(_) if path.is_root() => true,
        Err(_) => return Err(Error::Missing(path.clone())),
    };
    check_place(workspace, path)?;
    if !workspace.tracked_by_git(path, 1)?.is_empty() {
        return Err(Error::TrackedByGit { path: path.clone(), folder });
    }
    let covering = pointer::covering(workspace, path)?;
    let target = covering.as_ref().map_or(path, |(target, _)| target);
    if !pointer::can_have_one(target) {
        return Err(Error::Untrackable { path: path.clone(), reason: Untrackable::TooLong(disk) });
    }
    if workspace.ignored_by_git(&pointer::path_of(target)) {
        return Err(Error::PointerIgnored(pointer::path_of(target)));
    }
    if folder && let Some(inner) = tracked_inside(workspace, path)? {
        return Err(Error::Overlap { path: path.clone(), inner });
    }
    Ok(covering)
}

/// Whether something at `path`, there or not yet, could be tracked.
pub(super) fn check_place(workspace: &Workspace, path: &RelPath) -> Result<(), Error> {
    let refuse = |reason| Err(Error::Untrackable { path: path.clone(), reason });
    if path.is_root() {
        return refuse(Untrackable::Root);
    }
    if let Some(owner) = scan::is_internal(path) {
        return refuse(Untrackable::Internal(owner));
    }
    let folder = path.on_disk(workspace.root()).symlink_metadata().is_ok_and(|meta| meta.is_dir());
    if !folder && pointer::target_of(path).is_some() {
        return refuse(Untrackable::Pointer);
    }
    if let Some(link) = link_above(workspace, path) {
        return refuse(Untrackable::Symlink(link));
    }
    if Rules::ignores_path(workspace, path, folder)? {
        return refuse(Untrackable::Ignored);
    }
    Ok(())
}

/// The first folder above `path` that is a symbolic link.
fn link_above(workspace: &Workspace, path: &RelPath) -> Option<RelPath> {
    let mut here = path.parent();
    while let Some(folder) = here.filter(|folder| !folder.is_root()) {
        if folder.on_disk(workspace.root()).is_symlink() {
            return Some(folder);
        }
        here = folder.parent();
    }
    None
}

/// A pointer somewhere inside the folder `path`.
fn tracked_inside(workspace: &Workspace, path: &RelPath) -> Result<Option<RelPath>, Error> {
    let mut folders = vec![path.on_disk(workspace.root())];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(Error::io("list", &folder))?.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if entry.file_name().as_encoded_bytes().ends_with(pointer::SUFFIX.as_bytes())
                && let Some(target) = RelPath::strip(workspace.root(), &entry.path()).ok().and_then(|path| pointer::target_of(&path))
                && Pointer::read(workspace, &target).is_ok_and(|pointer| pointer.is_some())
            {
                return Ok(Some(target));
            }
        }
    }
    Ok(None)
}

/// The tree of `target` with `entry` at `path`; writes the listings on the way.
fn splice(store: &Store, tree: &Entry, target: &RelPath, path: &RelPath, entry: &Entry) -> Result<Entry, Error> {
    let batch = Batch::new(&store.cache, &store.links);
    let parts: Vec<&str> = path.parts().skip(target.parts().count()).collect();
    let what = put(store, &batch, Some(&scan::what_of(tree)), &parts, scan::what_of(entry))?;
    batch.commit()?;
    Ok(scan::entry_of(&what).unwrap_or_else(|| entry.clone()))
}

fn put(store: &Store, batch: &Batch, old: Option<&What>, parts: &[&str], new: What) -> Result<What, Error> {
    let [name, rest @ ..] = parts else { return Ok(new) };
    let node = match old {
        Some(What::Folder { id, .. }) => (*store.node(id)?).clone(),
        _ => Node::default(),
    };
    let inner = put(store, batch, node.get(name), rest, new)?;
    let node = node.with(name, inner);
    let bytes = node.encode();
    let id = ObjectId::of(&bytes);
    batch.put(id, &bytes, true)?;
    let summary = node.summary(id);
    store.remember_node(id, node);
    Ok(summary)
}
