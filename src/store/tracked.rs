//! Tracked paths as they are moved, given up, made editable, linked anew and measured.
//!
//! - [`rename`]: the line of `.gitignore` and the pointer at the new place come first, then the data in one rename, then the old
//!   pointer and its line go. Killed in between, both pointers stand and the data is at one of the two places; the same command
//!   again finishes it.
//! - [`forget`]: the pointer goes, then its line. Data goes only when asked for and when the cache has it, and
//!   files that the ignore rules leave out stay, as in a checkout.
//! - [`unprotect`], [`relink`]: each file is replaced by one with the same content, verified where it comes from the cache.
//! - [`measure`]: what entries name, each object once.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::checkout::{self, Overwrite};
use super::gc::Amount;
use super::pointer::{self, Pointer};
use super::scan::{self, Scan, TopLink};
use super::tree::What;
use super::{Changed, Entry, Error, Store, Untrackable, Work, add, links};
use crate::digest::ObjectId;
use crate::relpath::RelPath;
use crate::workspace::config::Link;
use crate::workspace::{Workspace, gitignore};

/// The pointer of `path` itself.
fn own(workspace: &Workspace, path: &RelPath) -> Result<Pointer, Error> {
    match pointer::covering(workspace, path)? {
        Some((target, pointer)) if target == *path => Ok(pointer),
        Some((target, _)) => Err(Error::InsideTracked { path: path.clone(), target }),
        None => Err(Error::NotTracked(path.clone())),
    }
}

/// Moves a tracked path with its pointer. The caller holds the repository's lock.
pub fn rename(workspace: &Workspace, store: &Store, from: &RelPath, to: &RelPath) -> Result<(), Error> {
    let pointer = own(workspace, from)?;
    let (there, here) = (from.on_disk(workspace.root()), to.on_disk(workspace.root()));
    let moved = there.symlink_metadata().is_err() && here.symlink_metadata().is_ok();
    let begun = Pointer::read(workspace, to)?.is_some_and(|begun| begun == pointer);
    add::check_place(workspace, to)?;
    if to.is_within(from) && to != from {
        return Err(Error::Untrackable { path: to.clone(), reason: Untrackable::Inside(from.clone()) });
    }
    if (here.symlink_metadata().is_ok() && !(begun && moved)) || (pointer::path_of(to).on_disk(workspace.root()).exists() && !begun) {
        return Err(Error::Exists(to.clone()));
    }
    if let Some((target, _)) = pointer::covering(workspace, &to.parent().unwrap_or_default())? {
        return Err(Error::InsideTracked { path: to.clone(), target });
    }
    if let Some(folder) = here.parent() {
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    }
    add::write(workspace, to, &pointer)?;
    if there.symlink_metadata().is_ok() {
        let ours = ours_below(store, &there);
        if let Err(error) = fs::rename(&there, &here) {
            let _ = fs::remove_file(pointer::path_of(to).on_disk(workspace.root()));
            let _ = gitignore::remove(workspace, to);
            return Err(Error::io("move", &there)(error));
        }
        for (below, object) in ours {
            let at = if below.as_os_str().is_empty() { here.clone() } else { here.join(below) };
            let target = links::symlink_target(workspace.root(), &at, &object);
            fs::remove_file(&at).map_err(Error::io("write", &at))?;
            links::make(Link::Symlink, &target, &at, false).map_err(Error::io("write", &at))?;
        }
        store.index.rename(from, to);
    }
    drop_pointer(workspace, from)
}

/// derm's own symbolic links at or below `disk`, as they are seen from there, each with its object.
fn ours_below(store: &Store, disk: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut found = Vec::new();
    let mut open = vec![disk.to_owned()];
    while let Some(path) = open.pop() {
        let Ok(meta) = path.symlink_metadata() else { continue };
        if meta.is_dir() {
            open.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
        } else if let Ok(target) = fs::read_link(&path)
            && links::points_into(&path, &target, &store.cache.objects_dir())
            && let Some(object) = target.components().rev().take(2).map(|part| part.as_os_str()).collect::<Vec<_>>().get(..2)
        {
            let below = path.strip_prefix(disk).unwrap_or(Path::new("")).to_owned();
            found.push((below, store.cache.objects_dir().join(object[1]).join(object[0])));
        }
    }
    found
}

