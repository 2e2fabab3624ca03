//! Splits: which image is for training, for validation, for the test.
//!
//! # Format
//!
//! A CSV with the columns `image`, `split` and, where there are folds, `fold`; one row for every image
//! of the dataset, sorted by `image` in byte order. `split` is `train`, `val` or `test`. With `fold` (0, 1, …)
//! the images of `train` are dealt into folds for cross-validation: fold *k*'s validation images are
//! those whose `fold` is *k*, its training images are the other images of `train`; `test` images have none.
//!
//! Tables by others are read too: the first column may be called `image_id`, `image_name` or `isic_id`, it
//! may name images without folders and extension, other columns are ignored, and `training`, `valid`,
//! `validation` and `testing` are understood.

mod make;
mod stratify;

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::Serialize;

pub use make::{Balance, ClassBalance, GroupBy, Made, Options, Shares, make, official};

use super::table::Table;
use super::{Dataset, Error};
use crate::digest::ObjectId;

/// Names of the column that identifies an image, in order of preference.
pub(super) const IMAGE_COLUMNS: [&str; 4] = ["image", "image_id", "image_name", "isic_id"];

/// What an image is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Subset {
    /// The network learns from it.
    Train,
    /// Choices (when to stop, which threshold) are made on it.
    Val,
    /// Looked at once, at the end.
    Test,
}

impl Subset {
    /// All, in order.
    pub const ALL: [Subset; 3] = [Subset::Train, Subset::Val, Subset::Test];

    /// `train`, `val` or `test`.
    pub fn name(self) -> &'static str {
        match self {
            Subset::Train => "train",
            Subset::Val => "val",
            Subset::Test => "test",
        }
    }
}

impl fmt::Display for Subset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no subset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no subset: `train`, `val` or `test` is wanted")]
pub struct ParseSubsetError(String);

impl FromStr for Subset {
    type Err = ParseSubsetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "train" | "training" => Ok(Subset::Train),
            "val" | "valid" | "validation" => Ok(Subset::Val),
            "test" | "testing" => Ok(Subset::Test),
            _ => Err(ParseSubsetError(text.to_owned())),
        }
    }
}

/// What one image is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The subset.
    pub subset: Subset,
    /// The fold, for images of `train` in a split with folds.
    pub fold: Option<u32>,
}

/// `train`, `val`, `test` or `fold 0`.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fold {
            Some(fold) => write!(f, "fold {fold}"),
            None => self.subset.fmt(f),
        }
    }
}

/// A split of one dataset: a part for every row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// In the order of the dataset's rows.
    parts: Vec<Part>,
    /// The image of each row.
    images: Vec<String>,
}

impl Split {
    /// A part for each row of `dataset`, in its order.
    pub fn new(dataset: &Dataset, parts: Vec<Part>) -> Self {
        debug_assert_eq!(dataset.rows.len(), parts.len());
        Self { parts, images: dataset.rows.iter().map(|row| row.image.clone()).collect() }
    }

    /// Reads a split file and matches it with the dataset.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with the place: unknown images, images named twice, words that name no subset, or
    /// images of the dataset that the file does not name.
    pub fn read(path: &Path, dataset: &Dataset) -> Result<Self, Error> {
        if !path.exists() {
            let message = format!("there is no split file `{}`", path.display());
            let hint = format!("check the name, or make one: `derm data split DATASET --out {}`", path.display());
            return Err(Error::Settings { message, hint: Some(hint) });
        }
        Self::from_table(&Table::read(path)?, dataset)
    }

    pub(super) fn from_table(table: &Table, dataset: &Dataset) -> Result<Self, Error> {
        let image = IMAGE_COLUMNS.iter().find_map(|name| table.column(name));
        let image = image.map_or_else(|| table.require("image"), Ok)?;
        let split = table.require("split")?;
        let fold = table.column("fold");
        let names = Names::of(dataset);
        let mut parts: Vec<Option<(usize, Part)>> = vec![None; dataset.rows.len()];
        let mut strangers = Vec::new();
        for at in 0..table.len() {
            let Some(row) = names.find(table.cell(at, image)).map_err(|why| table.error(at, image, why))? else {
                strangers.push(at);
                continue;
            };
            let subset = table.cell(at, split).parse().map_err(|why: ParseSubsetError| table.error(at, split, why.to_string()))?;
            let fold = fold.map_or(Ok(None), |column| read_fold(table, at, column, subset))?;
            if let Some((first, _)) = parts[row] {
                let message = format!("image `{}` is named twice, first in line {}", dataset.rows[row].image, table.line(first));
                return Err(table.error(at, image, message));
            }
            parts[row] = Some((at, Part { subset, fold }));
        }
        if let Some(&first) = strangers.first() {
            let images = strangers.iter().map(|&at| table.cell(at, image).to_owned()).collect();
            return Err(Error::Strangers { place: table.place(first, image), images, rows: table.len() });
        }
        let missing: Vec<&str> =
            dataset.rows.iter().zip(&parts).filter(|(_, part)| part.is_none()).map(|(row, _)| row.image.as_str()).collect();
        if let Some(first) = missing.first() {
            let images = crate::text::count(missing.len(), "image", "images");
            return Err(
                table.header_error(image, format!("the split names not every image: {images} of the dataset missing, such as `{first}`"))
            );
        }
        Ok(Self::new(dataset, parts.into_iter().flatten().map(|(_, part)| part).collect()))
    }

