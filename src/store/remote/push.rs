//! From the cache to a remote: the objects that it lacks, files before listings, small ones in packs where that saves requests.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use serde::Serialize;

use super::holdings::object_path;
use super::pack::{self, FULL, Index, SMALL};
use super::pool::on_threads;
use super::{Error, FORMAT, MARK, Remote};
use crate::digest::ObjectId;
use crate::observer::{Task, Unit};
use crate::relpath::RelPath;
use crate::store::batch::check;
use crate::store::cache::Health;
use crate::store::tree::What;
use crate::store::{Entry, Kind, Store, Work};

/// So few small objects are sent one by one: a pack costs two requests and is harder to clean up.
const FEW: usize = 8;

/// What a push did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pushed {
    /// Objects that were sent.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects that the remote had already.
    pub present: u64,
    /// Paths that the cache does not have in whole, so that the remote cannot get them from here.
    pub incomplete: Vec<RelPath>,
}

/// All objects of some entries, each with its size.
#[derive(Default)]
pub(super) struct Needed {
    pub files: HashMap<ObjectId, u64>,
    pub listings: HashMap<ObjectId, u64>,
    /// Paths with something that the cache lacks.
    pub incomplete: Vec<RelPath>,
}

/// Sends all objects of `entries` that the remote lacks.
///
/// # Errors
/// The remote cannot be reached or written, or was written by a newer derm. What was sent before that is kept.
pub fn push(store: &Store, remote: &Remote, entries: &[(RelPath, Entry)], work: &Work) -> Result<Pushed, Error> {
    let marked = remote.check_format()?;
    let needed = Needed::of(store, entries, work)?;
    let mut pushed = Pushed { incomplete: needed.incomplete.clone(), ..Pushed::default() };
    let all: Vec<(ObjectId, Option<u64>)> = needed.files.iter().chain(&needed.listings).map(|(id, size)| (*id, Some(*size))).collect();
    let held = remote.holds(&all, work)?;
    pushed.present = held.len() as u64;
    let lacking = |objects: &HashMap<ObjectId, u64>| {
        let mut found: Vec<(ObjectId, u64)> =
            objects.iter().filter(|(id, _)| !held.contains_key(*id)).map(|(id, size)| (*id, *size)).collect();
        found.sort_unstable();
        found
    };
    let (files, listings) = (lacking(&needed.files), lacking(&needed.listings));
    if files.is_empty() && listings.is_empty() {
        return Ok(pushed);
    }
    if !marked {
        remote.at(MARK, remote.transport.write(MARK, FORMAT.as_bytes().to_vec()))?;
    }
    let task = work.observer.begin("pushing", Some(files.iter().chain(&listings).map(|(_, size)| size).sum()), Unit::Bytes);
    let sender = Sender::new(store, remote, &*task, work);
    let sent = sender.send(&files).and_then(|()| sender.send(&listings));
    // Also what was sent before a failure stays.
    remote.at("", remote.transport.settle())?;
    sent?;
    (pushed.objects, pushed.bytes) = sender.sent.into_inner().unwrap_or_else(PoisonError::into_inner);
    let damaged = sender.damaged.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !damaged.is_empty() {
        // They were set aside, so what was found to be whole before may not be.
        store.complete().clear();
        pushed
            .incomplete
            .extend(entries.par_iter().filter(|(_, entry)| !store.has(entry)).map(|(path, _)| path.clone()).collect::<Vec<_>>());
        pushed.incomplete.sort();
        pushed.incomplete.dedup();
    }
    Ok(pushed)
}

/// What a push would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lacking {
    /// Objects that the remote lacks and the cache has.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Paths of which the remote lacks something.
    pub paths: Vec<RelPath>,
    /// Paths that the cache does not have in whole.
    pub incomplete: Vec<RelPath>,
}

