//! The folder of objects: where they are, whether they are there, whether they are whole.
//!
//! `b3/ab/cdef…` holds the object whose id begins with `abcdef…`; `tmp/` what is being written;
//! `damaged/` what did not have the bytes of its name, kept under that name for whoever wants to
//! look. An object in `b3/` is complete, since it gets its name by a rename after it was written;
//! it may have been damaged since, so its bytes are hashed whenever they are read.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use rayon::prelude::*;

use super::stat::Stat;
use super::{Error, links};
use crate::digest::{self, ObjectId};

/// Files up to this size are read in one piece; larger ones in blocks, hashed by several threads.
pub const WHOLE: u64 = 8 << 20;

/// The size of those blocks.
pub const BLOCK: usize = 4 << 20;

/// The objects of one cache folder, which several repositories may share.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
    /// Of each folder of objects, once it was asked for.
    stamps: Arc<[AtomicI64; 256]>,
    /// Objects that this process got from a remote, hashed on arrival.
    arrived: Arc<Mutex<HashSet<ObjectId>>>,
}

/// Nobody asked yet.
const UNASKED: i64 = i64::MIN;

/// What looking at an object found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health<T> {
    /// It has the bytes of its name.
    Whole(T),
    /// It is not there.
    Missing,
    /// It had other bytes and was set aside.
    Damaged,
}

