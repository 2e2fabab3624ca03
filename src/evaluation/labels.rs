//! Metrics, intervals and the report of a model that gives images any number of labels.
//!
//! Every label is a question of its own, answered by a probability; [`THRESHOLD`] makes it yes or no. In: [`Predictions`](super::Predictions) with
//! `multi_label`; out: [`LabelEvaluation`]. Numbers of a label are those of a class against the rest, with the same intervals; those of the whole
//! table are means over labels, and what is asked of all labels together: the share of images without a mistake, the share of wrong answers.

mod assess;
mod columns;
pub mod page;
mod result;

pub use assess::evaluate;
pub use columns::{Columns, LabelMetric, THRESHOLD};
pub use result::{Headline, LabelEvaluation};
