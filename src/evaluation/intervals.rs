//! 95 % intervals in closed form: Wilson's for proportions, DeLong's on the logit scale for AUC.
//!
//! Rows of one group (lesion, patient) say less than as many rows of different groups. Both intervals
//! therefore take the groups: proportions through the design effect, AUC through the sums of DeLong's
//! components over a group (Obuchowski 1997). Where no group has two rows they are the textbook's.
//! The bootstrap, for everything without a closed form, is in `bootstrap.rs`.
//!
//! Fewer than [`LEAST`] rows give no interval: it would suggest that something is known.

use serde::Serialize;

use super::metrics::ranking::Ranking;

/// The 97.5 % point of the standard normal distribution.
pub const Z: f64 = 1.959_963_984_540_054;

/// No interval for a proportion of fewer rows than this.
pub const LEAST: f64 = 5.0;

/// A 95 % interval, written as `[lower, upper]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(into = "[f64; 2]")]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

impl From<Interval> for [f64; 2] {
    fn from(interval: Interval) -> Self {
        [interval.lower, interval.upper]
    }
}

/// Wilson's score interval of `successes` among `n` (Wilson 1927); `n` need not be whole.
pub fn wilson(successes: f64, n: f64) -> Option<Interval> {
    if n < LEAST {
        return None;
    }
    let p = successes / n;
    let z2 = Z * Z;
    let middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // At p = 0 and p = 1 the ends are exact; rounding must not carry them past.
    Some(Interval { lower: if p <= 0.0 { 0.0 } else { middle - half }, upper: if p >= 1.0 { 1.0 } else { middle + half } })
}

/// Wilson's interval of a proportion whose rows come in groups, given (rows, successes) of each group.
///
/// The number of rows is divided by the design effect: the variance of the proportion between groups over that of
/// independent rows, at least 1 (Kish 1965). Where every row is alike the variance tells nothing; rows of a group
/// then count as if they always agreed, n = (Σ n_g)² / Σ n_g².
pub fn grouped_wilson(groups: impl IntoIterator<Item = (f64, f64)>) -> Option<Interval> {
    let groups: Vec<(f64, f64)> = groups.into_iter().filter(|(rows, _)| *rows > 0.0).collect();
    let (n, successes) = groups.iter().fold((0.0, 0.0), |(n, x), (rows, good)| (n + rows, x + good));
    if n < LEAST {
        return None;
    }
    let count = groups.len() as f64;
    if groups.iter().all(|(rows, _)| *rows == 1.0) {
        return wilson(successes, n);
    }
    let p = successes / n;
    let effective = if p > 0.0 && p < 1.0 && count > 1.0 {
        let between = count / (count - 1.0) * groups.iter().map(|(rows, good)| (good - p * rows).powi(2)).sum::<f64>() / (n * n);
        n / (between / (p * (1.0 - p) / n)).max(1.0)
    } else {
        n * n / groups.iter().map(|(rows, _)| rows * rows).sum::<f64>()
    };
    wilson(p * effective, effective)
}

