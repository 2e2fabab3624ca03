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
    let folder = cache.partial_dir();
    fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    let path = folder.join(id.hex());
    let opened = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = opened.map_err(Error::io("write", &path))?;
    if file.try_lock().is_err() {
        let own = folder.join(format!("{}-{}", id.hex(), std::process::id()));
        let mut file = File::create(&own).map_err(Error::io("write", &own))?;
        return finish(remote, id, size, &mut file, &own, 0, progress);
    }
    let have = file.metadata().map_err(Error::io("read", &path))?.len().min(size) / BLOCK * BLOCK;
    if have > 0 {
        progress(have);
        if let Arrived::Whole(path) = finish(remote, id, size, &mut file, &path, have, progress)? {
            return Ok(Arrived::Whole(path));
        }
        file = File::create(&path).map_err(Error::io("write", &path))?;
    }
    finish(remote, id, size, &mut file, &path, 0, progress)
}

/// Fetches what is missing from `have` on, and looks whether the whole is right.
fn finish(
    remote: &Remote,
    id: &ObjectId,
    size: u64,
    file: &mut File,
    path: &Path,
    have: u64,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Arrived, Error> {
    let whole = append(remote, id, size, file, path, have, progress)?;
    if whole && ObjectId::of_file(path).map_err(Error::io("read", path))? == *id {
        return Ok(Arrived::Whole(path.to_owned()));
    }
    let _ = fs::remove_file(path);
    Ok(if whole { Arrived::Wrong } else { Arrived::Gone })
}

/// `false` when the remote has no such file any more.
fn append(
    remote: &Remote,
    id: &ObjectId,
    size: u64,
    file: &mut File,
    path: &Path,
    have: u64,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<bool, Error> {
    let object = object_path(id);
    let mut at = have;
    file.set_len(at).and_then(|()| file.seek(SeekFrom::Start(at))).map_err(Error::io("write", path))?;
    while at < size {
        let starts: Vec<u64> = (0..ABREAST as u64).map(|n| at + n * BLOCK).filter(|start| *start < size).collect();
        let blocks: Mutex<Vec<(u64, Option<Vec<u8>>)>> = Mutex::default();
        on_threads(ABREAST, &starts, |start| {
            let bytes = remote.at(&object, remote.transport.read(&object, Some(*start..(start + BLOCK).min(size))))?;
            progress(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64));
            blocks.lock().unwrap_or_else(PoisonError::into_inner).push((*start, bytes));
            Ok::<(), Error>(())
        })?;
        let mut blocks = blocks.into_inner().unwrap_or_else(PoisonError::into_inner);
        blocks.sort_by_key(|(start, _)| *start);
        for (start, bytes) in blocks {
            let Some(bytes) = bytes else { return Ok(false) };
            file.write_all(&bytes).map_err(Error::io("write", path))?;
            at = start + BLOCK;
            if (bytes.len() as u64) < BLOCK.min(size - start) {
                // Shorter than it says: the hash will tell.
                return Ok(true);
            }
        }
    }
    Ok(true)
}