/// What the remote lacks of `entries`. Sends nothing.
///
/// # Errors
/// The remote cannot be reached, or was written by a newer derm.
pub fn lacking(store: &Store, remote: &Remote, entries: &[(RelPath, Entry)], work: &Work) -> Result<Lacking, Error> {
    remote.check_format()?;
    let needed = Needed::of(store, entries, work)?;
    let all: Vec<(ObjectId, Option<u64>)> = needed.files.iter().chain(&needed.listings).map(|(id, size)| (*id, Some(*size))).collect();
    let held = remote.holds(&all, work)?;
    let absent: HashMap<ObjectId, u64> =
        all.iter().filter(|(id, _)| !held.contains_key(id)).map(|(id, size)| (*id, size.unwrap_or(0))).collect();
    let mut paths = Vec::new();
    for one in entries.chunks(1) {
        let needed = Needed::of(store, one, work)?;
        if needed.files.keys().chain(needed.listings.keys()).any(|id| absent.contains_key(id)) {
            paths.push(one[0].0.clone());
        }
    }
    Ok(Lacking { objects: absent.len() as u64, bytes: absent.values().sum(), paths, incomplete: needed.incomplete })
}

/// Sends these objects, each as a file of its own, whatever the remote has: for what it has with other bytes.
///
/// # Errors
/// As [`push`].
pub fn send_again(store: &Store, remote: &Remote, objects: &[ObjectId], work: &Work) -> Result<u64, Error> {
    let size = |id: &ObjectId| store.cache.path(id).symlink_metadata().ok().map(|meta| (*id, meta.len()));
    let there: Vec<(ObjectId, u64)> = objects.iter().filter_map(size).collect();
    let task = work.observer.begin("pushing", Some(there.iter().map(|(_, size)| size).sum()), Unit::Bytes);
    let sender = Sender::new(store, remote, &*task, work);
    let sent = on_threads(remote.jobs, &there, |(id, size)| sender.one(id, *size));
    remote.at("", remote.transport.settle())?;
    sent?;
    Ok(sender.sent.into_inner().unwrap_or_else(PoisonError::into_inner).0)
}

/// Sends what is at `path` in the workspace without putting it into the cache; `entry` is what hashing it gave.
///
/// # Errors
/// As [`push`]; [`Error::Unstable`] when a file was changed since it was hashed.
pub fn push_workspace(store: &Store, remote: &Remote, path: &RelPath, entry: &Entry, work: &Work) -> Result<Pushed, Error> {
    let marked = remote.check_format()?;
    let mut places: HashMap<ObjectId, (PathBuf, u64)> = HashMap::new();
    store.files_of(entry, path, &mut |path, file| drop(places.insert(file.id, (path.on_disk(store.workspace.root()), file.size))))?;
    let mut listings: HashMap<ObjectId, Vec<u8>> = HashMap::new();
    if entry.kind == Kind::Tree {
        listings_of(store, &entry.id, &mut listings)?;
    }
    let files = places.iter().map(|(id, (_, size))| (*id, Some(*size)));
    let all: Vec<(ObjectId, Option<u64>)> = files.chain(listings.iter().map(|(id, bytes)| (*id, Some(bytes.len() as u64)))).collect();
    let held = remote.holds(&all, work)?;
    let mut pushed = Pushed { present: held.len() as u64, ..Pushed::default() };
    if !marked {
        remote.at(MARK, remote.transport.write(MARK, FORMAT.as_bytes().to_vec()))?;
    }
    let mut lacking: Vec<(ObjectId, u64)> =
        places.iter().filter(|(id, _)| !held.contains_key(*id)).map(|(id, (_, size))| (*id, *size)).collect();
    lacking.sort_unstable();
    let task = work.observer.begin("pushing", Some(lacking.iter().map(|(_, size)| size).sum()), Unit::Bytes);
    let sender = Sender { places, ..Sender::new(store, remote, &*task, work) };
    sender.send(&lacking)?;
    if let Some(id) = sender.damaged.lock().unwrap_or_else(PoisonError::into_inner).first() {
        return Err(Error::Unstable(sender.place(id)));
    }
    for (id, bytes) in listings.into_iter().filter(|(id, _)| !held.contains_key(id)) {
        let path = object_path(&id);
        sender.count(1, bytes.len() as u64);
        remote.at(&path, remote.transport.write(&path, bytes))?;
    }
    remote.at("", remote.transport.settle())?;
    (pushed.objects, pushed.bytes) = sender.sent.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(pushed)
}

