//! From a remote into the cache: first listings, level by level, then the files that they name.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use serde::Serialize;

use super::holdings::{Held, Place, object_path};
use super::pack;
use super::partial::{self, Arrived, LARGE};
use super::pool::on_threads;
use super::push::Needed;
use super::{Error, Remote};
use crate::digest::ObjectId;
use crate::observer::{Task, Unit};
use crate::relpath::RelPath;
use crate::store::batch::{Batch, check};
use crate::store::tree::What;
use crate::store::{Entry, Kind, Store, Work};

/// Two wanted objects of a pack with less than this between them are asked for together.
const GAP: u64 = 256 << 10;

/// The longest part of a pack that is asked for at once.
const STRETCH: u64 = 8 << 20;

/// What a fetch did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fetched {
    /// Objects that came.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Paths that the remote does not have in whole.
    pub absent: Vec<RelPath>,
    /// Objects that the remote has with other bytes than their name says.
    pub wrong: Vec<ObjectId>,
}

/// Brings all objects of `entries` that the cache lacks. What the remote lacks is reported, not an error.
///
/// # Errors
/// The remote cannot be reached or was written by a newer derm; the cache cannot be written. What came before that is kept.
pub fn fetch(store: &Store, remote: &Remote, entries: &[(RelPath, Entry)], work: &Work) -> Result<Fetched, Error> {
    let mut fetched = Fetched::default();
    if entries.par_iter().all(|(_, entry)| store.has(entry)) {
        return Ok(fetched);
    }
    remote.check_format()?;
    let files = listings(store, remote, entries, &mut fetched, work)?;
    let missing: Vec<(ObjectId, Option<u64>)> =
        files.into_par_iter().filter(|(id, _)| !store.cache.has(id)).map(|(id, size)| (id, Some(size))).collect();
    bring(store, remote, &missing, &mut fetched, work)?;
    fetched.absent = entries.par_iter().filter(|(_, entry)| !store.has(entry)).map(|(path, _)| path.clone()).collect();
    fetched.absent.sort();
    fetched.absent.dedup();
    fetched.wrong.sort();
    Ok(fetched)
}

/// Brings the listings of `entries` alone.
///
/// # Errors
/// As [`fetch`].
pub fn fetch_listings(store: &Store, remote: &Remote, entries: &[(RelPath, Entry)], work: &Work) -> Result<(), Error> {
    remote.check_format()?;
    listings(store, remote, entries, &mut Fetched::default(), work).map(drop)
}

/// Brings the listings, level by level; the files that they name, with their sizes.
fn listings(
    store: &Store,
    remote: &Remote,
    entries: &[(RelPath, Entry)],
    fetched: &mut Fetched,
    work: &Work,
) -> Result<HashMap<ObjectId, u64>, Error> {
    let mut files: HashMap<ObjectId, u64> = HashMap::new();
    let mut level: Vec<ObjectId> = Vec::new();
    let mut seen: HashSet<ObjectId> = HashSet::new();
    for (_, entry) in entries {
        match entry.kind {
            Kind::File => drop(files.insert(entry.id, entry.size)),
            Kind::Tree => level.extend(seen.insert(entry.id).then_some(entry.id)),
        }
    }
    while !level.is_empty() {
        let missing: Vec<(ObjectId, Option<u64>)> = level.iter().filter(|id| store.node(id).is_err()).map(|id| (*id, None)).collect();
        bring(store, remote, &missing, fetched, work)?;
        let mut next = Vec::new();
        for node in level.iter().filter_map(|id| store.node(id).ok()) {
            for item in node.items() {
                match &item.what {
                    What::File { id, size, .. } => drop(files.insert(*id, *size)),
                    What::Folder { id, .. } => next.extend(seen.insert(*id).then_some(*id)),
                    What::Link { .. } => {}
                }
            }
        }
        level = next;
    }
    Ok(files)
}

