//! The result of an evaluation: what `evaluation.json` says, and the part of it that `metrics.json` says.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};

use super::intervals::Interval;
use super::metrics::confusion::Confusion;
use super::metrics::isic::ClassScore;
use super::metrics::probability::Bin;
use super::metrics::ranking::Ranking;

/// The result: `evaluation.json` in this order. Every `Option` that is none is `null` there and named in `undefined`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Rows with a label; everything below rests on these.
    pub n: usize,
    /// Rows without a label, left out.
    pub unlabelled: usize,
    /// Groups among the labelled rows; a row without a group is one of its own.
    pub groups: usize,
    /// Numbers of the whole table.
    #[serde(flatten)]
    pub headline: Headline,
    /// Per-class numbers averaged in four ways.
    pub averages: BTreeMap<&'static str, Averages>,
    /// MedMNIST's two numbers.
    pub medmnist: MedMnist,
    /// The ISIC challenge's numbers.
    pub isic: Isic,
    /// By class, in the order of the classes.
    pub per_class: IndexMap<String, ClassMetrics>,
    /// 95 % intervals.
    pub intervals: Intervals,
    /// What has no value, and why.
    pub undefined: Vec<String>,
    /// Class names in the order of rows and columns of the matrix.
    pub classes: Vec<String>,
    /// Rows of true class r predicted as class c: `[r][c]`.
    pub confusion: Vec<Vec<u64>>,
    /// Confidence of the predicted class against its accuracy in 15 bins.
    pub reliability: Vec<Bin>,
}

/// Numbers of the whole table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Headline {
    /// Mean recall over classes with rows.
    pub balanced_accuracy: Option<f64>,
    /// Share of correct rows.
    pub accuracy: Option<f64>,
    /// Mean of the one-vs-rest AUCs that have a value.
    pub macro_auc: Option<f64>,
    /// Mean of the average precisions that have a value.
    pub macro_ap: Option<f64>,
    /// Mean F1 over declared classes, 0 where undefined.
    pub macro_f1: Option<f64>,
    /// Natural log, clipped to [2⁻⁵², 1 - 2⁻⁵²].
    pub log_loss: Option<f64>,
    /// Sum over classes, [0, 2].
    pub brier: Option<f64>,
    /// Half of it, [0, 1].
    pub brier_halved: Option<f64>,
    /// Expected calibration error, 15 bins (lo, hi], predicted class.
    pub ece: Option<f64>,
    /// Mean ECE that a perfectly calibrated model with these confidences would show (200 simulations).
    pub ece_noise_mean: Option<f64>,
    /// 95th percentile of the same: a smaller ECE is no evidence of miscalibration.
    pub ece_noise_p95: Option<f64>,
    /// Largest calibration error of a bin.
    pub mce: Option<f64>,
    /// Cohen's kappa, unweighted.
    pub kappa: Option<f64>,
    /// Matthews' correlation.
    pub mcc: Option<f64>,
    /// Label among the two most probable classes.
    pub top_2: Option<f64>,
    /// Label among the three most probable classes.
    pub top_3: Option<f64>,
}

/// One-vs-rest numbers of a class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassMetrics {
    /// Rows of this class.
    pub support: u64,
    /// Rows predicted as this class.
    pub predicted: u64,
    /// TP / (TP + FP).
    pub precision: Option<f64>,
    /// TP / (TP + FN): sensitivity.
    pub recall: Option<f64>,
    /// TN / (TN + FP).
    pub specificity: Option<f64>,
    /// TN / (TN + FN).
    pub npv: Option<f64>,
    /// 2 TP / (2 TP + FP + FN).
    pub f1: Option<f64>,
    /// Area under the ROC curve.
    pub auc: Option<f64>,
    /// Average precision.
    pub ap: Option<f64>,
}

impl ClassMetrics {
    /// Of class `k`.
    pub(super) fn of(confusion: &Confusion, k: usize, ranking: &Ranking) -> Self {
        let (auc, ap) = ranking.areas(None);
        Self {
            support: confusion.support(k) as u64,
            predicted: confusion.predicted(k) as u64,
            precision: confusion.precision(k),
            recall: confusion.recall(k),
            specificity: confusion.specificity(k),
            npv: confusion.npv(k),
            f1: confusion.f1(k),
            auc,
            ap,
        }
    }
}

/// Averages of per-class numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Averages {
    /// Of precision.
    pub precision: Option<f64>,
    /// Of recall.
    pub recall: Option<f64>,
    /// Of F1.
    pub f1: Option<f64>,
    /// Of AUC.
    pub auc: Option<f64>,
    /// Of average precision.
    pub ap: Option<f64>,
}

/// MedMNIST's evaluator.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MedMnist {
    /// Plain mean of one-vs-rest AUCs; none when a class has no rows.
    pub auc: Option<f64>,
    /// Share of correct rows; for two classes at the threshold 0.5.
    pub acc: Option<f64>,
}

