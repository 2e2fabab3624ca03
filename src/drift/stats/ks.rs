//! The two-sample Kolmogorov-Smirnov test.
//!
//! `D = sup |F(x) - G(x)|` over the two empirical distribution functions. The p-value is exact for
//! samples of at most [`EXACT_UP_TO`] each, by walking the lattice of all orders of the pooled sample
//! (Hodges, Ark. Mat. 3 (1958) 469); beyond, and where p is below 1e-60, it is Kolmogorov's with the
//! effective size `round(n m / (n + m))`. These are the rules of `scipy.stats.ks_2samp` for its
//! automatic and asymptotic methods. With ties the exact p-value is conservative. Rows in groups count with
//! their effective sizes ([`clustered`]), which are no whole numbers, so the limiting law serves at any size.

use serde::Serialize;

use super::clusters::rarest_order;
use super::kolmogorov;

/// The larger sample up to which the p-value is exact.
pub const EXACT_UP_TO: usize = 10_000;

/// How a p-value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Over all orders of the pooled sample.
    Exact,
    /// From the limiting distribution.
    Asymptotic,
}

/// The largest distance between the empirical distribution functions of two sorted samples, 0..1.
///
/// Returned as a whole number of steps `h` on the lattice with `D = h / lcm(n, m)`, so that it is exact.
/// Both samples hold at least one finite value.
pub fn steps(a: &[f64], b: &[f64]) -> u64 {
    let (n, m) = (a.len() as u64, b.len() as u64);
    let common = gcd(n, m).max(1);
    let (up, down) = ((m / common) as i64, (n / common) as i64);
    let (mut i, mut j, mut height, mut largest) = (0, 0, 0_i64, 0_i64);
    while i < a.len() && j < b.len() {
        let x = a[i].min(b[j]);
        while i < a.len() && a[i] <= x {
            i += 1;
            height += up;
        }
        while j < b.len() && b[j] <= x {
            j += 1;
            height -= down;
        }
        largest = largest.max(height.abs());
    }
    largest as u64
}

/// `h / lcm(n, m)` as a distance.
pub fn distance(h: u64, n: usize, m: usize) -> f64 {
    let (n, m) = (n as u64, m as u64);
    h as f64 / ((n / gcd(n, m).max(1)) as f64 * m as f64)
}

/// The two-sided p-value of a distance of `h` lattice steps between samples of `n` and `m`.
pub fn p_value(h: u64, n: usize, m: usize) -> (f64, Method) {
    if h == 0 {
        return (1.0, Method::Exact);
    }
    let d = distance(h, n, m);
    let effective = n as f64 * m as f64 / (n as f64 + m as f64);
    let certain_to_be_tiny = 2.0 * effective * d * d > 140.0;
    if n.max(m) <= EXACT_UP_TO && !certain_to_be_tiny {
        (exact(h, n as u64, m as u64), Method::Exact)
    } else {
        (asymptotic(d, n as f64, m as f64), Method::Asymptotic)
    }
}

/// Kolmogorov's p-value with the effective size.
pub fn asymptotic(d: f64, n: f64, m: f64) -> f64 {
    let effective = (n * m / (n + m)).round();
    kolmogorov::survival(d, effective.max(1.0) as u64)
}

/// [`asymptotic`] for samples worth `n` and `m` independent values, which may be few.
///
/// Never below what the exact test can reach at these sizes, `2 / C(n + m, n)` (samples that lie wholly
/// apart), which the limiting law undercuts when sizes are small.
pub fn clustered(d: f64, n: f64, m: f64) -> f64 {
    asymptotic(d, n, m).max((2.0 * rarest_order(n, m)).min(1.0))
}

