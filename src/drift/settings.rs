//! What decides a verdict.

use serde::Serialize;

/// Settings of a comparison; all of them are written into its report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// The false discovery rate over all columns.
    pub q: f64,
    /// The least Wasserstein distance, in standard deviations of the reference, that matters.
    pub min_shift: f64,
    /// The least Cramér's V that matters.
    pub min_v: f64,
    /// The fewest values on either side that are tested.
    pub min_rows: usize,
    /// How often the reference is split to measure false alarms; 0 leaves that out.
    pub splits: usize,
    /// Rounds of a permutation test.
    pub permutations: usize,
    /// Seed of splits and permutations.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { q: 0.05, min_shift: 0.1, min_v: 0.1, min_rows: 30, splits: 200, permutations: 2000, seed: 0 }
    }
}
