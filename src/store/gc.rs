//! Which objects are needed, and removing the others.
//!
//! What is needed follows from entries alone: a file's object; a folder's listing with all that it names, also the targets
//! of its symbolic links, which are objects too. [`Needed`] is complete before [`sweep`] removes anything, and one listing that is
//! damaged ends the collection there: nobody could say what it names. A listing that the cache never had names nothing here.
//!
//! An object whose change time is younger than the grace period stays: a process that holds no lock of these repositories (a
//! `fetch`, a repository that shares the cache and was not named, a file system without locks) may have stored it a moment ago
//! and not have written the pointer yet. It is the change time and not the modification time, because a hard link makes a
//! file of any age an object. The caller holds the locks of all repositories it knows of, so that no `add` of theirs, which may
//! rely on an object that is old, runs meanwhile.
//!
//! Objects are removed one by one and in no order. Killed at any moment, the cache holds whole objects only, all needed ones
//! among them; the next collection removes the rest.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rayon::prelude::*;
use serde::Serialize;

use super::batch::check;
use super::stat::Stat;
use super::tree::What;
use super::{Entry, Error, Kind, Store, Work, scratch};
use crate::digest::ObjectId;
use crate::observer::Unit;

/// A number of things and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// How many.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Amount {
    /// One more.
    pub fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }

    fn plus(mut self, other: Self) -> Self {
        self.count += other.count;
        self.bytes += other.bytes;
        self
    }
}

/// The objects that some entries need, with their sizes.
#[derive(Debug, Default)]
pub struct Needed(HashMap<ObjectId, u64>);

impl Needed {
    /// Whether an object is needed.
    pub fn has(&self, id: &ObjectId) -> bool {
        self.0.contains_key(id)
    }

    /// Adds what `entry` needs. With `force` a damaged listing counts as one that is not there.
    pub fn add(&mut self, store: &Store, entry: &Entry, force: bool) -> Result<(), Error> {
        match entry.kind {
            Kind::File => {
                self.0.insert(entry.id, entry.size);
                Ok(())
            }
            Kind::Tree => self.tree(store, &entry.id, force),
        }
    }

    fn tree(&mut self, store: &Store, id: &ObjectId, force: bool) -> Result<(), Error> {
        if self.has(id) {
            return Ok(());
        }
        let node = match store.node(id) {
            Ok(node) => node,
            // One that was found damaged earlier is no longer under its name.
            Err(Error::NoObject(_)) if force || !store.cache.is_set_aside(id) => {
                self.0.insert(*id, 0);
                return Ok(());
            }
            Err(Error::NoObject(_)) => return Err(Error::Damaged(*id)),
            Err(Error::Damaged(_) | Error::BadTree { .. }) if force => return Ok(()),
            Err(error) => return Err(error),
        };
        self.0.insert(*id, node.encoded_len());
        for item in node.items() {
            match &item.what {
                What::File { id, size, .. } => {
                    self.0.insert(*id, *size);
                }
                What::Folder { id, .. } => self.tree(store, id, force)?,
                What::Link { target } => {
                    self.0.insert(ObjectId::of(target.as_bytes()), target.len() as u64);
                }
            }
        }
        Ok(())
    }
}

/// What a collection found and did.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Swept {
    /// Objects that are needed and there.
    pub kept: Amount,
    /// Objects that nothing needs, but which are younger than the grace period.
    pub young: Amount,
    /// Objects that were removed, or would be.
    pub removed: Amount,
    /// Damaged objects, parts of transfers and unfinished files that were removed, or would be.
    pub leftovers: Amount,
}

/// Removes all objects that are not needed and older than `grace`; with `dry` only says so.
pub fn sweep(store: &Store, needed: &Needed, grace: Duration, dry: bool, work: &Work) -> Result<Swept, Error> {
    let now = SystemTime::now();
    let (kept, rest): (Vec<ObjectId>, Vec<ObjectId>) = store.cache.names()?.into_iter().partition(|id| needed.has(id));
    let bytes = kept.iter().filter_map(|id| needed.0.get(id)).sum();
    let kept = Amount { count: kept.len() as u64, bytes };
    let task = (!rest.is_empty()).then(|| work.observer.begin("removing", Some(rest.len() as u64), Unit::Items("objects")));
    let one = |id: &ObjectId| {
        check(work.interrupt)?;
        let found = remove(&store.cache.path(id), now, grace, dry)?;
        task.iter().for_each(|task| task.advance(1));
        Ok::<_, Error>(found)
    };
    let fates: Vec<Fate> = rest.par_iter().map(one).collect::<Result<_, Error>>()?;
    let sum = |wanted: fn(&Fate) -> Option<u64>| {
        fates.iter().filter_map(wanted).fold(Amount::default(), |mut sum, bytes| {
            sum.add(bytes);
            sum
        })
    };
    let young = sum(|fate| if let Fate::Young(bytes) = fate { Some(*bytes) } else { None });
    let removed = sum(|fate| if let Fate::Removed(bytes) = fate { Some(*bytes) } else { None });
    Ok(Swept { kept, young, removed, leftovers: leftovers(store, now, grace, dry)? })
}

enum Fate {
    Gone,
    Young(u64),
    Removed(u64),
}

/// Removes a file unless it is younger than `grace`.
fn remove(path: &Path, now: SystemTime, grace: Duration, dry: bool) -> Result<Fate, Error> {
    let meta = match path.symlink_metadata() {
        Ok(meta) => meta,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Fate::Gone),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    if is_young(&Stat::of(&meta), now, grace) {
        return Ok(Fate::Young(meta.len()));
    }
    if !dry {
        match fs::remove_file(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Fate::Gone),
            done => done.map_err(Error::io("remove", path))?,
        }
    }
    Ok(Fate::Removed(meta.len()))
}

/// A time in the future counts as young: a clock that was wrong must not cost data.
fn is_young(stat: &Stat, now: SystemTime, grace: Duration) -> bool {
    let now = now.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_nanos() as i64);
    !grace.is_zero() && now.saturating_sub(stat.changed) < i64::try_from(grace.as_nanos()).unwrap_or(i64::MAX)
}

/// Old damaged objects, parts of transfers that nobody goes on with, files of dead processes.
fn leftovers(store: &Store, now: SystemTime, grace: Duration, dry: bool) -> Result<Amount, Error> {
    let mut found = Amount::default();
    for folder in [store.cache.damaged_dir(), store.cache.partial_dir()] {
        for path in files(&folder) {
            // Whoever writes a part holds its lock.
            if File::open(&path).is_ok_and(|file| file.try_lock().is_err()) {
                continue;
            }
            if let Fate::Removed(bytes) = remove(&path, now, grace, dry)? {
                found.add(bytes);
            }
        }
    }
    let scratch = [store.cache.scratch_dir(), store.workspace.derm_dir().join("tmp")];
    Ok(scratch.iter().map(|base| scratch::sweep(base, dry)).fold(found, Amount::plus))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())).map(|entry| entry.path()).collect()
}