/// DeLong's interval of an AUC on the logit scale; `groups[i]` is row i's group, numbered from 0.
///
/// None with fewer than five positive or negative rows, and where the AUC is 0 or 1: DeLong's variance is then 0, which
/// means that nothing was learnt about it, not that it is certain.
pub fn delong(scores: &[f64], positive: &[bool], groups: &[usize]) -> Option<Interval> {
    let ranking = Ranking::new(scores, positive);
    let auc = ranking.auc(None)?;
    let positives = positive.iter().filter(|p| **p).count() as f64;
    let negatives = positive.len() as f64 - positives;
    if positives < LEAST || negatives < LEAST || auc <= 0.0 || auc >= 1.0 {
        return None;
    }
    let components = ranking.components();
    let count = groups.iter().max().map_or(0, |last| last + 1);
    let variance = if count == scores.len() {
        let spread = |kind: bool, n: f64| {
            components.iter().zip(positive).filter(|(_, p)| **p == kind).map(|(v, _)| (v - auc).powi(2)).sum::<f64>() / (n - 1.0) / n
        };
        spread(true, positives) + spread(false, negatives)
    } else {
        let mut sums = vec![0.0; count];
        for ((value, positive), group) in components.iter().zip(positive).zip(groups) {
            sums[*group] += (value - auc) / if *positive { positives } else { negatives };
        }
        count as f64 / (count as f64 - 1.0).max(1.0) * sums.iter().map(|sum| sum * sum).sum::<f64>()
    };
    let logit = (auc / (1.0 - auc)).ln();
    let half = Z * variance.sqrt() / (auc * (1.0 - auc));
    let back = |x: f64| 1.0 / (1.0 + (-x).exp());
    (variance > 0.0).then(|| Interval { lower: back(logit - half), upper: back(logit + half) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(interval: Option<Interval>, lower: f64, upper: f64, tolerance: f64) {
        let found = interval.expect("an interval");
        assert!((found.lower - lower).abs() < tolerance && (found.upper - upper).abs() < tolerance, "{found:?}");
    }

    #[test]
    fn wilson_gives_newcombes_published_figures() {
        // Newcombe 1998, Statistics in Medicine 17:857, table I, method 3.
        close(wilson(81.0, 263.0), 0.2553, 0.3662, 5e-5);
        close(wilson(15.0, 148.0), 0.0624, 0.1605, 5e-5);
        close(wilson(0.0, 20.0), 0.0, 0.1611, 5e-5);
        close(wilson(1.0, 29.0), 0.0061, 0.1718, 5e-5);
        close(wilson(29.0, 29.0), 0.8830, 1.0, 5e-5);
        assert_eq!(wilson(4.0, 4.0), None);
    }

    #[test]
    fn rows_that_repeat_within_groups_count_once() {
        // 20 groups of 3 rows that always agree are 20 rows.
        let groups: Vec<(f64, f64)> = (0..20).map(|i| (3.0, if i < 8 { 3.0 } else { 0.0 })).collect();
        let found = grouped_wilson(groups).unwrap();
        // The between-group variance has the factor 20/19.
        close(Some(found), wilson(0.4 * 19.0, 19.0).unwrap().lower, wilson(0.4 * 19.0, 19.0).unwrap().upper, 1e-12);
        close(grouped_wilson(vec![(3.0, 3.0); 20]), wilson(20.0, 20.0).unwrap().lower, 1.0, 1e-12);
        assert_eq!(grouped_wilson(vec![(1.0, 1.0); 6]), wilson(6.0, 6.0));
    }

    #[test]
    fn delong_by_hand() {
        // Positives 0.9 0.8 0.4 0.35 0.7, negatives 0.6 0.3 0.2 0.1 0.5. V10 = 1, 1, .6, .6, 1; V01 = .6, 1, 1, 1, .6.
        let scores = [0.9, 0.8, 0.4, 0.35, 0.7, 0.6, 0.3, 0.2, 0.1, 0.5];
        let positive = [true, true, true, true, true, false, false, false, false, false];
        let auc: f64 = 0.84;
        let variance = 2.0 * (3.0 * 0.16f64.powi(2) + 2.0 * 0.24f64.powi(2)) / 4.0 / 5.0;
        let (logit, half) = ((auc / (1.0 - auc)).ln(), Z * variance.sqrt() / (auc * (1.0 - auc)));
        let back = |x: f64| 1.0 / (1.0 + (-x).exp());
        let singles: Vec<usize> = (0..10).collect();
        close(delong(&scores, &positive, &singles), back(logit - half), back(logit + half), 1e-12);
        // Every row twice, in one group each: the same interval but for the small-sample factors 10/9 and 5/4.
        let twice = |v: &[f64]| v.iter().flat_map(|x| [*x, *x]).collect::<Vec<_>>();
        let both: Vec<bool> = positive.iter().flat_map(|p| [*p, *p]).collect();
        let pairs: Vec<usize> = (0..20).map(|i| i / 2).collect();
        let half = half * (10.0f64 / 9.0 / (5.0 / 4.0)).sqrt();
        close(delong(&twice(&scores), &both, &pairs), back(logit - half), back(logit + half), 1e-12);
        assert_eq!(delong(&[0.9, 0.8, 0.7, 0.6, 0.65, 0.1, 0.2, 0.3, 0.4, 0.5], &positive, &singles), None);
    }
}