/// The bytes of all listings below `id`.
fn listings_of(store: &Store, id: &ObjectId, found: &mut HashMap<ObjectId, Vec<u8>>) -> Result<(), Error> {
    let node = store.node(id)?;
    found.insert(*id, node.encode());
    for item in node.items() {
        if let What::Folder { id, .. } = &item.what {
            listings_of(store, id, found)?;
        }
    }
    Ok(())
}

impl Needed {
    /// Walks the listings. Objects that the cache lacks are left out, and their paths noted.
    pub(super) fn of(store: &Store, entries: &[(RelPath, Entry)], work: &Work) -> Result<Self, Error> {
        let mut needed = Self::default();
        let mut broken: HashSet<ObjectId> = HashSet::new();
        for (path, entry) in entries {
            check(work.interrupt)?;
            let whole = match entry.kind {
                Kind::File => needed.file(store, entry.id, entry.size),
                Kind::Tree => needed.folder(store, entry.id, &mut broken),
            };
            if !whole {
                needed.incomplete.push(path.clone());
            }
        }
        needed.incomplete.sort();
        needed.incomplete.dedup();
        Ok(needed)
    }

    fn file(&mut self, store: &Store, id: ObjectId, size: u64) -> bool {
        let there = self.files.contains_key(&id) || store.cache.has(&id);
        if there {
            self.files.insert(id, size);
        }
        there
    }

    fn folder(&mut self, store: &Store, id: ObjectId, broken: &mut HashSet<ObjectId>) -> bool {
        if self.listings.contains_key(&id) {
            return !broken.contains(&id);
        }
        // A listing that was only hashed is known without being in the cache.
        let node = store.cache.has(&id).then(|| store.node(&id).ok()).flatten();
        let Some(node) = node else {
            broken.insert(id);
            return false;
        };
        self.listings.insert(id, node.encode().len() as u64);
        let files: Vec<(ObjectId, u64)> = node
            .items()
            .iter()
            .filter_map(|item| match item.what {
                What::File { id, size, .. } if !self.files.contains_key(&id) => Some((id, size)),
                _ => None,
            })
            .collect();
        let there: Vec<bool> = files.par_iter().map(|(id, _)| store.cache.has(id)).collect();
        let mut whole = there.iter().all(|there| *there);
        self.files.extend(files.into_iter().zip(there).filter(|(_, there)| *there).map(|(file, _)| file));
        for item in node.items() {
            if let What::Folder { id, .. } = &item.what {
                whole &= self.folder(store, *id, broken);
            }
        }
        if !whole {
            broken.insert(id);
        }
        whole
    }
}

/// One request, or two for a pack.
enum Trip {
    One(ObjectId, u64),
    Pack(Vec<(ObjectId, u64)>),
}

struct Sender<'a> {
    store: &'a Store,
    remote: &'a Remote,
    task: &'a dyn Task,
    work: &'a Work<'a>,
    /// Files of the workspace that stand for objects; all others are in the cache.
    places: HashMap<ObjectId, (PathBuf, u64)>,
    /// Objects and bytes.
    sent: Mutex<(u64, u64)>,
    damaged: Mutex<Vec<ObjectId>>,
}

impl<'a> Sender<'a> {
    fn new(store: &'a Store, remote: &'a Remote, task: &'a dyn Task, work: &'a Work<'a>) -> Self {
        Self { store, remote, task, work, places: HashMap::new(), sent: Mutex::default(), damaged: Mutex::default() }
    }

    /// Where an object's bytes are read.
    fn place(&self, id: &ObjectId) -> PathBuf {
        self.places.get(id).map_or_else(|| self.store.cache.path(id), |(path, _)| path.clone())
    }

