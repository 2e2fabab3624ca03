//! How much less rows say when several belong to one group.
//!
//! Images of one lesion or patient resemble each other, so `n` of them say as much as `n / deff` independent
//! ones, with the design effect `deff = 1 + (m' - 1) icc` (Kish, Survey Sampling, 1965, section 5.4; for
//! groups of unequal size `m' = sum m_g^2 / n`, Donner, Birkett and Buck, Am. J. Epidemiol. 114 (1981) 906).
//! `icc` is the intraclass correlation by analysis of variance, for groups of unequal size as in Donner,
//! Int. Stat. Rev. 54 (1986) 67.

use statrs::function::gamma::ln_gamma;

/// Sums of an analysis of variance of groups within one or more samples.
///
/// Each sample's groups are compared with that sample's own mean, so that a shift between samples does not
/// pass for a likeness within groups.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anova {
    /// `sum m_g (mean_g - mean)^2`.
    between: f64,
    /// `sum (x - mean_g)^2`.
    within: f64,
    /// `sum over samples of n - sum m_g^2 / n`.
    sizes: f64,
    rows: usize,
    groups: usize,
    samples: usize,
}

impl Anova {
    /// Adds a sample: a value a row, and the row's group as a number below `groups`. Groups without rows do not count.
    pub fn add(&mut self, rows: &[(f64, usize)], groups: usize) {
        let n = rows.len() as f64;
        if rows.is_empty() {
            return;
        }
        let mean = rows.iter().map(|(value, _)| value).sum::<f64>() / n;
        let mut own = vec![(0.0_f64, 0_usize); groups];
        for &(value, group) in rows {
            // Around the mean, so that nothing cancels.
            own[group].0 += value - mean;
            own[group].1 += 1;
        }
        let means: Vec<f64> = own.iter().map(|(sum, size)| if *size > 0 { sum / *size as f64 } else { 0.0 }).collect();
        self.between += own.iter().zip(&means).map(|((_, size), mean)| *size as f64 * mean * mean).sum::<f64>();
        self.within += rows.iter().map(|(value, group)| (value - mean - means[*group]).powi(2)).sum::<f64>();
        self.sizes += n - own.iter().map(|(_, size)| (size * size) as f64).sum::<f64>() / n;
        self.rows += rows.len();
        self.groups += own.iter().filter(|(_, size)| *size > 0).count();
        self.samples += 1;
    }

    /// Rows beyond the first of each group: what the likeness within groups is estimated from.
    pub fn repeats(&self) -> usize {
        self.rows - self.groups
    }

    /// `(MSB - MSW) / (MSB + (m0 - 1) MSW)`, below 0 where groups are more mixed than chance.
    ///
    /// `None` when no group has two rows, no sample has two groups, or no value differs.
    pub fn intraclass(&self) -> Option<f64> {
        let free = self.groups - self.samples;
        if free == 0 || self.repeats() == 0 {
            return None;
        }
        let (between, within) = (self.between / free as f64, self.within / self.repeats() as f64);
        let typical_size = self.sizes / free as f64;
        let whole = between + (typical_size - 1.0) * within;
        (whole > 0.0).then(|| (between - within) / whole)
    }
}

/// `m' = sum m_g^2 / sum m_g`: the size of the group that a random row is in. 1 without rows.
pub fn mean_size(sizes: impl IntoIterator<Item = usize>) -> f64 {
    let (rows, squares) = sizes.into_iter().fold((0, 0), |(rows, squares), size| (rows + size, squares + size * size));
    if rows == 0 { 1.0 } else { squares as f64 / rows as f64 }
}

/// `1 + (m' - 1) icc`, with `icc` held within 0..1.
pub fn design_effect(mean_size: f64, icc: f64) -> f64 {
    1.0 + (mean_size - 1.0) * icc.clamp(0.0, 1.0)
}

/// `1 / C(n + m, n)` for real sizes: no order of `n` and `m` independent values is rarer.
///
/// A limiting law knows no such bound, and undercuts it when sizes are small.
pub fn rarest_order(n: f64, m: f64) -> f64 {
    (ln_gamma(n + 1.0) + ln_gamma(m + 1.0) - ln_gamma(n + m + 1.0)).exp().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // Groups {1, 3}, {5, 7}, {9}: means 2, 6, 9, all 5. SSB = 18 + 2 + 16 = 36 on 2, SSW = 2 + 2 = 4 on 2.
        // m0 = (5 - 9/5) / 2 = 1.6, so icc = (18 - 2) / (18 + 0.6 * 2) = 5/6; m' = 9/5, deff = 1 + 0.8 * 5/6 = 5/3.
        let mut anova = Anova::default();
        anova.add(&[(1.0, 0), (3.0, 0), (5.0, 1), (7.0, 1), (9.0, 2)], 3);
        let icc = anova.intraclass().unwrap();
        assert!((icc - 5.0 / 6.0).abs() < 1e-12, "{icc}");
        assert!((design_effect(mean_size([2, 2, 1]), icc) - 5.0 / 3.0).abs() < 1e-12);
        // The same again a thousand higher: the shift between samples is no likeness. SSB 72 on 4, SSW 8 on 4.
        anova.add(&[(1001.0, 0), (1003.0, 0), (1005.0, 1), (1007.0, 1), (1009.0, 2)], 3);
        assert!((anova.intraclass().unwrap() - 5.0 / 6.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_to_estimate_from() {
        let icc = |rows: &[(f64, usize)], groups| {
            let mut anova = Anova::default();
            anova.add(rows, groups);
            anova.intraclass()
        };
        assert_eq!(icc(&[], 0), None);
        assert_eq!(icc(&[(1.0, 0), (2.0, 1)], 2), None);
        assert_eq!(icc(&[(1.0, 0), (2.0, 0)], 1), None);
        assert_eq!(icc(&[(4.0, 0), (4.0, 0), (4.0, 1)], 2), None);
        assert_eq!(icc(&[(4.0, 0), (4.0, 0), (5.0, 1)], 2), Some(1.0));
        assert_eq!(design_effect(mean_size([]), 1.0), 1.0);
        assert_eq!(design_effect(mean_size([1, 1, 1]), 0.7), 1.0);
        assert_eq!(design_effect(3.0, -0.4), 1.0);
    }
}
