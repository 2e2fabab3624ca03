//! What can go wrong in training and prediction.

use std::io;
use std::path::{Path, PathBuf};

use super::config::{BadChoice, DeviceKind};
use super::tensors;
use crate::dataset::{Subset, labels};
use crate::nn::metadata::Field;
use crate::text;
use crate::{dataset, evaluation, nn, workspace};

/// A failure of this module.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that cannot hold.
    #[error(transparent)]
    Choice(#[from] BadChoice),
    /// This binary has no such device.
    #[error("this derm was built without the feature `{}`, so that it cannot use the device `{}`", kind.word(), kind.word())]
    Device {
        /// What was asked for.
        kind: DeviceKind,
    },
    /// The machine has no such device, or its driver refuses it.
    #[error("no `{}` device can be used: {reason}", kind.word())]
    NoDevice {
        /// What was asked for.
        kind: DeviceKind,
        /// What the driver says.
        reason: String,
    },
    /// Nothing to learn from or to predict.
    #[error("the split has no images in `{subset}`{}", fold.map(|fold| format!(" for fold {fold}")).unwrap_or_default())]
    NoImages {
        /// The empty subset.
        subset: Subset,
        /// The fold that was asked for.
        fold: Option<u32>,
    },
    /// Images, but no masks.
    #[error("none of the {} in `{subset}` has a mask", text::count(*images, "image", "images"))]
    NoMasks {
        /// The subset.
        subset: Subset,
        /// How many images it has.
        images: usize,
    },
    /// A field of the metadata of which nothing is known.
    #[error("none of the {} in `train` has {} {}", text::count(*images, "image", "images"), if *field == Field::Age { "an" } else { "a" }, field.name())]
    NoMetadata {
        /// The field.
        field: Field,
        /// How many images there are.
        images: usize,
    },
    /// No metric of masks is called that.
    #[error("no metric of masks is called `{name}`")]
    UnknownMaskMetric {
        /// What was asked for.
        name: String,
    },
    /// Images, but no labels.
    #[error("none of the {} in `{subset}` has a label", text::count(*images, "image", "images"))]
    NoLabels {
        /// The subset.
        subset: Subset,
        /// How many images it has.
        images: usize,
    },
    /// Nothing to tell apart.
    #[error("all {} in `train` are of the class `{class}`: a classifier needs two or more", text::count(*images, "image", "images"))]
    SingleClass {
        /// That class.
        class: String,
        /// How many images there are.
        images: usize,
    },
    /// Nothing to tell apart, where images have any number of labels.
    #[error("all {} in `train` have the same labels: there is nothing to tell apart", text::count(*images, "image", "images"))]
    SameLabels {
        /// How many images there are.
        images: usize,
    },
    /// A model of one label an image, and a dataset of several, or the other way round.
    #[error("the model gives an image {}, the dataset has {}", labels::how_many(*several), labels::how_many(!*several))]
    OtherTask {
        /// Whether the model gives any number of labels.
        several: bool,
    },
    /// Labels that the model cannot give.
    #[error("the model does not know {} {} of the data", if classes.len() == 1 { "the class" } else { "the classes" }, text::quoted_list(classes))]
    UnknownClasses {
        /// Classes of the data.
        classes: Vec<String>,
        /// Classes of the model.
        known: Vec<String>,
    },
    /// A batch that memory has no room for.
    #[error(
        "a step on {} of `{network}` {}",
        text::count(*images, "image", "images"),
        needed.map_or_else(
            || "needs more memory than the device has".to_owned(),
            |(bytes, free)| format!("needs at least {} of memory, and {} are free", text::bytes(bytes), text::bytes(free))
        )
    )]
    NoRoom {
        /// The network's name.
        network: String,
        /// Images in a batch.
        images: usize,
        /// Bytes that it needs, and that there are; `None` where the device gave up.
        needed: Option<(u64, u64)>,
        /// A batch that would fit.
        fits: Option<usize>,
    },
    /// The numbers ran away.
    #[error("the {what} is {value} at step {step} (epoch {epoch}), at a learning rate of {lr:e}")]
    NotFinite {
        /// `loss` or `norm of the gradients`.
        what: &'static str,
        /// `NaN` or `inf`.
        value: f64,
        /// Step since the start, from 1.
        step: usize,
        /// Epoch, from 1.
        epoch: usize,
        /// The head's learning rate.
        lr: f64,
        /// The images of the batch, below the dataset's `images/`.
        images: Vec<String>,
    },
    /// A checkpoint could not be written; the one before is still there.
    #[error("cannot write the checkpoint `{}`", path.display())]
    Checkpoint {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: tensors::WriteError,
    },
    /// Another process trains the same.
    #[error("the same training runs already: `{}` is in use", folder.display())]
    Busy {
        /// Its folder.
        folder: PathBuf,
    },
    /// The output folder holds something that is no bundle.
    #[error("`{}` is not empty and holds no model", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// A stop was asked for.
    #[error("interrupted")]
    Interrupted {
        /// The epoch (from 1) and step (from 0) to go on with; `None` when nothing was begun.
        at: Option<(usize, usize)>,
    },
    /// The system refused something.
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        /// A verb.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Reading data failed.
    #[error(transparent)]
    Dataset(dataset::Error),
    /// A network or its file failed.
    #[error(transparent)]
    Network(Box<nn::Error>),
    /// A metric failed.
    #[error(transparent)]
    Evaluation(#[from] evaluation::Error),
    /// A file could not be written.
    #[error(transparent)]
    Workspace(#[from] workspace::Error),
}

impl Error {
    /// Makes a closure for `map_err`.
    pub(super) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::Io { operation, path, source }
    }
}

impl From<dataset::Error> for Error {
    fn from(error: dataset::Error) -> Self {
        match error {
            dataset::Error::Interrupted => Error::Interrupted { at: None },
            other => Error::Dataset(other),
        }
    }
}

impl From<nn::Error> for Error {
    fn from(error: nn::Error) -> Self {
        Error::Network(Box::new(error))
    }
}

impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        nn::Error::Tensor(error).into()
    }
}

/// An error when a stop was asked for.
pub(super) fn go_on(work: dataset::Work<'_>) -> Result<(), Error> {
    if work.interrupt.is_raised() { Err(Error::Interrupted { at: None }) } else { Ok(()) }
}