/// No longer tracks `path`; with `data` removes what is there too. The caller holds the repository's lock.
pub fn forget(workspace: &Workspace, store: &Store, path: &RelPath, data: Option<Overwrite>, work: &Work) -> Result<Changed, Error> {
    own(workspace, path)?;
    // Data first: without a pointer nobody would find again what a kill left.
    let changed = match data {
        Some(overwrite) => checkout::run(store, None, path, overwrite, work)?,
        None => Changed::default(),
    };
    drop_pointer(workspace, path)?;
    Ok(changed)
}

fn drop_pointer(workspace: &Workspace, path: &RelPath) -> Result<(), Error> {
    let file = pointer::path_of(path).on_disk(workspace.root());
    match fs::remove_file(&file) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io("remove", &file)(error)),
        _ => {}
    }
    gitignore::remove(workspace, path)?;
    Ok(())
}

/// Makes files that are links into the cache, or read-only, files of their own that can be written. Says how many.
pub fn unprotect(store: &Store, path: &RelPath, work: &Work) -> Result<u64, Error> {
    let there = Scan::new(store, path, None, work).run(TopLink::Keep)?;
    match there {
        Some(what) => checkout::relink(store, &what, path, &[Link::Reflink, Link::Copy], work),
        None => Err(Error::Missing(path.clone())),
    }
}

/// Makes the files of `path`, which has `entry`, links of the configured type where they are not. Says how many.
pub fn relink(store: &Store, entry: &Entry, path: &RelPath, work: &Work) -> Result<u64, Error> {
    checkout::relink(store, &scan::what_of(entry), path, &store.workspace.config().cache.link.value, work)
}

/// What a path holds, and how much of that the cache has.
#[derive(Clone, Debug, Serialize)]
pub struct Usage {
    /// Files and links.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Different files, listings left out.
    pub objects: Amount,
    /// Those of them that are in the cache.
    pub cached: Amount,
}

/// Measures each entry, and all of them together.
pub fn measure(store: &Store, entries: &[Entry]) -> Result<(Vec<Usage>, Usage), Error> {
    let mut all = Seen::default();
    let mut each = Vec::new();
    for entry in entries {
        let mut one = Seen::default();
        let what = scan::what_of(entry);
        collect(store, &what, &mut [&mut one, &mut all])?;
        each.push(one.usage(entry.files, entry.size));
    }
    let (files, bytes) = entries.iter().fold((0, 0), |(files, bytes), entry| (files + entry.files, bytes + entry.size));
    Ok((each, all.usage(files, bytes)))
}

#[derive(Default)]
struct Seen {
    ids: HashSet<ObjectId>,
    objects: Amount,
    cached: Amount,
}

impl Seen {
    fn usage(self, files: u64, bytes: u64) -> Usage {
        Usage { files, bytes, objects: self.objects, cached: self.cached }
    }
}

/// A folder whose listing is not at hand counts with none of its files: nothing of it can be told.
fn collect(store: &Store, what: &What, into: &mut [&mut Seen]) -> Result<(), Error> {
    match what {
        What::File { id, size, .. } => {
            for seen in into {
                if seen.ids.insert(*id) {
                    seen.objects.add(*size);
                    if store.cache.has(id) {
                        seen.cached.add(*size);
                    }
                }
            }
        }
        What::Folder { id, .. } => match store.node(id) {
            Ok(node) => node.items().iter().try_for_each(|item| collect(store, &item.what, into))?,
            Err(Error::NoObject(_)) => {}
            Err(error) => return Err(error),
        },
        What::Link { .. } => {}
    }
    Ok(())
}
