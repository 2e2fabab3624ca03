//! The result: what `evaluation.json`, `metrics.json` and `masks.csv` say.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Scores;
use crate::evaluation::Interval;
use crate::evaluation::result::document;

/// One image.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its path below the dataset's `images/`.
    pub image: String,
    /// The patient or lesion; images of one are resampled together.
    pub group: Option<String>,
    /// In the order of the classes.
    pub scores: Vec<Scores>,
}

impl Case {
    /// The mean Dice over classes: what images are ranked by.
    pub fn dice(&self) -> f64 {
        self.scores.iter().map(|scores| scores.overlap.dice()).sum::<f64>() / self.scores.len().max(1) as f64
    }
}

/// Means over images; `None` where there is nothing to average.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Means {
    /// Dice.
    pub dice: Option<f64>,
    /// Jaccard.
    pub jaccard: Option<f64>,
    /// Thresholded Jaccard.
    pub thresholded_jaccard: Option<f64>,
    /// Sensitivity.
    pub sensitivity: Option<f64>,
    /// Specificity.
    pub specificity: Option<f64>,
    /// HD95 in pixels, over images where both masks show something.
    pub hd95: Option<f64>,
    /// HD95 in pixels, failures taken for the image's diagonal.
    pub hd95_penalised: Option<f64>,
    /// ASSD in pixels, over images where both masks show something.
    pub assd: Option<f64>,
    /// ASSD in pixels, failures taken for the image's diagonal.
    pub assd_penalised: Option<f64>,
}

impl Means {
    /// Names, in the order of [`values`](Self::values).
    pub const NAMES: [&'static str; 9] =
        ["dice", "jaccard", "thresholded_jaccard", "sensitivity", "specificity", "hd95", "hd95_penalised", "assd", "assd_penalised"];

    /// The numbers in order.
    pub fn values(&self) -> [Option<f64>; 9] {
        [
            self.dice,
            self.jaccard,
            self.thresholded_jaccard,
            self.sensitivity,
            self.specificity,
            self.hd95,
            self.hd95_penalised,
            self.assd,
            self.assd_penalised,
        ]
    }

    pub(super) fn of(values: [Option<f64>; 9]) -> Self {
        let [dice, jaccard, thresholded_jaccard, sensitivity, specificity, hd95, hd95_penalised, assd, assd_penalised] = values;
        Self { dice, jaccard, thresholded_jaccard, sensitivity, specificity, hd95, hd95_penalised, assd, assd_penalised }
    }
}

/// One mask class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassResult {
    /// Images whose true mask shows it.
    pub support: u64,
    /// Images whose predicted mask shows it.
    pub predicted: u64,
    /// Images that show it and where nothing was found.
    pub missed: u64,
    /// Images that do not show it and where something was found.
    pub invented: u64,
    /// Images where both masks are empty: Dice and Jaccard are 1 there.
    pub both_empty: u64,
    /// Images whose Jaccard is below 0.65.
    pub below_threshold: u64,
    /// The numbers.
    #[serde(flatten)]
    pub means: Means,
    /// Quartiles of the Dice: lower, median, upper.
    pub dice_quartiles: [f64; 3],
}

/// The result: `evaluation.json` in this order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MaskEvaluation {
    /// Images.
    pub n: usize,
    /// Groups among them; an image without a group is one of its own.
    pub groups: usize,
    /// Mean over classes; of one class its numbers.
    #[serde(flatten)]
    pub headline: Means,
    /// By class, in order.
    pub per_class: IndexMap<String, ClassResult>,
    /// 95 % intervals.
    pub intervals: MaskIntervals,
}

/// 95 % intervals as `[lower, upper]`; `null` where there are too few groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MaskIntervals {
    /// Draws of the bootstrap.
    pub resamples: usize,
    /// Its seed.
    pub seed: u64,
    /// Of the mean over classes.
    pub headline: IndexMap<&'static str, Option<Interval>>,
    /// By class.
    pub per_class: IndexMap<String, IndexMap<&'static str, Option<Interval>>>,
}

impl MaskEvaluation {
    fn fields(&self) -> Map<String, Value> {
        // Every key is a text and every number finite or null, so that this cannot fail.
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }

    /// The text of `evaluation.json`: `schema` 1, `kind`, then every field in its order.
    pub fn to_json(&self) -> String {
        document("mask-evaluation", self.fields())
    }

    /// The text of `metrics.json`, which tools list and compare: the same without intervals and quartiles.
    pub fn to_metrics_json(&self) -> String {
        let mut fields = self.fields();
        fields.shift_remove("intervals");
        if let Some(classes) = fields.get_mut("per_class").and_then(Value::as_object_mut) {
            classes.values_mut().filter_map(Value::as_object_mut).for_each(|class| {
                class.shift_remove("dice_quartiles");
            });
        }
        document("mask-metrics", fields)
    }

    /// The numbers that runs are listed and compared by, under the names that they have in `metrics.json`.
    pub fn numbers(&self) -> Vec<(String, f64)> {
        let named =
            |means: &Means| Means::NAMES.into_iter().zip(means.values()).filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let mut out: Vec<(String, f64)> = named(&self.headline).collect::<Vec<_>>();
        if self.per_class.len() > 1 {
            for (class, result) in &self.per_class {
                out.extend(named(&result.means).map(|(name, value)| (format!("per_class.{class}.{name}"), value)));
            }
        }
        out
    }
}

/// The text of `masks.csv`: one row an image and class; distances are empty where there are none.
pub fn to_csv(classes: &[String], cases: &[Case]) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    let numbers =
        ["dice", "jaccard", "thresholded_jaccard", "sensitivity", "specificity", "hd95", "assd", "truth_pixels", "predicted_pixels"];
    // Writing to memory cannot fail, and every row has the heading's width.
    let _ = writer.write_record(["image", "class", "group"].iter().chain(&numbers));
    let distance = |value: Option<f64>| value.map(|value| format!("{value:?}")).unwrap_or_default();
    for case in cases {
        for (class, scores) in classes.iter().zip(&case.scores) {
            let shares = [
                scores.overlap.dice(),
                scores.overlap.jaccard(),
                scores.overlap.thresholded_jaccard(),
                scores.overlap.sensitivity(),
                scores.overlap.specificity(),
            ];
            let mut cells = vec![case.image.clone(), class.clone(), case.group.clone().unwrap_or_default()];
            cells.extend(shares.map(|share| format!("{share:?}")));
            cells.extend([
                distance(scores.hd95),
                distance(scores.assd),
                scores.overlap.truth().to_string(),
                scores.overlap.predicted().to_string(),
            ]);
            let _ = writer.write_record(&cells);
        }
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}
