//! Large objects on their way here, so that a transfer that was stopped goes on.
//!
//! `CACHE/partial/ID` holds the first bytes of an object: a few blocks are asked for at a time and appended in their order, so its
//! length says where to go on. It is locked by whoever writes it; a second process uses a file of its own. Nothing in it is trusted: the
//! whole is hashed at the end, and one that went on from an earlier attempt and came out wrong is fetched again from its beginning.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::holdings::object_path;
use super::pool::on_threads;
use super::{Error, Remote};
use crate::digest::ObjectId;
use crate::store::cache::Cache;

/// Objects above this size come in blocks.
pub const LARGE: u64 = 16 << 20;

const BLOCK: u64 = 8 << 20;

/// So many blocks of one object are asked for at once.
const ABREAST: usize = 4;

/// What became of a download.
pub enum Arrived {
    /// A file with the object's bytes.
    Whole(PathBuf),
    /// The remote has other bytes under this name.
    Wrong,
    /// The remote has it no more.
    Gone,
}

/// Brings a loose object of this size to a file in the cache's file system.
pub fn download(remote: &Remote, cache: &Cache, id: &ObjectId, size: u64, progress: &(dyn Fn(u64) + Sync)) -> Result<Arrived, Error> {
    Download { remote, id, size, progress }.to_cache(cache)
}

/// Where a block starts, and its bytes; `None` when the remote has them no more.
type Block = (u64, Option<Vec<u8>>);

/// One object on its way.
struct Download<'a> {
    remote: &'a Remote,
    id: &'a ObjectId,
    size: u64,
    progress: &'a (dyn Fn(u64) + Sync),
}

impl Download<'_> {
    fn to_cache(&self, cache: &Cache) -> Result<Arrived, Error> {
        let folder = cache.partial_dir();
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let path = folder.join(self.id.hex());
        let opened = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(Error::io("write", &path))?;
        if file.try_lock().is_err() {
            let own = folder.join(format!("{}-{}", self.id.hex(), std::process::id()));
            let mut file = File::create(&own).map_err(Error::io("write", &own))?;
            return self.finish(&mut file, &own, 0);
        }
        let have = file.metadata().map_err(Error::io("read", &path))?.len().min(self.size) / BLOCK * BLOCK;
        if have > 0 {
            (self.progress)(have);
            if let Arrived::Whole(path) = self.finish(&mut file, &path, have)? {
                return Ok(Arrived::Whole(path));
            }
            file = File::create(&path).map_err(Error::io("write", &path))?;
        }
        self.finish(&mut file, &path, 0)
    }

    /// Fetches what is missing from `have` on, and looks whether the whole is right.
    fn finish(&self, file: &mut File, path: &Path, have: u64) -> Result<Arrived, Error> {
        let whole = self.append(file, path, have)?;
        if whole && ObjectId::of_file(path).map_err(Error::io("read", path))? == *self.id {
            return Ok(Arrived::Whole(path.to_owned()));
        }
        let _ = fs::remove_file(path);
        Ok(if whole { Arrived::Wrong } else { Arrived::Gone })
    }

    /// `false` when the remote has no such file any more.
    fn append(&self, file: &mut File, path: &Path, have: u64) -> Result<bool, Error> {
        file.set_len(have).and_then(|()| file.seek(SeekFrom::Start(have))).map_err(Error::io("write", path))?;
        let mut at = have;
        while at < self.size {
            for (start, bytes) in self.blocks(at)? {
                let Some(bytes) = bytes else { return Ok(false) };
                file.write_all(&bytes).map_err(Error::io("write", path))?;
                at = start + BLOCK;
                if (bytes.len() as u64) < BLOCK.min(self.size - start) {
                    // Shorter than it says: the hash will tell.
                    return Ok(true);
                }
            }
        }
        Ok(true)
    }

    /// The next few blocks from `at` on, in their order, each with where it starts.
    fn blocks(&self, at: u64) -> Result<Vec<Block>, Error> {
        let object = object_path(self.id);
        let starts: Vec<u64> = (0..ABREAST as u64).map(|n| at + n * BLOCK).filter(|start| *start < self.size).collect();
        let blocks: Mutex<Vec<Block>> = Mutex::default();
        on_threads(ABREAST, &starts, |start| {
            let range = *start..(start + BLOCK).min(self.size);
            let bytes = self.remote.at(&object, self.remote.transport.read(&object, Some(range)))?;
            (self.progress)(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64));
            blocks.lock().unwrap_or_else(PoisonError::into_inner).push((*start, bytes));
            Ok::<(), Error>(())
        })?;
        let mut blocks = blocks.into_inner().unwrap_or_else(PoisonError::into_inner);
        blocks.sort_by_key(|(start, _)| *start);
        Ok(blocks)
    }
}
