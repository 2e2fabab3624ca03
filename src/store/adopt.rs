//! Taking over content that another tool keeps: its files become objects, its listings trees.
//!
//! The caller has read and hashed a file and says what it is. It becomes an object by a reflink, by a hard link if it is
//! one of the other tool's own read-only objects, or by a copy; in that order, so that a large cache is not there twice.
//! A file that changed since it was read is an error. The other tool's files are never written, moved or removed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::batch::Batch;
use super::scratch::Scratch;
use super::tree::{self, Item, Node, What};
use super::{Entry, Error, Stat, Store, cache, links, scan};
use crate::digest::ObjectId;

/// Gets an object of a listing: its id, its bytes, and whether it is a listing itself.
type Visit<'a> = dyn FnMut(ObjectId, &[u8], bool) -> Result<(), Error> + 'a;

/// A folder as another tool recorded it.
#[derive(Clone, Debug, Default)]
pub struct Listing(BTreeMap<String, Listed>);

/// What a name in it stands for.
#[derive(Clone, Debug)]
pub enum Listed {
    /// A file.
    File {
        /// Its bytes.
        id: ObjectId,
        /// How many.
        size: u64,
        /// Whether it may be executed.
        executable: bool,
    },
    /// A symbolic link and its target.
    Link(String),
    /// A folder.
    Folder(Listing),
}

impl Listing {
    /// Puts a name in; `false` for one that no listing can hold.
    pub fn insert(&mut self, name: &str, what: Listed) -> bool {
        let sound = !matches!(name, "" | "." | "..") && !name.contains(['/', '\0']) && tree::fits(name);
        if sound {
            self.0.insert(name.to_owned(), what);
        }
        sound
    }

    /// Whether nothing but folders is in it, however deep.
    pub fn is_hollow(&self) -> bool {
        self.0.values().all(|listed| matches!(listed, Listed::Folder(inner) if inner.is_hollow()))
    }

    /// What a pointer says of it. Writes nothing.
    pub fn entry(&self) -> Option<Entry> {
        scan::entry_of(&self.walk(&mut |_, _, _| Ok(())).ok()?.1)
    }

    /// Each listing, inner ones first, and each link's target.
    fn walk(&self, each: &mut Visit) -> Result<(Node, What), Error> {
        let mut items = Vec::with_capacity(self.0.len());
        for (name, listed) in &self.0 {
            let what = match listed {
                Listed::File { id, size, executable } => What::File { id: *id, size: *size, executable: *executable },
                Listed::Link(target) => {
                    each(ObjectId::of(target.as_bytes()), target.as_bytes(), false)?;
                    What::Link { target: target.clone() }
                }
                Listed::Folder(inner) => inner.walk(each)?.1,
            };
            items.push(Item { name: name.clone(), what });
        }
        let node = Node::new(items);
        let bytes = node.encode();
        let id = ObjectId::of(&bytes);
        each(id, &bytes, true)?;
        let summary = node.summary(id);
        Ok((node, summary))
    }
}

/// A file that was read: what it holds, and its fingerprint from before that.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its content.
    pub id: ObjectId,
    /// Its length.
    pub size: u64,
    /// Its fingerprint.
    pub stat: Stat,
}

/// Objects that are being taken over; [`Adopter::commit`] gives them their names.
pub struct Adopter<'a> {
    store: &'a Store,
    batch: Batch<'a>,
    scratch: OnceLock<Scratch>,
    no_reflinks: AtomicBool,
}

impl<'a> Adopter<'a> {
    /// Takes nothing yet.
    pub fn new(store: &'a Store) -> Self {
        Self { store, batch: Batch::new(&store.cache, &store.links), scratch: OnceLock::new(), no_reflinks: AtomicBool::new(false) }
    }

    /// Makes the content of a file an object. `theirs`: it is an object of the other tool's, which nobody edits.
    pub fn file(&self, path: &Path, seen: &Seen, theirs: bool) -> Result<(), Error> {
        let temporary = self.temporary()?;
        let made = self.reflink(path, &temporary)? || (theirs && hard_link(path, &temporary));
        if !made {
            self.copy(path, &temporary, seen)?;
        }
        let now = fs::metadata(path).map(|meta| Stat::of(&meta)).map_err(Error::io("read", path))?;
        if (now.size, now.modified, now.inode) != (seen.stat.size, seen.stat.modified, seen.stat.inode) {
            let _ = fs::remove_file(&temporary);
            return Err(Error::Unstable(path.to_owned()));
        }
        self.batch.adopt(temporary, seen.id, seen.size)
    }

    /// Writes the listings of a folder, whose files were taken over before.
    pub fn folder(&self, listing: &Listing) -> Result<Option<Entry>, Error> {
        let (_, what) = listing.walk(&mut |id, bytes, tree| self.batch.put(id, bytes, tree))?;
        Ok(scan::entry_of(&what))
    }

    /// Makes everything durable that was taken over so far.
    pub fn commit(&self) -> Result<(), Error> {
        self.batch.commit_so_far()
    }

    fn reflink(&self, path: &Path, temporary: &Path) -> Result<bool, Error> {
        if self.no_reflinks.load(Ordering::Relaxed) {
            return Ok(false);
        }
        match reflink_copy::reflink(path, temporary) {
            Ok(()) => Ok(true),
            Err(error) if links::is_about_the_link(&error) => {
                self.no_reflinks.store(true, Ordering::Relaxed);
                let _ = fs::remove_file(temporary);
                Ok(false)
            }
            Err(error) => Err(Error::io("copy", path)(error)),
        }
    }

    fn copy(&self, path: &Path, temporary: &Path, seen: &Seen) -> Result<(), Error> {
        let mut from = File::open(path).map_err(Error::io("read", path))?;
        let mut to = links::create_object(temporary).map_err(Error::io("write", temporary))?;
        let mut failed = None;
        let id = cache::in_blocks(&mut from, |block| to.write_all(block).inspect_err(|error| failed = Some(error.kind())));
        let id = id.map_err(|error| match failed {
            Some(kind) => Error::io("write", self.store.cache.scratch_dir())(kind.into()),
            None => Error::io("read", path)(error),
        })?;
        if id == seen.id { Ok(()) } else { Err(Error::Unstable(path.to_owned())) }
    }

    fn temporary(&self) -> Result<PathBuf, Error> {
        if let Some(scratch) = self.scratch.get() {
            return Ok(scratch.path());
        }
        let new = Scratch::new(&self.store.cache.scratch_dir())?;
        Ok(self.scratch.get_or_init(|| new).path())
    }
}

/// A second name for a file that nobody may write; `false` where that is not so or not possible. An executable file is none:
/// it would lose that bit with the object.
fn hard_link(path: &Path, temporary: &Path) -> bool {
    let fits = |meta: fs::Metadata| meta.is_file() && meta.permissions().readonly() && !super::is_executable(&meta);
    path.symlink_metadata().is_ok_and(fits) && fs::hard_link(path, temporary).is_ok()
}
