//! Drift: current images and predictions against a reference.
//!
//! [`measure`] turns images into [`features`]; [`table::Table`] holds them beside metadata and predictions;
//! [`compare::compare`] tests every column and gives a verdict a level, with the rate at which this very rule
//! raises a false alarm; [`report`] holds the result as JSON and as a page. The same inputs and seed give the same bytes: no
//! time stamp, no host, no absolute path is written.
//!
//! Images of one lesion or patient are no independent witnesses: every test counts them by their design
//! effect ([`Design`]), in the comparison and in the splits that measure false alarms alike.
//!
//! It cannot see what none of its columns shows: a change of the relation between image and
//! diagnosis leaves every column as it was.

mod column;
pub mod compare;
mod density;
mod design;
mod false_alarm;
pub mod features;
pub mod measure;
mod page;
pub mod predictions;
pub mod report;
mod settings;
pub mod source;
pub mod stats;
pub mod table;

pub use column::{Outcome, Test};
pub use compare::{ColumnReport, Comparison, LevelReport, Verdict, compare};
pub use density::Density;
pub use design::Design;
pub use false_alarm::FalseAlarms;
pub use page::{cluster_sentence, false_alarm_sentence, medians, power_sentence, signed};
pub use report::Report;
pub use settings::Settings;
pub use table::{Level, Table};

use std::path::PathBuf;

/// Why a comparison could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A side has no images.
    #[error("`{0}` holds no images")]
    NoImages(PathBuf),
    /// No image of a side could be read.
    #[error("none of the {count} images of `{folder}` can be read")]
    NothingReadable {
        /// The side.
        folder: PathBuf,
        /// How many were tried.
        count: usize,
        /// Why the first one could not be read.
        first: String,
    },
    /// Two tables of predictions are about different classes.
    #[error("the reference's predictions are about other classes than the current ones")]
    OtherClasses {
        /// Classes of the reference.
        reference: Vec<String>,
        /// Classes of the current predictions.
        current: Vec<String>,
    },
    /// No image of a side is in its table of predictions.
    #[error("none of the {images} images is among the {predictions} predictions")]
    OtherImages {
        /// Rows of the table.
        predictions: usize,
        /// Images of the side.
        images: usize,
    },
    /// A file or folder could not be read.
    #[error("cannot read `{path}`")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The user stopped it.
    #[error("interrupted")]
    Interrupted,
    /// A table of features could not be written.
    #[error("cannot write the table of features")]
    Csv(#[from] csv::Error),
}
