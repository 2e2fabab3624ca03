//! Whether a map says anything about what the network learnt: the same network at random weights must give another.
//!
//! The model parameter randomisation test of Adebayo et al. 2018 (<https://arxiv.org/abs/1810.03292>), all layers at once: maps are compared by
//! Spearman's rank correlation of their pixels.

use super::Map;
use crate::nn::{self, Network};

/// From this mean correlation on the map is taken for one of the image alone.
pub const SAME: f64 = 0.7;

/// The same network at random weights.
pub fn randomised(network: &Network, seed: u64) -> Result<Network, nn::Error> {
    network.anew(seed)
}

/// Spearman's rank correlation of two maps of one size; `None` where one of them is the same everywhere.
pub fn correlation(one: &Map, other: &Map) -> Option<f64> {
    let (one, other) = (ranks(&one.values), ranks(&other.values));
    let middle = (one.len() as f64 + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - middle) * (b - middle)).sum::<f64>();
    let scale = (product(&one, &one) * product(&other, &other)).sqrt();
    (scale > 0.0).then(|| product(&one, &other) / scale)
}

/// Ranks from 1; equal values share the mean of theirs.
fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    for run in order.chunk_by(|&a, &b| values[a] == values[b]).scan(0, |start, run| {
        *start += run.len();
        Some((*start - run.len(), run))
    }) {
        let (start, run) = run;
        let rank = start as f64 + (run.len() as f64 + 1.0) / 2.0;
        run.iter().for_each(|&at| ranks[at] = rank);
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(values: &[f32]) -> Map {
        Map::new(values.len(), 1, values.to_vec())
    }

    #[test]
    fn correlations_are_scipy_s() {
        // scipy.stats.spearmanr([1, 2, 2, 4, 5], [2, 1, 3, 3, 9]).statistic
        let found = correlation(&map(&[1.0, 2.0, 2.0, 4.0, 5.0]), &map(&[2.0, 1.0, 3.0, 3.0, 9.0])).unwrap();
        assert!((found - 0.763_157_894_736_842_1).abs() < 1e-12, "{found}");
        assert_eq!(correlation(&map(&[1.0, 1.0]), &map(&[1.0, 2.0])), None);
    }
}
