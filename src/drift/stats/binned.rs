//! Divergences of shares over bins: PSI, Kullback-Leibler, cross-entropy, Jensen-Shannon.
//!
//! Bins come from the reference alone: its deciles for a numeric column, its and the current values
//! for a categorical one. `p` are the reference's shares, `q` the current ones. Before a logarithm a share is
//! raised to at least [`EPS`]; shares are not scaled again. Natural logarithms, but base 2 for
//! Jensen-Shannon, whose square root then lies in 0..1. The direction is current against reference.
//! None of these decides a verdict: fixed thresholds on them alarm too often in small samples and too
//! rarely in large ones, so PSI is shown beside the mean it has without drift.

use serde::Serialize;

/// The least share that enters a logarithm.
pub const EPS: f64 = 1e-4;

/// The divergences of one column.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Divergences {
    /// Population stability index, `sum (q - p) ln(q / p)`.
    pub psi: f64,
    /// The mean of PSI when nothing drifts, about `(B - 1)(1/n + 1/m)` (Yurdakul and Naranjo 2020), with effective
    /// sizes in a report.
    pub psi_null_mean: f64,
    /// `sum q ln(q / p)`, in nats.
    pub kl_divergence: f64,
    /// `-sum q ln p`, in nats: entropy of the current shares plus the divergence.
    pub cross_entropy: f64,
    /// Square root of the base-2 Jensen-Shannon divergence, 0..1.
    pub js_distance: f64,
}

/// From counts over the same bins; `None` when one side is empty.
pub fn divergences(reference: &[u64], current: &[u64]) -> Option<Divergences> {
    let (n, m) = (reference.iter().sum::<u64>() as f64, current.iter().sum::<u64>() as f64);
    if n == 0.0 || m == 0.0 {
        return None;
    }
    let (mut psi, mut kl, mut cross, mut js) = (0.0, 0.0, 0.0, 0.0);
    for (&in_reference, &in_current) in reference.iter().zip(current) {
        let (p, q) = (in_reference as f64 / n, in_current as f64 / m);
        let (log_p, log_q) = (p.max(EPS).ln(), q.max(EPS).ln());
        psi += (q - p) * (log_q - log_p);
        kl += q * (log_q - log_p);
        cross -= q * log_p;
        let middle = (p + q) / 2.0;
        js += half_term(p, middle) + half_term(q, middle);
    }
    let bins = reference.iter().zip(current).filter(|(a, b)| **a + **b > 0).count();
    let psi_null_mean = (bins.max(1) - 1) as f64 * (1.0 / n + 1.0 / m);
    Some(Divergences { psi, psi_null_mean, kl_divergence: kl, cross_entropy: cross, js_distance: js.clamp(0.0, 1.0).sqrt() })
}

fn half_term(share: f64, middle: f64) -> f64 {
    if share > 0.0 { 0.5 * share * (share / middle).log2() } else { 0.0 }
}

/// The inner edges of ten bins that hold equal shares of `sorted`; others when values repeat.
pub fn decile_edges(sorted: &[f64]) -> Vec<f64> {
    let mut edges: Vec<f64> = (1..10).filter_map(|i| super::quantile(sorted, f64::from(i) / 10.0)).collect();
    edges.dedup();
    // Where the lowest tenth is one value, what lies below it gets a bin of its own.
    if let Some(&least) = sorted.first().filter(|least| edges.first() == Some(least)) {
        edges.insert(0, least.next_down());
    }
    edges
}

/// Counts per bin: bin `i` holds `edges[i - 1] < x <= edges[i]`, the first and last are open.
pub fn histogram(values: &[f64], edges: &[f64]) -> Vec<u64> {
    let mut counts = vec![0; edges.len() + 1];
    for value in values {
        counts[edges.partition_point(|edge| edge < value)] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // p = (1/2, 1/2), q = (1/4, 3/4).
        let got = divergences(&[10, 10], &[5, 15]).unwrap();
        let (low, high) = (0.5_f64.ln(), 1.5_f64.ln());
        assert!((got.psi - (-0.25 * low + 0.25 * high)).abs() < 1e-12);
        assert!((got.kl_divergence - (0.25 * low + 0.75 * high)).abs() < 1e-12);
        assert!((got.cross_entropy - 2.0_f64.ln()).abs() < 1e-12);
        assert!((got.psi_null_mean - 0.1).abs() < 1e-12);
        // scipy: jensenshannon([.5, .5], [.25, .75], base=2) = 0.220895768849
        assert!((got.js_distance - 0.220_895_768_849).abs() < 1e-11, "{}", got.js_distance);
    }

    #[test]
    fn apart_and_equal() {
        assert!((divergences(&[7, 0], &[0, 3]).unwrap().js_distance - 1.0).abs() < 1e-12);
        assert_eq!(divergences(&[7, 3], &[70, 30]).unwrap().psi, 0.0);
        assert!(divergences(&[0, 0], &[1, 2]).is_none());
    }

    #[test]
    fn deciles_of_a_hundred_hold_ten_each() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let edges = decile_edges(&values);
        assert_eq!(histogram(&values, &edges), [10; 10]);
        let constant = decile_edges(&[2.0; 50]);
        assert_eq!(histogram(&[1.0, 2.0, 2.0, 3.0], &constant), [1, 2, 1]);
    }
}
