//! The stat index, `.derm/index`: what was hashed, so that an unchanged file is not read again.
//!
//! ```text
//! index   = "dermindx" version:u32=3 folders:u32 length:u64 folder* checksum:[32] table*
//! folder  = path_length:u32 path table_length:u64 checksum:[32] listing:[32] size:u64
//!                                                                 path: relative to the root, `/` between parts
//! table   = file*                                                 in the order of the folders, without gaps
//! file    = name_length:u16 name size:u64 modified:i64 changed:i64 inode:u64 id:[32] stored:i64
//! ```
//!
//! Integers are little-endian, folders and names sorted; `length` is that of all folders' lines, and a `checksum` is the BLAKE3 hash
//! of what it stands behind: of everything from the beginning, or of a table. `stored` is about the cache: the change time of the
//! folder there in which the object's name stands, at a moment when the name was there, negative when it was not, 0 when nobody
//! looked. As long as that folder does not change, the name is not looked for again. `listing` is the id of the folder's
//! [listing](super::tree) and `size` the bytes of its files, as long as the table holds all that is in the folder, zeros otherwise: of a
//! folder whose files all are what the table says, the listing need not be made again to know its id.
//!
//! The file is read in one go on first use, never at start-up; a folder's table is checked and searched where it lies when
//! the folder is first asked for, so that a million names are no million strings. (A memory map would
//! need `unsafe`, and a file can be cut under its reader; whether one would be faster has not been measured.) It is replaced by a rename
//! without waiting for the disk: it holds nothing that cannot be found again. An index of another version counts as empty, and so
//! does a table that is damaged or cut. Of two processes the last to write wins; what the other knew is hashed again.
//! When an entry may be trusted is said in [`super::stat`].

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::Error;
use super::stat::Stat;
use crate::digest::ObjectId;
use crate::relpath::RelPath;
use crate::workspace::atomic::AtomicFile;

const HEAD: &[u8; 12] = b"dermindx\x03\0\0\0";

/// Stands for none in the file.
const NO_LISTING: Listing = Listing { id: ObjectId::from_bytes([0; 32]), size: 0 };

/// A record without its name.
const FIXED: usize = 4 * 8 + 32 + 8;

/// One hashed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    pub stat: Stat,
    pub id: ObjectId,
    /// See the module's page.
    pub stored: i64,
}

impl Record {
    pub fn new(stat: Stat, id: ObjectId) -> Self {
        Self { stat, id, stored: 0 }
    }
}

/// What a folder's listing is while its files are what the table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    pub id: ObjectId,
    /// Bytes of all files.
    pub size: u64,
}

/// The records of one folder, sorted by name, as they stand in the file.
#[derive(Clone, Debug, Default)]
pub struct Table {
    bytes: Arc<Vec<u8>>,
    range: Range<usize>,
    /// Where each record begins in the range.
    starts: Vec<u32>,
    listing: Option<Listing>,
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        (self.raw(), self.listing) == (other.raw(), other.listing)
    }
}

