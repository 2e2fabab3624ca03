//! Counting and describing differences.

use std::collections::BTreeMap;

use derm::nn::ops::Array;
use serde_json::json;

use crate::case::{Case, Expected, Form};

/// What derm made of a case.
pub struct Got {
    pub results: Vec<Array>,
    pub gradients: Vec<Array>,
}

/// What is wrong with one case, and its largest error in root mean squares of the result.
#[derive(Default)]
pub struct Outcome {
    pub differences: Vec<String>,
    pub worst: f64,
    compared: bool,
}

impl Outcome {
    pub fn compare(&mut self, route: &str, case: &Case, got: &Got) {
        self.compared = true;
        let results = case.results.iter().zip(&got.results).enumerate().map(|(i, pair)| (format!("result {i}"), pair));
        let gradients = case.gradients.iter().zip(&got.gradients).enumerate().map(|(i, pair)| (format!("gradient of input {i}"), pair));
        if (case.results.len(), case.gradients.len()) != (got.results.len(), got.gradients.len()) {
            self.differences.push(format!("{route}: {} results and {} gradients", got.results.len(), got.gradients.len()));
        }
        for (what, (expected, got)) in results.chain(gradients) {
            let folded = (got.dims != expected.array.dims).then(|| expected.folded());
            if let Some(difference) = self.difference(folded.as_ref().unwrap_or(expected), got, case.tolerance) {
                self.differences.push(format!("{route}, {what}: {difference}"));
            }
        }
    }

    /// The first value that is wrong and how many are.
    fn difference(&mut self, expected: &Expected, got: &Array, tolerance: f64) -> Option<String> {
        if expected.array.dims != got.dims {
            return Some(format!("shape {:?} is not {:?}", got.dims, expected.array.dims));
        }
        let mut wrong = Vec::new();
        for (i, (&got, &expected_value)) in got.values.iter().zip(&expected.array.values).enumerate() {
            let error = (f64::from(got) - f64::from(expected_value)).abs();
            let same = got == expected_value || (got.is_nan() && expected_value.is_nan());
            if !same && error.is_finite() && expected.rms > 0.0 {
                self.worst = self.worst.max(error / expected.rms);
            }
            // `!(<=)`: an error that is NaN is one.
            if !same && !(error <= expected.allowance + tolerance * f64::from(expected_value).abs() && error.is_finite()) {
                wrong.push((i, got, expected_value));
            }
        }
        let &(i, got, value) = wrong.first()?;
        Some(format!("{} values of {}, the first at {i}: {got:e} is not {value:e}", wrong.len(), expected.array.values.len()))
    }
}

#[derive(Default)]
struct Tally {
    compared: usize,
    differ: usize,
    worst: f64,
}

/// All cases.
#[derive(Default)]
pub struct Report {
    tallies: BTreeMap<String, Tally>,
    /// One line for each case that differs, with its shapes and settings.
    pub differences: Vec<String>,
}

impl Report {
    pub fn add(&mut self, case: &Case, outcome: Outcome) {
        let tally = self.tallies.entry(case.operation.clone()).or_default();
        tally.compared += usize::from(outcome.compared || !outcome.differences.is_empty());
        tally.differ += usize::from(!outcome.differences.is_empty());
        tally.worst = tally.worst.max(outcome.worst);
        if !outcome.differences.is_empty() {
            let shapes: Vec<(&[usize], Form)> = case.inputs.iter().map(|(form, input)| (input.dims.as_slice(), *form)).collect();
            let settings = serde_json::to_string(&case.settings).unwrap();
            self.differences.push(format!("{} {shapes:?} {settings}: {}", case.name, outcome.differences.join("; ")));
        }
    }

    pub fn to_json(&self) -> String {
        let operation = |(operation, tally): (&String, &Tally)| json!({"operation": operation, "compared": tally.compared, "differ": tally.differ, "worst": tally.worst});
        let operations: Vec<_> = self.tallies.iter().map(operation).collect();
        json!({"operations": operations, "differences": self.differences}).to_string()
    }
}
