//! Decoded images at one size, kept on disk: decoded once, mapped into memory ever after.
//!
//! # Format
//!
//! ```text
//! FOLDER/KEY/NAME.pack    KEY: the hash of the geometry and of whatever else decides what a file's pixels are
//! pack  = head pixels*    NAME: the hash of the head
//! head  = "derm pixels 1\n\0\0" images:u64 bytes_of_an_image:u64 entry*
//! entry = image:[32] pixels:[32] size:u64 modified:i64 changed:i64 inode:u64
//! ```
//!
//! Hashes are BLAKE3, integers little-endian; `image` is the hash of the image file, `pixels` that of its pixels, u8
//! `[height, width, 3]`, and the rest the file's fingerprint when it was hashed.
//!
//! # Rules
//!
//! - Images are found by the hash of their file, so that splits, folds, copies and versions of a dataset share what they have in
//!   common. A file whose fingerprint is as recorded is not read; any other is read and hashed, whatever the manifest says of it.
//! - A pack appears under its name when it is whole and never changes. Its head is checked when it is opened, an image's pixels
//!   before they are first used. What is damaged is removed and decoded anew. A loading that is killed goes on behind its last pack.
//! - All packs together take up at most half of the space that is free or taken by them; those that were not used for longest
//!   make room. Where that is not enough, or nothing can be written, a warning says so once and images are held in memory as far as
//!   they fit, and decoded for each batch beyond that. The pixels are the same in all cases.
//! - The folder may be removed at any time, also while derm runs.

mod mapped;
mod pack;
mod room;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rayon::prelude::*;

use super::{Dataset, Error, Geometry, ImageError, Row, Work, check, decode, loader};
use crate::digest::{KeyHasher, ObjectId};
use crate::observer::{Observer, Task};
use crate::store::Stat;
use crate::text;
use pack::{Entry, Pack};

/// The folder of packs below a repository's folder for what may be removed at any time.
pub const FOLDER: &str = "pixels";

/// To be raised when a file's pixels may come out otherwise than before.
const REVISION: &str = "1";
/// Pixels in a pack.
const PACK_BYTES: usize = 64 << 20;
/// Images in a pack of small ones.
const PACK_IMAGES: usize = 1 << 14;

/// An image file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// BLAKE3 of its bytes, where that was recorded.
    pub hash: Option<ObjectId>,
}

impl Source {
    /// The image file of a row.
    pub fn of(dataset: &Dataset, row: &Row) -> Self {
        Self { path: dataset.image_path(row), hash: row.hash }
    }

    /// The image files of `rows`, in their order.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] where the dataset does not have such a row.
    pub fn of_rows(dataset: &Dataset, rows: &[usize]) -> Result<Vec<Self>, Error> {
        let source = |&row| dataset.rows.get(row).map(|row| Self::of(dataset, row));
        let sources: Option<Vec<Self>> = rows.iter().map(source).collect();
        sources.ok_or_else(|| Error::settings("a row was asked for that the dataset does not have"))
    }
}

/// Where an image's pixels are.
#[derive(Clone)]
pub struct Spot(Place);

#[derive(Clone)]
enum Place {
    Kept(Arc<Pack>, usize),
    Held(Arc<Fresh>),
}

impl Spot {
    /// u8 `[height, width, 3]`; `None` where the disk gave something else than was written.
    pub fn pixels(&self) -> Option<&[u8]> {
        match &self.0 {
            Place::Kept(pack, slot) => pack.image(*slot),
            Place::Held(fresh) => Some(&fresh.pixels),
        }
    }
}

/// The pixels of a file, u8 `[height, width, 3]`: those at its spot, or decoded anew.
///
/// # Errors
///
/// [`Error::Image`] where it has to be decoded and cannot be.
pub fn of<'a>(spot: Option<&'a Spot>, file: &Source, geometry: &Geometry) -> Result<Cow<'a, [u8]>, Error> {
    match spot.and_then(Spot::pixels) {
        Some(pixels) => Ok(Cow::Borrowed(pixels)),
        None => loader::load_one(&file.path, geometry).map(Cow::Owned),
    }
}

