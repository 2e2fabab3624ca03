//! Wasserstein distance of order one: the effect size of a numeric column.

/// The area between two empirical distribution functions, in the unit of the values.
///
/// `integral |F(x) - G(x)| dx`, the least mean distance by which mass must move to turn one sample into
/// the other (`scipy.stats.wasserstein_distance`). Both samples sorted, finite and not empty.
pub fn wasserstein(a: &[f64], b: &[f64]) -> f64 {
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (mut i, mut j, mut area) = (0, 0, 0.0);
    let mut before = match (a.first(), b.first()) {
        (Some(x), Some(y)) => x.min(*y),
        _ => return 0.0,
    };
    while i < a.len() || j < b.len() {
        let next = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => x.min(*y),
            (Some(x), None) => *x,
            (None, Some(y)) => *y,
            (None, None) => break,
        };
        area += (next - before) * (i as f64 / n - j as f64 / m).abs();
        before = next;
        i += usize::from(a.get(i) == Some(&next));
        j += usize::from(b.get(j) == Some(&next));
    }
    area
}

#[cfg(test)]
mod tests {
    use super::wasserstein;

    #[test]
    fn by_hand() {
        // scipy's documented examples.
        assert!((wasserstein(&[0.0, 1.0, 3.0], &[5.0, 6.0, 8.0]) - 5.0).abs() < 1e-12);
        // {0, 2} against {0, 1, 2}: |1/2 - 1/3| over 0..1 and |1/2 - 2/3| over 1..2.
        assert!((wasserstein(&[0.0, 2.0], &[0.0, 1.0, 2.0]) - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(wasserstein(&[1.0, 1.0, 2.0], &[1.0, 1.0, 2.0]), 0.0);
    }
}
