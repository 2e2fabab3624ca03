//! Kolmogorov's distribution of the one-sample distance for a finite number of values.
//!
//! Used with an effective size for two large samples, where it is the common approximation. Two pieces,
//! as chosen by Simard and L'Ecuyer, J. Stat. Softw. 39 (2011) issue 11: twice the one-sided tail where
//! `n d^2 >= 2.2` (relative error below 1e-9 there), else one minus the expansion of Pelz and Good.

use std::f64::consts::PI;

use statrs::function::gamma::ln_gamma;

/// `P(D_n >= d)` for the two-sided distance of `n` values, 0..1.
pub fn survival(d: f64, n: u64) -> f64 {
    let size = n as f64;
    if d <= 0.5 / size {
        1.0
    } else if d >= 1.0 {
        0.0
    } else if d >= 0.5 || size * d * d >= 2.2 {
        (2.0 * one_sided(d, n)).min(1.0)
    } else {
        (1.0 - pelz_good(d, size)).clamp(0.0, 1.0)
    }
}

/// `P(D_n+ >= d) = d sum over j <= n(1-d) of C(n, j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j)`.
///
/// Smirnov, Ann. Math. Stat. 15 (1944); Birnbaum and Tingey 1951.
fn one_sided(d: f64, n: u64) -> f64 {
    let size = n as f64;
    let last = (size * (1.0 - d)).floor() as u64;
    let whole = ln_gamma(size + 1.0);
    let term = |j: u64| {
        let at = j as f64;
        let rest = 1.0 - d - at / size;
        if rest <= 0.0 {
            return 0.0;
        }
        let choose = whole - ln_gamma(at + 1.0) - ln_gamma(size - at + 1.0);
        (choose + (at - 1.0) * (d + at / size).ln() + (size - at) * rest.ln()).exp()
    };
    d * (0..=last).map(term).sum::<f64>()
}

/// Terms of the series beyond which nothing is added in double precision for `n d^2 < 2.2` and `n d >= 1/2`.
const TERMS: i32 = 40;

/// The expansion of `P(D_n < d)` to the order `n^(-3/2)`. Pelz and Good, J. R. Stat. Soc. B 38 (1976) 152.
fn pelz_good(d: f64, n: f64) -> f64 {
    let z = d * n.sqrt();
    let (z2, p2) = (z * z, PI * PI);
    let (z4, z6, z8) = (z2 * z2, z2 * z2 * z2, z2 * z2 * z2 * z2);
    let mut k = [0.0; 4];
    for i in 0..TERMS {
        let half = (f64::from(i) + 0.5).powi(2) * p2;
        // Terms at k + 1/2 appear twice, for k and -k - 1.
        let weight = 2.0 * (-half / (2.0 * z2)).exp();
        k[0] += weight;
        k[1] += weight * (half - z2);
        k[2] += weight * (6.0 * z6 + 2.0 * z4 + half * (2.0 * z4 - 5.0 * z2) + half * half * (1.0 - 2.0 * z2)) / 72.0;
        let cubic = half.powi(3) * (5.0 - 30.0 * z2) + half * half * (212.0 * z4 - 60.0 * z2);
        k[3] += weight * (cubic + half * (135.0 * z4 - 96.0 * z6) - 30.0 * z6 - 90.0 * z8) / 6480.0;
        let whole = f64::from(i).powi(2) * p2;
        let weight = 2.0 * (-whole / (2.0 * z2)).exp();
        k[2] -= weight * whole * z4 / 36.0;
        k[3] += weight * (3.0 * whole * z2 - whole * whole) * z4 / 216.0;
    }
    let root = (PI / 2.0).sqrt();
    let terms = [k[0] / z, k[1] / (6.0 * z4), k[2] / (z6 * z), k[3] / (z6 * z4)];
    let scale = [1.0, 1.0 / n.sqrt(), 1.0 / n, 1.0 / (n * n.sqrt())];
    root * terms.iter().zip(scale).map(|(term, scale)| term * scale).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::survival;

    #[test]
    fn agrees_with_the_limit_for_huge_samples() {
        // Kolmogorov's limit: sf(1.358098...) = 0.05 (Smirnov 1948, table).
        let n = 4_000_000_000_u64;
        let p = survival(1.358_098_638 / (n as f64).sqrt(), n);
        assert!((p - 0.05).abs() < 2e-5, "{p}");
    }

    #[test]
    fn miller_1956_critical_value_at_n_100() {
        // L. H. Miller, J. Am. Stat. Assoc. 51 (1956): two-sided 5 % point for n = 100 is 0.13403.
        assert!((survival(0.134_03, 100) - 0.05).abs() < 2e-5, "{}", survival(0.134_03, 100));
    }

    #[test]
    fn the_expansion_agrees_with_the_exact_distribution() {
        // Marsaglia, Tsang and Wang's exact algorithm (as in SciPy 1.17): P(D_1000 < 1.3 / sqrt(1000)).
        let d = 1.3 / 1000_f64.sqrt();
        assert!((survival(d, 1000) - EXACT_1000).abs() < 1e-7, "{}", survival(d, 1000));
    }

    const EXACT_1000: f64 = 0.066_216_531_781_7;
}
