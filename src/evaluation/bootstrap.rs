//! Percentile intervals by drawing groups with replacement.
//!
//! A draw takes as many groups as there are, with all their rows. Where a class has fewer than
//! [`STRATIFY_BELOW`] rows, groups are drawn within strata (a group's stratum is its rarest class), so that
//! no draw loses a class. Draw b uses stream b of a ChaCha generator: neither the number of threads nor
//! the order of rows changes an interval.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::intervals::{Interval, grouped_wilson};
use crate::observer::{Interrupt, Task};

/// Classes with fewer rows than this are drawn within strata.
pub const STRATIFY_BELOW: usize = 30;

/// Fewer groups than this give no interval.
const LEAST_GROUPS: usize = 5;

/// Rows by group, groups by stratum.
#[derive(Debug)]
pub struct Groups {
    /// Row → group.
    of_row: Vec<usize>,
    /// Groups of each stratum.
    strata: Vec<Vec<usize>>,
    count: usize,
}

/// The draws' settings and what they report to.
pub struct Draws<'a> {
    /// Seed of the generator.
    pub seed: u64,
    /// How many draws.
    pub count: usize,
    /// Told of each draw.
    pub task: &'a dyn Task,
    /// Asked before each draw.
    pub interrupt: &'a Interrupt,
}

/// The group of each row, numbered from 0, from its group's name and its own: a row without a group is one of its own.
pub fn number<'a>(rows: impl Iterator<Item = (Option<&'a str>, &'a str)>) -> Vec<usize> {
    // The flag keeps a row's name apart from a group's.
    let keys: Vec<(bool, &str)> = rows.map(|(group, own)| group.map_or((true, own), |group| (false, group))).collect();
    let mut names = keys.clone();
    names.sort_unstable();
    names.dedup();
    keys.iter().map(|key| names.partition_point(|name| name < key)).collect()
}

impl Groups {
    /// `of_row[i]` is row i's group, numbered from 0 without gaps.
    pub fn new(of_row: Vec<usize>, labels: &[usize], classes: usize) -> Self {
        let count = of_row.iter().max().map_or(0, |last| last + 1);
        let mut support = vec![0usize; classes];
        for label in labels {
            support[*label] += 1;
        }
        let mut stratum = vec![usize::MAX; count];
        for (group, label) in of_row.iter().zip(labels) {
            let rarest = &mut stratum[*group];
            if *rarest == usize::MAX || (support[*label], *label) < (support[*rarest], *rarest) {
                *rarest = *label;
            }
        }
        let stratified = support.iter().any(|n| (1..STRATIFY_BELOW).contains(n));
        let mut strata = vec![Vec::new(); if stratified { classes } else { 1 }];
        for (group, class) in stratum.iter().enumerate() {
            strata[if stratified { *class } else { 0 }].push(group);
        }
        Self { of_row, strata, count }
    }

    /// Row → group.
    pub fn of_row(&self) -> &[usize] {
        &self.of_row
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Wilson's interval of the share of `good` rows among those that `count`.
    pub fn share(&self, count: &dyn Fn(usize) -> bool, good: &dyn Fn(usize) -> bool) -> Option<Interval> {
        let mut sums = vec![(0.0, 0.0); self.count];
        for (i, group) in self.of_row.iter().enumerate().filter(|(i, _)| count(*i)) {
            sums[*group].0 += 1.0;
            sums[*group].1 += f64::from(u8::from(good(i)));
        }
        grouped_wilson(sums)
    }

    /// How often each row was drawn.
    fn draw(&self, random: &mut ChaCha8Rng) -> Vec<f64> {
        let mut times = vec![0.0; self.count];
        for stratum in self.strata.iter().filter(|stratum| !stratum.is_empty()) {
            for _ in 0..stratum.len() {
                times[stratum[random.random_range(0..stratum.len() as u64) as usize]] += 1.0;
            }
        }
        self.of_row.iter().map(|group| times[*group]).collect()
    }

    /// The interval of each number that `statistics` gives for the weights of a draw, in its order. None where fewer
    /// than nine draws in ten have a value, where all draws agree, and for fewer than five groups. An empty answer means interrupted.
    pub fn intervals(&self, draws: &Draws<'_>, statistics: impl Fn(&[f64]) -> Vec<Option<f64>> + Sync) -> Vec<Option<Interval>> {
        let values: Vec<Vec<Option<f64>>> = (0..draws.count as u64)
            .into_par_iter()
            .map(|draw| {
                if draws.interrupt.is_raised() {
                    return Vec::new();
                }
                let mut random = stream(draws.seed, draw);
                let found = statistics(&self.draw(&mut random));
                draws.task.advance(1);
                found
            })
            .collect();
        if draws.interrupt.is_raised() {
            return Vec::new();
        }
        let width = values.first().map_or(0, Vec::len);
        let interval = |i: usize| {
            let mut column: Vec<f64> = values.iter().filter_map(|row| row[i]).filter(|value| value.is_finite()).collect();
            let enough = self.count >= LEAST_GROUPS && column.len() * 10 >= values.len() * 9;
            column.sort_by(f64::total_cmp);
            let found = enough.then(|| Interval { lower: quantile(&column, 0.025), upper: quantile(&column, 0.975) });
            // Where every draw gives the same (an F1 without a hit), the draws have nothing to say about its spread.
            found.filter(|interval| interval.lower < interval.upper)
        };
        (0..width).map(interval).collect()
    }
}

/// Generator number `stream` of a seed.
pub fn stream(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(stream);
    random
}

/// The quantile of sorted values by linear interpolation (numpy's default, Hyndman and Fan's type 7); NaN of nothing.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    match (sorted.get(low), sorted.get(high)) {
        (Some(a), Some(b)) => a + (b - a) * (place - low as f64),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::Silent;

    #[test]
    fn quantiles_are_numpys() {
        // numpy.quantile([1, 2, 4, 8], q)
        for (share, value) in [(0.0, 1.0), (0.025, 1.075), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            assert!((quantile(&[1.0, 2.0, 4.0, 8.0], share) - value).abs() < 1e-12);
        }
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn groups_are_drawn_whole_and_rare_classes_never_vanish() {
        let labels: Vec<usize> = (0..100).map(|i| usize::from(i >= 96)).collect();
        let groups = Groups::new((0..100).map(|i| i / 2).collect(), &labels, 3);
        for draw in 0..50 {
            let weights = groups.draw(&mut stream(1, draw));
            assert!(weights.chunks(2).all(|pair| pair[0] == pair[1]));
            assert_eq!(weights[96..].iter().sum::<f64>(), 4.0);
            assert_eq!(weights.iter().sum::<f64>(), 100.0);
        }
    }

    #[test]
    fn the_interval_of_a_mean_has_the_normal_width_and_does_not_depend_on_threads() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 20)).collect();
        let groups = Groups::new((0..400).collect(), &vec![0; 400], 2);
        let draws = Draws { seed: 3, count: 2000, task: &Silent, interrupt: &Interrupt::default() };
        let statistic = |w: &[f64]| vec![Some(w.iter().zip(&values).map(|(w, v)| w * v).sum::<f64>() / 400.0)];
        let found = groups.intervals(&draws, statistic)[0].unwrap();
        // Mean 9.5, standard deviation sqrt(33.25), standard error 0.2883.
        assert!((found.lower - (9.5 - 1.96 * 0.2883)).abs() < 0.06 && (found.upper - (9.5 + 1.96 * 0.2883)).abs() < 0.06, "{found:?}");
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(alone.install(|| groups.intervals(&draws, statistic)[0].unwrap()), found);
    }
}
