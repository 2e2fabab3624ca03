//! Every file is read once: decoded to see that it can be, hashed, and cloned or written to its place.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::{Assembly, Item};
use crate::dataset::tint::Tint;
use crate::dataset::{Error, ImageError, Problem, Row, Subset, Work, check, decode, masks};
use crate::digest::ObjectId;
use crate::observer::Unit;

/// Rows with sizes and hashes, and what could not be taken.
pub struct Taken {
    pub rows: Vec<(Row, Option<Subset>)>,
    pub problems: Vec<Problem>,
    /// The colours of all images that were taken.
    pub tint: Tint,
}

/// What is asked of masks.
#[derive(Clone, Copy)]
pub struct Wanted {
    /// As many classes as a mask shows.
    pub classes: usize,
    /// An image whose mask cannot be used is not taken either.
    pub always: bool,
}

/// Brings all items in, many at a time.
pub fn take_in(source: &Path, items: Vec<Item>, masks: Wanted, assembly: &Assembly, work: Work<'_>) -> Result<Taken, Error> {
    let task = work.observer.begin("reading images", Some(items.len() as u64), Unit::Items("images"));
    let intake = Intake { source, masks, assembly, clones: AtomicBool::new(true) };
    let results: Result<Vec<_>, Error> = items
        .into_par_iter()
        .map(|item| {
            check(work)?;
            let done = intake.take(item);
            task.advance(1);
            done
        })
        .collect();
    let mut taken = Taken { rows: Vec::new(), problems: Vec::new(), tint: Tint::default() };
    for (row, problems, tint) in results? {
        taken.rows.extend(row);
        taken.tint = [taken.tint, tint].into_iter().sum();
        taken.problems.extend(problems);
    }
    Ok(taken)
}

struct Intake<'a> {
    source: &'a Path,
    masks: Wanted,
    assembly: &'a Assembly,
    /// Whether the file system can clone, until it says no.
    clones: AtomicBool,
}

type Outcome = (Option<(Row, Option<Subset>)>, Vec<Problem>, Tint);

impl Intake<'_> {
    fn take(&self, item: Item) -> Result<Outcome, Error> {
        let Item { file, mask, mut row, subset } = item;
        let checked = read(&file).and_then(|bytes| decode::decode_bytes(&bytes).map(|image| (image.dimensions(), Tint::of(&image), bytes)));
        let ((width, height), tint, bytes) = match checked {
            Ok(good) => good,
            Err(reason) => return Ok((None, vec![Problem::Unreadable { image: self.below(&file), reason }], Tint::default())),
        };
        (row.width, row.height, row.hash) = (Some(width), Some(height), Some(ObjectId::of(&bytes)));
        let mut problems = Vec::new();
        if let Some(mask) = mask {
            match self.take_mask(&mask, &row)? {
                Ok((name, hash)) => (row.mask, row.mask_hash) = (Some(name), Some(hash)),
                Err(problem) if self.masks.always => return Ok((None, vec![problem], Tint::default())),
                Err(problem) => problems.push(problem),
            }
        }
        self.bring(&file, &bytes, &self.assembly.image_place(&row.image)?)?;
        Ok((Some((row, subset)), problems, tint))
    }

    /// The mask is named after its image: `a/b.jpg` has `a/b.png`.
    fn take_mask(&self, file: &Path, row: &Row) -> Result<Result<(String, ObjectId), Problem>, Error> {
        let wrong = |reason: String| Ok(Err(Problem::Mask { mask: self.below(file), reason }));
        let classes = self.masks.classes;
        let bytes = match read(file).and_then(|bytes| masks::decode(&bytes, classes).map(|mask| ((mask.width, mask.height), bytes))) {
            Ok((size, bytes)) => {
                let image = (row.width.unwrap_or(size.0), row.height.unwrap_or(size.1));
                if !masks::same_shape(size, image) {
                    return wrong(masks::other_shape(size, image));
                }
                bytes
            }
            Err(reason) => return wrong(reason.to_string()),
        };
        let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or("png").to_ascii_lowercase();
        let name = Path::new(&row.image).with_extension(extension).to_string_lossy().into_owned();
        self.bring(file, &bytes, &self.assembly.mask_place(&name)?)?;
        Ok(Ok((name, ObjectId::of(&bytes))))
    }

    /// A clone shares its blocks with the original until one of the two is written; where there are none, bytes are written.
    fn bring(&self, file: &Path, bytes: &[u8], to: &Path) -> Result<(), Error> {
        if self.clones.load(Ordering::Relaxed) {
            if reflink_copy::reflink(file, to).is_ok() {
                return Ok(());
            }
            self.clones.store(false, Ordering::Relaxed);
        }
        self.assembly.write(to, bytes)
    }

    fn below(&self, file: &Path) -> PathBuf {
        file.strip_prefix(self.source).unwrap_or(file).to_owned()
    }
}

fn read(file: &Path) -> Result<Vec<u8>, ImageError> {
    Ok(std::fs::read(file)?)
}
