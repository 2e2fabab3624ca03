//! The result: what `evaluation.json` says, and the part of it that `metrics.json` says.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::evaluation::result::{Averages, ClassMetrics, Intervals, document, numbers, undefined_of};

/// The result: `evaluation.json` in this order. Every `Option` that is none is `null` there and named in `undefined`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelEvaluation {
    /// Rows whose labels are known; everything below rests on these.
    pub n: usize,
    /// Rows whose labels are not known, left out.
    pub unlabelled: usize,
    /// Groups among the rows; a row without a group is one of its own.
    pub groups: usize,
    /// Numbers of the whole table.
    #[serde(flatten)]
    pub headline: Headline,
    /// Numbers of labels averaged in three ways.
    pub averages: BTreeMap<&'static str, Averages>,
    /// By label, in the order of the labels, at the threshold.
    pub per_class: IndexMap<String, ClassMetrics>,
    /// 95 % intervals.
    pub intervals: Intervals,
    /// What has no value, and why.
    pub undefined: Vec<String>,
    /// The labels, in the order of the probabilities.
    pub classes: Vec<String>,
    /// From this probability on a row is said to show a label.
    pub threshold: f64,
    /// Labels of a row, on average: in truth, and as said.
    pub labels_per_image: [Option<f64>; 2],
}

/// Numbers of the whole table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Headline {
    /// Mean of the AUCs that have a value.
    pub macro_auc: Option<f64>,
    /// Mean of the average precisions that have a value.
    pub macro_ap: Option<f64>,
    /// Mean F1 over labels, 0 where undefined.
    pub macro_f1: Option<f64>,
    /// F1 of all rows and labels together.
    pub micro_f1: Option<f64>,
    /// Mean over rows and labels, natural log, clipped to [2⁻⁵², 1 - 2⁻⁵²].
    pub log_loss: Option<f64>,
    /// Share of rows of which every label is said rightly.
    pub subset_accuracy: Option<f64>,
    /// Share of labels of all rows that are said wrongly.
    pub hamming_loss: Option<f64>,
}

impl LabelEvaluation {
    fn fields(&self) -> Map<String, Value> {
        // Every key is a text and every number finite or null, so that this cannot fail.
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }

    /// The text of `evaluation.json`: `schema` 1, `kind`, then every field in its order.
    pub fn to_json(&self) -> String {
        document("label-evaluation", self.fields())
    }

    /// The text of `metrics.json`, which tools list and compare line by line: `schema` 1, `kind`, `n`, `groups`, the
    /// numbers of the whole table, `per_class` with support, recall, precision, specificity, F1, AUC and AP, `undefined`.
    pub fn to_metrics_json(&self) -> String {
        let mut fields = self.fields();
        fields.retain(|name, _| {
            !matches!(name.as_str(), "unlabelled" | "averages" | "intervals" | "classes" | "threshold" | "labels_per_image")
        });
        for label in fields.get_mut("per_class").and_then(Value::as_object_mut).into_iter().flat_map(|all| all.values_mut()) {
            if let Some(label) = label.as_object_mut() {
                label.retain(|name, _| name != "predicted" && name != "npv");
            }
        }
        document("label-metrics", fields)
    }

    /// The numbers that runs are listed and compared by, under the names that they have in `metrics.json`.
    pub fn numbers(&self) -> Vec<(String, f64)> {
        numbers(&self.headline, &self.per_class)
    }

    /// Every quantity without a value, and why.
    pub(super) fn name_undefined(&self) -> Vec<String> {
        let mut out = undefined_of(&self.per_class, self.n, "label");
        for (name, value) in [("macro_auc", self.headline.macro_auc), ("macro_ap", self.headline.macro_ap)] {
            if value.is_none() {
                out.push(format!("{name}: no label has both kinds of images"));
            }
        }
        if self.headline.micro_f1.is_none() {
            out.push("micro_f1: no label is there or said anywhere".to_owned());
        }
        out
    }
}
