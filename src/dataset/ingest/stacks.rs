//! Multi-page TIFF stacks with label stacks: `x.tif` and `x_label.tif`, or `images/x.tif` and `labels/x.tif`.
//!
//! Every page becomes an image `x/0001.png` with its mask, also where nothing is labelled: a network has to learn that too. The stack is
//! the image's `group`, so that neighbouring pages never straddle a split. See [`extract`] for what becomes of values.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::files::{Files, without_extension};
use super::intake::Taken;
use super::{Assembly, Found, Item, Options, pairs};
use crate::dataset::extract::{self, Range, page_name};
use crate::dataset::stack::{Page, Stack, pages};
use crate::dataset::tint::Tint;
use crate::dataset::{Error, ImageError, Problem, Row, Work, check};
use crate::digest::ObjectId;
use crate::observer::{Task, Unit};

/// Whether all images are TIFFs and one of them has several pages.
pub fn fits(source: &Path, files: &Files) -> bool {
    let is_tiff = |path: &&String| matches!(extension(path).as_str(), "tif" | "tiff");
    let all = || files.images.iter().chain(files.masks.values());
    all().count() > 0 && all().all(|path| is_tiff(&path)) && all().any(|path| pages(&source.join(path)).is_ok_and(|pages| pages > 1))
}

fn extension(path: &str) -> String {
    Path::new(path).extension().map(|end| end.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

/// Lists stacks: items whose file has pages.
pub fn read(source: &Path, options: &Options) -> Result<Found, Error> {
    let files = Files::below(source)?;
    let mut found = Found { licence: "unknown".to_owned(), ..Found::default() };
    for pair in pairs::pair(source, &files, options.masks.as_deref(), &mut found.problems)? {
        if !matches!(extension(&pair.name).as_str(), "tif" | "tiff") {
            let reason = ImageError::NotAnImage("a TIFF stack is wanted".to_owned());
            found.problems.push(Problem::Unreadable { image: below(source, &pair.file), reason });
            continue;
        }
        let row = Row { image: without_extension(&pair.name).to_owned(), ..Row::default() };
        found.items.push(Item { file: pair.file, mask: pair.mask, row, subset: pair.subset });
    }
    found.classes.push("foreground".to_owned());
    found.problems.extend(files.problems);
    Ok(found)
}

fn below(source: &Path, file: &Path) -> PathBuf {
    file.strip_prefix(source).unwrap_or(file).to_owned()
}

/// Brings in every page of every stack. `made` gets the range of values of each deep stack.
pub fn take_in(
    source: &Path,
    stacks: Vec<Item>,
    classes: usize,
    assembly: &Assembly,
    work: Work<'_>,
) -> Result<(Taken, Vec<(String, Range)>), Error> {
    let total: usize = stacks.iter().filter_map(|stack| pages(&stack.file).ok()).sum();
    let task = work.observer.begin("extracting pages", Some(total as u64), Unit::Items("pages"));
    let intake = Intake { source, classes, assembly, task: &*task, work };
    let results: Result<Vec<_>, Error> = stacks.par_iter().map(|stack| intake.take(stack)).collect();
    let (mut taken, mut ranges) = (Taken { rows: Vec::new(), problems: Vec::new(), tint: Tint::default() }, Vec::new());
    for (item, result) in stacks.iter().zip(results?) {
        match result {
            Ok((rows, range)) => {
                taken.rows.extend(rows.into_iter().map(|row| (row, item.subset)));
                ranges.extend((range != Range::BYTES).then(|| (item.row.image.clone(), range)));
            }
            Err(problem) => taken.problems.push(problem),
        }
    }
    Ok((taken, ranges))
}

struct Intake<'a> {
    source: &'a Path,
    classes: usize,
    assembly: &'a Assembly,
    task: &'a dyn Task,
    work: Work<'a>,
}

/// Why a stack is not taken: its own fault, or the end of the ingest.
enum Stop {
    Problem(Problem),
    Error(Error),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Stop::Problem(problem)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Error(error)
    }
}

impl Intake<'_> {
    /// The rows of a stack; of one that cannot be used nothing stays.
    fn take(&self, item: &Item) -> Result<Result<(Vec<Row>, Range), Problem>, Error> {
        match self.take_pages(item) {
            Ok(taken) => Ok(Ok(taken)),
            Err(Stop::Error(error)) => Err(error),
            Err(Stop::Problem(problem)) => {
                self.assembly.take_back(&item.row.image)?;
                Ok(Err(problem))
            }
        }
    }

    fn take_pages(&self, item: &Item) -> Result<(Vec<Row>, Range), Stop> {
        let image = |reason| Problem::Unreadable { image: below(self.source, &item.file), reason };
        let Some(labels) = &item.mask else { return Err(Problem::NoMask { image: below(self.source, &item.file) }.into()) };
        let mask = |reason: String| Problem::Mask { mask: below(self.source, labels), reason };
        let count = pages(&item.file).map_err(image)?;
        let marked = pages(labels).map_err(|reason| mask(reason.to_string()))?;
        if marked != count {
            return Err(mask(format!("it has {marked} pages, its image has {count}")).into());
        }
        let range = Range::of(&item.file).map_err(image)?;
        let mut pictures = Stack::open(&item.file).map_err(image)?;
        let mut marks = Stack::open(labels).map_err(|reason| mask(reason.to_string()))?;
        let mut rows = Vec::with_capacity(count);
        while let Some(picture) = pictures.next_page().map_err(image)? {
            check(self.work)?;
            let at = rows.len();
            let wrong = |reason: String| mask(format!("page {}: {reason}", at + 1));
            let Some(label) = marks.next_page().map_err(|reason| wrong(reason.to_string()))? else { break };
            if let Some(reason) = other_size(&picture, &label) {
                return Err(wrong(reason).into());
            }
            let bytes = extract::image_png(&picture, range).map_err(image)?;
            let (labels, _) = extract::label_png(&label, self.classes).map_err(|reason| wrong(reason.to_string()))?;
            rows.push(self.write(item, page_name(&item.row.image, at, count), (&bytes, &labels), &picture)?);
            self.task.advance(1);
        }
        Ok((rows, range))
    }

    fn write(&self, item: &Item, name: String, (image, mask): (&[u8], &[u8]), page: &Page) -> Result<Row, Error> {
        self.assembly.write(&self.assembly.image_place(&name)?, image)?;
        self.assembly.write(&self.assembly.mask_place(&name)?, mask)?;
        Ok(Row {
            mask: Some(name.clone()),
            group: Some(item.row.image.clone()),
            width: Some(page.width),
            height: Some(page.height),
            hash: Some(ObjectId::of(image)),
            mask_hash: Some(ObjectId::of(mask)),
            image: name,
            ..Row::default()
        })
    }
}

fn other_size(picture: &Page, label: &Page) -> Option<String> {
    let (image, mask) = ((picture.width, picture.height), (label.width, label.height));
    (image != mask).then(|| format!("it is {} x {} pixels, its image's page {} x {}", mask.0, mask.1, image.0, image.1))
}
