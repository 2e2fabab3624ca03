//! Writing objects: many at once, synced together.
//!
//! Every object is written to a temporary file in the cache's file system while it is hashed, so each
//! byte is read once. At the end of the batch (or after 16,384 objects or 1 GiB, so that an interrupted
//! `add` goes on where it was) the temporary files are made durable, by one `fsync` each if they
//! are few and by one `syncfs` if they are many, and only then renamed to their names; files before
//! the listings that name them, inner folders before outer ones. The folders are synced last. Killed
//! at any moment, the cache holds complete objects only. Where files of the workspace become links to their objects anyway, a file
//! is made the object itself: hashed, synced, protected from writing, looked at again, and then given its second name.
//!
//! An object that is there already is compared with the new bytes: a damaged one is replaced.

use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use rayon::prelude::*;

use super::Error;
use super::cache::{self, Cache, Health, WHOLE};
use super::links::{self, Links};
use super::scratch::Scratch;
use super::stat::Stat;
use crate::digest::{ObjectId, in_buffer};
use crate::workspace::config::Link;

/// So many objects, or so many bytes, are made durable together at most.
const MOST_OBJECTS: usize = 16_384;
const MOST_BYTES: u64 = 1 << 30;

/// Up to this many objects are synced one by one: `syncfs` also waits for what others wrote.
const FEW: usize = 8;

/// How often a file is read again when it changed meanwhile.
const ATTEMPTS: usize = 3;

/// A file's content, known because it was read.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    pub id: ObjectId,
    pub size: u64,
    pub stat: Stat,
    /// When reading began: what changed later shows in the file's times, see [`Stat::is_settled`].
    pub read: SystemTime,
}

/// The same where objects come slowly and getting them again costs more than a sync.
const OFTEN_OBJECTS: usize = 4_096;
const OFTEN_BYTES: u64 = 128 << 20;

/// Objects that are being written.
pub struct Batch<'a> {
    cache: &'a Cache,
    links: &'a Links,
    most: (usize, u64),
    scratch: OnceLock<Arc<Scratch>>,
    shares_disk: OnceLock<bool>,
    pending: Mutex<Pending>,
}

#[derive(Default)]
struct Pending {
    seen: HashSet<ObjectId>,
    files: Vec<(PathBuf, ObjectId)>,
    trees: Vec<(PathBuf, ObjectId)>,
    /// Files of the workspace that become objects themselves.
    own: Vec<Own>,
    bytes: u64,
}

/// A file of the workspace with the content that was hashed.
struct Own {
    path: PathBuf,
    id: ObjectId,
    stat: Stat,
}

/// Hashes a file of the workspace; reads again while it changes.
pub fn hash(path: &Path) -> Result<Known, Error> {
    let (id, known) =
        stable(
            path,
            |file, meta| {
                if meta.len() <= WHOLE { in_buffer(file, meta.len(), ObjectId::of) } else { cache::in_blocks(file, |_| Ok(())) }
            },
        )?;
    Ok(Known { id, ..known })
}

/// Reads a file until its fingerprint was the same before and after.
fn stable<T>(path: &Path, mut read: impl FnMut(&mut File, &Metadata) -> io::Result<T>) -> Result<(T, Known), Error> {
    for _ in 0..ATTEMPTS {
        let started = SystemTime::now();
        let mut file = File::open(path).map_err(Error::io("read", path))?;
        let before = file.metadata().map_err(Error::io("read", path))?;
        let value = read(&mut file, &before).map_err(Error::io("read", path))?;
        let after = file.metadata().map_err(Error::io("read", path))?;
        let stat = Stat::of(&before);
        if stat == Stat::of(&after) {
            return Ok((value, Known { id: ObjectId::from_bytes([0; 32]), size: before.len(), stat, read: started }));
        }
    }
    Err(Error::Unstable(path.to_owned()))
}

impl<'a> Batch<'a> {
    pub fn new(cache: &'a Cache, links: &'a Links) -> Self {
        Self {
            cache,
            links,
            most: (MOST_OBJECTS, MOST_BYTES),
            scratch: OnceLock::new(),
            shares_disk: OnceLock::new(),
            pending: Mutex::default(),
        }
    }

