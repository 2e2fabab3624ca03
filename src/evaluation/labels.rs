//! Metrics of a model that gives images any number of labels.
//!
//! Every label is a question of its own, answered by a probability; [`THRESHOLD`] makes it yes or no.

mod columns;

pub use columns::{Columns, LabelMetric, THRESHOLD};
