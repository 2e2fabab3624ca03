//! Metrics, intervals and calibration of a classifier, from a table of predictions.
//!
//! In: [`Predictions`], one row an image: the true label where it is known, the group (lesion or
//! patient) where it is known, and one probability a class. Out: [`Evaluation`], which becomes
//! `metrics.json` and, through [`page`], `report.html`.
//!
//! | part | what it holds |
//! | --- | --- |
//! | [`Predictions`] | the table, its CSV form, what makes a table invalid |
//! | [`metrics`] | every number, one formula a function, with its source |
//! | [`intervals`] | Wilson, DeLong on the logit scale, the grouped bootstrap |
//! | [`evaluate`] | all of them on one table |
//! | [`page`] | the HTML report |
//!
//! Promises: the same table gives the same numbers bit for bit, whatever the number of threads; the
//! order of rows matters for nothing but ties in the bootstrap's draws. A quantity that has no value
//! (recall of a class without a row) is `null` and named in `undefined`, never 0 and never 1.
//! This module never reads images and never runs a network.

mod error;
pub mod metrics;
mod predictions;
mod table;

pub use error::{Error, TableProblem};
pub use predictions::{Prediction, Predictions};