    /// A batch that gives objects their names sooner: for what comes from a network.
    pub fn often(cache: &'a Cache, links: &'a Links) -> Self {
        Self { most: (OFTEN_OBJECTS, OFTEN_BYTES), ..Self::new(cache, links) }
    }

    /// A batch that is accepted together with others, whose unfinished files lie in one folder.
    pub fn beside(cache: &'a Cache, links: &'a Links, scratch: Arc<Scratch>) -> Self {
        Self { scratch: OnceLock::from(scratch), ..Self::new(cache, links) }
    }

    /// Makes the content of a file of the workspace an object.
    pub fn ingest(&self, path: &Path, executable: bool) -> Result<Known, Error> {
        for link in self.links.candidates(executable) {
            let known = match link {
                Link::Reflink => self.ingest_reflink(path),
                Link::Hardlink | Link::Symlink => self.ingest_adopted(path),
                Link::Copy => break,
            };
            if let Some(known) = known? {
                return Ok(known);
            }
        }
        self.ingest_copy(path)
    }

    /// Shares the file's blocks; what is hashed is the object. `None` where that is not possible.
    fn ingest_reflink(&self, path: &Path) -> Result<Option<Known>, Error> {
        let temporary = self.temporary()?;
        let cloned = stable(path, |_, _| {
            let _ = fs::remove_file(&temporary);
            match reflink_copy::reflink(path, &temporary) {
                Ok(()) => Ok(true),
                Err(error) if links::is_about_the_link(&error) => Ok(false),
                Err(error) => Err(error),
            }
        })?;
        let (true, known) = cloned else {
            self.links.give_up(Link::Reflink);
            let _ = fs::remove_file(&temporary);
            return Ok(None);
        };
        let id = ObjectId::of_file(&temporary).map_err(Error::io("read", &temporary))?;
        links::make_read_only(&temporary).map_err(Error::io("protect", &temporary))?;
        self.finish(temporary, id, known.size)?;
        Ok(Some(Known { id, ..known }))
    }

    /// Makes the file itself the object, a second name of it, for links that would replace it by one anyway; it gets that name
    /// when the batch is accepted. `None` if it has other names, through which the object could be changed, or lies elsewhere.
    fn ingest_adopted(&self, path: &Path) -> Result<Option<Known>, Error> {
        let meta = path.symlink_metadata().map_err(Error::io("read", path))?;
        if !meta.is_file() || !links::is_sole(&meta) || !*self.shares_disk.get_or_init(|| self.cache.shares_disk(&meta)) {
            return Ok(None);
        }
        let known = hash(path)?;
        if self.pending().seen.insert(known.id) && self.cache.verify(&known.id)? != Health::Whole(()) {
            let own = Own { path: path.to_owned(), id: known.id, stat: known.stat };
            self.count(known.size, |pending| pending.own.push(own))?;
        }
        Ok(Some(known))
    }

    fn ingest_copy(&self, path: &Path) -> Result<Known, Error> {
        let size = fs::metadata(path).map_err(Error::io("read", path))?.len();
        if size <= WHOLE {
            let (bytes, known) = stable(path, |file, meta| cache::whole(file, meta.len()))?;
            let id = ObjectId::of(&bytes);
            self.put(id, &bytes, false)?;
            return Ok(Known { id, ..known });
        }
        let temporary = self.temporary()?;
        let mut failed = None;
        let (id, known) = stable(path, |file, _| {
            let _ = fs::remove_file(&temporary);
            let mut copy = links::create_object(&temporary)?;
            cache::in_blocks(file, |block| copy.write_all(block).inspect_err(|error| failed = Some(error.kind())))
        })
        // Which side failed matters to the reader of the message: a full disk is the cache's.
        .map_err(|error| failed.map_or(error, |kind| Error::io("write", self.cache.scratch_dir())(kind.into())))?;
        self.finish(temporary, id, known.size)?;
        Ok(Known { id, ..known })
    }

