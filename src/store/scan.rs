//! From a path in the workspace to its entry: one walk, folders and files in parallel.
//!
//! A file that the index knows is not read. Symbolic links inside a folder are kept as links, except derm's
//! own into the cache, which stand for their object; one of those whose object is gone counts as
//! absent, so that a checkout can repair it. Sockets, pipes and devices are errors. What
//! [`crate::workspace::rules`] leaves out is not seen at all.

use std::collections::HashMap;
use std::fs::{self, DirEntry, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use icu_normalizer::ComposingNormalizerBorrowed;
use rayon::prelude::*;

use super::batch::{self, Batch, Known};
use super::index::{Listing, Record, Table};
use super::stat::{Stat, is_executable};
use super::tree::{self, Item, Node, What};
use super::{Error, Store, Untrackable, Work, links};
use crate::digest::ObjectId;
use crate::observer::Task;
use crate::relpath::RelPath;
use crate::text;
use crate::workspace::rules::{self, Rules};

/// Deeper than any real dataset; a folder mounted inside itself ends here instead of in the stack.
const DEEPEST: usize = 512;

/// What to do with a symbolic link at the path itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopLink {
    /// Look through it: a dependency is what is read through its name.
    Follow,
    /// Refuse it: a link cannot be stored as the content of a path.
    Refuse,
    /// It is a link: a checkout may have to replace it.
    Keep,
}

/// A file that now has an object and may have to be linked to it.
#[derive(Clone, Debug)]
pub struct Stored {
    pub path: RelPath,
    pub stat: Stat,
    pub id: ObjectId,
    pub executable: bool,
    /// It was made the object itself: a hard link already, unless the cache had the object before.
    pub sole: bool,
}

/// One walk.
pub struct Scan<'a> {
    store: &'a Store,
    work: &'a Work<'a>,
    batch: Option<&'a Batch<'a>>,
    top: RelPath,
    task: Box<dyn Task>,
    stored: Mutex<Vec<Stored>>,
    leading_out: AtomicU64,
    /// Whether a file had to be read.
    fresh: AtomicBool,
    /// Names in one folder that some systems take for one.
    twins: Mutex<Vec<(RelPath, RelPath)>>,
}

/// Where a file's id came from.
enum Source {
    /// The index knows the file, and nothing about it is new.
    Index(Record),
    /// It was read, and is recorded if its times are telling; or the cache was asked for its object.
    New(Option<Record>),
    /// Not a file.
    None,
}

impl<'a> Scan<'a> {
    /// Only hashes, or with `batch` also stores.
    pub fn new(store: &'a Store, top: &RelPath, batch: Option<&'a Batch<'a>>, work: &'a Work<'a>) -> Self {
        let name = if batch.is_some() { "adding" } else { "hashing" };
        let task = work.observer.begin(name, None, crate::observer::Unit::Items("files"));
        Self {
            store,
            work,
            batch,
            top: top.clone(),
            task,
            stored: Mutex::default(),
            leading_out: AtomicU64::new(0),
            fresh: AtomicBool::new(false),
            twins: Mutex::default(),
        }
    }

    /// Walks the path; `None` when nothing is there.
    pub fn run(&self, link: TopLink) -> Result<Option<What>, Error> {
        let disk = self.disk(&self.top);
        let meta = match disk.symlink_metadata() {
            Ok(meta) => meta,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(error) => return Err(Error::io("read", &disk)(error)),
        };
        if !meta.is_symlink() {
            return self.top_item(&disk, &meta).map(Some);
        }
        let ours = self.is_ours(&disk)?;
        let followed = match fs::metadata(&disk) {
            Ok(meta) => meta,
            Err(_) if ours || link == TopLink::Follow => return Ok(None),
            Err(_) if link == TopLink::Keep => return self.link_target(&disk).map(|target| Some(What::Link { target })),
            Err(error) => return Err(Error::io("read", &disk)(error)),
        };
        match link {
            _ if ours => self.top_item(&disk, &followed).map(Some),
            TopLink::Follow => self.top_item(&disk, &followed).map(Some),
            TopLink::Keep => self.link_target(&disk).map(|target| Some(What::Link { target })),
            TopLink::Refuse => Err(self.untrackable(Untrackable::Symlink(self.top.clone()))),
        }
    }

