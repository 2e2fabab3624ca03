//! From DVC's hash of a path to derm's entry: found, verified, taken over.
//!
//! A file's bytes are looked for in DVC's cache (layouts of DVC 3 and DVC 2) and at its place in the workspace. DVC's object comes first: as
//! a hard link it takes no space. Where text counts with LF for CRLF the place comes first, since its bytes may be others than
//! the object's and both be right. Bytes that have not the MD5 are passed over. Each file is read once.
//!
//! A folder's tree is made from DVC's manifest and from what DVC does not keep but the place has: executable bits, empty
//! folders, symbolic links. So a folder that DVC calls unchanged is unchanged for derm.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::WalkBuilder;
use rayon::prelude::*;

use super::hashes::{self, Found};
use super::theirs::{self, Hash};
use crate::observer::Task;
use crate::pipeline::Error;
use crate::relpath::RelPath;
use crate::store::adopt::{Adopter, Listed, Listing};
use crate::store::{self, Entry, Work};
use crate::workspace::Workspace;
use crate::workspace::rules::Rules;

/// Folders that DVC never looks into.
const NEVER: [&str; 3] = [".dvc", ".git", ".hg"];

/// Why content is not taken over: the file and the reason.
pub type Why = (RelPath, String);

/// A file that has the bytes.
struct Source {
    path: PathBuf,
    theirs: bool,
    found: Arc<Found>,
}

enum Plan {
    File(Source),
    Folder(BTreeMap<String, Plan>),
}

/// Finds and verifies content.
pub struct Contents<'a> {
    workspace: &'a Workspace,
    cache: PathBuf,
    /// `None` only looks.
    adopter: Option<&'a Adopter<'a>>,
    work: Work<'a>,
    task: Box<dyn Task>,
    read: Mutex<HashMap<PathBuf, Arc<Found>>>,
    known: Mutex<HashMap<(RelPath, Hash), Entry>>,
    /// Files that derm's rules leave out of folders.
    pub left_out_by_rules: AtomicU64,
    /// DVC's objects that are damaged although the bytes were found elsewhere.
    pub damaged: AtomicU64,
}

impl<'a> Contents<'a> {
    pub fn new(workspace: &'a Workspace, cache: PathBuf, adopter: Option<&'a Adopter<'a>>, work: Work<'a>) -> Self {
        let task = work.observer.begin("verifying", None, crate::observer::Unit::Items("files"));
        let (read, known) = (Mutex::default(), Mutex::default());
        Self { workspace, cache, adopter, work, task, read, known, left_out_by_rules: AtomicU64::new(0), damaged: AtomicU64::new(0) }
    }

    /// What `hash` at `path` is for derm; `store` puts it into the cache. Inside, everything that could not be verified.
    pub fn entry(&self, path: &RelPath, hash: &Hash, store: bool) -> Result<Result<Entry, Vec<Why>>, Error> {
        let key = (path.clone(), hash.clone());
        if let Some(entry) = lock(&self.known).get(&key) {
            return Ok(Ok(entry.clone()));
        }
        let found = if hash.is_folder() { self.folder(path, hash, store)? } else { self.file(path, hash, store)? };
        if let Ok(entry) = &found {
            lock(&self.known).insert(key, entry.clone());
        }
        Ok(found)
    }

    /// Forgets what folders were: files beside their own may have come.
    pub fn forget(&self) {
        lock(&self.known).clear();
    }

    fn file(&self, path: &RelPath, hash: &Hash, store: bool) -> Result<Result<Entry, Vec<Why>>, Error> {
        let place = path.on_disk(self.workspace.root());
        let source = match self.source(&place, &hash.md5, hash.legacy)? {
            Ok(source) => source,
            Err(reason) => return Ok(Err(vec![(path.clone(), reason)])),
        };
        self.take(&source, store)?;
        let executable = is_executable(&place).unwrap_or(hash.executable);
        let seen = &source.found.seen;
        Ok(Ok(Entry { executable, ..Entry::file(seen.id, seen.size) }))
    }

    fn folder(&self, path: &RelPath, hash: &Hash, store: bool) -> Result<Result<Entry, Vec<Why>>, Error> {
        let place = path.on_disk(self.workspace.root());
        let files = match self.manifest(&place, hash)? {
            Ok(files) => files,
            Err(reason) => return Ok(Err(vec![(path.clone(), reason)])),
        };
        let each = |(relative, md5): &(String, String)| -> Result<Result<(String, Source), Why>, Error> {
            let Ok(inner) = RelPath::new(relative).map(|inner| inner.parts().fold(path.clone(), |path, part| path.join(part))) else {
                return Ok(Err((path.clone(), format!("`{relative}` in DVC's manifest leads out of the folder"))));
            };
            Ok(match self.source(&inner.on_disk(self.workspace.root()), md5, hash.legacy)? {
                Ok(source) => {
                    self.take(&source, store)?;
                    Ok((relative.clone(), source))
                }
                Err(reason) => Err((inner, reason)),
            })
        };
        let sources = files.par_iter().map(each).collect::<Result<Vec<_>, Error>>()?;
        let (mut plan, mut wrong) = (BTreeMap::new(), Vec::new());
        for source in sources {
            match source {
                Ok((relative, source)) => {
                    if !put(&mut plan, &relative.split('/').collect::<Vec<_>>(), source) {
                        wrong.push((path.clone(), format!("`{relative}` in DVC's manifest is a file and a folder")));
                    }
                }
                Err(why) => wrong.push(why),
            }
        }
        if !wrong.is_empty() {
            return Ok(Err(wrong));
        }
        let rules = Rules::of(self.workspace, &path.parent().unwrap_or_default())?;
        let listing = self.listing(&plan, &place, rules, hash.legacy)?;
        let entry = match self.adopter.filter(|_| store) {
            Some(adopter) => adopter.folder(&listing)?,
            None => listing.entry(),
        };
        Ok(entry.ok_or_else(|| vec![(path.clone(), "it cannot be listed".to_owned())]))
    }

