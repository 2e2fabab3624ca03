//! A remote in a local or mounted folder. What is written gets its name by a rename: a large file from `tmp/`, a small one from a
//! `.derm-tmp-…` beside it, because many renames between two folders wait for each other. One sync at the end of a push makes
//! all of it durable; what a killed push left is passed over by readers, and removed by a collection on the remote.

use std::fs::{self, File};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::fault::Fault;
use super::transport::{Listed, Progress, Transport};
use crate::digest::{ObjectId, fill};
use crate::observer::Interrupt;
use crate::store::cache::{self, BLOCK, WHOLE};
use crate::workspace::atomic::TEMP_PREFIX;

/// A folder of objects.
pub struct Folder {
    root: PathBuf,
    interrupt: Interrupt,
    next: AtomicU64,
}

impl Folder {
    /// `root` need not exist yet.
    pub fn new(root: PathBuf, interrupt: Interrupt) -> Self {
        Self { root, interrupt, next: AtomicU64::new(0) }
    }

    fn disk(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn check(&self) -> Result<(), Fault> {
        if self.interrupt.is_raised() { Err(Fault::Interrupted) } else { Ok(()) }
    }

    /// Writes a new file beside `path`, to be renamed to it.
    fn write_beside(&self, path: &str, bytes: &[u8]) -> Result<PathBuf, Fault> {
        let to = self.disk(path);
        let folder = to.parent().unwrap_or(&self.root);
        let temporary = folder.join(format!("{TEMP_PREFIX}{}-{}", std::process::id(), self.next.fetch_add(1, Ordering::Relaxed)));
        let created = File::create(&temporary).or_else(|error| match error.kind() {
            ErrorKind::NotFound => fs::create_dir_all(folder).and_then(|()| File::create(&temporary)),
            _ => Err(error),
        });
        created.and_then(|mut file| file.write_all(bytes)).map_err(|error| {
            let _ = fs::remove_file(&temporary);
            Fault::io("write", &to)(error)
        })?;
        Ok(temporary)
    }

    /// Renames a finished file to its place.
    fn place(&self, temporary: &Path, path: &str) -> Result<(), Fault> {
        let to = self.disk(path);
        let failed = |error| {
            let _ = fs::remove_file(temporary);
            Fault::io("write", &to)(error)
        };
        match fs::rename(temporary, &to) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let folder = to.parent().unwrap_or(&self.root);
                fs::create_dir_all(folder).map_err(Fault::io("create", folder))?;
                fs::rename(temporary, &to).map_err(failed)
            }
            done => done.map_err(failed),
        }
    }

    fn walk(&self, folder: &Path, each: &mut dyn FnMut(Listed)) -> Result<(), Fault> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
            Err(error) => return Err(Fault::io("list", folder)(error)),
        };
        for entry in entries {
            self.check()?;
            let path = entry.map_err(Fault::io("list", folder))?.path();
            // What vanished since it was listed is not there.
            let Ok(meta) = path.symlink_metadata() else { continue };
            if meta.is_dir() {
                self.walk(&path, each)?;
            } else if let Some(relative) = path.strip_prefix(&self.root).ok().and_then(Path::to_str) {
                each(Listed { path: relative, size: meta.len(), modified: meta.modified().unwrap_or(SystemTime::now()) });
            }
        }
        Ok(())
    }

    /// Copies a large file to `to`, first skipping what is there already and the same.
    fn copy(&self, from: &mut File, to: &Path, progress: Progress) -> Result<ObjectId, Fault> {
        let opened = File::options().read(true).write(true).create(true).truncate(false).open(to);
        let mut there = opened.map_err(Fault::io("write", to))?;
        let mut hasher = blake3::Hasher::new();
        let (mut block, mut old) = (vec![0; BLOCK], vec![0; BLOCK]);
        let mut at = 0;
        let mut skipping = true;
        loop {
            self.check()?;
            let filled = fill(from, &mut block).map_err(Fault::io("read", to))?;
            if filled == 0 {
                there.set_len(at).map_err(Fault::io("write", to))?;
                return Ok(ObjectId::from_bytes(*hasher.finalize().as_bytes()));
            }
            hasher.update_rayon(&block[..filled]);
            if skipping {
                let read = fill(&mut there, &mut old[..filled]).map_err(Fault::io("read", to))?;
                skipping = read == filled && old[..filled] == block[..filled];
            }
            if !skipping {
                there.seek(SeekFrom::Start(at)).and_then(|_| there.write_all(&block[..filled])).map_err(Fault::io("write", to))?;
            }
            at += filled as u64;
            progress(filled as u64);
        }
    }
}