    /// An object's bytes, if they are what they should be. A damaged one of the cache is set aside.
    fn bytes(&self, id: &ObjectId) -> Result<Option<Vec<u8>>, Error> {
        if let Some((path, _)) = self.places.get(id) {
            let bytes = fs::read(path).map_err(Error::io("read", path))?;
            return Ok(Some(bytes).filter(|bytes| ObjectId::of(bytes) == *id));
        }
        match self.store.cache.read(id)? {
            Health::Whole(bytes) => Ok(Some(bytes)),
            Health::Missing | Health::Damaged => Ok(None),
        }
    }

    /// Whether the object still has the bytes of its name.
    fn is_whole(&self, id: &ObjectId) -> Result<bool, Error> {
        match self.places.get(id) {
            Some((path, _)) => Ok(ObjectId::of_file(path).is_ok_and(|found| found == *id)),
            None => Ok(self.store.cache.verify(id)? == Health::Whole(())),
        }
    }

    fn send(&self, objects: &[(ObjectId, u64)]) -> Result<(), Error> {
        let trips = self.trips(objects);
        on_threads(self.remote.jobs, &trips, |trip| {
            check(self.work.interrupt)?;
            match trip {
                Trip::One(id, size) => self.one(id, *size),
                Trip::Pack(objects) => self.pack(objects),
            }
        })
    }

    /// The largest first, so that no thread is left with one at the end.
    fn trips(&self, objects: &[(ObjectId, u64)]) -> Vec<Trip> {
        let may_pack = !self.remote.transport.is_near();
        let (small, mut large): (Vec<_>, Vec<_>) = objects.iter().partition(|(_, size)| may_pack && *size < SMALL);
        let (small, alone) = if small.len() <= FEW { (Vec::new(), small) } else { (small, Vec::new()) };
        large.extend(alone);
        large.sort_unstable_by_key(|(_, size)| std::cmp::Reverse(*size));
        let mut trips: Vec<Trip> = large.into_iter().map(|(id, size)| Trip::One(id, size)).collect();
        let (mut open, mut bytes): (Vec<(ObjectId, u64)>, u64) = (Vec::new(), 0);
        for object in small {
            bytes += object.1;
            open.push(object);
            if bytes >= FULL {
                trips.push(Trip::Pack(std::mem::take(&mut open)));
                bytes = 0;
            }
        }
        if !open.is_empty() {
            trips.push(Trip::Pack(open));
        }
        trips
    }

    fn one(&self, id: &ObjectId, size: u64) -> Result<(), Error> {
        let from = self.place(id);
        let path = object_path(id);
        let journal = self.remote.known_packs.join(format!("{}.upload", id.hex()));
        let sent = self.remote.transport.upload(&path, &from, id, size, &journal, &|n| self.task.advance(n));
        if sent.is_err() && !self.is_whole(id)? {
            self.damaged(id);
            return Ok(());
        }
        self.remote.at(&path, sent)?;
        self.count(1, size);
        Ok(())
    }

    fn pack(&self, objects: &[(ObjectId, u64)]) -> Result<(), Error> {
        let mut index = Index::default();
        let mut bytes = Vec::with_capacity(objects.iter().map(|(_, size)| *size as usize).sum());
        for (id, _) in objects {
            match self.bytes(id)? {
                Some(object) => {
                    index.objects.push((*id, object.len() as u32));
                    bytes.extend_from_slice(&object);
                }
                None => self.damaged(id),
            }
        }
        if index.objects.is_empty() {
            return Ok(());
        }
        let (text, size) = (index.encode(), bytes.len() as u64);
        let id = ObjectId::of(&text);
        let path = pack::pack_path(&id);
        self.remote.at(&path, self.remote.transport.write(&path, bytes))?;
        self.task.advance(size);
        let path = pack::index_path(&id);
        self.remote.at(&path, self.remote.transport.write(&path, text.clone()))?;
        // Only to save a request later.
        let kept = self.remote.known_packs.join(format!("{}.index", id.hex()));
        let _ = fs::create_dir_all(&self.remote.known_packs).and_then(|()| fs::write(kept, text));
        self.count(index.objects.len() as u64, size);
        Ok(())
    }

    fn damaged(&self, id: &ObjectId) {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner).push(*id);
    }

    fn count(&self, objects: u64, bytes: u64) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.0 += objects;
        sent.1 += bytes;
    }
}
