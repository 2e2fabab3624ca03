//! The folder of objects: where they are, whether they are there, whether they are whole.
//!
//! `b3/ab/cdef…` holds the object whose id begins with `abcdef…`; `tmp/` what is being written;
//! `damaged/` what did not have the bytes of its name, kept under that name for whoever wants to
//! look. An object in `b3/` is complete, since it gets its name by a rename after it was written;
//! it may have been damaged since, so its bytes are hashed whenever they are read.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::Error;
use crate::digest::ObjectId;

/// Files up to this size are read in one piece; larger ones in blocks, hashed by several threads.
pub const WHOLE: u64 = 8 << 20;

/// The size of those blocks.
pub const BLOCK: usize = 4 << 20;

/// The objects of one cache folder, which several repositories may share.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

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
        Self { folder }
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

    /// An object's bytes, verified. For small objects: listings.
    pub fn read(&self, id: &ObjectId) -> Result<Health<Vec<u8>>, Error> {
        let path = self.path(id);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Health::Missing),
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        if ObjectId::of(&bytes) == *id {
            return Ok(Health::Whole(bytes));
        }
        self.set_aside(id)?;
        Ok(Health::Damaged)
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
        match fs::rename(&path, folder.join(id.hex())) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("set aside", &path)(error)),
            _ => Ok(()),
        }
    }

    /// Gives a finished file its name as an object.
    pub fn accept(&self, finished: &Path, id: &ObjectId) -> Result<(), Error> {
        let path = self.path(id);
        match fs::rename(finished, &path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let shard = path.parent().unwrap_or(&self.folder);
                fs::create_dir_all(shard).map_err(Error::io("create", shard))?;
                fs::rename(finished, &path).map_err(Error::io("write", &path))
            }
            done => done.map_err(Error::io("write", &path)),
        }
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
        let mut filled = 0;
        while filled < block.len() {
            match file.read(&mut block[filled..])? {
                0 => break,
                n => filled += n,
            }
        }
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
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read(&mut bytes[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}
