//! Rulers: regular ticks along a border.
//!
//! Along each border a strip of 12 % of the short side is taken; thin dark pixels across the border's
//! direction are averaged over its depth; the score is the highest peak of the normalised
//! autocorrelation of that profile at distances of 4 pixels to a quarter of its length, 0..1. A printed
//! scale gives more than about 0.7. A ruler that lies elsewhere is not seen.

use super::Collector;
use super::canonical::Canonical;
use super::hair::Straight;

/// Depth of a strip as a share of the short side.
const DEPTH: f64 = 0.12;
/// Levels by which a tick is darker than what surrounds it.
const TICK: f32 = 20.0;
/// The least mean share of tick pixels in a strip; below it there is nothing to score.
const LEAST: f64 = 0.01;

/// Measures the score.
pub fn measure(image: &Canonical, thin: &Straight, out: &mut Collector) {
    let (w, h) = (image.width, image.height);
    let depth = ((w.min(h) as f64 * DEPTH) as usize).max(1);
    if w < 32 || h < 32 {
        return;
    }
    let along = |thin: &[f32], length: usize, at: &dyn Fn(usize, usize) -> usize| {
        let ticks = |i| (0..depth).filter(|&j| thin[at(i, j)] >= TICK).count();
        let profile: Vec<f64> = (0..length).map(|i| ticks(i) as f64 / depth as f64).collect();
        periodicity(&profile)
    };
    let scores = [
        along(&thin.upright, w, &|i, j| j * w + i),
        along(&thin.upright, w, &|i, j| (h - 1 - j) * w + i),
        along(&thin.level, h, &|i, j| i * w + j),
        along(&thin.level, h, &|i, j| i * w + w - 1 - j),
    ];
    out.push("ruler_score", Some(scores.into_iter().fold(0.0, f64::max)));
}

/// The highest local maximum of the autocorrelation, each distance scaled by the values it compares.
fn periodicity(profile: &[f64]) -> f64 {
    let n = profile.len();
    let (mean, _) = super::super::stats::mean_sd(profile);
    if mean < LEAST {
        return 0.0;
    }
    let centred: Vec<f64> = profile.iter().map(|v| v - mean).collect();
    let correlation = |lag: usize| {
        let (early, late) = (&centred[..n - lag], &centred[lag..]);
        let product: f64 = early.iter().zip(late).map(|(a, b)| a * b).sum();
        let scale = early.iter().map(|a| a * a).sum::<f64>() * late.iter().map(|b| b * b).sum::<f64>();
        if scale > 0.0 { product / scale.sqrt() } else { 0.0 }
    };
    let values: Vec<f64> = (3..=n / 4 + 1).map(correlation).collect();
    values.windows(3).filter(|w| w[1] >= w[0] && w[1] >= w[2]).map(|w| w[1]).fold(0.0, f64::max)
}
