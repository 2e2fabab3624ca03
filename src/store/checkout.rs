//! Making the workspace match an entry, and linking saved files to their objects.
//!
//! 1. Look: the workspace is hashed (through the index) and compared with what is wanted.
//! 2. Refuse: when a file that would be replaced or removed has content that is not in the cache,
//!    nothing is done and the files are named. Forcing skips this step.
//! 3. Do: removals, then folders, then files in parallel, each verified while it is copied, written beside
//!    its place and renamed. What the cache lacks is left as it was, and reported at the end.
//!
//! Files are not synced: they can be checked out again. Files that the ignore rules leave out are never
//! touched; a folder that holds some stays.

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rayon::prelude::*;

use super::batch::check;
use super::cache::{self, Health, WHOLE};
use super::diff::{self, Leaf};
use super::index::Record;
use super::scan::{Scan, Stored, TopLink};
use super::scratch::Scratch;
use super::stat::Stat;
use super::tree::What;
use super::{Changed, Error, Store, Work, links};
use crate::digest::ObjectId;
use crate::observer::Unit;
use crate::relpath::RelPath;
use crate::workspace::config::Link;

/// What to do about bytes in the workspace that are nowhere else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// Refuse the whole checkout.
    #[default]
    Refuse,
    /// Replace them.
    Force,
}

/// Hashing this much again takes less long than the tick that a record has to wait.
const WORTH_WAITING: u64 = 2 << 20;

/// A file that was put in its place, for the index.
type Placed = (RelPath, Record);

/// What came of making a file.
enum Made {
    /// It is in its place.
    Here(Option<Stat>),
    /// It is finished, and not yet in its place.
    Beside,
    /// The object is missing or damaged.
    Not(Health<()>),
}

struct Checkout<'a> {
    store: &'a Store,
    work: &'a Work<'a>,
    links: &'a links::Links,
    scratch: Scratch,
    placed: Mutex<Vec<Placed>>,
}

/// See [`Store::checkout_with`].
pub fn run(store: &Store, want: Option<&What>, path: &RelPath, overwrite: Overwrite, work: &Work) -> Result<Changed, Error> {
    let have = Scan::new(store, path, None, work).run(TopLink::Keep)?;
    let mut leaves = Vec::new();
    match diff::compare(store, path, have.as_ref(), want, &mut leaves) {
        Err(Error::NoObject(_)) => return Err(Error::Incomplete { missing: vec![path.clone()], damaged: Vec::new() }),
        Err(Error::Damaged(_)) => return Err(Error::Incomplete { missing: Vec::new(), damaged: vec![path.clone()] }),
        done => done?,
    }
    if overwrite == Overwrite::Refuse {
        refuse_losses(store, &leaves)?;
    }
    let mut folders = Vec::new();
    let mut stale = Vec::new();
    walk_folders(store, path, have.as_ref(), want, &mut stale, &mut folders)?;
    if leaves.is_empty() && folders.is_empty() && stale.is_empty() {
        return Ok(Changed::default());
    }
    let above = path.parent().unwrap_or_default().on_disk(store.workspace.root());
    fs::create_dir_all(&above).map_err(Error::io("create", &above))?;
    let checkout = Checkout { store, work, links: &store.links, scratch: scratch_for(store, path)?, placed: Mutex::default() };
    checkout.apply(&leaves, &stale, &folders)
}

/// Replaces saved files by links to their objects, where the link type shares the object's file.
pub fn link_back(store: &Store, stored: &[Stored], work: &Work) -> Result<(), Error> {
    let Some(first) = stored.first() else { return Ok(()) };
    let top = first.path.parent().unwrap_or_default();
    let checkout = Checkout { store, work, links: &store.links, scratch: scratch_for(store, &top)?, placed: Mutex::default() };
    stored.par_iter().try_for_each(|file| checkout.link_one(file))?;
    checkout.remember();
    Ok(())
}

