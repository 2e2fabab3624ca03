//! Metrics, intervals and calibration of a classifier, from a table of predictions.
//!
//! In: [`Predictions`], one row an image: the true label where it is known, the group (lesion or
//! patient) where it is known, and one probability a class. Out: [`Evaluation`], which becomes
//!
//! | part | what it holds |
//! | --- | --- |
//! | [`Predictions`] | the table, its CSV form, what makes a table invalid |
//! | [`metrics`] | every number, one formula a function, with its source |
//! | [`intervals`] | Wilson, DeLong on the logit scale, the grouped bootstrap |
//! | [`evaluate`] | all of them on one table |
//! | [`page`] | the HTML report |
//! | [`labels`] | the same for models that give any number of labels |
//! | [`masks`] | the same for segmenters: Dice, Jaccard, distances, overlays |
//!
//! Promises: the same table gives the same numbers bit for bit, whatever the number of threads; the
//! order of rows matters for nothing but ties in the bootstrap's draws. A quantity that has no value
//! (recall of a class without a row) is `null` and named in `undefined`, never 0 and never 1.
//! Only [`thumbnail`] and [`masks::overlay`] read images; nothing here runs a network.

mod assess;
mod bootstrap;
pub mod curves;
pub mod ensemble;
mod error;
pub mod intervals;
mod join;
pub mod labels;
pub mod masks;
pub mod metrics;
pub mod page;
mod predictions;
mod result;
mod table;
pub mod thumbnail;

pub use assess::{Options, evaluate};
pub use error::{Error, TableProblem};
pub use intervals::Interval;
pub use join::{Index, Joined, independent_unit};
pub use predictions::{Prediction, Predictions};
pub use result::{Averages, ClassMetrics, Evaluation, Headline, Intervals, Isic, MedMnist};