    /// The files that got objects, in no order. Warns of symbolic links whose targets did not, and of names that
    /// cannot stand side by side everywhere.
    pub fn into_stored(self) -> Vec<Stored> {
        let mut twins = std::mem::take(&mut *self.twins.lock().unwrap_or_else(PoisonError::into_inner));
        twins.sort();
        if let Some((one, other)) = twins.first() {
            let more = if twins.len() > 1 { format!(", and {} more pairs,", twins.len() - 1) } else { String::new() };
            self.work.observer.warn(&format!(
                "`{one}` and `{other}`{more} differ in nothing but case or how Unicode is composed: macOS and Windows cannot have both"
            ));
        }
        let n = self.leading_out.load(Ordering::Relaxed) as usize;
        if n > 0 {
            let links = text::count(n, "symbolic link leads", "symbolic links lead");
            self.work.observer.warn(&format!("{links} out of `{}`: kept as links, without what they point to", self.top));
        }
        self.stored.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn top_item(&self, disk: &Path, meta: &Metadata) -> Result<What, Error> {
        if meta.is_dir() {
            let rules = Rules::of(&self.store.workspace, &self.top)?;
            return self.folder(&self.top, disk, &rules, 0);
        }
        if !meta.is_file() {
            return Err(self.untrackable(Untrackable::Special(self.top.on_disk(Path::new("")))));
        }
        let table = self.store.index.folder(&self.top.parent().unwrap_or_default());
        let (what, source) = self.file(&self.top, disk, meta, &table, false)?;
        if let Source::New(record) = source {
            self.store.index.put([(self.top.clone(), record)]);
        }
        Ok(what)
    }

    fn folder(&self, path: &RelPath, disk: &Path, rules: &Rules, depth: usize) -> Result<What, Error> {
        batch::check(self.work.interrupt)?;
        if depth > DEEPEST {
            return Err(self.untrackable(Untrackable::TooDeep(path.on_disk(Path::new("")))));
        }
        let entries = self.entries(disk, rules)?;
        let table = self.store.index.folder(path);
        let each = |(name, entry): &(String, DirEntry)| self.item(&path.join(name), name, entry, rules, &table, depth);
        let items: Vec<Option<(Item, Source)>> = entries.par_iter().map(each).collect::<Result<_, Error>>()?;
        let items: Vec<(Item, Source)> = items.into_iter().flatten().collect();
        if let Some(summary) = self.unchanged(&items, &table) {
            return Ok(summary);
        }
        let only_known_files =
            !items.is_empty() && items.iter().all(|(_, source)| matches!(source, Source::Index(_) | Source::New(Some(_))));
        let news = self.news(&items, &table, only_known_files);
        if self.batch.is_some() && self.fresh.load(Ordering::Relaxed) {
            self.find_twins(path, &items);
        }
        let whole = self.batch.is_none() && items.iter().all(|(item, source)| self.is_stored(&item.what, source));
        let node = Node::new(items.into_iter().map(|(item, _)| item).collect());
        let bytes = node.encode();
        let id = ObjectId::of(&bytes);
        let summary = node.summary(id);
        if let Some(table) = news {
            let table = if only_known_files { table.with_listing(Listing { id, size: summary.size() }) } else { table };
            self.store.index.put_folder(path, table);
        }
        if let Some(batch) = self.batch {
            batch.put(id, &bytes, true)?;
        } else if whole && self.store.cache.has(&id) {
            // Whoever wants the listing reads it from there: those of a large unchanged tree would be most of the memory.
            self.store.complete().insert(id);
            return Ok(summary);
        }
        self.store.remember_node(id, node);
        Ok(summary)
    }

    /// The folder, if all its files are what the index says and the cache has its listing and them: the listing is not made again.
    fn unchanged(&self, items: &[(Item, Source)], table: &Table) -> Option<What> {
        let Listing { id, size } = table.listing().filter(|_| self.batch.is_none() && items.len() == table.len())?;
        let as_known = |(item, source): &(Item, Source)| matches!(source, Source::Index(_)) && self.is_stored(&item.what, source);
        if !items.iter().all(as_known) || !self.store.cache.has(&id) {
            return None;
        }
        self.store.complete().insert(id);
        Some(What::Folder { id, size, files: items.len() as u64 })
    }

    /// Whether the cache is known to have what an item needs.
    fn is_stored(&self, what: &What, source: &Source) -> bool {
        match (what, source) {
            (What::Folder { id, .. }, _) => self.store.complete().contains(id),
            (What::Link { .. }, _) => true,
            (What::File { .. }, Source::Index(record) | Source::New(Some(record))) => record.stored > 0,
            (What::File { id, .. }, _) => self.store.cache.has(id),
        }
    }

    /// Notes names that a file system which folds case or composes Unicode takes for one. Only asked when something new is added.
    fn find_twins(&self, path: &RelPath, items: &[(Item, Source)]) {
        let nfc = ComposingNormalizerBorrowed::new_nfc();
        let folded = |name: &str| if name.is_ascii() { name.to_ascii_lowercase() } else { nfc.normalize(name).to_lowercase() };
        let mut seen: HashMap<String, &str> = HashMap::with_capacity(items.len());
        for (item, _) in items {
            if let Some(other) = seen.insert(folded(&item.name), &item.name) {
                let pair = (path.join(other.min(&item.name)), path.join(other.max(&item.name)));
                self.twins.lock().unwrap_or_else(PoisonError::into_inner).push(pair);
            }
        }
    }

    /// What a folder holds and the rules leave in.
    fn entries(&self, disk: &Path, rules: &Rules) -> Result<Vec<(String, DirEntry)>, Error> {
        let mut found = Vec::new();
        for entry in fs::read_dir(disk).map_err(Error::io("list", disk))? {
            let entry = entry.map_err(Error::io("list", disk))?;
            let name = entry.file_name();
            let folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if rules.ignores(&name.to_string_lossy(), &entry.path(), folder) {
                continue;
            }
            match name.into_string() {
                Ok(name) => found.push((name, entry)),
                Err(_) => return Err(self.untrackable(Untrackable::NotUtf8(self.shown(&entry.path())))),
            }
        }
        Ok(found)
    }

    fn item(
        &self,
        path: &RelPath,
        name: &str,
        entry: &DirEntry,
        rules: &Rules,
        table: &Table,
        depth: usize,
    ) -> Result<Option<(Item, Source)>, Error> {
        let disk = entry.path();
        let meta = entry.metadata().map_err(Error::io("read", &disk))?;
        if !tree::fits(name) {
            return Err(self.untrackable(Untrackable::TooLong(self.shown(&disk))));
        }
        let (what, source) = if meta.is_dir() {
            let inner = rules.clone().enter(&disk)?;
            (self.folder(path, &disk, &inner, depth + 1)?, Source::None)
        } else if meta.is_symlink() {
            match self.symlink(path, &disk, table)? {
                Some(found) => found,
                None => return Ok(None),
            }
        } else if meta.is_file() {
            self.file(path, &disk, &meta, table, false)?
        } else {
            return Err(self.untrackable(Untrackable::Special(self.shown(&disk))));
        };
        Ok(Some((Item { name: name.to_owned(), what }, source)))
    }

    fn symlink(&self, path: &RelPath, disk: &Path, table: &Table) -> Result<Option<(What, Source)>, Error> {
        if self.is_ours(disk)? {
            return match fs::metadata(disk) {
                Ok(meta) if meta.is_file() => self.file(path, disk, &meta, table, true).map(Some),
                _ => Ok(None),
            };
        }
        let target = self.link_target(disk)?;
        if let Some(batch) = self.batch {
            let inside = links::points_into(disk, Path::new(&target), &self.disk(&self.top));
            self.leading_out.fetch_add(u64::from(!inside), Ordering::Relaxed);
            // As an object of its own, so that a checkout knows that replacing the link loses nothing.
            batch.put(ObjectId::of(target.as_bytes()), target.as_bytes(), false)?;
        }
        Ok(Some((What::Link { target }, Source::None)))
    }

    /// `linked`: it was reached through a symbolic link of derm's.
    fn file(&self, path: &RelPath, disk: &Path, meta: &Metadata, table: &Table, linked: bool) -> Result<(What, Source), Error> {
        let stat = Stat::of(meta);
        let executable = is_executable(meta);
        let known = table.find(path.name().unwrap_or_default()).filter(|record| record.stat == stat);
        let known = known.map(|record| self.look_for(record));
        let known = known.filter(|(record, _)| self.batch.is_none() || record.stored > 0 || self.store.cache.has(&record.id));
        let (id, size, stat, source) = match known {
            Some((record, false)) => (record.id, stat.size, stat, Source::Index(record)),
            Some((record, true)) => (record.id, stat.size, stat, Source::New(Some(record))),
            None => {
                let Known { id, size, stat, read } = self.read(disk, executable)?;
                let record = stat.is_settled(read).then(|| Record::new(stat, id));
                (id, size, stat, Source::New(record))
            }
        };
        if self.batch.is_some()
            && let Some(first) = self.store.links.candidates(executable).first()
            && links::shares_permissions(*first)
            // What is known has the look of such a link already: asking the cache for each file would take longer than all else.
            && !(known.is_some() && links::looks_like(*first, meta, linked))
        {
            let sole = known.is_none() && !linked && links::is_sole(meta);
            let stored = Stored { path: path.clone(), stat, id, executable, sole };
            self.stored.lock().unwrap_or_else(PoisonError::into_inner).push(stored);
        }
        Ok((What::File { id, size, executable }, source))
    }

    /// The record with what is known of its object in the cache, and whether that is news.
    fn look_for(&self, record: Record) -> (Record, bool) {
        let stamp = self.store.cache.stamp(&record.id);
        if stamp != 0 && record.stored.abs() == stamp {
            return (record, false);
        }
        if stamp == 0 {
            return (Record { stored: 0, ..record }, false);
        }
        // The stamp was taken before: what changes from now on shows in the next one.
        let stored = if self.store.cache.has(&record.id) { stamp } else { -stamp };
        (Record { stored, ..record }, stored != record.stored)
    }

    fn read(&self, disk: &Path, executable: bool) -> Result<Known, Error> {
        batch::check(self.work.interrupt)?;
        self.fresh.store(true, Ordering::Relaxed);
        let known = match self.batch {
            Some(batch) => batch.ingest(disk, executable),
            None => batch::hash(disk),
        };
        self.task.advance(1);
        known
    }

    /// What was seen in a folder, if the index does not know it yet; `all`: it will hold all that is in the folder.
    fn news(&self, items: &[(Item, Source)], table: &Table, all: bool) -> Option<Table> {
        let files = items.iter().filter(|(_, source)| !matches!(source, Source::None)).count();
        let same_files = files == table.len() && items.iter().all(|(_, source)| !matches!(source, Source::New(_)));
        if same_files && all == table.listing().is_some() {
            return None;
        }
        let records = items.iter().filter_map(|(item, source)| match source {
            Source::Index(record) | Source::New(Some(record)) => Some((item.name.as_str(), *record)),
            Source::New(None) | Source::None => None,
        });
        Some(Table::new(records))
    }

    /// Whether a symbolic link is derm's own, into the cache, or DVC's into that of a project that was migrated.
    fn is_ours(&self, disk: &Path) -> Result<bool, Error> {
        let target = fs::read_link(disk).map_err(Error::io("read", disk))?;
        let caches = [self.store.cache.objects_dir(), self.store.workspace.root().join(".dvc/cache")];
        Ok(caches.iter().any(|cache| links::points_into(disk, &target, cache)))
    }

    fn link_target(&self, disk: &Path) -> Result<String, Error> {
        let target = fs::read_link(disk).map_err(Error::io("read", disk))?;
        let text = target.to_str().ok_or_else(|| self.untrackable(Untrackable::NotUtf8(self.shown(disk))))?;
        if tree::fits(text) { Ok(text.to_owned()) } else { Err(self.untrackable(Untrackable::TooLong(self.shown(disk)))) }
    }

    fn disk(&self, path: &RelPath) -> PathBuf {
        path.on_disk(self.store.workspace.root())
    }

    fn shown(&self, disk: &Path) -> PathBuf {
        disk.strip_prefix(self.store.workspace.root()).unwrap_or(disk).to_owned()
    }

    fn untrackable(&self, reason: Untrackable) -> Error {
        Error::Untrackable { path: self.top.clone(), reason }
    }
}

/// The content of a single path as a [`What`] of a listing.
pub fn what_of(entry: &super::Entry) -> What {
    match entry.kind {
        super::Kind::File => What::File { id: entry.id, size: entry.size, executable: entry.executable },
        super::Kind::Tree => What::Folder { id: entry.id, size: entry.size, files: entry.files },
    }
}

/// The inverse of [`what_of`]; a link has no entry.
pub fn entry_of(what: &What) -> Option<super::Entry> {
    use super::{Entry, Kind};
    match *what {
        What::File { id, size, executable } => Some(Entry { id, kind: Kind::File, size, files: 1, executable }),
        What::Folder { id, size, files } => Some(Entry { id, kind: Kind::Tree, size, files, executable: false }),
        What::Link { .. } => None,
    }
}

/// Kept here so that the rule stands beside the walk that relies on it.
pub fn is_internal(path: &RelPath) -> Option<&'static str> {
    path.parts().find_map(|part| match part {
        ".git" => Some(".git"),
        ".derm" => Some(".derm"),
        part => rules::always(part).then_some("derm's temporary files"),
    })
}