    /// The files of a folder: from the pointer, from DVC's cache, or from the folder in place if that has the hash.
    fn manifest(&self, place: &Path, hash: &Hash) -> Result<Result<Vec<(String, String)>, String>, Error> {
        if let Some(files) = &hash.files {
            return Ok(Ok(files.clone()));
        }
        let name = hash.md5.trim_end_matches(theirs::FOLDER);
        let mut damaged = false;
        for object in self.objects(&hash.md5) {
            match fs::read(&object) {
                Ok(bytes) if hashes::md5_of(&bytes) == name => match theirs::manifest(&bytes) {
                    Some(files) => return Ok(Ok(files)),
                    None => damaged = true,
                },
                Ok(_) => damaged = true,
                Err(error) if is_absent(error.kind()) => {}
                Err(error) => return Err(Error::io("read", &object)(error)),
            }
        }
        if place.is_dir() {
            let files = self.walk(place, hash.legacy)?;
            if theirs::folder_md5(files.clone()) == hash.md5 {
                self.damaged.fetch_add(u64::from(damaged), Ordering::Relaxed);
                return Ok(Ok(files));
            }
        }
        Ok(Err(match (damaged, place.is_dir()) {
            (true, _) => "DVC's manifest of the folder is damaged".to_owned(),
            (false, true) => "DVC's manifest of the folder is not in its cache, and the folder has changed".to_owned(),
            (false, false) => "DVC's manifest of the folder is not in its cache".to_owned(),
        }))
    }

    /// The files of a folder in place, as DVC sees them.
    fn walk(&self, place: &Path, legacy: bool) -> Result<Vec<(String, String)>, Error> {
        let mut walk = WalkBuilder::new(place);
        walk.standard_filters(false).parents(true).add_custom_ignore_filename(".dvcignore");
        walk.filter_entry(|entry| entry.depth() == 0 || !entry.file_name().to_str().is_some_and(|name| NEVER.contains(&name)));
        let paths: Vec<PathBuf> = walk.build().flatten().map(ignore::DirEntry::into_path).filter(|path| path.is_file()).collect();
        let each = |path: &PathBuf| -> Result<Option<(String, String)>, Error> {
            let Some(relative) = path.strip_prefix(place).ok().and_then(Path::to_str) else { return Ok(None) };
            let found = self.read(path)?;
            let md5 = found.map(|found| if legacy { found.legacy_md5().to_owned() } else { found.md5().to_owned() });
            Ok(md5.map(|md5| (relative.to_owned(), md5)))
        };
        let files = paths.par_iter().map(each).collect::<Result<Vec<_>, Error>>()?;
        Ok(files.into_iter().flatten().collect())
    }

    /// A file with the bytes, or why there is none.
    fn source(&self, place: &Path, md5: &str, legacy: bool) -> Result<Result<Source, String>, Error> {
        let [new, old] = self.objects(md5);
        let here = (place.to_owned(), false);
        let candidates = match legacy {
            true => [here, (old, true), (new, true)],
            false => [(new, true), (old, true), here],
        };
        let (mut damaged, mut other) = (false, false);
        for (path, theirs) in candidates {
            match self.read(&path)? {
                Some(found) if found.is(md5, legacy) => {
                    self.damaged.fetch_add(u64::from(damaged), Ordering::Relaxed);
                    return Ok(Ok(Source { path, theirs, found }));
                }
                Some(_) if theirs => damaged = true,
                Some(_) => other = true,
                None => {}
            }
        }
        Ok(Err(match (damaged, other) {
            (true, false) => format!("DVC's object {md5} is damaged"),
            (true, true) => format!("DVC's object {md5} is damaged, and the file in place has other content"),
            (false, true) => format!("DVC's object {md5} is not in its cache, and the file in place has other content"),
            (false, false) => format!("DVC's object {md5} is not in its cache"),
        }))
    }

    fn take(&self, source: &Source, store: bool) -> Result<(), Error> {
        match self.adopter.filter(|_| store) {
            Some(adopter) => Ok(adopter.file(&source.path, &source.found.seen, source.theirs)?),
            None => Ok(()),
        }
    }