/// Brings one object, such as the listing of a folder; `false` where the remote does not have it whole.
///
/// # Errors
/// As [`fetch`].
pub fn fetch_object(store: &Store, remote: &Remote, id: &ObjectId, work: &Work) -> Result<bool, Error> {
    remote.check_format()?;
    bring(store, remote, &[(*id, None)], &mut Fetched::default(), work)?;
    Ok(store.cache.has(id))
}

/// What looking at everything on a remote found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Objects that were read.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects with other bytes than their name says.
    pub wrong: Vec<ObjectId>,
    /// Objects that it does not have.
    pub absent: Vec<ObjectId>,
}

/// Reads all objects of `entries` from the remote and hashes them; listings come from the cache.
///
/// # Errors
/// The remote cannot be reached.
pub fn verify(store: &Store, remote: &Remote, entries: &[(RelPath, Entry)], work: &Work) -> Result<Verified, Error> {
    remote.check_format()?;
    let needed = Needed::of(store, entries, work)?;
    let wanted: Vec<(ObjectId, Option<u64>)> = needed.files.iter().chain(&needed.listings).map(|(id, size)| (*id, Some(*size))).collect();
    let held = remote.holds(&wanted, work)?;
    let task = work.observer.begin("verifying", Some(held.values().map(|held| held.size).sum()), Unit::Bytes);
    let courier = Courier::new(store, remote, &*task, None, work);
    on_threads(remote.jobs, &trips(&held, &remote.packs(work)?.ids), |trip| courier.make(trip))?;
    let Courier { wrong, came, .. } = courier;
    let (objects, bytes) = came.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut absent: Vec<ObjectId> = wanted.iter().map(|(id, _)| *id).filter(|id| !held.contains_key(id)).collect();
    let mut wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    absent.sort();
    wrong.sort();
    Ok(Verified { objects, bytes, wrong, absent })
}

/// One request: a loose object, or a stretch of a pack with the objects that are wanted from it.
enum Trip {
    Loose(ObjectId, u64),
    Packed { pack: ObjectId, start: u64, end: u64, objects: Vec<(ObjectId, u64, u64)> },
}

/// Fetches these objects, as far as the remote has them.
fn bring(store: &Store, remote: &Remote, wanted: &[(ObjectId, Option<u64>)], fetched: &mut Fetched, work: &Work) -> Result<(), Error> {
    if wanted.is_empty() {
        return Ok(());
    }
    let held = remote.holds(wanted, work)?;
    let total = held.values().map(|held| held.size).sum();
    let trips = trips(&held, &remote.packs(work)?.ids);
    let task = work.observer.begin("fetching", Some(total), Unit::Bytes);
    let batch = if remote.transport.is_near() { Batch::new(&store.cache, &store.links) } else { Batch::often(&store.cache, &store.links) };
    let courier = Courier::new(store, remote, &*task, Some(batch), work);
    let done = on_threads(remote.jobs, &trips, |trip| courier.make(trip));
    let Courier { batch, wrong, came, kept, .. } = courier;
    // What came is kept, also when the rest did not.
    batch.map_or(Ok(()), Batch::commit)?;
    store.cache.vouch_for(kept.into_inner().unwrap_or_else(PoisonError::into_inner));
    done?;
    let (objects, bytes) = came.into_inner().unwrap_or_else(PoisonError::into_inner);
    fetched.objects += objects;
    fetched.bytes += bytes;
    fetched.wrong.extend(wrong.into_inner().unwrap_or_else(PoisonError::into_inner));
    Ok(())
}

/// Orders the requests: packs in stretches, then loose objects, the largest first.
fn trips(held: &HashMap<ObjectId, Held>, packs: &[ObjectId]) -> Vec<Trip> {
    let mut packed: Vec<(u32, u64, u64, ObjectId)> = Vec::new();
    let mut loose: Vec<(u64, ObjectId)> = Vec::new();
    for (id, held) in held {
        match held.place {
            Place::Loose => loose.push((held.size, *id)),
            Place::Packed(pack, at) => packed.push((pack, at, held.size, *id)),
        }
    }
    packed.sort_unstable();
    loose.sort_unstable_by(|a, b| b.cmp(a));
    let mut found: Vec<Trip> = Vec::new();
    let mut last: Option<u32> = None;
    for (pack, at, size, id) in packed {
        if let Some(Trip::Packed { start, end, objects, .. }) = found.last_mut().filter(|_| last == Some(pack))
            && at <= *end + GAP
            && at + size - *start <= STRETCH
        {
            *end = at + size;
            objects.push((id, at, size));
            continue;
        }
        let Some(name) = packs.get(pack as usize) else { continue };
        found.push(Trip::Packed { pack: *name, start: at, end: at + size, objects: vec![(id, at, size)] });
        last = Some(pack);
    }
    found.extend(loose.into_iter().map(|(size, id)| Trip::Loose(id, size)));
    found
}