impl Transport for Folder {
    fn is_near(&self) -> bool {
        true
    }

    fn read(&self, path: &str, range: Option<Range<u64>>) -> Result<Option<Vec<u8>>, Fault> {
        self.check()?;
        let disk = self.disk(path);
        let mut file = match File::open(&disk) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(error) => return Err(Fault::io("read", &disk)(error)),
        };
        let bytes = match range {
            None => file.metadata().and_then(|meta| cache::whole(&mut file, meta.len())),
            Some(range) => file.seek(SeekFrom::Start(range.start)).and_then(|_| cache::whole(&mut file, range.end - range.start)),
        };
        bytes.map(Some).map_err(Fault::io("read", &disk))
    }

    fn size(&self, path: &str) -> Result<Option<u64>, Fault> {
        let disk = self.disk(path);
        match disk.symlink_metadata() {
            Ok(meta) => Ok(meta.is_file().then_some(meta.len())),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(Fault::io("read", &disk)(error)),
        }
    }

    fn list(&self, folder: &str, each: &mut dyn FnMut(Listed)) -> Result<(), Fault> {
        self.walk(&self.disk(folder), each)
    }

    fn write(&self, path: &str, bytes: Vec<u8>) -> Result<(), Fault> {
        self.check()?;
        let temporary = self.write_beside(path, &bytes)?;
        self.place(&temporary, path)
    }

    fn upload(&self, path: &str, from: &Path, id: &ObjectId, size: u64, _: &Path, progress: Progress) -> Result<(), Fault> {
        let mut file = File::open(from).map_err(Fault::io("read", from))?;
        let (found, temporary) = if size <= WHOLE {
            let bytes = cache::whole(&mut file, size).map_err(Fault::io("read", from))?;
            let temporary = self.write_beside(path, &bytes)?;
            progress(size);
            (ObjectId::of(&bytes), temporary)
        } else {
            // Under a name that the next attempt finds. Two machines that push the same file write the same bytes.
            let base = self.root.join("tmp");
            fs::create_dir_all(&base).map_err(Fault::io("create", &base))?;
            let temporary = base.join(format!("{}.part", id.hex()));
            (self.copy(&mut file, &temporary, progress)?, temporary)
        };
        if found != *id {
            let _ = fs::remove_file(&temporary);
            return Err(Fault::Failed(format!("`{}` is damaged", from.display())));
        }
        self.place(&temporary, path)
    }

    fn download(&self, path: &str, to: &Path, progress: Progress) -> Result<bool, Fault> {
        let disk = self.disk(path);
        let mut file = match File::open(&disk) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(false),
            Err(error) => return Err(Fault::io("read", &disk)(error)),
        };
        let mut copy = File::create_new(to).map_err(Fault::io("write", to))?;
        let mut block = vec![0; BLOCK];
        loop {
            self.check()?;
            let filled = fill(&mut file, &mut block).map_err(Fault::io("read", &disk))?;
            if filled == 0 {
                return Ok(true);
            }
            copy.write_all(&block[..filled]).map_err(Fault::io("write", to))?;
            progress(filled as u64);
        }
    }

    fn stamp(&self, path: &str) -> Result<Option<String>, Fault> {
        let disk = self.disk(path);
        match disk.metadata() {
            Ok(meta) => {
                let stat = crate::store::Stat::of(&meta);
                Ok(meta.is_file().then(|| format!("{}-{}", stat.size, stat.modified)))
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(Fault::io("read", &disk)(error)),
        }
    }

    fn remove(&self, path: &str) -> Result<(), Fault> {
        let disk = self.disk(path);
        match fs::remove_file(&disk) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Fault::io("remove", &disk)(error)),
            _ => Ok(()),
        }
    }

    fn settle(&self) -> Result<(), Fault> {
        crate::store::batch::sync_file_system(&self.root).map_err(Fault::io("sync", &self.root))
    }
}