impl Table {
    /// From records in any order; of two with one name the last stays.
    pub fn new<'a>(records: impl IntoIterator<Item = (&'a str, Record)>) -> Self {
        let mut sorted: Vec<(&str, Record)> = records.into_iter().collect();
        sorted.sort_by(|a, b| a.0.cmp(b.0));
        let mut bytes = Vec::with_capacity(sorted.iter().map(|(name, _)| 2 + name.len() + FIXED).sum());
        let mut starts = Vec::with_capacity(sorted.len());
        for (at, (name, record)) in sorted.iter().enumerate() {
            if sorted.get(at + 1).is_some_and(|next| next.0 == *name) {
                continue;
            }
            starts.push(bytes.len() as u32);
            put_record(&mut bytes, name, record);
        }
        Self { range: 0..bytes.len(), bytes: Arc::new(bytes), starts, listing: None }
    }

    /// The same table, which holds all that is in the folder, with the folder's listing.
    pub fn with_listing(self, listing: Listing) -> Self {
        Self { listing: Some(listing), ..self }
    }

    /// The folder's listing, if all that is in the folder is what the records say.
    pub fn listing(&self) -> Option<Listing> {
        self.listing
    }

    /// From bytes; `None` when they are no table.
    fn read(bytes: &Arc<Vec<u8>>, range: Range<usize>, listing: Option<Listing>) -> Option<Self> {
        let raw = bytes.get(range.clone())?;
        let mut starts = Vec::with_capacity(raw.len() / (FIXED + 16));
        let mut at = 0;
        let mut last: &[u8] = &[];
        while at < raw.len() {
            let (length, rest) = raw.get(at..)?.split_first_chunk::<2>()?;
            let length = usize::from(u16::from_le_bytes(*length));
            let name = rest.get(..length)?;
            rest.get(length..length + FIXED)?;
            if at > 0 && name <= last {
                return None;
            }
            last = name;
            starts.push(u32::try_from(at).ok()?);
            at += 2 + length + FIXED;
        }
        Some(Self { bytes: bytes.clone(), range, starts, listing })
    }

    fn raw(&self) -> &[u8] {
        self.bytes.get(self.range.clone()).unwrap_or_default()
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    fn name(&self, start: u32) -> &[u8] {
        let rest = self.raw().get(start as usize..).unwrap_or_default();
        rest.split_first_chunk::<2>().and_then(|(length, rest)| rest.get(..usize::from(u16::from_le_bytes(*length)))).unwrap_or_default()
    }

    fn record(&self, start: u32) -> Option<Record> {
        let mut rest = self.raw().get(start as usize + 2 + self.name(start).len()..)?;
        let size = u64::from_le_bytes(take(&mut rest)?);
        let modified = i64::from_le_bytes(take(&mut rest)?);
        let changed = i64::from_le_bytes(take(&mut rest)?);
        let inode = u64::from_le_bytes(take(&mut rest)?);
        let id = ObjectId::from_bytes(take(&mut rest)?);
        Some(Record { stat: Stat { size, modified, changed, inode }, id, stored: i64::from_le_bytes(take(&mut rest)?) })
    }

    /// The record of `name`.
    pub fn find(&self, name: &str) -> Option<Record> {
        let at = self.starts.binary_search_by(|start| self.name(*start).cmp(name.as_bytes())).ok()?;
        self.record(*self.starts.get(at)?)
    }

    /// Names and records in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Record)> {
        self.starts.iter().filter_map(|start| Some((std::str::from_utf8(self.name(*start)).ok()?, self.record(*start)?)))
    }
}

fn put_record(out: &mut Vec<u8>, name: &str, record: &Record) {
    out.extend_from_slice(&(name.len() as u16).to_le_bytes());
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(&record.stat.size.to_le_bytes());
    out.extend_from_slice(&record.stat.modified.to_le_bytes());
    out.extend_from_slice(&record.stat.changed.to_le_bytes());
    out.extend_from_slice(&record.stat.inode.to_le_bytes());
    out.extend_from_slice(record.id.as_bytes());
    out.extend_from_slice(&record.stored.to_le_bytes());
}

/// What becomes of one file's record; `None` forgets it.
type Update = Option<Record>;

/// A table that may not have been looked at yet.
#[derive(Clone, Debug)]
enum Slot {
    Unread(Line),
    Read(Arc<Table>),
}

/// What the head says of a table.
#[derive(Clone, Debug)]
struct Line {
    range: Range<usize>,
    checksum: [u8; 32],
    listing: Option<Listing>,
}

/// Records that become trustworthy at a moment that has not come yet.
struct Young {
    ready: Instant,
    files: Vec<(String, Update)>,
}

/// The index of one repository.
pub struct Index {
    path: PathBuf,
    state: OnceLock<Mutex<State>>,
}

#[derive(Default)]
struct State {
    bytes: Arc<Vec<u8>>,
    folders: HashMap<String, Slot>,
    young: HashMap<String, Young>,
    changed: bool,
}

impl State {
    fn folder(&mut self, folder: &str) -> Arc<Table> {
        match self.folders.get(folder) {
            None => Arc::default(),
            Some(Slot::Read(table)) => table.clone(),
            Some(Slot::Unread(Line { range, checksum, listing })) => {
                let whole = self.bytes.get(range.clone()).is_some_and(|raw| ObjectId::of(raw).as_bytes() == checksum);
                let table = Arc::new(Table::read(&self.bytes, range.clone(), *listing).filter(|_| whole).unwrap_or_default());
                self.folders.insert(folder.to_owned(), Slot::Read(table.clone()));
                table
            }
        }
    }

