//! Pearson's chi-square test of two rows of counts, and Cramér's V.

use rand::Rng;
use rand_distr::{Distribution, Hypergeometric};
use statrs::function::gamma::gamma_ur;

/// The statistic of a 2 x K table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquare {
    /// `sum (observed - expected)^2 / expected` over the cells of categories that occur.
    pub statistic: f64,
    /// Categories that occur, less one.
    pub degrees: usize,
    /// The smallest expected count.
    pub least_expected: f64,
    /// Cramér's V, `sqrt(statistic / N)` for two rows, 0..1 (Cramér 1946).
    pub cramers_v: f64,
}

/// Without Yates' correction; both rows are treated as samples (`scipy.stats.chi2_contingency(correction=False)`).
///
/// `None` when a row is empty.
pub fn chi_square(reference: &[u64], current: &[u64]) -> Option<ChiSquare> {
    let (n, m) = (reference.iter().sum::<u64>() as f64, current.iter().sum::<u64>() as f64);
    if n == 0.0 || m == 0.0 {
        return None;
    }
    let (mut statistic, mut least, mut used) = (0.0, f64::INFINITY, 0);
    for (&a, &b) in reference.iter().zip(current) {
        let column = (a + b) as f64;
        if column == 0.0 {
            continue;
        }
        used += 1;
        for (observed, row) in [(a as f64, n), (b as f64, m)] {
            let expected = row * column / (n + m);
            statistic += (observed - expected) * (observed - expected) / expected;
            least = least.min(expected);
        }
    }
    let cramers_v = if used > 1 { (statistic / (n + m)).sqrt().min(1.0) } else { 0.0 };
    Some(ChiSquare { statistic, degrees: used.max(1) - 1, least_expected: least, cramers_v })
}

/// The upper tail of the chi-square distribution: `Q(degrees / 2, x / 2)`.
pub fn chi_square_survival(x: f64, degrees: usize) -> f64 {
    if degrees == 0 || x <= 0.0 { 1.0 } else { gamma_ur(degrees as f64 / 2.0, x / 2.0) }
}

/// The share of random tables with the same margins whose statistic is at least as large, `(1 + hits) / (1 + rounds)`.
///
/// Drawing the current row from the pooled counts without replacement is the permutation test of the
/// rows' membership. For tables whose expected counts are too small for the chi-square law. `statistic` is
/// the table's own, or what is left of it after the design effect: what remains has the law of independent rows.
pub fn permutation_p(reference: &[u64], current: &[u64], statistic: f64, rounds: usize, rng: &mut impl Rng) -> f64 {
    let pooled: Vec<u64> = reference.iter().zip(current).map(|(a, b)| a + b).collect();
    let size: u64 = current.iter().sum();
    // A random table may equal the observed one but for rounding.
    let threshold = statistic * (1.0 - 1e-9);
    let mut hits = 0;
    for _ in 0..rounds {
        let drawn = draw(&pooled, size, rng);
        let rest: Vec<u64> = pooled.iter().zip(&drawn).map(|(all, taken)| all - taken).collect();
        hits += usize::from(chi_square(&rest, &drawn).is_some_and(|table| table.statistic >= threshold));
    }
    (1 + hits) as f64 / (1 + rounds) as f64
}

/// `size` things drawn without replacement from `pooled` counts.
fn draw(pooled: &[u64], size: u64, rng: &mut impl Rng) -> Vec<u64> {
    let (mut left, mut wanted) = (pooled.iter().sum::<u64>(), size);
    let mut drawn = Vec::with_capacity(pooled.len());
    for &count in pooled {
        // Cannot fail: `count` and `wanted` never exceed `left`.
        let taken = Hypergeometric::new(left, count, wanted).map_or(0, |law| law.sample(rng));
        drawn.push(taken);
        left -= count;
        wanted -= taken;
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn by_hand() {
        // Rows 10, 20 and 20, 10: every expected count is 15, the statistic 4 * 25 / 15.
        let got = chi_square(&[10, 20], &[20, 10]).unwrap();
        assert!((got.statistic - 20.0 / 3.0).abs() < 1e-12);
        assert!((got.cramers_v - 1.0 / 3.0).abs() < 1e-12);
        // The 1 % point of one degree of freedom is 6.634897 (any table).
        assert!((chi_square_survival(6.634_896_601, 1) - 0.01).abs() < 1e-9);
        assert!((chi_square_survival(11.070_497_694, 5) - 0.05).abs() < 1e-9);
    }

    #[test]
    fn categories_that_never_occur_do_not_count() {
        assert_eq!(chi_square(&[10, 0, 20], &[20, 0, 10]).unwrap().degrees, 1);
        assert_eq!(chi_square(&[10], &[4]).unwrap().cramers_v, 0.0);
        assert!(chi_square(&[0, 0], &[1, 2]).is_none());
    }

    #[test]
    fn permutation_agrees_with_fishers_exact_test() {
        // Fisher's tea: rows 3, 1 and 1, 3: two-sided p = 34/70.
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let p = permutation_p(&[3, 1], &[1, 3], 2.0, 20_000, &mut rng);
        assert!((p - 34.0 / 70.0).abs() < 0.02, "{p}");
    }
}