    /// Makes bytes an object; `tree` for listings, which get their names last.
    pub fn put(&self, id: ObjectId, bytes: &[u8], tree: bool) -> Result<(), Error> {
        if !self.pending().seen.insert(id) || self.cache.holds(&id, bytes)? {
            return Ok(());
        }
        let temporary = self.temporary()?;
        links::write_object(&temporary, bytes).map_err(Error::io("write", &temporary))?;
        self.push(temporary, id, bytes.len() as u64, tree)
    }

    /// Makes a finished file in the cache's file system an object; its bytes were hashed by the caller.
    pub fn adopt(&self, file: PathBuf, id: ObjectId, size: u64) -> Result<(), Error> {
        links::make_read_only(&file).map_err(Error::io("protect", &file))?;
        self.finish(file, id, size)
    }

    /// Queues a temporary file whose content is `id`, unless the object is there and whole.
    fn finish(&self, temporary: PathBuf, id: ObjectId, size: u64) -> Result<(), Error> {
        if !self.pending().seen.insert(id) || self.cache.verify(&id)? == Health::Whole(()) {
            return fs::remove_file(&temporary).map_err(Error::io("remove", &temporary));
        }
        self.push(temporary, id, size, false)
    }

    fn push(&self, temporary: PathBuf, id: ObjectId, size: u64, tree: bool) -> Result<(), Error> {
        if tree {
            self.pending().trees.push((temporary, id));
            return Ok(());
        }
        self.count(size, |pending| pending.files.push((temporary, id)))
    }

    /// Queues a file, and accepts what is queued when that is a lot.
    fn count(&self, size: u64, queue: impl FnOnce(&mut Pending)) -> Result<(), Error> {
        let full = {
            let mut pending = self.pending();
            queue(&mut pending);
            pending.bytes += size;
            let full = pending.files.len() + pending.own.len() >= self.most.0 || pending.bytes >= self.most.1;
            full.then(|| {
                pending.bytes = 0;
                (std::mem::take(&mut pending.files), std::mem::take(&mut pending.own))
            })
        };
        full.map_or(Ok(()), |(files, own)| self.accept(&files, &own, &[]))
    }

    /// Makes everything durable and gives it its names.
    pub fn commit(self) -> Result<(), Error> {
        self.commit_so_far()
    }

    /// The same for what was put in until now.
    pub fn commit_so_far(&self) -> Result<(), Error> {
        let Pending { files, trees, own, .. } = std::mem::take(&mut *self.pending());
        self.accept(&files, &own, &trees)
    }

    /// Makes several batches durable with one wait for the disk, and says of each whether its objects got their names.
    ///
    /// # Errors
    /// What concerns all of them.
    pub fn commit_together(batches: &[&Self]) -> Result<Vec<Result<(), Error>>, Error> {
        let Some(first) = batches.first() else { return Ok(Vec::new()) };
        let pending: Vec<Pending> = batches.iter().map(|batch| std::mem::take(&mut *batch.pending())).collect();
        let files = || pending.iter().flat_map(|pending| pending.files.iter().chain(&pending.trees));
        // Whoever lost a file meanwhile hears of it alone, below.
        let own = || pending.iter().flat_map(|pending| &pending.own).filter(|own| own.path.exists());
        let ids: Vec<ObjectId> = files().map(|(_, id)| *id).chain(own().map(|own| own.id)).collect();
        if ids.is_empty() {
            return Ok(batches.iter().map(|_| Ok(())).collect());
        }
        first.sync(files().map(|(path, _)| path).chain(own().map(|own| &own.path)).cloned().collect())?;
        let accept = |pending: &Pending| {
            pending.files.iter().try_for_each(|(path, id)| first.cache.accept(path, id))?;
            pending.own.iter().try_for_each(|own| first.accept_own(own))?;
            pending.trees.iter().try_for_each(|(path, id)| first.cache.accept(path, id))
        };
        let done = pending.par_iter().map(accept).collect();
        let shards: HashSet<PathBuf> = ids.iter().filter_map(|id| first.cache.path(id).parent().map(Path::to_owned)).collect();
        let there = shards.into_iter().filter(|shard| shard.is_dir());
        first.sync(there.chain([first.cache.objects_dir()]).filter(|folder| folder.is_dir()).collect())?;
        Ok(done)
    }

