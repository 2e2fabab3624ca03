//! Dealing units of rows into parts so that every class has its share in every part.
//!
//! Units go one by one to the part that is least full for the classes they hold, where "full" is what the
//! part would have after taking half the unit, over what it should have: for units of one row this is
//! the Webster/Sainte-Laguë rule for sharing out seats, which favours neither small nor large parts. Units with the
//! rarest class go first, then larger ones, so that what is left for the end is easy to place, and so that
//! each part gets its share of the large units too; the order within that is drawn from the seed.
//! The idea of serving the rarest class first is Sechidis, Tsoumakas and Vlahavas, "On the stratification of multi-label data" (2011).

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// How many rows of each class a unit holds.
pub type Counts = Vec<usize>;

/// The part of every unit. `shares` are the parts' sizes relative to each other, all above 0.
pub fn deal(units: &[Counts], shares: &[f64], seed: u64) -> Vec<usize> {
    let classes = units.first().map_or(0, Vec::len);
    let totals: Vec<f64> = (0..classes).map(|class| units.iter().map(|unit| unit[class]).sum::<usize>() as f64).collect();
    let sum: f64 = shares.iter().sum();
    let mut parts = vec![0; units.len()];
    let mut filled = vec![vec![0.0; classes]; shares.len()];
    for unit in order(units, &totals, seed) {
        let counts = &units[unit];
        let fullness = |part: usize| -> f64 {
            let share = shares[part] / sum;
            let held = counts.iter().enumerate().filter(|(_, count)| **count > 0);
            held.map(|(class, &count)| {
                let count = count as f64;
                (count / totals[class]) * (filled[part][class] + count / 2.0) / (share * totals[class])
            })
            .sum()
        };
        let best = (0..shares.len()).min_by(|&a, &b| fullness(a).total_cmp(&fullness(b))).unwrap_or(0);
        parts[unit] = best;
        for (class, &count) in counts.iter().enumerate() {
            filled[best][class] += count as f64;
        }
    }
    fill_empty(units, &mut parts, shares.len());
    parts
}

/// Where every class has only a few units, all of them may have gone to the largest part: each part that is
/// left empty gets the smallest unit of the part with the most.
fn fill_empty(units: &[Counts], parts: &mut [usize], count: usize) {
    let size = |part: usize, parts: &[usize]| parts.iter().filter(|own| **own == part).count();
    for empty in 0..count {
        let largest = (0..count).max_by_key(|&part| (size(part, parts), std::cmp::Reverse(part))).unwrap_or(0);
        if size(empty, parts) > 0 || size(largest, parts) < 2 {
            continue;
        }
        let members = (0..units.len()).filter(|&unit| parts[unit] == largest);
        if let Some(smallest) = members.min_by_key(|&unit| units[unit].iter().sum::<usize>()) {
            parts[smallest] = empty;
        }
    }
}

/// Rarest class first, then larger units, then by lot.
fn order(units: &[Counts], totals: &[f64], seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let rarest = |unit: usize| {
        let held = units[unit].iter().zip(totals).filter(|(count, _)| **count > 0);
        held.map(|(_, total)| *total as usize).min().unwrap_or(usize::MAX)
    };
    order.sort_by_key(|&unit| (rarest(unit), std::cmp::Reverse(units[unit].iter().sum::<usize>())));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn single_rows_are_shared_out_to_the_nearest_whole_number() {
        let units: Vec<Counts> = (0..100).map(|i| if i < 90 { vec![1, 0] } else { vec![0, 1] }).collect();
        let parts = deal(&units, &[0.7, 0.1, 0.2], 1);
        let count = |part: usize, class: usize| units.iter().zip(&parts).filter(|(unit, own)| **own == part && unit[class] == 1).count();
        assert_eq!([count(0, 0), count(1, 0), count(2, 0)], [63, 9, 18]);
        assert_eq!([count(0, 1), count(1, 1), count(2, 1)], [7, 1, 2]);
    }

    #[test]
    fn no_part_stays_empty() {
        let units: Vec<Counts> = (0..3).map(|class| (0..3).map(|c| usize::from(c == class)).collect()).collect();
        let mut parts = deal(&units, &[0.7, 0.15, 0.15], 1);
        parts.sort_unstable();
        assert_eq!(parts, [0, 1, 2]);
    }

    proptest! {
        #[test]
        fn shares_hold_within_the_largest_unit(sizes in proptest::collection::vec((0usize..3, 1usize..5), 30..200), seed in any::<u64>()) {
            let units: Vec<Counts> = sizes.iter().map(|&(class, size)| (0..3).map(|c| if c == class { size } else { 0 }).collect()).collect();
            let shares = [0.6, 0.2, 0.2];
            let parts = deal(&units, &shares, seed);
            for class in 0..3 {
                let total: usize = units.iter().map(|unit| unit[class]).sum();
                for (part, share) in shares.iter().enumerate() {
                    let got: usize = units.iter().zip(&parts).filter(|(_, own)| **own == part).map(|(unit, _)| unit[class]).sum();
                    prop_assert!((got as f64 - share * total as f64).abs() <= 4.0, "class {class}, part {part}: {got} of {total}");
                }
            }
        }
    }
}