/// The chance that a random order of the pooled sample strays `h` lattice steps from the diagonal.
///
/// With `P(x, y)` the chance of having strayed on the way to `(x, y)`:
/// `P(x, y) = x/(x+y) P(x-1, y) + y/(x+y) P(x, y-1)`, and 1 outside the band. Only the band is
/// visited, one column at a time; every value lies in 0..1, so nothing overflows or cancels.
fn exact(h: u64, n: u64, m: u64) -> f64 {
    let (n, m) = (n.max(m), n.min(m));
    let common = gcd(n, m).max(1);
    let (step_x, step_y) = ((m / common) as i64, (n / common) as i64);
    let h = h as i64;
    // y is inside the band of column x when |x step_x - y step_y| < h.
    let lowest = |x: i64| ((x * step_x - h).div_euclid(step_y) + 1).max(0);
    let end = |x: i64| (x * step_x + h - 1).div_euclid(step_y).min(m as i64) + 1;
    // Slot y + 1 holds P(x, y); outside the band it holds 1.
    let mut column = vec![1.0_f64; m as usize + 2];
    (0..end(0)).for_each(|y| column[y as usize + 1] = 0.0);
    let (mut from, mut to) = (0, end(0));
    for x in 1..=n as i64 {
        let (next_from, next_to) = (lowest(x), end(x));
        if next_to <= next_from {
            return 1.0;
        }
        (from..next_from.min(to)).for_each(|y| column[y as usize + 1] = 1.0);
        let mut below = if next_from == 0 { 0.0 } else { 1.0 };
        for y in next_from..next_to {
            let slot = &mut column[y as usize + 1];
            let share = y as f64 / (x + y) as f64;
            below = *slot * (x as f64 / (x + y) as f64) + below * share;
            *slot = below;
        }
        (from, to) = (next_from, next_to);
    }
    let last = m as i64;
    if (from..to).contains(&last) { column[last as usize + 1] } else { 1.0 }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brute_force(h: u64, n: u64, m: u64) -> f64 {
        // Every order of n + m as a bit set; small sizes only.
        let common = gcd(n, m);
        let (up, down) = ((m / common) as i64, (n / common) as i64);
        let (mut far, mut all) = (0_u64, 0_u64);
        for order in 0_u32..1 << (n + m) {
            if u64::from(order.count_ones()) != n {
                continue;
            }
            all += 1;
            let (mut height, mut largest) = (0_i64, 0);
            for i in 0..n + m {
                height += if order >> i & 1 == 1 { up } else { -down };
                largest = largest.max(height.abs());
            }
            far += u64::from(largest >= h as i64);
        }
        far as f64 / all as f64
    }

    #[test]
    fn exact_p_counts_every_order() {
        for (n, m) in [(1, 1), (3, 3), (4, 6), (5, 7), (8, 8), (9, 6), (2, 10)] {
            let lcm = n / gcd(n, m) * m;
            for h in 1..=lcm {
                let expected = brute_force(h, n, m);
                assert!((exact(h, n, m) - expected).abs() < 1e-12, "h {h} n {n} m {m}: {} {expected}", exact(h, n, m));
            }
        }
    }

    #[test]
    fn published_critical_values() {
        // Massey 1951, two samples of 10: P(D >= 7/10) = 0.0123, P(D >= 6/10) = 0.0524.
        assert!((p_value(7, 10, 10).0 - 0.012_340_600_575_9).abs() < 1e-12);
        assert!((p_value(6, 10, 10).0 - 0.052_447_552_447_6).abs() < 1e-12);
    }

    #[test]
    fn few_groups_prove_nothing() {
        // Two groups, one a side, wholly apart: p is 1; five against five: 2 / C(10, 5).
        assert!((clustered(1.0, 1.0, 1.0) - 1.0).abs() < 1e-12);
        assert!((clustered(1.0, 5.0, 5.0) - 2.0 / 252.0).abs() < 1e-12);
        assert_eq!(clustered(0.2, 300.5, 90.25), asymptotic(0.2, 300.5, 90.25));
        assert_eq!(clustered(0.0, 20.0, 20.0), 1.0);
    }

    #[test]
    fn steps_with_ties_and_apart() {
        assert_eq!(steps(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), 0);
        assert_eq!(distance(steps(&[1.0, 2.0], &[3.0, 4.0, 5.0]), 2, 3), 1.0);
        assert_eq!(distance(steps(&[1.0, 1.0, 2.0, 2.0], &[1.0, 2.0, 2.0, 2.0]), 4, 4), 0.25);
        assert_eq!(p_value(0, 5, 7).0, 1.0);
    }
}
