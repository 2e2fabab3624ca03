//! Numbers that depend on the probabilities themselves: log loss, Brier score, calibration.

use super::confusion::mean;
use crate::evaluation::predictions::top;

/// Number of equal-width bins of confidence.
pub const BINS: usize = 15;

/// -ln of the label's probability, clipped to [2⁻⁵², 1 - 2⁻⁵²].
pub fn row_log_loss(label: usize, row: &[f64]) -> f64 {
    -row[label].clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
}

/// Sum over classes of (p - [class is the label])², in [0, 2] for rows that sum to 1.
pub fn row_brier(label: usize, row: &[f64]) -> f64 {
    row.iter().enumerate().map(|(k, p)| (p - f64::from(u8::from(k == label))).powi(2)).sum()
}

/// Mean negative natural logarithm of the label's probability, clipped as scikit-learn clips float64; rows are not renormalised.
pub fn log_loss(labels: &[usize], probabilities: &[Vec<f64>]) -> Option<f64> {
    mean(labels.iter().zip(probabilities).map(|(label, row)| row_log_loss(*label, row)))
}

/// Brier score as the sum over classes, range [0, 2] (scikit-learn's for more than two classes). Half of it is the
/// binary score.
pub fn brier(labels: &[usize], probabilities: &[Vec<f64>]) -> Option<f64> {
    mean(labels.iter().zip(probabilities).map(|(label, row)| row_brier(*label, row)))
}

/// Rows whose confidence is in (`lower`, `upper`].
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Bin {
    /// Lower edge, outside (but 0 is inside the first bin).
    pub lower: f64,
    /// Upper edge, inside.
    pub upper: f64,
    /// Number of rows (or sum of weights).
    pub count: f64,
    /// Mean confidence, 0 without rows.
    pub confidence: f64,
    /// Share of correct rows, 0 without rows.
    pub accuracy: f64,
}

/// The bin of a confidence: bin b holds (b/15, (b+1)/15], and the first also 0.
pub fn bin_of(confidence: f64) -> usize {
    let edge = |b: usize| b as f64 / BINS as f64;
    let mut b = ((confidence * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
    // The product may round across an edge; the edges themselves decide.
    while b > 0 && confidence <= edge(b) {
        b -= 1;
    }
    while b + 1 < BINS && confidence > edge(b + 1) {
        b += 1;
    }
    b
}

/// Bins of confidence from (confidence, correct, weight).
pub fn bins(rows: impl IntoIterator<Item = (f64, bool, f64)>) -> [Bin; BINS] {
    let mut out = [Bin::default(); BINS];
    for (confidence, correct, weight) in rows {
        let bin = &mut out[bin_of(confidence)];
        bin.count += weight;
        bin.confidence += weight * confidence;
        bin.accuracy += if correct { weight } else { 0.0 };
    }
    for (b, bin) in out.iter_mut().enumerate() {
        (bin.lower, bin.upper) = (b as f64 / BINS as f64, (b + 1) as f64 / BINS as f64);
        if bin.count > 0.0 {
            bin.confidence /= bin.count;
            bin.accuracy /= bin.count;
        }
    }
    out
}

/// The reliability diagram of the predicted class.
pub fn reliability(labels: &[usize], probabilities: &[Vec<f64>]) -> [Bin; BINS] {
    bins(labels.iter().zip(probabilities).map(|(label, row)| {
        let predicted = top(row);
        (row[predicted], predicted == *label, 1.0)
    }))
}

/// Sum over bins of (rows / all rows) |accuracy - confidence|.
pub fn expected_error(bins: &[Bin]) -> Option<f64> {
    let total: f64 = bins.iter().map(|bin| bin.count).sum();
    (total > 0.0).then(|| bins.iter().map(|bin| bin.count / total * (bin.accuracy - bin.confidence).abs()).sum())
}

/// Expected calibration error of the predicted class: 15 equal-width bins (lo, hi] (Guo et al. 2017). torchmetrics bins
/// [lo, hi) and puts confidence 1 into a bin of its own.
pub fn ece(labels: &[usize], probabilities: &[Vec<f64>]) -> Option<f64> {
    expected_error(&reliability(labels, probabilities))
}

/// Maximum calibration error: the largest |accuracy - confidence| of a bin with rows.
pub fn mce(labels: &[usize], probabilities: &[Vec<f64>]) -> Option<f64> {
    let bins = reliability(labels, probabilities);
    bins.iter().filter(|bin| bin.count > 0.0).map(|bin| (bin.accuracy - bin.confidence).abs()).reduce(f64::max)
}
