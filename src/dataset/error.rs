//! Why work with a dataset failed.

use std::io;
use std::path::{Path, PathBuf};

use crate::text::{self, Place};

/// What can go wrong with datasets.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file operation failed.
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        /// A verb, such as `read`.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file could not be written safely.
    #[error(transparent)]
    Write(#[from] crate::workspace::Error),
    /// A value could not be turned into text.
    #[error("cannot write {what}: {message}")]
    Unwritable {
        /// The file.
        what: &'static str,
        /// Why.
        message: String,
    },
    /// The folder has no `dataset.yaml`.
    #[error("`{}` is not a dataset", path.display())]
    NotADataset {
        /// The folder.
        path: PathBuf,
        /// Whether there is such a folder.
        exists: bool,
        /// Whether it holds an `images` folder.
        images: bool,
    },
    /// The dataset was written by another version of derm.
    #[error("`{}` has schema {found}; this derm reads schema {known}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its number.
        found: u32,
        /// The number that is understood.
        known: u32,
    },
    /// Something in a text file is wrong.
    #[error("{message}")]
    Invalid {
        /// Where.
        place: Place,
        /// What.
        message: String,
    },
    /// A split names images that the dataset does not hold.
    #[error("the dataset lacks {} of the split", text::count(images.len(), "image", "images"))]
    Strangers {
        /// The first of them.
        place: Place,
        /// Their names, in the order of the file.
        images: Vec<String>,
        /// How many rows the split has.
        rows: usize,
    },
    /// An image cannot be used.
    #[error("cannot read image `{}`", path.display())]
    Image {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ImageError,
    },
    /// A mask was wanted of an image that has none.
    #[error("image `{image}` of `{}` has no mask", dataset.display())]
    NoMask {
        /// The image.
        image: String,
        /// The dataset.
        dataset: PathBuf,
    },
    /// The source is not in the asked or in any known format.
    #[error("cannot tell the format of `{}`", path.display())]
    UnknownFormat {
        /// The folder.
        path: PathBuf,
        /// What was looked for and not found, one line a format.
        tried: Vec<String>,
    },
    /// Problems of a source, all of them.
    #[error("cannot ingest `{}`", path.display())]
    Source {
        /// The folder.
        path: PathBuf,
        /// What is wrong, without what is skipped anyway; never empty.
        problems: Vec<Problem>,
        /// What was asked to be left out.
        skip: Vec<super::ingest::Skip>,
    },
    /// The output cannot be made. The path is the one that was asked for, or lies in it: never a temporary one.
    #[error("cannot {operation} `{}`", path.display())]
    Output {
        /// A verb, such as `create`.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The output folder holds something.
    #[error("`{}` is not empty", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// Whether what it holds is a dataset, which may be replaced.
        dataset: bool,
    },
    /// Settings that make no sense together.
    #[error("{message}")]
    Settings {
        /// What.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A stop was asked for.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// Makes a closure for `map_err`.
    pub(super) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::Io { operation, path, source }
    }

    /// A setting that makes no sense, without advice.
    pub(super) fn settings(message: impl Into<String>) -> Error {
        Error::Settings { message: message.into(), hint: None }
    }
}

/// Why one image cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Zero bytes.
    #[error("the file is empty")]
    Empty,
    /// Not JPEG, PNG, TIFF, WebP, BMP or GIF.
    #[error("it is not an image ({0})")]
    NotAnImage(String),
    /// The data ends too early.
    #[error("it is truncated: {0}")]
    Truncated(&'static str),
    /// Several frames.
    #[error("it is animated: one image is wanted, this file holds several frames")]
    Animated,
    /// Several pages.
    #[error("it has several pages: one image is wanted, this file is a stack")]
    Pages,
    /// More pixels than are plausible.
    #[error("it claims {width} x {height} pixels, above the limit of {limit} million")]
    TooLarge {
        /// Claimed width.
        width: u32,
        /// Claimed height.
        height: u32,
        /// The limit in millions of pixels.
        limit: u64,
    },
    /// No pixels.
    #[error("it claims {width} x {height} pixels")]
    NoPixels {
        /// Claimed width.
        width: u32,
        /// Claimed height.
        height: u32,
    },
    /// An image that is no mask.
    #[error("{0}")]
    NotAMask(String),
    /// The decoder refused it.
    #[error("{0}")]
    Decode(String),
}

/// One thing that is wrong with a source.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No image at all.
    #[error("it holds no images")]
    NoImages,
    /// Nothing to tell apart.
    #[error("it has a single class, `{class}`: a classifier needs two or more")]
    SingleClass {
        /// That class.
        class: String,
    },
    /// A table's row names an image that is not there.
    #[error("{place}: no image `{image}`")]
    RowWithoutImage {
        /// The cell.
        place: Place,
        /// What it names.
        image: String,
    },
    /// An image that no table's row names.
    #[error("`{}` has no row in `{}`", image.display(), table.display())]
    ImageWithoutRow {
        /// The file, below the source.
        image: PathBuf,
        /// The table.
        table: PathBuf,
    },
    /// An image beside the class folders.
    #[error("`{}` lies in no class folder", image.display())]
    OutsideClasses {
        /// The file, below the source.
        image: PathBuf,
    },
    /// One name, several images or rows.
    #[error("image id `{id}` stands for both {first} and {second}")]
    DuplicateId {
        /// The id.
        id: String,
        /// Its first use: a file or a table's place.
        first: String,
        /// Its second use.
        second: String,
    },
    /// A table's cell is wrong.
    #[error("{place}: {message}")]
    Cell {
        /// The cell.
        place: Place,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A file that cannot be used as an image.
    #[error("cannot read image `{}`: {reason}", image.display())]
    Unreadable {
        /// The file, below the source.
        image: PathBuf,
        /// Why.
        reason: ImageError,
    },
    /// An image without a mask, where masks are what is wanted.
    #[error("`{}` has no mask", image.display())]
    NoMask {
        /// The file, below the source.
        image: PathBuf,
    },
    /// A mask whose image is not there.
    #[error("mask `{}` belongs to no image", mask.display())]
    MaskWithoutImage {
        /// The file, below the source or the masks' folder.
        mask: PathBuf,
    },
    /// A mask that does not fit its image.
    #[error("mask `{}`: {reason}", mask.display())]
    Mask {
        /// The file, below the source.
        mask: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl Problem {
    /// The name under which it is counted and skipped; `None`: it cannot be skipped.
    pub fn kind(&self) -> Option<super::ingest::Skip> {
        use super::ingest::Skip;
        match self {
            Problem::RowWithoutImage { .. } | Problem::MaskWithoutImage { .. } => Some(Skip::Missing),
            Problem::NoMask { .. } => Some(Skip::Unmasked),
            Problem::ImageWithoutRow { .. } | Problem::OutsideClasses { .. } => Some(Skip::Unlisted),
            Problem::Unreadable { .. } | Problem::Mask { .. } => Some(Skip::Unreadable),
            _ => None,
        }
    }
}