    /// Both tools' hashes of a file; `None` where no file is.
    fn read(&self, path: &Path) -> Result<Option<Arc<Found>>, Error> {
        if let Some(found) = lock(&self.read).get(path) {
            return Ok(Some(found.clone()));
        }
        if !path.is_file() {
            return Ok(None);
        }
        match hashes::read(path, self.work.interrupt) {
            Ok(found) => {
                self.task.advance(1);
                let found = Arc::new(found);
                lock(&self.read).insert(path.to_owned(), found.clone());
                Ok(Some(found))
            }
            Err(_) if self.work.interrupt.is_raised() => Err(store::Error::Interrupted.into()),
            Err(error) if is_absent(error.kind()) => Ok(None),
            Err(error) => Err(Error::io("read", path)(error)),
        }
    }

    fn listing(&self, plan: &BTreeMap<String, Plan>, place: &Path, rules: Rules, legacy: bool) -> Result<Listing, Error> {
        let rules = rules.enter(place)?;
        let mut listing = Listing::default();
        for (name, planned) in plan {
            let path = place.join(name);
            if rules.ignores(name, &path, matches!(planned, Plan::Folder(_))) {
                self.left_out_by_rules.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let listed = match planned {
                Plan::Folder(inner) => Listed::Folder(self.listing(inner, &path, rules.clone(), legacy)?),
                Plan::File(source) => self.listed_file(source, &path, legacy)?,
            };
            listing.insert(name, listed);
        }
        self.add_unlisted(&mut listing, plan, place, &rules, legacy)?;
        Ok(listing)
    }

    fn listed_file(&self, source: &Source, path: &Path, legacy: bool) -> Result<Listed, Error> {
        if let Some(target) = self.own_link(path)?
            && self.read(path)?.is_some_and(|found| found.is(source.found.md5(), legacy))
        {
            return Ok(Listed::Link(target));
        }
        let seen = &source.found.seen;
        Ok(Listed::File { id: seen.id, size: seen.size, executable: is_executable(path).unwrap_or(false) })
    }

    /// What the place has and DVC does not list: empty folders, links to folders, and derm's pointers beside DVC's own.
    fn add_unlisted(
        &self,
        listing: &mut Listing,
        plan: &BTreeMap<String, Plan>,
        place: &Path,
        rules: &Rules,
        legacy: bool,
    ) -> Result<(), Error> {
        for entry in fs::read_dir(place).into_iter().flatten().flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            let Some(name) = name.to_str() else { continue };
            let Ok(kind) = entry.file_type() else { continue };
            if plan.contains_key(name) || rules.ignores(name, &path, kind.is_dir()) {
                continue;
            }
            if kind.is_dir() {
                let inner = self.listing(&BTreeMap::new(), &path, rules.clone(), legacy)?;
                if inner.is_hollow() && !holds_files(&path) {
                    listing.insert(name, Listed::Folder(inner));
                }
            } else if kind.is_symlink() && !path.is_file() {
                if let Some(target) = self.own_link(&path)? {
                    listing.insert(name, Listed::Link(target));
                }
            } else if let Some(target) = name.strip_suffix(store::pointer::SUFFIX)
                && plan.contains_key(&format!("{target}.dvc"))
                && let Some(found) = self.read(&path)?
            {
                listing.insert(name, Listed::File { id: found.seen.id, size: found.seen.size, executable: false });
            }
        }
        Ok(())
    }

    /// The target of a symbolic link that is not one of DVC's, into its cache.
    fn own_link(&self, path: &Path) -> Result<Option<String>, Error> {
        if !path.is_symlink() || path.canonicalize().is_ok_and(|real| self.cache.canonicalize().is_ok_and(|cache| real.starts_with(cache)))
        {
            return Ok(None);
        }
        let target = fs::read_link(path).map_err(Error::io("read", path))?;
        Ok(target.to_str().map(str::to_owned))
    }

    /// Where an object is in DVC's cache: the layout of DVC 3, and of those before.
    fn objects(&self, md5: &str) -> [PathBuf; 2] {
        let (shard, rest) = md5.split_at(2);
        [self.cache.join("files/md5").join(shard).join(rest), self.cache.join(shard).join(rest)]
    }
}

/// Puts a file into the plan; `false` where a file and a folder would have one name.
fn put(plan: &mut BTreeMap<String, Plan>, parts: &[&str], source: Source) -> bool {
    match parts {
        [] => false,
        [name] => plan.insert((*name).to_owned(), Plan::File(source)).is_none(),
        [name, rest @ ..] => match plan.entry((*name).to_owned()).or_insert_with(|| Plan::Folder(BTreeMap::new())) {
            Plan::Folder(inner) => put(inner, rest, source),
            Plan::File(_) => false,
        },
    }
}

/// Whether any file is below a folder.
fn holds_files(folder: &Path) -> bool {
    fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => holds_files(&entry.path()),
        _ => true,
    })
}

fn is_executable(path: &Path) -> Option<bool> {
    let meta = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some(store::is_executable(&meta))
}

fn is_absent(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
