//! Every file is read once: decoded to see that it can be, hashed, and cloned or written to its place.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::{Assembly, Item};
use crate::dataset::tint::Tint;
use crate::dataset::{Error, ImageError, Problem, Row, Subset, Work, check, decode};
use crate::digest::ObjectId;
use crate::observer::Unit;

/// Rows with sizes and hashes, and what could not be taken.
pub struct Taken {
    pub rows: Vec<(Row, Option<Subset>)>,
    pub problems: Vec<Problem>,
    /// The colours of all images that were taken.
    pub tint: Tint,
}

/// Brings all items in, many at a time.
pub fn take_in(source: &Path, items: Vec<Item>, assembly: &Assembly, work: Work<'_>) -> Result<Taken, Error> {
    let task = work.observer.begin("reading images", Some(items.len() as u64), Unit::Items("images"));
    let intake = Intake { source, assembly, clones: AtomicBool::new(true) };
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
        self.bring(&file, &bytes, &self.assembly.image_place(&row.image)?)?;
        let mut problems = Vec::new();
        if let Some(mask) = mask {
            match self.take_mask(&mask, &row)? {
                Ok(name) => row.mask = Some(name),
                Err(problem) => problems.push(problem),
            }
        }
        Ok((Some((row, subset)), problems, tint))
    }

    /// The mask is named after its image: `a/b.jpg` has `a/b.png`.
    fn take_mask(&self, file: &Path, row: &Row) -> Result<Result<String, Problem>, Error> {
        let wrong = |reason: String| Ok(Err(Problem::Mask { mask: self.below(file), reason }));
        let bytes = match read(file).and_then(|bytes| decode::decode_grey(&bytes).map(|mask| (mask.dimensions(), bytes))) {
            Ok((size, bytes)) => match same_shape(size, (row.width, row.height)) {
                true => bytes,
                false => return wrong(format!("it is {} x {} pixels, another shape than its image", size.0, size.1)),
            },
            Err(reason) => return wrong(reason.to_string()),
        };
        let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or("png").to_ascii_lowercase();
        let name = Path::new(&row.image).with_extension(extension).to_string_lossy().into_owned();
        self.bring(file, &bytes, &self.assembly.mask_place(&name)?)?;
        Ok(Ok(name))
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

/// Masks may come at another scale than their images (HAM10000's thumbnails); their shapes must agree to 2 %.
fn same_shape(mask: (u32, u32), image: (Option<u32>, Option<u32>)) -> bool {
    let (Some(width), Some(height)) = image else { return true };
    let ratio = f64::from(mask.0) * f64::from(height) / (f64::from(mask.1) * f64::from(width));
    (0.98..=1.02).contains(&ratio)
}
