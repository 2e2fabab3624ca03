//! How many images to take through which steps at a time.
//!
//! The values of a whole batch do not fit into a core's cache, so from step to step they go to memory and come back. A few images
//! at a time stay in the cache from one step to the next, but every time a step's weights are read anew, and where the number of
//! images changes, values are put together in memory. [`stages`] weighs the three by counting bytes, and every thread takes
//! its own images. The choice follows from shapes alone, so results do not depend on the number of threads.

use std::ops::Range;

/// What one step moves, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Its parameters.
    pub weights: usize,
    /// What it reads and writes for each image.
    pub values: usize,
    /// What later steps still read of each image once it is done.
    pub live: usize,
}

/// Steps that some images pass before the next images do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    pub steps: Range<usize>,
    /// Images at a time.
    pub images: usize,
}

/// Bytes of one step's values that stay in a core's cache: a megabyte is common for the second level, which weights share.
const CACHE: usize = 1 << 20;

/// The cheapest way for `n` images through all steps.
pub fn stages(traffic: &[Traffic], n: usize) -> Vec<Stage> {
    let sizes: Vec<usize> = (0..usize::BITS).map(|power| 1 << power).take_while(|&size| size < n).chain([n]).collect();
    // For each size the bytes so far if the last step was taken at that size, and for each step where each came from.
    let mut costs = vec![0; sizes.len()];
    let mut origins = Vec::with_capacity(traffic.len());
    for (place, step) in traffic.iter().enumerate() {
        let seam = place.checked_sub(1).map_or(0, |before| 2 * n * traffic[before].live);
        let cost_from = |from: usize, to: usize| costs[from] + if from == to { 0 } else { seam };
        // Of equals the largest size: it has the least to do beside.
        let origin = |to: usize| (0..sizes.len()).rev().min_by_key(|&from| (cost_from(from, to), from != to)).unwrap_or(to);
        let from: Vec<usize> = (0..sizes.len()).map(origin).collect();
        costs = (0..sizes.len()).map(|to| cost_from(from[to], to) + step.cost(sizes[to], n)).collect();
        origins.push(from);
    }
    let mut size = (0..sizes.len()).rev().min_by_key(|&size| costs[size]).unwrap_or(0);
    let mut stages: Vec<Stage> = Vec::new();
    for (place, from) in origins.iter().enumerate().rev() {
        match stages.last_mut() {
            Some(stage) if stage.images == sizes[size] => stage.steps.start = place,
            _ => stages.push(Stage { steps: place..place + 1, images: sizes[size] }),
        }
        size = from[size];
    }
    stages.reverse();
    stages
}

impl Traffic {
    /// Bytes that come from outside of the cache for `n` images, some at a time.
    fn cost(&self, images: usize, n: usize) -> usize {
        let values = if images * self.values > CACHE { n * self.values } else { 0 };
        values + n.div_ceil(images) * self.weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: usize = 1 << 20;

    fn steps(all: &[[usize; 3]]) -> Vec<Traffic> {
        all.iter().map(|&[weights, values, live]| Traffic { weights, values, live }).collect()
    }

    #[test]
    fn large_values_go_one_by_one_and_large_weights_all_at_once() {
        let wide = [1000, MB, MB / 2];
        let deep = [8 * MB, 10_000, 5000];
        let found = stages(&steps(&[wide, wide, wide, deep, deep]), 16);
        assert_eq!(found, [Stage { steps: 0..3, images: 1 }, Stage { steps: 3..5, images: 16 }]);
    }

    #[test]
    fn values_that_never_fit_are_not_cut() {
        let huge = [1000, 4 * MB, 2 * MB];
        assert_eq!(stages(&steps(&[huge, huge]), 8), [Stage { steps: 0..2, images: 8 }]);
    }

    #[test]
    fn every_step_is_taken_once_in_order() {
        let all: Vec<[usize; 3]> = (1..40).map(|i| [i * 7919 % 300_000, i * 104_729 % (3 * MB), i * 15_485 % MB]).collect();
        for n in [1, 2, 7, 16, 100] {
            let found = stages(&steps(&all), n);
            assert_eq!(found.iter().flat_map(|stage| stage.steps.clone()).collect::<Vec<_>>(), (0..all.len()).collect::<Vec<_>>());
            assert!(found.iter().all(|stage| (1..=n).contains(&stage.images)));
            assert!(found.windows(2).all(|pair| pair[0].images != pair[1].images));
        }
        assert!(stages(&[], 4).is_empty());
    }

    /// All ways through four steps, tried one by one.
    #[test]
    fn no_way_is_cheaper() {
        for seed in 0..200_usize {
            let draw = |i: usize, below: usize| (seed * 31 + i).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20 & (below - 1);
            let all: Vec<Traffic> =
                (0..4).map(|i| Traffic { weights: draw(i, MB), values: draw(i + 10, 2 * MB), live: draw(i + 20, MB) }).collect();
            let n = 4;
            let cost = |sizes: &[usize]| -> usize {
                let own: usize = all.iter().zip(sizes).map(|(step, &size)| step.cost(size, n)).sum();
                own + (1..4).filter(|&i| sizes[i] != sizes[i - 1]).map(|i| 2 * n * all[i - 1].live).sum::<usize>()
            };
            let sizes = [1, 2, 4];
            let least = (0..81).map(|way| cost(&[0, 1, 2, 3].map(|i| sizes[way / 3_usize.pow(i) % 3]))).min();
            let found: Vec<usize> = stages(&all, n).iter().flat_map(|stage| stage.steps.clone().map(|_| stage.images)).collect();
            assert_eq!(Some(cost(&found)), least);
        }
    }
}