/// The ISIC challenge's scorer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Isic {
    /// Mean recall where a tie for the largest probability is wrong.
    pub balanced_accuracy: Option<f64>,
    /// Rows with such a tie.
    pub undecided: u64,
    /// By class, at the threshold 0.5 with 0/0 = 1.
    pub per_class: IndexMap<String, ClassScore>,
}

/// 95 % intervals as `[lower, upper]`; `null` where there are too few rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Intervals {
    /// Draws of the bootstrap.
    pub resamples: usize,
    /// Its seed.
    pub seed: u64,
    /// Of the whole table's numbers. Accuracy: Wilson. The others: bootstrap over groups.
    pub headline: IndexMap<&'static str, Option<Interval>>,
    /// By class. Precision, recall, specificity, NPV: Wilson. AUC: DeLong on the logit scale. F1, AP: bootstrap.
    pub per_class: IndexMap<String, IndexMap<&'static str, Option<Interval>>>,
}

/// The text of a document: `schema` 1, `kind`, then its fields.
pub(super) fn document(kind: &str, fields: Map<String, Value>) -> String {
    let heading = [("schema".to_owned(), 1.into()), ("kind".to_owned(), kind.into())];
    format!("{:#}\n", Value::Object(heading.into_iter().chain(fields).collect()))
}

/// The numbers that runs are listed and compared by: those of the whole table, then three of each class.
pub(super) fn numbers(headline: &impl Serialize, per_class: &IndexMap<String, ClassMetrics>) -> Vec<(String, f64)> {
    let mut out = Vec::new();
    if let Ok(Value::Object(top)) = serde_json::to_value(headline) {
        out.extend(top.into_iter().filter_map(|(name, value)| Some((name, value.as_f64()?))));
    }
    for (class, of) in per_class {
        let values = [("recall", of.recall), ("precision", of.precision), ("auc", of.auc)];
        out.extend(values.into_iter().filter_map(|(name, value)| Some((format!("per_class.{class}.{name}"), value?))));
    }
    out
}

/// Every number of a class without a value among `n` rows, and why; `what` a class is called.
pub(super) fn undefined_of(per_class: &IndexMap<String, ClassMetrics>, n: usize, what: &str) -> Vec<String> {
    let mut out = Vec::new();
    let all = format!("every row is of this {what}");
    for (name, class) in per_class {
        let others = n as u64 - class.support;
        for (metric, value, why) in [
            ("precision", class.precision, "never predicted"),
            ("recall", class.recall, "no rows"),
            ("specificity", class.specificity, &*all),
            ("npv", class.npv, "always predicted"),
            ("f1", class.f1, "neither rows nor predictions"),
            ("auc", class.auc, if others == 0 { &*all } else { "no rows" }),
            ("ap", class.ap, "no rows"),
        ] {
            if value.is_none() {
                out.push(format!("per_class.{name}.{metric}: {why}"));
            }
        }
    }
    out
}

impl Evaluation {
    /// The text of `evaluation.json`: `schema` 1, `kind`, then every field in its order.
    pub fn to_json(&self) -> String {
        // Every key is a text and every number finite or null, so that this cannot fail.
        let fields = match serde_json::to_value(self) {
            Ok(Value::Object(own)) => own,
            _ => Map::new(),
        };
        document("evaluation", fields)
    }

    /// The text of `metrics.json`, which tools list and compare line by line: `schema` 1, `kind`, `n`, `groups`, the
    /// numbers of the whole table, `per_class` with support, recall, precision, specificity, F1, AUC and AP, `undefined`.
    pub fn to_metrics_json(&self) -> String {
        let mut fields = Map::new();
        if let Ok(Value::Object(mut own)) = serde_json::to_value(self) {
            if let Some(classes) = own.get_mut("per_class").and_then(Value::as_object_mut) {
                for class in classes.values_mut().filter_map(Value::as_object_mut) {
                    class.retain(|name, _| name != "predicted" && name != "npv");
                }
            }
            let mut top = match serde_json::to_value(&self.headline) {
                Ok(Value::Object(top)) => top,
                _ => Map::new(),
            };
            top.retain(|name, _| name != "ece_noise_mean" && name != "brier_halved");
            let wanted = |name: &String| matches!(name.as_str(), "n" | "groups" | "per_class" | "undefined") || top.contains_key(name);
            fields.extend(own.into_iter().filter(|(name, _)| wanted(name)));
        }
        document("metrics", fields)
    }

    /// The numbers that runs are listed and compared by, under the names that they have in `metrics.json`.
    pub fn numbers(&self) -> Vec<(String, f64)> {
        numbers(&self.headline, &self.per_class)
    }

    /// Every quantity without a value, and why.
    pub(super) fn name_undefined(&self) -> Vec<String> {
        let mut out = undefined_of(&self.per_class, self.n, "class");
        let whole = [
            ("macro_auc", self.headline.macro_auc),
            ("kappa", self.headline.kappa),
            ("mcc", self.headline.mcc),
            ("medmnist.auc", self.medmnist.auc),
        ];
        for (name, value) in whole {
            if value.is_none() {
                out.push(format!("{name}: {}", if name == "medmnist.auc" { "a class has no rows" } else { "only one class" }));
            }
        }
        out
    }
}
