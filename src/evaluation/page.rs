//! The HTML report of an evaluation.
//!
//! The first screen says the numbers that decide, each with its interval and with what a model that has
//! learnt nothing would reach, and what they rest on. Then: per class, confusion, curves, calibration, the
//! worst mistakes with their pictures, the same numbers by other definitions, the identity of data and
//! model, how it was computed. No date and no path of the machine: equal inputs give equal bytes.

mod figures;
mod sections;
mod words;

use super::metrics::ranking::{Ranking, one_vs_rest};
use super::predictions::{Prediction, Predictions};
use super::result::Evaluation;
use crate::report::html;

pub(super) use sections::{averages_table, between, curves, identity, per_class};
pub(super) use words::rests_on;
pub use words::{number, range};

/// Mistakes shown with their pictures.
pub const MISTAKES: usize = 24;

const ECE_HAS_NONE: Option<&str> = Some("for the ECE, whose resampled values are biased upwards");

/// What the page shows beside the numbers.
#[derive(Debug, Default)]
pub struct Material {
    /// The page's title, such as `Evaluation of skin`.
    pub title: String,
    /// Names and values that say which data, split, model and program this is about.
    pub identity: Vec<(String, String)>,
    /// Reasons to doubt the numbers that do not lie in the numbers, such as images that the model learnt from.
    pub cautions: Vec<String>,
    /// JPEG files by image name; a mistake without one is shown without a picture.
    pub thumbnails: std::collections::BTreeMap<String, Vec<u8>>,
}

/// The wrong predictions, the most confident first (then by image name), at most `limit`.
pub fn worst_mistakes(predictions: &Predictions, limit: usize) -> Vec<&Prediction> {
    let mut wrong: Vec<&Prediction> =
        predictions.rows.iter().filter(|row| row.label.is_some_and(|label| label != row.predicted())).collect();
    wrong.sort_by(|a, b| b.confidence().total_cmp(&a.confidence()).then_with(|| a.image.cmp(&b.image)));
    wrong.truncate(limit);
    wrong
}

/// Builds the page. `evaluation` must be that of `predictions`.
pub fn page(predictions: &Predictions, evaluation: &Evaluation, material: &Material) -> html::Page {
    let (labels, probabilities) = predictions.labelled();
    let ranking = |class: usize| {
        let (scores, positive) = one_vs_rest(&labels, &probabilities, class);
        Ranking::new(&scores, &positive)
    };
    html::Page::new(&material.title)
        .subtitle(words::subtitle(evaluation))
        .section(sections::headline(evaluation, &material.cautions))
        .section(per_class(&evaluation.per_class, &evaluation.intervals, ["Per class", "class"]))
        .section(sections::confusion(evaluation))
        .section(curves(&evaluation.per_class, ["class", "the rest"], &ranking))
        .section(sections::calibration(evaluation))
        .section(sections::mistakes(predictions, material))
        .section(sections::definitions(evaluation))
        .section(identity(material, evaluation.groups == evaluation.n, &evaluation.intervals, &evaluation.undefined, ECE_HAS_NONE))
        .footer(format!("Made by derm {}. This page is complete: it loads nothing.", env!("CARGO_PKG_VERSION")))
}
