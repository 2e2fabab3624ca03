//! The stat index, `.derm/index`: what was hashed, so that an unchanged file is not read again.
//!
//! ```text
//! index   = "dermindx" version:u32=1 folders:u32 folder*  checksum:[32]
//! folder  = path_length:u32 path files:u32 file*          path: relative to the root, `/` between parts
//! file    = name_length:u16 name size:u64 modified:i64 changed:i64 inode:u64 id:[32]
//! ```
//!
//! Integers are little-endian, folders and names sorted; `checksum` is the BLAKE3 hash of all bytes before it. The file is read in
//! one go on first use, never at start-up, and replaced by a rename without waiting for the disk: it
//! holds nothing that cannot be found again. An index that is damaged, cut or of another version counts as
//! empty. Of two processes the last to write wins; what the other knew is hashed again.
//! When an entry may be trusted is said in [`super::stat`].

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::Error;
use super::stat::Stat;
use crate::digest::ObjectId;
use crate::relpath::RelPath;
use crate::workspace::atomic::AtomicFile;

const HEAD: &[u8; 12] = b"dermindx\x01\0\0\0";

/// One hashed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub name: Box<str>,
    pub stat: Stat,
    pub id: ObjectId,
}

/// The records of one folder, sorted by name.
pub type Table = Vec<Record>;

/// What becomes of one file's record; `None` forgets it.
type Update = Option<(Stat, ObjectId)>;

/// The index of one repository.
pub struct Index {
    path: PathBuf,
    state: OnceLock<Mutex<State>>,
}

#[derive(Default)]
struct State {
    folders: HashMap<String, Arc<Table>>,
    changed: bool,
}

impl Index {
    pub fn new(path: PathBuf) -> Self {
        Self { path, state: OnceLock::new() }
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let state = self.state.get_or_init(|| {
            let folders = std::fs::read(&self.path).ok().and_then(|bytes| decode(&bytes)).unwrap_or_default();
            Mutex::new(State { folders, changed: false })
        });
        // A panic elsewhere leaves whole tables: the data behind a poisoned lock is still good.
        act(&mut state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is known about the files of `folder`.
    pub fn folder(&self, folder: &RelPath) -> Arc<Table> {
        self.with(|state| state.folders.get(folder.as_str()).cloned().unwrap_or_default())
    }

    /// Replaces all that is known about the files of `folder`.
    pub fn put_folder(&self, folder: &RelPath, table: Table) {
        self.with(|state| {
            if state.folders.get(folder.as_str()).is_some_and(|old| **old == table) {
                return;
            }
            state.changed = true;
            if table.is_empty() {
                state.folders.remove(folder.as_str());
            } else {
                state.folders.insert(folder.as_str().to_owned(), Arc::new(table));
            }
        });
    }

    /// Records files one by one: `(path, fingerprint, content)`; `None` forgets the path.
    pub fn put(&self, files: impl IntoIterator<Item = (RelPath, Update)>) {
        let mut by_folder: HashMap<RelPath, Vec<(String, Update)>> = HashMap::new();
        for (path, known) in files {
            if let (Some(folder), Some(name)) = (path.parent(), path.name()) {
                by_folder.entry(folder).or_default().push((name.to_owned(), known));
            }
        }
        for (folder, files) in by_folder {
            let mut records: HashMap<Box<str>, Record> = self.folder(&folder).iter().map(|r| (r.name.clone(), r.clone())).collect();
            for (name, known) in files {
                let name: Box<str> = name.into();
                match known {
                    Some((stat, id)) => records.insert(name.clone(), Record { name, stat, id }),
                    None => records.remove(&name),
                };
            }
            let mut table: Table = records.into_values().collect();
            table.sort_by(|a, b| a.name.cmp(&b.name));
            self.put_folder(&folder, table);
        }
    }

    /// What was known below `from` is known below `to`: a rename leaves the files inside a folder as they are.
    pub fn rename(&self, from: &RelPath, to: &RelPath) {
        self.with(|state| {
            let inside = |folder: &String| RelPath::new(folder).is_ok_and(|folder| folder.is_within(from));
            let moved: Vec<String> = state.folders.keys().filter(|folder| inside(folder)).cloned().collect();
            for folder in moved {
                if let Some(table) = state.folders.remove(&folder) {
                    state.folders.insert(format!("{}{}", to.as_str(), &folder[from.as_str().len()..]), table);
                    state.changed = true;
                }
            }
        });
    }

    /// Writes the index if it changed, without folders that are gone from below `root`.
    pub fn flush(&self, root: &Path) -> Result<(), Error> {
        if self.state.get().is_none() {
            return Ok(());
        }
        let bytes = self.with(|state| {
            if !std::mem::take(&mut state.changed) {
                return None;
            }
            state.folders.retain(|folder, _| root.join(folder).is_dir());
            Some(encode(&state.folders))
        });
        let Some(bytes) = bytes else { return Ok(()) };
        let mut file = AtomicFile::create(&self.path)?;
        file.write_all(&bytes).map_err(Error::io("write", &self.path))?;
        Ok(file.commit_unsynced()?)
    }
}

/// The record of `name`.
pub fn find<'a>(table: &'a Table, name: &str) -> Option<&'a Record> {
    let at = table.binary_search_by(|record| (*record.name).cmp(name)).ok()?;
    table.get(at)
}