impl Cache {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, stamps: Arc::new(std::array::from_fn(|_| AtomicI64::new(UNASKED))), arrived: Arc::default() }
    }

    /// Where objects are.
    pub fn objects_dir(&self) -> PathBuf {
        self.folder.join("b3")
    }

    /// Where objects are written before they get their names.
    pub fn scratch_dir(&self) -> PathBuf {
        self.folder.join("tmp")
    }

    /// Where large objects are that are still on their way from a remote.
    pub fn partial_dir(&self) -> PathBuf {
        self.folder.join("partial")
    }

    /// Where what was damaged is kept.
    pub fn damaged_dir(&self) -> PathBuf {
        self.folder.join("damaged")
    }

    /// Whether an object was found damaged and still lies aside.
    pub fn is_set_aside(&self, id: &ObjectId) -> bool {
        self.damaged_dir().join(id.hex()).symlink_metadata().is_ok()
    }

    /// Where an object is, if it is there.
    pub fn path(&self, id: &ObjectId) -> PathBuf {
        let hex = id.hex();
        let (shard, rest) = hex.split_at(2);
        let mut path = String::with_capacity(80 + self.folder.as_os_str().len());
        match self.folder.to_str() {
            Some(folder) => {
                path.extend([folder, "/b3/", shard, "/", rest]);
                path.into()
            }
            None => self.folder.join("b3").join(shard).join(rest),
        }
    }

    /// Whether there is an object of this name.
    pub fn has(&self, id: &ObjectId) -> bool {
        self.path(id).symlink_metadata().is_ok_and(|meta| meta.is_file())
    }

    /// These objects have just been hashed and given their names: they need not be hashed again for a link to them.
    pub fn vouch_for(&self, ids: impl IntoIterator<Item = ObjectId>) {
        self.arrived().extend(ids);
    }

    /// Whether this process hashed the object when it came.
    pub fn vouches_for(&self, id: &ObjectId) -> bool {
        self.arrived().contains(id)
    }

    fn arrived(&self) -> MutexGuard<'_, HashSet<ObjectId>> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The change time of the folder in which the object's name stands or would stand: as long as it is the same, so are the
    /// names in it. 0 when it changed so recently that another change could show the same time, and without the folder.
    pub fn stamp(&self, id: &ObjectId) -> i64 {
        let stamp = self.stamp_of(id);
        let known = stamp.load(Ordering::Relaxed);
        if known != UNASKED {
            return known;
        }
        let now = SystemTime::now();
        let meta = self.path(id).parent().and_then(|shard| shard.symlink_metadata().ok());
        let found = meta.map(|meta| Stat::of(&meta)).filter(|stat| stat.is_settled(now)).map_or(0, |stat| stat.changed);
        stamp.store(found, Ordering::Relaxed);
        found
    }

    fn stamp_of(&self, id: &ObjectId) -> &AtomicI64 {
        &self.stamps[usize::from(id.as_bytes()[0])]
    }

    /// An object's bytes, verified. For small objects: listings.
    pub fn read(&self, id: &ObjectId) -> Result<Health<Vec<u8>>, Error> {
        self.with_bytes(id, <[u8]>::to_vec)
    }

    /// What `use_them` makes of an object's verified bytes. They lie in a buffer of the thread's, so that ten thousand small
    /// objects are not ten thousand allocations.
    pub fn with_bytes<T>(&self, id: &ObjectId, use_them: impl FnOnce(&[u8]) -> T) -> Result<Health<T>, Error> {
        let path = self.path(id);
        let used = digest::with_content(&path, |bytes| (ObjectId::of(bytes) == *id).then(|| use_them(bytes)));
        match used {
            Ok(Some(value)) => Ok(Health::Whole(value)),
            Ok(None) => {
                self.set_aside(id)?;
                Ok(Health::Damaged)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Health::Missing),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    /// Hashes an object; sets it aside if it is damaged.
    pub fn verify(&self, id: &ObjectId) -> Result<Health<()>, Error> {
        let path = self.path(id);
        match ObjectId::of_file(&path) {
            Ok(found) if found == *id => Ok(Health::Whole(())),
            Ok(_) => {
                self.set_aside(id)?;
                Ok(Health::Damaged)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Health::Missing),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    /// Whether the object is there and has exactly these bytes; one that has not is set aside.
    pub fn holds(&self, id: &ObjectId, bytes: &[u8]) -> Result<bool, Error> {
        let path = self.path(id);
        match fs::read(&path) {
            Ok(there) if there == bytes => Ok(true),
            Ok(_) => self.set_aside(id).map(|()| false),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    /// Moves a damaged object to `damaged/`: under its name in `b3/` it would be trusted.
    pub fn set_aside(&self, id: &ObjectId) -> Result<(), Error> {
        let folder = self.damaged_dir();
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let path = self.path(id);
        self.stamp_of(id).store(UNASKED, Ordering::Relaxed);
        self.arrived().remove(id);
        match fs::rename(&path, folder.join(id.hex())) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("set aside", &path)(error)),
            _ => Ok(()),
        }
    }

    /// Gives a finished file its name as an object.
    pub fn accept(&self, finished: &Path, id: &ObjectId) -> Result<(), Error> {
        let path = self.path(id);
        self.name(id, &path, || fs::rename(finished, &path)).map_err(Error::io("write", &path))
    }

    /// Makes a file of the workspace an object by a second name. `false` where that cannot be.
    pub fn accept_link(&self, file: &Path, id: &ObjectId) -> bool {
        let path = self.path(id);
        match self.name(id, &path, || fs::hard_link(file, &path)) {
            // Another process was faster, with the same bytes.
            Err(error) => error.kind() == ErrorKind::AlreadyExists,
            Ok(()) => true,
        }
    }

    /// Makes a name, and its folder if that is what is missing.
    fn name(&self, id: &ObjectId, path: &Path, make: impl Fn() -> io::Result<()>) -> io::Result<()> {
        self.stamp_of(id).store(UNASKED, Ordering::Relaxed);
        match make() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
                make()
            }
            done => done,
        }
    }

    /// Whether files of the workspace lie in the cache's file system, as far as that can be told.
    pub fn shares_disk(&self, file: &fs::Metadata) -> bool {
        let scratch = self.scratch_dir();
        fs::create_dir_all(&scratch).is_ok() && fs::metadata(&scratch).is_ok_and(|folder| links::is_same_disk(file, &folder))
    }

    /// The ids and sizes of all objects, shard by shard; other files are passed over.
    pub fn list(&self) -> Result<Vec<(ObjectId, u64)>, Error> {
        let top = self.objects_dir();
        let mut found = Vec::new();
        for shard in sorted_names(&top)? {
            let folder = top.join(&shard);
            for name in sorted_names(&folder)? {
                let Ok(id) = format!("{shard}{name}").parse() else { continue };
                found.extend(folder.join(&name).symlink_metadata().ok().map(|meta| (id, meta.len())));
            }
        }
        Ok(found)
    }

    /// The ids of all objects, in no order, without looking at each file; other files are passed over.
    pub fn names(&self) -> Result<Vec<ObjectId>, Error> {
        let top = self.objects_dir();
        let shard = |name: &String| -> Result<Vec<ObjectId>, Error> {
            let folder = top.join(name);
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
                Err(error) => return Err(Error::io("list", &folder)(error)),
            };
            let mut found = Vec::new();
            for entry in entries {
                let entry = entry.map_err(Error::io("list", &folder))?.file_name();
                let id = entry.to_str().and_then(|rest| format!("{name}{rest}").parse::<ObjectId>().ok());
                found.extend(id);
            }
            Ok(found)
        };
        let shards: Vec<String> = sorted_names(&top)?.into_iter().collect();
        let found: Vec<Vec<ObjectId>> = shards.par_iter().map(shard).collect::<Result<_, Error>>()?;
        Ok(found.concat())
    }

    /// How many objects lie in `damaged/`.
    pub fn set_aside_count(&self) -> usize {
        sorted_names(&self.damaged_dir()).map_or(0, |names| names.len())
    }
}

fn sorted_names(folder: &Path) -> Result<BTreeSet<String>, Error> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(BTreeSet::new()),
        Err(error) => Err(Error::io("list", folder)(error)),
    }
}

/// Reads `file` to its end through a buffer of its own, a block at a time.
pub fn in_blocks(file: &mut File, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<ObjectId> {
    let mut hasher = blake3::Hasher::new();
    let mut block = vec![0; BLOCK];
    loop {
        let filled = digest::fill(file, &mut block)?;
        if filled == 0 {
            return Ok(ObjectId::from_bytes(*hasher.finalize().as_bytes()));
        }
        hasher.update_rayon(&block[..filled]);
        each(&block[..filled])?;
    }
}

/// Reads the `size` bytes that `file` should have; fewer if it ends before.
pub fn whole(file: &mut File, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; size as usize];
    let filled = digest::fill(file, &mut bytes)?;
    bytes.truncate(filled);
    Ok(bytes)
}