/// The hash of an image file and where its pixels are, or why there are none.
pub type Fetched = Result<(ObjectId, Spot), Error>;

/// What was just decoded.
struct Fresh {
    image: ObjectId,
    stat: Stat,
    pixels: Vec<u8>,
}

/// Decoded images of one geometry: those that were kept, and those that are decoded and kept now.
pub struct Shelf<'a> {
    geometry: Geometry,
    /// The folder of all packs and the one of this geometry; `None` where nothing is kept.
    folder: Option<[PathBuf; 2]>,
    known: HashMap<ObjectId, Spot>,
    used: HashSet<PathBuf>,
    /// Decoded and not yet kept.
    pending: Vec<Arc<Fresh>>,
    /// Bytes of memory for images that cannot be kept.
    may_hold: u64,
    observer: &'a dyn Observer,
}

impl<'a> Shelf<'a> {
    /// Opens what is kept below `folder`. Images that cannot be kept are held in up to `may_hold` bytes of memory.
    pub fn open(folder: Option<&Path>, geometry: &Geometry, may_hold: u64, observer: &'a dyn Observer) -> Self {
        let folder = folder.map(|root| [root.to_owned(), root.join(key(geometry).hex())]);
        let (known, used, pending) = (HashMap::new(), HashSet::new(), Vec::new());
        let mut shelf = Self { geometry: *geometry, folder, known, used, pending, may_hold, observer };
        if let Some([_, own]) = shelf.folder.clone() {
            match fs::create_dir_all(&own) {
                Ok(()) => shelf.open_packs(&own),
                Err(error) => shelf.give_up(&text::plain_reason(&error.to_string())),
            }
        }
        shelf
    }

    fn open_packs(&mut self, folder: &Path) {
        room::sweep(folder);
        let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
        for path in files.filter(|path| path.extension().is_some_and(|extension| extension == pack::EXTENSION)) {
            match Pack::open(&path, self.image_bytes()) {
                Ok(Some(pack)) => self.learn(pack),
                // Its images are kept anew; where it cannot be removed it is passed over next time too.
                Ok(None) => drop(fs::remove_file(&path)),
                Err(_) => {}
            }
        }
    }

    fn learn(&mut self, pack: Pack) {
        let pack = Arc::new(pack);
        let spots = pack.entries().iter().enumerate().map(|(slot, entry)| (entry.image, Spot(Place::Kept(pack.clone(), slot))));
        self.known.extend(spots);
    }

    fn image_bytes(&self) -> usize {
        self.geometry.width as usize * self.geometry.height as usize * 3
    }

    /// How many images are kept in one pack; a good number to fetch at a time.
    pub fn images_in_a_pack(&self) -> usize {
        (PACK_BYTES / self.image_bytes().max(1)).clamp(1, PACK_IMAGES)
    }

    /// The images of `files`, in their order, decoded on all threads where they are not known yet; `task` advances by each.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`]; for each file by itself [`Error::Image`] where it cannot be read.
    pub fn fetch(&mut self, files: &[&Source], task: &dyn Task, work: Work<'_>) -> Result<Vec<Fetched>, Error> {
        let find = |file: &&Source| {
            check(work)?;
            let found = self.find(file);
            task.advance(1);
            Ok(found)
        };
        let found: Vec<Result<Spot, Error>> = files.par_iter().map(find).collect::<Result<_, Error>>()?;
        let mut answers = Vec::with_capacity(found.len());
        for spot in found {
            answers.push(spot.map(|spot| (self.note(&spot), spot)));
        }
        if self.pending.len() >= self.images_in_a_pack() {
            self.keep();
        }
        Ok(answers)
    }

    /// Remembers that an image was asked for; its name.
    fn note(&mut self, spot: &Spot) -> ObjectId {
        match &spot.0 {
            Place::Kept(pack, slot) => {
                if !self.used.contains(pack.path()) {
                    self.used.insert(pack.path().to_owned());
                    // Only the order of removal depends on it.
                    let _ = filetime::set_file_mtime(pack.path(), SystemTime::now().into());
                }
                pack.entries()[*slot].image
            }
            Place::Held(fresh) => {
                let wanted = self.folder.is_some() || self.may_hold > 0;
                if wanted && !self.known.contains_key(&fresh.image) {
                    self.pending.push(fresh.clone());
                }
                fresh.image
            }
        }
    }

