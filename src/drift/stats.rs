//! Two-sample statistics, each with its formula and its source.
//!
//! Pure functions of numbers. Nothing here decides what counts as drift: [`super::compare`] does.

pub mod binned;
pub mod categories;
pub mod clusters;
pub mod kolmogorov;
pub mod ks;
pub mod transport;

/// Benjamini-Hochberg adjusted p-values, in the order given.
///
/// `adjusted(i) = min over j with p(j) >= p(i) of p(j) * n / rank(j)`, at most 1. Rejecting where
/// the adjusted value is at most q keeps the expected share of false alarms among the alarms at or
/// below q for independent columns. Benjamini and Hochberg, J. R. Stat. Soc. B 57 (1995) 289.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let n = p.len() as f64;
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
    let mut adjusted = vec![1.0; p.len()];
    let mut least = 1.0_f64;
    for (from_the_top, &i) in order.iter().enumerate() {
        let rank = n - from_the_top as f64;
        least = least.min(p[i] * n / rank);
        adjusted[i] = least;
    }
    adjusted
}

/// The 95 % score interval of a proportion. Wilson, J. Am. Stat. Assoc. 22 (1927) 209.
pub fn wilson(successes: usize, trials: usize) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let z = 1.959_963_984_540_054_f64;
    let n = trials as f64;
    let share = successes as f64 / n;
    let centre = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    // The ends are exact where rounding would leave a trace.
    let low = if successes == 0 { 0.0 } else { (centre - half) / scale };
    let high = if successes == trials { 1.0 } else { (centre + half) / scale };
    (low, high)
}

/// Mean and standard deviation (denominator n); zeros for an empty slice.
pub fn mean_sd(values: &[f64]) -> (f64, f64) {
    if values.is_empty() {
        return (0.0, 0.0);
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

/// The quantile `q` of sorted values, linear between neighbours (type 7 of Hyndman and Fan 1996, NumPy's default).
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64))
}

/// As [`quantile`] for values in any order, which are moved about: linear time.
pub fn quantile_of(values: &mut [f64], q: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = at.floor() as usize;
    let (_, low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(*low);
    Some(*low + (high - *low) * (at - below as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjusted_p_values_of_the_original_paper() {
        // Benjamini and Hochberg 1995, section 3.2: of these fifteen, exactly the first four are rejected at 0.05.
        let p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0];
        let adjusted = benjamini_hochberg(&p);
        assert_eq!(adjusted.iter().filter(|&&a| a <= 0.05).count(), 4);
        assert!((adjusted[3] - 0.0095 * 15.0 / 4.0).abs() < 1e-12);
        // The fifth takes the smaller value of the sixth to the eighth: 0.0298 * 15 / 7.
        assert!((adjusted[4] - 0.0201 * 15.0 / 5.0).abs() < 1e-12);
        assert!((adjusted[5] - 0.0298 * 15.0 / 7.0).abs() < 1e-12);
    }

    #[test]
    fn wilson_by_hand() {
        // 1 of 10: (0.1 + 0.19207 -+ 1.96 sqrt(0.009 + 0.0096036)) / 1.38415
        let (low, high) = wilson(1, 10);
        assert!((low - 0.017_876).abs() < 1e-5 && (high - 0.404_150).abs() < 1e-5, "{low} {high}");
        assert_eq!(wilson(0, 200).0, 0.0);
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(quantile(&[], 0.5), None);
        let sorted: Vec<f64> = (0..40).map(|i| f64::from(i * i)).collect();
        let mut mixed: Vec<f64> = (0..40).map(|i| sorted[(i * 7) % 40]).collect();
        for q in [0.0, 0.05, 0.33, 0.5, 0.95, 1.0] {
            assert_eq!(quantile_of(&mut mixed, q), quantile(&sorted, q));
        }
    }
}