    /// Removes what was written and is not wanted after all.
    pub fn discard(&self) {
        let Pending { files, trees, .. } = std::mem::take(&mut *self.pending());
        for (path, _) in files.iter().chain(&trees) {
            let _ = fs::remove_file(path);
        }
    }

    fn accept(&self, files: &[(PathBuf, ObjectId)], own: &[Own], trees: &[(PathBuf, ObjectId)]) -> Result<(), Error> {
        let ids: Vec<ObjectId> = files.iter().chain(trees).map(|(_, id)| *id).chain(own.iter().map(|own| own.id)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        self.sync(files.iter().chain(trees).map(|(path, _)| path).chain(own.iter().map(|own| &own.path)).cloned().collect())?;
        files.par_iter().try_for_each(|(path, id)| self.cache.accept(path, id))?;
        own.par_iter().try_for_each(|own| self.accept_own(own))?;
        trees.iter().try_for_each(|(path, id)| self.cache.accept(path, id))?;
        let shards: HashSet<PathBuf> = ids.iter().filter_map(|id| self.cache.path(id).parent().map(Path::to_owned)).collect();
        self.sync(shards.into_iter().chain([self.cache.objects_dir()]).collect())
    }

    /// Gives a file of the workspace its second name, if it still has the content that was hashed.
    fn accept_own(&self, own: &Own) -> Result<(), Error> {
        let Own { path, id, stat } = own;
        // Without write permission the content stays what was hashed, unless someone has the file open.
        links::make_read_only(path).map_err(Error::io("protect", path))?;
        let now = fs::symlink_metadata(path).map(|meta| Stat::of(&meta)).map_err(Error::io("read", path))?;
        if (now.size, now.modified, now.inode) != (stat.size, stat.modified, stat.inode) {
            return Err(Error::Unstable(path.clone()));
        }
        if self.cache.accept_link(path, id) {
            return Ok(());
        }
        // A file system that has no hard links, or no more of them.
        let temporary = self.temporary()?;
        let mut copy = links::create_object(&temporary).map_err(Error::io("write", &temporary))?;
        let mut file = File::open(path).map_err(Error::io("read", path))?;
        if cache::in_blocks(&mut file, |block| copy.write_all(block)).map_err(Error::io("copy", path))? != *id {
            return Err(Error::Unstable(path.clone()));
        }
        copy.sync_all().map_err(Error::io("sync", &temporary))?;
        self.cache.accept(&temporary, id)
    }

    fn sync(&self, paths: Vec<PathBuf>) -> Result<(), Error> {
        if paths.len() <= FEW + 1 {
            let sync = |path: &PathBuf| File::open(path).and_then(|file| file.sync_all()).map_err(Error::io("sync", path));
            return paths.par_iter().try_for_each(sync);
        }
        let folder = self.cache.scratch_dir();
        sync_file_system(&folder).map_err(Error::io("sync", &folder))
    }

    fn temporary(&self) -> Result<PathBuf, Error> {
        if let Some(scratch) = self.scratch.get() {
            return Ok(scratch.path());
        }
        let new = Arc::new(Scratch::new(&self.cache.scratch_dir())?);
        Ok(self.scratch.get_or_init(|| new).path())
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(target_os = "linux")]
pub fn sync_file_system(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

#[cfg(all(unix, not(target_os = "linux")))]
pub fn sync_file_system(_: &Path) -> io::Result<()> {
    rustix::fs::sync();
    Ok(())
}

#[cfg(not(unix))]
pub fn sync_file_system(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A stop between two files.
pub fn check(interrupt: &crate::observer::Interrupt) -> Result<(), Error> {
    if interrupt.is_raised() { Err(Error::Interrupted) } else { Ok(()) }
}
