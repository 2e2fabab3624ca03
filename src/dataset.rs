//! Datasets: folders of images with a table of what is known about each.
//!
//! # Format
//!
//! ```text
//! DATASET/
//!   dataset.yaml     what the dataset is; written last, so a folder without it is no dataset
//!   manifest.csv     one row an image, sorted by `image` in byte order
//!   images/…         the image files, byte for byte as they came
//!   masks/…          segmentation masks, if any
//!   split.csv        the source's own split, if it came with one
//! ```
//!
//! `dataset.yaml` holds `schema` (1), `task` (`classification`, `multi-label` or `segmentation`), `classes` (names in order; a label
//! is the position in this list; of a segmentation dataset one to three names of what the masks show, and no labels), `images` (rows of the manifest), `format` and `source` (where it came
//! from), `licence`, `notes`, `made` (the settings it was made with) and `skipped` (what was left out, by
//! kind). It holds no time and no absolute path: the same source gives the same bytes.
//!
//! `manifest.csv` (UTF-8, comma, header, `\n`) has the columns `image`, `label` or `labels`, `mask`, `group`,
//! `patient`, `age`, `sex`, `site`, `skin_type`, `width`, `height`, `hash`, `mask_hash`, in this order, each present only
//! if some image has it; `image` and `label` (or `labels`) are always there. An empty cell means not known.
//!
//! | column | meaning |
//! | --- | --- |
//! | `image` | path below `images/` with `/`; unique, also without regard to case |
//! | `label` | a name from `classes`; empty: not labelled |
//! | `labels` | instead of `label` where the task is `multi-label`: names from `classes` as [`labels`] has them, `;` between them; empty: none of them; `?`: not labelled |
//! | `mask` | path below `masks/`; see [`masks`] for what its file holds |
//! | `group` | the lesion: images of one group must not straddle a split |
//! | `patient` | the patient, likewise |
//! | `age` | years |
//! | `sex` | `female`, `male` or the source's own word |
//! | `site` | where on the body, in the source's words |
//! | `skin_type` | recorded by the source (Fitzpatrick `1` to `6`), never guessed from pixels |
//! | `width`, `height` | pixels after the EXIF orientation is applied |
//! | `hash` | BLAKE3 of the file's bytes, 64 hexadecimal digits |
//! | `mask_hash` | the same of the mask's file |
//!
//! The reader must refuse a `schema` it does not know, a manifest whose rows are not unique, and labels
//! that `classes` lacks. Unknown columns are an error too, so that no information is dropped unnoticed.
//!
//! A dataset is assembled in a folder beside its place and renamed into place when whole: a
//! killed ingest leaves no folder that opens, and an existing dataset is replaced in one step.
//!
//! Nothing here changes a user's originals: files are cloned (reflink) or copied, never linked.

pub mod audit;
pub mod decode;
mod error;
pub mod extract;
pub mod facts;
mod grouping;
mod info;
pub mod ingest;
pub mod labels;
pub mod loader;
mod manifest;
pub mod masks;
pub mod pixels;
pub mod split;
pub mod stack;
mod staging;
pub mod stats;
pub mod synthetic;
mod table;
mod tint;

use std::path::{Path, PathBuf};

pub use error::{Error, ImageError, Problem};
pub use info::Info;
pub use loader::{Filter, Fit, Geometry, Light};
pub use manifest::Row;
pub use split::{Split, Subset};

use crate::digest::{KeyHasher, ObjectId};
pub use crate::store::Work;

/// An error when a stop was asked for.
fn check(work: Work<'_>) -> Result<(), Error> {
    if work.interrupt.is_raised() { Err(Error::Interrupted) } else { Ok(()) }
}

/// An opened dataset: its description and all rows of its manifest, in memory.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The folder.
    pub root: PathBuf,
    /// `dataset.yaml`.
    pub info: Info,
    /// `manifest.csv`, sorted by image.
    pub rows: Vec<Row>,
}

impl Dataset {
    /// Reads `dataset.yaml` and `manifest.csv` of a folder; opens no image.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let info = Info::read(root)?;
        let rows = manifest::read(root, &info)?;
        Ok(Self { root: root.to_owned(), info, rows })
    }

    /// The class names; a label is a position in this list.
    pub fn classes(&self) -> &[String] {
        &self.info.classes
    }

    /// The image file of a row.
    pub fn image_path(&self, row: &Row) -> PathBuf {
        below(&self.root.join("images"), &row.image)
    }

    /// The mask file of a row, if it has one.
    pub fn mask_path(&self, row: &Row) -> Option<PathBuf> {
        row.mask.as_ref().map(|mask| below(&self.root.join("masks"), mask))
    }

    /// What the masks show, one channel each: the classes of a `segmentation` dataset, `lesion` of any other.
    pub fn mask_classes(&self) -> Vec<String> {
        if self.info.is_segmentation() { self.info.classes.clone() } else { vec!["lesion".to_owned()] }
    }

    /// Names task, classes and every cell of the manifest, hence also the bytes of images and masks, by their hashes.
    pub fn digest(&self) -> ObjectId {
        let mut key = KeyHasher::new("derm dataset 1");
        key.text(&self.info.task);
        for class in &self.info.classes {
            key.text(class);
        }
        key.field(&manifest::to_csv(&self.rows, &self.info));
        key.finish()
    }

    /// What a `group` is in this dataset, one and several: a lesion, but for slices of a stack.
    pub fn group_words(&self) -> (&'static str, &'static str) {
        if self.info.format == ingest::Format::TiffStacks.name() { ("stack", "stacks") } else { ("lesion", "lesions") }
    }

    /// The classes that labels name: none of a segmentation dataset.
    pub fn label_classes(&self) -> &[String] {
        if self.info.is_segmentation() { &[] } else { &self.info.classes }
    }

    /// How many rows each class has, in the order of [`label_classes`](Self::label_classes), over `rows`.
    pub fn class_counts(&self, rows: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut counts = vec![0; self.label_classes().len()];
        for &label in rows.into_iter().filter_map(|row| self.rows.get(row)?.shown()).flatten() {
            counts[label] += 1;
        }
        counts
    }

    /// The kinds of images that are counted, dealt and told apart: the classes, then what else there can be.
    pub fn kinds(&self) -> Vec<Kind> {
        self.label_classes().iter().cloned().map(Kind::Class).chain([Kind::OfNone, Kind::Unlabelled]).collect()
    }

    /// The positions in [`kinds`](Self::kinds) of a row: of several labels several.
    pub fn kinds_of(&self, row: &Row) -> Vec<usize> {
        let classes = self.label_classes().len();
        match row.shown() {
            Some([]) => vec![classes],
            Some(shown) => shown.to_vec(),
            None => vec![classes + 1],
        }
    }

    /// A row's label, or its labels with `;` between them; `None`: not labelled.
    pub fn label_text(&self, row: &Row) -> Option<String> {
        row.shown().map(|shown| labels::cell(Some(shown), &self.info.classes))
    }
}

/// What an image can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of this class, perhaps of others too.
    Class(String),
    /// Of none of the classes, which is known.
    OfNone,
    /// Not labelled.
    Unlabelled,
}

/// A `/`-separated path on disk.
fn below(folder: &Path, path: &str) -> PathBuf {
    path.split('/').fold(folder.to_owned(), |folder, part| folder.join(part))
}