struct Courier<'a> {
    store: &'a Store,
    remote: &'a Remote,
    /// Where objects go; nowhere when they are only looked at.
    batch: Option<Batch<'a>>,
    task: &'a dyn Task,
    wrong: Mutex<Vec<ObjectId>>,
    /// Objects and bytes.
    came: Mutex<(u64, u64)>,
    /// What went into the batch.
    kept: Mutex<Vec<ObjectId>>,
    work: &'a Work<'a>,
}

impl<'a> Courier<'a> {
    fn new(store: &'a Store, remote: &'a Remote, task: &'a dyn Task, batch: Option<Batch<'a>>, work: &'a Work<'a>) -> Self {
        Self { store, remote, batch, task, wrong: Mutex::default(), came: Mutex::default(), kept: Mutex::default(), work }
    }

    fn make(&self, trip: &Trip) -> Result<(), Error> {
        check(self.work.interrupt)?;
        match trip {
            Trip::Loose(id, size) if *size > LARGE => self.large(id, *size),
            Trip::Loose(id, size) => {
                self.task.advance(*size);
                self.loose(id)
            }
            Trip::Packed { pack, start, end, objects } => {
                let path = pack::pack_path(pack);
                let Some(bytes) = self.remote.at(&path, self.remote.transport.read(&path, Some(*start..*end)))? else { return Ok(()) };
                for (id, at, size) in objects {
                    let from = (at - start) as usize;
                    self.task.advance(*size);
                    match bytes.get(from..from + *size as usize).filter(|bytes| ObjectId::of(bytes) == *id) {
                        Some(bytes) => self.keep(id, bytes)?,
                        // A healed remote has it as a file of its own too.
                        None => match self.remote.at(&path, self.remote.transport.size(&object_path(id)))? {
                            Some(_) => self.loose(id)?,
                            None => self.wrong(id),
                        },
                    }
                }
                Ok(())
            }
        }
    }

    fn large(&self, id: &ObjectId, size: u64) -> Result<(), Error> {
        match partial::download(self.remote, &self.store.cache, id, size, &|n| self.task.advance(n))? {
            Arrived::Gone => {}
            Arrived::Wrong => self.wrong(id),
            Arrived::Whole(path) => {
                match &self.batch {
                    Some(batch) => batch.adopt(path, *id, size).map(|()| self.kept(id))?,
                    None => fs::remove_file(&path).map_err(Error::io("remove", &path))?,
                }
                self.count(size);
            }
        }
        Ok(())
    }

    fn loose(&self, id: &ObjectId) -> Result<(), Error> {
        let path = object_path(id);
        match self.remote.at(&path, self.remote.transport.read(&path, None))? {
            Some(bytes) if ObjectId::of(&bytes) == *id => self.keep(id, &bytes),
            Some(_) => {
                self.wrong(id);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Makes verified bytes an object.
    fn keep(&self, id: &ObjectId, bytes: &[u8]) -> Result<(), Error> {
        if let Some(batch) = &self.batch {
            batch.put(*id, bytes, false)?;
            self.kept(id);
        }
        self.count(bytes.len() as u64);
        Ok(())
    }

    fn kept(&self, id: &ObjectId) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(*id);
    }

    fn wrong(&self, id: &ObjectId) {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(*id);
    }

    fn count(&self, bytes: u64) {
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.0 += 1;
        came.1 += bytes;
    }
}
