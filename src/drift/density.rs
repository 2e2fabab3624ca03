//! The shares that a report draws: a coarse picture of both sides of a column.

use serde::Serialize;

use super::stats::{binned, quantile};

/// Bins of the picture of a numeric column.
const BINS: usize = 24;

/// Shares per bin or category, each side summing to 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Density {
    /// The lowest and highest bin's outer edge, for numbers.
    pub range: Option<(f64, f64)>,
    /// The categories, for names.
    pub names: Vec<String>,
    /// The reference's shares.
    pub reference: Vec<f64>,
    /// The current shares.
    pub current: Vec<f64>,
}

impl Density {
    /// Equal bins between the outermost 0.5 % of both sides; what lies beyond is counted in the end bins.
    pub fn numbers(reference: &[f64], current: &[f64]) -> Self {
        let at = |values: &[f64], q| quantile(values, q);
        let ends = [at(reference, 0.005), at(current, 0.005), at(reference, 0.995), at(current, 0.995)];
        let [Some(a), Some(b), Some(c), Some(d)] = ends else { return Self::default() };
        let (low, high) = (a.min(b), c.max(d));
        let (low, high) = if high > low { (low, high) } else { (low - 0.5, low + 0.5) };
        let edges: Vec<f64> = (1..BINS).map(|i| low + (high - low) * i as f64 / BINS as f64).collect();
        let shares = |values: &[f64]| shares(&binned::histogram(values, &edges));
        Self { range: Some((low, high)), names: Vec::new(), reference: shares(reference), current: shares(current) }
    }

    /// One bar a category.
    pub fn names(names: Vec<String>, reference: &[u64], current: &[u64]) -> Self {
        Self { range: None, names, reference: shares(reference), current: shares(current) }
    }
}

fn shares(counts: &[u64]) -> Vec<f64> {
    let all = counts.iter().sum::<u64>().max(1) as f64;
    counts.iter().map(|count| *count as f64 / all).collect()
}