/// Replaces the files of `what`, which is at `path`, by links of the first of `types` that works, where they are something
/// else. A file whose object the cache does not have is copied if it must become one of its own, and else left as it is.
pub fn relink(store: &Store, what: &What, path: &RelPath, types: &[Link], work: &Work) -> Result<u64, Error> {
    let mut files = Vec::new();
    files_of(store, what, path, &mut files)?;
    let links = links::Links::new(types);
    let above = path.parent().unwrap_or_default();
    let checkout = Checkout { store, work, links: &links, scratch: scratch_for(store, &above)?, placed: Mutex::default() };
    let task = work.observer.begin("linking", Some(files.len() as u64), Unit::Items("files"));
    let done: Vec<bool> = files
        .par_iter()
        .map(|(path, id, size, executable)| {
            let done = checkout.relink_one(path, id, *size, *executable);
            task.advance(1);
            done
        })
        .collect::<Result<_, Error>>()?;
    checkout.remember();
    Ok(done.into_iter().filter(|done| *done).count() as u64)
}

fn files_of(store: &Store, what: &What, path: &RelPath, out: &mut Vec<(RelPath, ObjectId, u64, bool)>) -> Result<(), Error> {
    match what {
        What::File { id, size, executable } => out.push((path.clone(), *id, *size, *executable)),
        What::Folder { id, .. } => {
            for item in store.node(id)?.items() {
                files_of(store, &item.what, &path.join(&item.name), out)?;
            }
        }
        What::Link { .. } => {}
    }
    Ok(())
}

/// Fails when a leaf's old content is not in the cache.
fn refuse_losses(store: &Store, leaves: &[Leaf]) -> Result<(), Error> {
    let lost = |leaf: &&Leaf| match (&leaf.old, &leaf.new) {
        // Only the executable bit differs.
        (Some(What::File { id: old, .. }), Some(What::File { id: new, .. })) if old == new => false,
        (Some(What::File { id, .. }), _) => !store.cache.has(id),
        (Some(What::Link { target }), _) => !store.cache.has(&ObjectId::of(target.as_bytes())),
        (Some(What::Folder { .. }) | None, _) => false,
    };
    let paths: Vec<RelPath> = leaves.par_iter().filter(lost).map(|leaf| leaf.path.clone()).collect();
    if paths.is_empty() { Ok(()) } else { Err(Error::WouldLose { paths }) }
}

/// Folders that go (inner before outer) and folders that come (outer before inner).
fn walk_folders(
    store: &Store,
    path: &RelPath,
    have: Option<&What>,
    want: Option<&What>,
    stale: &mut Vec<RelPath>,
    new: &mut Vec<RelPath>,
) -> Result<(), Error> {
    let is_folder = |what: Option<&What>| matches!(what, Some(What::Folder { .. }));
    if have == want || !(is_folder(have) || is_folder(want)) {
        return Ok(());
    }
    if is_folder(want) && !is_folder(have) {
        new.push(path.clone());
    }
    let node = |what: Option<&What>| match what {
        Some(What::Folder { id, .. }) => store.node(id).map(Some),
        _ => Ok(None),
    };
    let (old, wanted) = (node(have)?, node(want)?);
    let items = |node: &Option<std::sync::Arc<super::tree::Node>>| node.iter().flat_map(|n| n.items().to_vec()).collect::<Vec<_>>();
    let mut names: Vec<String> = items(&old).into_iter().chain(items(&wanted)).map(|item| item.name).collect();
    names.sort_unstable();
    names.dedup();
    for name in &names {
        let (have, want) = (old.as_ref().and_then(|n| n.get(name)), wanted.as_ref().and_then(|n| n.get(name)));
        walk_folders(store, &path.join(name), have, want, stale, new)?;
    }
    if is_folder(have) && !is_folder(want) {
        stale.push(path.clone());
    }
    Ok(())
}

/// A scratch folder in the file system of `path`, so that renames work.
fn scratch_for(store: &Store, path: &RelPath) -> Result<Scratch, Error> {
    let usual = store.workspace.derm_dir().join("tmp");
    let disk = path.on_disk(store.workspace.root());
    let there = disk.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(store.workspace.root());
    if is_same_device(&store.workspace.derm_dir(), there) { Scratch::new(&usual) } else { Scratch::new(there) }
}

#[cfg(unix)]
fn is_same_device(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    matches!((a.metadata(), b.metadata()), (Ok(a), Ok(b)) if a.dev() == b.dev())
}

#[cfg(not(unix))]
fn is_same_device(_: &Path, _: &Path) -> bool {
    true
}