fn encode(folders: &HashMap<String, Arc<Table>>) -> Vec<u8> {
    let mut sorted: Vec<_> = folders.iter().collect();
    sorted.sort();
    let mut out = HEAD.to_vec();
    out.extend_from_slice(&(sorted.len() as u32).to_le_bytes());
    for (folder, table) in sorted {
        out.extend_from_slice(&(folder.len() as u32).to_le_bytes());
        out.extend_from_slice(folder.as_bytes());
        out.extend_from_slice(&(table.len() as u32).to_le_bytes());
        for Record { name, stat, id } in table.iter() {
            out.extend_from_slice(&(name.len() as u16).to_le_bytes());
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(&stat.size.to_le_bytes());
            out.extend_from_slice(&stat.modified.to_le_bytes());
            out.extend_from_slice(&stat.changed.to_le_bytes());
            out.extend_from_slice(&stat.inode.to_le_bytes());
            out.extend_from_slice(id.as_bytes());
        }
    }
    let checksum = ObjectId::of(&out);
    out.extend_from_slice(checksum.as_bytes());
    out
}

impl PartialOrd for Record {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Record {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(&other.name)
    }
}

/// `None` for anything but a whole index.
fn decode(bytes: &[u8]) -> Option<HashMap<String, Arc<Table>>> {
    let (body, checksum) = bytes.split_last_chunk::<32>()?;
    if ObjectId::of(body).as_bytes() != checksum {
        return None;
    }
    let mut input = body.strip_prefix(HEAD.as_slice())?;
    let mut folders = HashMap::new();
    for _ in 0..u32::from_le_bytes(take(&mut input)?) {
        let length = u32::from_le_bytes(take(&mut input)?) as usize;
        let folder = text(&mut input, length)?;
        let files = u32::from_le_bytes(take(&mut input)?) as usize;
        let mut table = Table::with_capacity(files.min(input.len() / 66));
        for _ in 0..files {
            table.push(record(&mut input)?);
        }
        folders.insert(folder.to_owned(), Arc::new(table));
    }
    input.is_empty().then_some(folders)
}

fn record(input: &mut &[u8]) -> Option<Record> {
    let length = u16::from_le_bytes(take(input)?).into();
    let name = text(input, length)?.into();
    let size = u64::from_le_bytes(take(input)?);
    let modified = i64::from_le_bytes(take(input)?);
    let changed = i64::from_le_bytes(take(input)?);
    let inode = u64::from_le_bytes(take(input)?);
    Some(Record { name, stat: Stat { size, modified, changed, inode }, id: ObjectId::from_bytes(take(input)?) })
}

fn take<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = input.split_first_chunk::<N>()?;
    *input = rest;
    Some(*head)
}

fn text<'a>(input: &mut &'a [u8], length: usize) -> Option<&'a str> {
    let (head, rest) = input.split_at_checked(length)?;
    *input = rest;
    std::str::from_utf8(head).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table() -> Table {
        let stat = Stat { size: 3, modified: -5, changed: 7, inode: 9 };
        ["a.jpg", "b.jpg"].map(|name| Record { name: name.into(), stat, id: ObjectId::of(name.as_bytes()) }).to_vec()
    }

    #[test]
    fn what_was_written_is_read_and_damage_reads_as_empty() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let path = folder.path().join("index");
        let (data, gone) = (RelPath::new("data").unwrap(), RelPath::new("gone").unwrap());
        let index = Index::new(path.clone());
        index.put_folder(&data, table());
        index.put_folder(&gone, table());
        index.flush(folder.path()).unwrap();
        assert_eq!(*Index::new(path.clone()).folder(&data), table());
        assert!(Index::new(path.clone()).folder(&gone).is_empty(), "a folder that is gone is forgotten");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[40] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(Index::new(path).folder(&data).is_empty());
    }

    #[test]
    fn single_files_join_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::new(folder.path().join("index"));
        let path = |name: &str| RelPath::new(name).unwrap();
        let known = |name: &str| Some((Stat::default(), ObjectId::of(name.as_bytes())));
        index.put([(path("d/b"), known("b")), (path("d/a"), known("a"))]);
        index.put([(path("d/b"), None), (path("d/c"), known("c"))]);
        let names: Vec<_> = index.folder(&path("d")).iter().map(|r| r.name.to_string()).collect();
        assert_eq!(names, ["a", "c"]);
    }

    proptest! {
        #[test]
        fn bytes_with_a_right_checksum_never_panic(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&noise);
            let mut bytes = [HEAD.as_slice(), &noise].concat();
            bytes.extend_from_slice(ObjectId::of(&bytes.clone()).as_bytes());
            let _ = decode(&bytes);
        }
    }
}