    /// Rows of the dataset in a subset, ascending.
    ///
    /// With a fold, `val` is that fold, `train` the other folds; `test` does not depend on it.
    pub fn rows(&self, subset: Subset, fold: Option<u32>) -> Vec<usize> {
        let wanted = |part: &Part| match (fold, part.subset, part.fold) {
            (Some(fold), Subset::Train, Some(own)) => subset == if own == fold { Subset::Val } else { Subset::Train },
            (_, own, _) => subset == own,
        };
        self.parts.iter().enumerate().filter(|(_, part)| wanted(part)).map(|(row, _)| row).collect()
    }

    /// What a row is used for.
    pub fn part(&self, row: usize) -> Option<Part> {
        self.parts.get(row).copied()
    }

    /// How many folds there are; 0 without folds.
    pub fn folds(&self) -> u32 {
        self.parts.iter().filter_map(|part| part.fold).max().map_or(0, |last| last + 1)
    }

    /// Whether a fold is one of this split's.
    pub fn check_fold(&self, fold: Option<u32>) -> Result<(), Error> {
        match (fold, self.folds()) {
            (Some(fold), 0) => Err(Error::settings(format!("the split has no folds, fold {fold} was asked for"))),
            (Some(fold), folds) if fold >= folds => {
                Err(Error::settings(format!("the split has folds 0 to {}, fold {fold} was asked for", folds - 1)))
            }
            _ => Ok(()),
        }
    }

    /// As [`rows`](Self::rows), for what a user asked for: of a split with folds, `train` and `val` mean nothing without a fold.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] when the fold is missing or is none of this split's.
    pub fn asked_rows(&self, subset: Subset, fold: Option<u32>) -> Result<Vec<usize>, Error> {
        self.check_fold(fold)?;
        match (fold, self.folds()) {
            (None, folds @ 1..) if subset != Subset::Test => {
                let count = crate::text::count(folds as usize, "fold", "folds");
                let hint = format!("K from 0 to {}: that fold is `val`, the others are `train`", folds - 1);
                Err(Error::Settings { message: format!("the split has {count}; name one with `--fold K`"), hint: Some(hint) })
            }
            _ => Ok(self.rows(subset, fold)),
        }
    }

    /// The file's bytes.
    pub fn to_csv(&self) -> Vec<u8> {
        let folds = self.folds() > 0;
        let mut order: Vec<usize> = (0..self.parts.len()).collect();
        order.sort_by(|&a, &b| self.images[a].cmp(&self.images[b]));
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
        // Writing into memory cannot fail, and all records have one length.
        let _ = writer.write_record(["image", "split", "fold"].iter().take(if folds { 3 } else { 2 }));
        for row in order {
            let part = self.parts[row];
            let fold = part.fold.map(|fold| fold.to_string()).unwrap_or_default();
            let cells = [self.images[row].as_str(), part.subset.name(), &fold];
            let _ = writer.write_record(cells.iter().take(if folds { 3 } else { 2 }));
        }
        writer.into_inner().unwrap_or_default()
    }

    /// Names the split: the hash of its file.
    pub fn digest(&self) -> ObjectId {
        ObjectId::of(&self.to_csv())
    }
}

fn read_fold(table: &Table, at: usize, column: usize, subset: Subset) -> Result<Option<u32>, Error> {
    let text = table.cell(at, column);
    if text.is_empty() {
        return Ok(None);
    }
    // A wild number would make as many folds.
    let fold = text.parse().ok().filter(|fold| *fold < 1000);
    let fold = fold.ok_or_else(|| table.error(at, column, format!("`{text}` is not the number of a fold (0 to 999)")))?;
    if subset == Subset::Train { Ok(Some(fold)) } else { Err(table.error(at, column, format!("a `{subset}` image has no fold"))) }
}

/// Finds rows by an image's full name or, where that is unique, by its stem.
pub(super) struct Names<'a> {
    full: HashMap<&'a str, usize>,
    stems: HashMap<&'a str, Option<usize>>,
}

impl<'a> Names<'a> {
    pub fn of(dataset: &'a Dataset) -> Self {
        let mut stems = HashMap::with_capacity(dataset.rows.len());
        for (at, row) in dataset.rows.iter().enumerate() {
            stems.entry(row.stem()).and_modify(|one| *one = None).or_insert(Some(at));
        }
        Self { full: dataset.rows.iter().enumerate().map(|(at, row)| (row.image.as_str(), at)).collect(), stems }
    }

    /// The row, `None` where there is none, or why it cannot be told.
    pub fn find(&self, name: &str) -> Result<Option<usize>, String> {
        if let Some(row) = self.full.get(name) {
            return Ok(Some(*row));
        }
        let by_stem = self.stems.get(name).or_else(|| self.stems.get(super::manifest::stem(name)).filter(|_| !name.contains('/')));
        match by_stem {
            Some(Some(row)) => Ok(Some(*row)),
            Some(None) => Err(format!("`{name}` stands for several images of the dataset: write the path below `images/`")),
            None => Ok(None),
        }
    }
}