impl Checkout<'_> {
    fn apply(self, leaves: &[Leaf], stale: &[RelPath], folders: &[RelPath]) -> Result<Changed, Error> {
        let mut changed = Changed::default();
        let coming: HashSet<&RelPath> = folders.iter().collect();
        for leaf in leaves.iter().filter(|leaf| leaf.new.is_none() || is_replaced(&coming, leaf)) {
            check(self.work.interrupt)?;
            changed.deleted += u64::from(self.remove(leaf)?);
        }
        for folder in stale {
            self.remove_folder(folder)?;
        }
        for folder in folders {
            let disk = self.disk(folder);
            fs::create_dir_all(&disk).map_err(Error::io("create", &disk))?;
        }
        let files: Vec<&Leaf> = leaves.iter().filter(|leaf| matches!(leaf.new, Some(What::File { .. } | What::Link { .. }))).collect();
        let task = self.work.observer.begin("checking out", Some(files.len() as u64), Unit::Items("files"));
        let done: Vec<(&Leaf, Health<()>)> = files
            .par_iter()
            .map(|leaf| {
                let health = self.make(leaf)?;
                task.advance(1);
                Ok((*leaf, health))
            })
            .collect::<Result<_, Error>>()?;
        self.remember();
        summary(&done, changed)
    }

    /// Makes one file or link.
    fn make(&self, leaf: &Leaf) -> Result<Health<()>, Error> {
        check(self.work.interrupt)?;
        match &leaf.new {
            Some(What::File { id, size, executable }) => self.place(&leaf.path, id, *size, *executable),
            Some(What::Link { target }) => self.place_link(&leaf.path, target).map(Health::Whole),
            _ => Ok(Health::Whole(())),
        }
    }

    /// Removes a file, a link or an empty folder; `false` when it is gone already.
    fn remove(&self, leaf: &Leaf) -> Result<bool, Error> {
        if matches!(leaf.old, None | Some(What::Folder { .. })) {
            return Ok(false);
        }
        let disk = self.disk(&leaf.path);
        match fs::remove_file(&disk) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("remove", &disk)(error)),
        }
    }

    fn remove_folder(&self, folder: &RelPath) -> Result<(), Error> {
        let disk = self.disk(folder);
        match fs::remove_dir(&disk) {
            // It holds what the ignore rules leave out.
            Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::NotFound) => Ok(()),
            done => done.map_err(Error::io("remove", &disk)),
        }
    }

    /// Puts a verified object at `path` by the first link type that works.
    fn place(&self, path: &RelPath, id: &ObjectId, size: u64, executable: bool) -> Result<Health<()>, Error> {
        let temporary = self.scratch.path();
        let stored = self.store.cache.stamp(id);
        for link in self.links.candidates(executable) {
            let made = match link {
                Link::Copy => self.copy(path, id, size, executable, &temporary)?,
                link => match self.link(link, path, id, executable, &temporary)? {
                    Some(made) => made,
                    None => continue,
                },
            };
            match made {
                Made::Not(health) => return Ok(health),
                Made::Here(stat) => self.note(path, *id, stat, stored)?,
                Made::Beside => self.settle(path, &temporary, *id, stored)?,
            }
            return Ok(Health::Whole(()));
        }
        Err(Error::NoLink { path: path.clone(), tried: self.links.names() })
    }

    /// `None` when another type has to be tried.
    fn link(&self, link: Link, path: &RelPath, id: &ObjectId, executable: bool, to: &Path) -> Result<Option<Made>, Error> {
        let object = self.store.cache.path(id);
        let known = links::shares_permissions(link) && (self.store.cache.vouches_for(id) || self.is_known(path, id, &object));
        let health = if known { Health::Whole(()) } else { self.store.cache.verify(id)? };
        if health != Health::Whole(()) {
            return Ok(Some(Made::Not(health)));
        }
        let disk = self.disk(path);
        // At a free place one name is all there is to write.
        if link == Link::Hardlink && fs::hard_link(&object, &disk).is_ok() {
            return Ok(Some(Made::Here(None)));
        }
        let from = match link {
            Link::Symlink => links::symlink_target(self.store.workspace.root(), &disk, &object),
            _ => object,
        };
        match links::make(link, &from, to, executable) {
            Ok(()) => Ok(Some(Made::Beside)),
            Err(error) if links::is_about_the_link(&error) => {
                if links::is_for_all_files(link, &error) {
                    self.links.give_up(link);
                }
                let _ = fs::remove_file(to);
                Ok(None)
            }
            Err(error) => Err(Error::io("write", disk)(error)),
        }
    }

    /// Whether the index vouches for the object: a hard or symbolic link that was at `path` led to this very file, and since it was
    /// hashed neither its size nor the time of its last writing changed. The change time did: removing a link moves it.
    fn is_known(&self, path: &RelPath, id: &ObjectId, object: &Path) -> bool {
        let Some(name) = path.name() else { return false };
        let Some(record) = self.store.index.folder(&path.parent().unwrap_or_default()).find(name) else { return false };
        let Ok(now) = object.symlink_metadata().map(|meta| Stat::of(&meta)) else { return false };
        let then = record.stat;
        record.id == *id && (then.size, then.modified, then.inode) == (now.size, now.modified, now.inode)
    }

    /// Copies an object, hashing what is written.
    fn copy(&self, path: &RelPath, id: &ObjectId, size: u64, executable: bool, to: &Path) -> Result<Made, Error> {
        if size <= WHOLE {
            let disk = self.disk(path);
            let write = |bytes: &[u8]| match links::create_whole(&disk, executable, bytes) {
                Ok(meta) => Ok(Made::Here(Some(Stat::of(&meta)))),
                // Something is in this place, or the file system cannot do that.
                Err(_) => links::create_file(to, executable).and_then(|mut file| file.write_all(bytes)).map(|()| Made::Beside),
            };
            return match self.store.cache.with_bytes(id, write)? {
                Health::Whole(made) => made.map_err(Error::io("write", &disk)),
                Health::Missing => Ok(Made::Not(Health::Missing)),
                Health::Damaged => Ok(Made::Not(Health::Damaged)),
            };
        }
        let object = self.store.cache.path(id);
        let mut from = match fs::File::open(&object) {
            Ok(object) => object,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Made::Not(Health::Missing)),
            Err(error) => return Err(Error::io("read", &object)(error)),
        };
        let mut file = links::create_file(to, executable).map_err(Error::io("write", to))?;
        if cache::in_blocks(&mut from, |block| file.write_all(block)).map_err(Error::io("copy", &object))? == *id {
            return Ok(Made::Beside);
        }
        let _ = fs::remove_file(to);
        self.store.cache.set_aside(id)?;
        Ok(Made::Not(Health::Damaged))
    }

    fn place_link(&self, path: &RelPath, target: &str) -> Result<(), Error> {
        let temporary = self.scratch.path();
        let disk = self.disk(path);
        let made = links::make(Link::Symlink, Path::new(target), &temporary, false);
        made.and_then(|()| fs::rename(&temporary, &disk)).map_err(Error::io("write", &disk))
    }

    /// Renames a finished file to its place and notes its fingerprint for the index.
    fn settle(&self, path: &RelPath, temporary: &Path, id: ObjectId, stored: i64) -> Result<(), Error> {
        let disk = self.disk(path);
        // A relative symbolic link leads nowhere before it is in its place.
        let before = fs::metadata(temporary).map(|meta| Stat::of(&meta)).ok();
        fs::rename(temporary, &disk).map_err(Error::io("write", &disk))?;
        // A rename of one name onto another of the same file does nothing.
        let _ = fs::remove_file(temporary);
        let after = fs::metadata(&disk).map(|meta| Stat::of(&meta)).map_err(Error::io("read", &disk))?;
        if before.is_none_or(|before| before.is_same_content(&after)) {
            self.note(path, id, Some(after), stored)?;
        }
        Ok(())
    }

    /// Notes a file that is in its place, for the index. `stored`: the stamp of its object, taken before the object was seen.
    fn note(&self, path: &RelPath, id: ObjectId, stat: Option<Stat>, stored: i64) -> Result<(), Error> {
        let disk = self.disk(path);
        let look = || fs::metadata(&disk).map(|meta| Stat::of(&meta)).map_err(Error::io("read", &disk));
        let stat = stat.map_or_else(look, Ok)?;
        self.placed.lock().unwrap_or_else(PoisonError::into_inner).push((path.clone(), Record { stat, id, stored }));
        Ok(())
    }

    /// Records what was placed, from a tick later on: whoever changes a file then has another time. Of a few small files the
    /// records are not worth the wait.
    fn remember(&self) {
        let placed = std::mem::take(&mut *self.placed.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(tick) = placed.iter().map(|(_, record)| record.stat.tick()).max() else { return };
        let wait = tick < Duration::from_secs(1) && placed.iter().map(|(_, record)| record.stat.size).sum::<u64>() > WORTH_WAITING;
        self.store.index.put_later(placed.into_iter().map(|(path, record)| (path, wait.then_some(record))), tick);
    }

    /// Replaces one saved file by a link, unless it is one already or changed since it was saved.
    fn link_one(&self, file: &Stored) -> Result<(), Error> {
        check(self.work.interrupt)?;
        let disk = self.disk(&file.path);
        let object = self.store.cache.path(&file.id);
        let look = || fs::metadata(&disk).map_err(Error::io("read", &disk));
        let same = |meta: &fs::Metadata| Stat::of(meta).is_same_content(&file.stat);
        for link in self.links.candidates(file.executable) {
            if !links::shares_permissions(link) {
                return Ok(());
            }
            let meta = look()?;
            let adopted = link == Link::Hardlink && file.sole && !links::is_sole(&meta);
            if adopted || is_linked(link, &disk, &object).map_err(Error::io("read", &disk))? {
                // Its second name changed its times: what was noted when it was read is no longer it.
                return if same(&meta) { self.note(&file.path, file.id, Some(Stat::of(&meta)), 0) } else { Ok(()) };
            }
            let temporary = self.scratch.path();
            match self.link(link, &file.path, &file.id, false, &temporary)? {
                Some(Made::Beside) if same(&look()?) => return self.settle(&file.path, &temporary, file.id, 0),
                Some(Made::Beside) => return Err(Error::Unstable(disk)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes one file a link of the first type that works; `false` when it is one already, or cannot be.
    fn relink_one(&self, path: &RelPath, id: &ObjectId, size: u64, executable: bool) -> Result<bool, Error> {
        check(self.work.interrupt)?;
        let disk = self.disk(path);
        let object = self.store.cache.path(id);
        let meta = disk.symlink_metadata().map_err(Error::io("read", &disk))?;
        let Some(first) = self.links.candidates(executable).first().copied() else { return Ok(false) };
        let right = match first {
            Link::Hardlink | Link::Symlink => is_linked(first, &disk, &object).map_err(Error::io("read", &disk))?,
            Link::Reflink | Link::Copy => meta.is_file() && links::is_sole(&meta) && !meta.permissions().readonly(),
        };
        if right {
            return Ok(false);
        }
        if self.place(path, id, size, executable)? == Health::Whole(()) {
            return Ok(true);
        }
        if links::shares_permissions(first) {
            return Ok(false);
        }
        // An edit through a link reached the object, which is no longer this content: the file's own bytes are all there is.
        let temporary = self.scratch.path();
        let mut from = fs::File::open(&disk).map_err(Error::io("read", &disk))?;
        let copied = links::create_file(&temporary, executable).and_then(|mut file| io::copy(&mut from, &mut file));
        copied.and_then(|_| fs::rename(&temporary, &disk)).map_err(Error::io("write", &disk))?;
        Ok(true)
    }

    fn disk(&self, path: &RelPath) -> PathBuf {
        path.on_disk(self.store.workspace.root())
    }
}

/// Whether a file or a link gives its place to a folder.
fn is_replaced(folders: &HashSet<&RelPath>, leaf: &Leaf) -> bool {
    leaf.old.is_some() && folders.contains(&leaf.path)
}

/// Whether `disk` is a link of this type to `object`.
fn is_linked(link: Link, disk: &Path, object: &Path) -> io::Result<bool> {
    let meta = disk.symlink_metadata()?;
    match link {
        Link::Symlink => Ok(meta.is_symlink() && disk.canonicalize().ok() == object.canonicalize().ok()),
        _ => Ok(object.metadata().is_ok_and(|object| links::is_same_file(&meta, &object))),
    }
}

fn summary(done: &[(&Leaf, Health<()>)], mut changed: Changed) -> Result<Changed, Error> {
    let paths = |wanted: Health<()>| done.iter().filter(|(_, health)| *health == wanted).map(|(leaf, _)| leaf.path.clone()).collect();
    let (missing, damaged): (Vec<_>, Vec<_>) = (paths(Health::Missing), paths(Health::Damaged));
    if !missing.is_empty() || !damaged.is_empty() {
        return Err(Error::Incomplete { missing, damaged });
    }
    for (leaf, _) in done {
        match leaf.old {
            Some(What::File { .. } | What::Link { .. }) => changed.modified += 1,
            _ => changed.added += 1,
        }
    }
    Ok(changed)
}