    fn put_folder(&mut self, folder: &str, table: Table) {
        if *self.folder(folder) == table {
            return;
        }
        self.changed = true;
        if table.is_empty() {
            self.folders.remove(folder);
        } else {
            self.folders.insert(folder.to_owned(), Slot::Read(Arc::new(table)));
        }
    }

    fn put(&mut self, folder: &str, files: Vec<(String, Update)>) {
        let old = self.folder(folder);
        let updates: BTreeMap<String, Update> = files.into_iter().collect();
        let kept = old.iter().filter(|(name, _)| !updates.contains_key(*name));
        let new = updates.iter().filter_map(|(name, known)| known.map(|record| (name.as_str(), record)));
        self.put_folder(folder, Table::new(kept.chain(new)));
    }

    /// Records that waited join the others, if their time has come; else nobody may rely on them.
    fn settle(&mut self, folder: &str) {
        if let Some(young) = self.young.remove(folder)
            && Instant::now() >= young.ready
        {
            self.put(folder, young.files);
        }
    }
}

impl Index {
    pub fn new(path: PathBuf) -> Self {
        Self { path, state: OnceLock::new() }
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let state = self.state.get_or_init(|| {
            let bytes = Arc::new(std::fs::read(&self.path).unwrap_or_default());
            let folders = decode(&bytes).unwrap_or_default();
            Mutex::new(State { bytes, folders, ..State::default() })
        });
        // A panic elsewhere leaves whole tables: the data behind a poisoned lock is still good.
        act(&mut state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is known about the files of `folder`.
    pub fn folder(&self, folder: &RelPath) -> Arc<Table> {
        self.with(|state| {
            state.settle(folder.as_str());
            state.folder(folder.as_str())
        })
    }

    /// Replaces all that is known about the files of `folder`.
    pub fn put_folder(&self, folder: &RelPath, table: Table) {
        self.with(|state| {
            state.young.remove(folder.as_str());
            state.put_folder(folder.as_str(), table);
        });
    }

    /// Records files one by one; `None` forgets the path.
    pub fn put(&self, files: impl IntoIterator<Item = (RelPath, Update)>) {
        for (folder, files) in by_folder(files) {
            self.with(|state| {
                state.settle(folder.as_str());
                state.put(folder.as_str(), files);
            });
        }
    }

    /// As [`Index::put`] for files that were made a moment ago: a record counts from when `wait` has passed, provided that nobody
    /// looks at its folder before. [`Index::flush`] waits for it.
    pub fn put_later(&self, files: impl IntoIterator<Item = (RelPath, Update)>, wait: Duration) {
        let ready = Instant::now() + wait;
        for (folder, mut files) in by_folder(files) {
            self.with(|state| {
                state.settle(folder.as_str());
                // Whatever happens to the new records, the old ones are of files that are gone.
                state.put(folder.as_str(), files.iter().map(|(name, _)| (name.clone(), None)).collect());
                files.retain(|(_, known)| known.is_some());
                if !files.is_empty() {
                    state.young.insert(folder.as_str().to_owned(), Young { ready, files });
                }
            });
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
        self.with(|state| {
            if let Some(ready) = state.young.values().map(|young| young.ready).max() {
                std::thread::sleep(ready.saturating_duration_since(Instant::now()));
            }
            let waiting: Vec<String> = state.young.keys().cloned().collect();
            waiting.iter().for_each(|folder| state.settle(folder));
            if !std::mem::take(&mut state.changed) {
                return Ok(());
            }
            state.folders.retain(|folder, _| root.join(folder).is_dir());
            let mut file = AtomicFile::create(&self.path)?;
            encode(state, &mut file).map_err(Error::io("write", &self.path))?;
            Ok(file.commit_unsynced()?)
        })
    }
}

fn by_folder(files: impl IntoIterator<Item = (RelPath, Update)>) -> HashMap<RelPath, Vec<(String, Update)>> {
    let mut found: HashMap<RelPath, Vec<(String, Update)>> = HashMap::new();
    for (path, known) in files {
        if let (Some(folder), Some(name)) = (path.parent(), path.name()) {
            found.entry(folder).or_default().push((name.to_owned(), known));
        }
    }
    found
}

fn encode(state: &State, out: &mut impl Write) -> std::io::Result<()> {
    let mut sorted: Vec<(&String, &Slot)> = state.folders.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(b.0));
    let table = |slot: &Slot| -> (Arc<Vec<u8>>, Line) {
        match slot {
            Slot::Unread(line) => (state.bytes.clone(), line.clone()),
            Slot::Read(table) => {
                let checksum = *ObjectId::of(table.raw()).as_bytes();
                (table.bytes.clone(), Line { range: table.range.clone(), checksum, listing: table.listing })
            }
        }
    };
    let tables: Vec<_> = sorted.par_iter().map(|(_, slot)| table(slot)).collect();
    let mut lines = Vec::new();
    for ((folder, _), (_, line)) in sorted.iter().zip(&tables) {
        let Listing { id, size } = line.listing.unwrap_or(NO_LISTING);
        lines.extend_from_slice(&(folder.len() as u32).to_le_bytes());
        lines.extend_from_slice(folder.as_bytes());
        lines.extend_from_slice(&(line.range.len() as u64).to_le_bytes());
        lines.extend_from_slice(&line.checksum);
        lines.extend_from_slice(id.as_bytes());
        lines.extend_from_slice(&size.to_le_bytes());
    }
    let mut head = HEAD.to_vec();
    head.extend_from_slice(&(sorted.len() as u32).to_le_bytes());
    head.extend_from_slice(&(lines.len() as u64).to_le_bytes());
    head.extend_from_slice(&lines);
    let checksum = ObjectId::of(&head);
    head.extend_from_slice(checksum.as_bytes());
    out.write_all(&head)?;
    tables.iter().try_for_each(|(bytes, line)| out.write_all(bytes.get(line.range.clone()).unwrap_or_default()))
}

/// `None` for anything but an index of this version.
fn decode(bytes: &[u8]) -> Option<HashMap<String, Slot>> {
    let mut input = bytes.strip_prefix(HEAD.as_slice())?;
    let count = u32::from_le_bytes(take(&mut input)?);
    let length = usize::try_from(u64::from_le_bytes(take(&mut input)?)).ok()?;
    let (mut lines, rest) = input.split_at_checked(length)?;
    let checksum = rest.first_chunk::<32>()?;
    let mut at = HEAD.len() + 12 + length;
    if ObjectId::of(bytes.get(..at)?).as_bytes() != checksum {
        return None;
    }
    at += 32;
    let mut folders = HashMap::new();
    for _ in 0..count {
        let length = u32::from_le_bytes(take(&mut lines)?) as usize;
        let (path, rest) = lines.split_at_checked(length)?;
        lines = rest;
        let end = at.checked_add(usize::try_from(u64::from_le_bytes(take(&mut lines)?)).ok()?)?;
        let checksum = take(&mut lines)?;
        let listing = Listing { id: ObjectId::from_bytes(take(&mut lines)?), size: u64::from_le_bytes(take(&mut lines)?) };
        if end > bytes.len() {
            return None;
        }
        let line = Line { range: at..end, checksum, listing: Some(listing).filter(|listing| *listing != NO_LISTING) };
        folders.insert(std::str::from_utf8(path).ok()?.to_owned(), Slot::Unread(line));
        at = end;
    }
    (lines.is_empty() && at == bytes.len()).then_some(folders)
}

fn take<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = input.split_first_chunk::<N>()?;
    *input = rest;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table() -> Table {
        let stat = Stat { size: 3, modified: -5, changed: 7, inode: 9 };
        Table::new(["b.jpg", "a.jpg"].map(|name| (name, Record { stat, id: ObjectId::of(name.as_bytes()), stored: -4 })))
    }

    fn path(name: &str) -> RelPath {
        RelPath::new(name).unwrap()
    }

    fn written(folders: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("index");
        let index = Index::new(file.clone());
        for name in folders {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            index.put_folder(&path(name), table());
        }
        index.put_folder(&path("gone"), table());
        index.flush(folder.path()).unwrap();
        (folder, file)
    }

    #[test]
    fn what_was_written_is_read() {
        let (_folder, file) = written(&["data", "more"]);
        let index = Index::new(file);
        assert_eq!(*index.folder(&path("data")), table());
        assert_eq!(index.folder(&path("more")).find("b.jpg"), table().find("b.jpg"));
        assert_eq!(table().find("b.jpg").unwrap().id, ObjectId::of(b"b.jpg"));
        assert!(index.folder(&path("more")).find("c.jpg").is_none());
        assert!(index.folder(&path("gone")).is_empty(), "a folder that is gone is forgotten");
    }

    #[test]
    fn damage_and_other_versions_read_as_empty() {
        let (_folder, file) = written(&["data", "more"]);
        let bytes = std::fs::read(&file).unwrap();
        let reads = |bytes: &[u8], name: &str| {
            std::fs::write(&file, bytes).unwrap();
            *Index::new(file.clone()).folder(&path(name)) == table()
        };
        assert!(reads(&bytes, "data"));
        let changed = |at: usize, by: u8| {
            let mut bytes = bytes.clone();
            bytes[at] ^= by;
            bytes
        };
        let last = bytes.len() - 1;
        assert!(reads(&changed(last, 1), "data") && !reads(&changed(last, 1), "more"), "a damaged table is its folder's alone");
        for older_or_newer in [2 ^ 3, 3 ^ 4] {
            assert!(!reads(&changed(8, older_or_newer), "data"));
        }
        assert!(!reads(&changed(30, 1), "data") && !reads(&bytes[..last], "data") && !reads(b"", "data"));
    }

    #[test]
    fn single_files_join_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::new(folder.path().join("index"));
        let known = |name: &str| Some(Record::new(Stat::default(), ObjectId::of(name.as_bytes())));
        index.put([(path("d/b"), known("b")), (path("d/a"), known("a"))]);
        index.put([(path("d/b"), None), (path("d/c"), known("c"))]);
        let names: Vec<_> = index.folder(&path("d")).iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names, ["a", "c"]);
    }

    #[test]
    fn a_listing_is_known_until_a_record_changes() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        let file = folder.path().join("index");
        let listing = Listing { id: ObjectId::of(b"listing"), size: 6 };
        let index = Index::new(file.clone());
        index.put_folder(&path("d"), table());
        index.put_folder(&path("d"), table().with_listing(listing));
        index.flush(folder.path()).unwrap();
        let index = Index::new(file.clone());
        assert_eq!(index.folder(&path("d")).listing(), Some(listing));
        // Written again unread.
        std::fs::create_dir(folder.path().join("e")).unwrap();
        index.put_folder(&path("e"), table());
        index.flush(folder.path()).unwrap();
        let index = Index::new(file);
        assert_eq!((index.folder(&path("d")).listing(), index.folder(&path("e")).listing()), (Some(listing), None));
        index.put([(path("d/a.jpg"), Some(Record::new(Stat::default(), ObjectId::of(b"new"))))]);
        assert_eq!(index.folder(&path("d")).listing(), None);
    }

    #[test]
    fn what_was_made_a_moment_ago_counts_later_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        std::fs::create_dir(folder.path().join("e")).unwrap();
        let file = folder.path().join("index");
        let index = Index::new(file.clone());
        let known = |name: &str| Some(Record::new(Stat::default(), ObjectId::of(name.as_bytes())));
        index.put([(path("d/a"), known("old"))]);
        index.put_later([(path("d/a"), known("a")), (path("e/b"), known("b"))], Duration::from_millis(40));
        assert!(index.folder(&path("d")).is_empty(), "who looks too early reads the file again");
        index.flush(folder.path()).unwrap();
        let index = Index::new(file);
        assert_eq!((index.folder(&path("d")).len(), index.folder(&path("e")).len()), (0, 1));
    }

    proptest! {
        #[test]
        fn bytes_with_right_checksums_never_panic(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&noise);
            let length = (noise.len() as u64).to_le_bytes();
            let mut bytes = [HEAD.as_slice(), &[2, 0, 0, 0], &length, &noise].concat();
            bytes.extend_from_slice(ObjectId::of(&bytes.clone()).as_bytes());
            let _ = decode(&bytes);
            let all = Arc::new(noise);
            if let Some(table) = Table::read(&all, 0..all.len(), None) {
                let _ = (table.find("a"), table.iter().count());
            }
        }
    }
}