    /// Where an image is now that was fetched; `None` where it was neither kept nor held.
    pub fn spot(&self, image: &ObjectId) -> Option<&Spot> {
        self.known.get(image)
    }

    fn find(&self, file: &Source) -> Result<Spot, Error> {
        let failed = |source: ImageError| Error::Image { path: file.path.clone(), source };
        if let Some(spot) = file.hash.and_then(|hash| self.known.get(&hash)) {
            let stat = fs::metadata(&file.path).map(|meta| Stat::of(&meta)).map_err(|error| failed(error.into()))?;
            if spot.stat() == stat {
                return Ok(spot.clone());
            }
        }
        let (bytes, stat) = read(&file.path).map_err(|error| failed(error.into()))?;
        let image = ObjectId::of(&bytes);
        if let Some(spot) = self.known.get(&image) {
            return Ok(spot.clone());
        }
        let decoded = decode::decode_bytes(&bytes).map_err(failed)?;
        let pixels = loader::resize(&decoded, &self.geometry).map_err(failed)?;
        Ok(Spot(Place::Held(Arc::new(Fresh { image, stat, pixels }))))
    }

    /// Keeps on disk, or holds in memory, what was decoded and is not kept yet.
    pub fn keep(&mut self) {
        let fresh = std::mem::take(&mut self.pending);
        if fresh.is_empty() {
            return;
        }
        match self.write(&fresh) {
            Some(pack) => {
                self.used.insert(pack.path().to_owned());
                self.learn(pack);
            }
            None => {
                for fresh in fresh {
                    let bytes = fresh.pixels.len() as u64;
                    if bytes <= self.may_hold {
                        self.may_hold -= bytes;
                        self.known.insert(fresh.image, Spot(Place::Held(fresh)));
                    }
                }
            }
        }
    }

    fn write(&mut self, fresh: &[Arc<Fresh>]) -> Option<Pack> {
        let [root, own] = self.folder.clone()?;
        let entry = |Fresh { image, stat, pixels }: &Fresh| Entry { image: *image, stat: *stat, pixels: ObjectId::of(pixels) };
        let entries: Vec<Entry> = fresh.par_iter().map(|fresh| entry(fresh)).collect();
        let images = entries.into_iter().zip(fresh.iter().map(|fresh| fresh.pixels.as_slice()));
        let written = match room::make_room(&root, (fresh.len() * self.image_bytes()) as u64, &self.used) {
            true => Pack::write(&own, self.image_bytes(), images).map_err(|error| plain(&error)),
            false => Err("they may take up half of the free space".to_owned()),
        };
        written.map_err(|reason| self.give_up(&reason)).ok()
    }

    fn give_up(&mut self, reason: &str) {
        if let Some([root, _]) = self.folder.take() {
            self.observer.warn(&format!("decoded images cannot be kept in `{}`, going on without: {reason}", root.display()));
        }
    }
}

impl Spot {
    fn stat(&self) -> Stat {
        match &self.0 {
            Place::Kept(pack, slot) => pack.entries()[*slot].stat,
            Place::Held(fresh) => fresh.stat,
        }
    }
}

/// Names whatever decides what a file's pixels are.
fn key(geometry: &Geometry) -> ObjectId {
    let mut key = KeyHasher::new("derm pixels 1");
    key.text(REVISION).text(env!("CARGO_PKG_VERSION")).text(&format!("{geometry:?}"));
    key.finish()
}

/// A file's bytes with its fingerprint before they were read; no fingerprint where a change could go unnoticed.
fn read(path: &Path) -> std::io::Result<(Vec<u8>, Stat)> {
    let stat = Stat::of(&fs::metadata(path)?);
    let now = SystemTime::now();
    let bytes = fs::read(path)?;
    Ok((bytes, if stat.is_settled(now) { stat } else { Stat::default() }))
}

/// What went wrong without its path, which the warning names.
fn plain(error: &crate::workspace::Error) -> String {
    text::plain_reason(&std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string))
}

#[cfg(test)]
mod tests;
