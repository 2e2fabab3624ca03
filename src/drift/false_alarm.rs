//! How often the rule cries wolf: the reference compared with parts of itself.
//!
//! The reference is split at random into a part as large as the current set (at most half) and the rest,
//! whole groups at a time, so that images of one lesion stay together as they do in practice; then the very
//! rule of [`super::compare`] is applied, with the intraclass correlations found there and the design effects
//! of each split's own groups. Any alarm is a false one.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::Error;
use super::column::{self, Outcome};
use super::compare::{Verdict, verdict};
use super::design::{Design, Groups};
use super::settings::Settings;
use super::stats::clusters::mean_size;
use super::stats::{benjamini_hochberg, wilson};
use super::table::{Column, Table, Values};
use crate::observer::{Interrupt, Observer, Unit};

/// The measured rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FalseAlarms {
    /// Splits made.
    pub splits: usize,
    /// Images wanted in the part that stood for the current set.
    pub current_images: usize,
    /// Splits with at least one column in drift.
    pub with_alarm: usize,
    /// Their share.
    pub rate: f64,
    /// Its 95 % interval (Wilson).
    pub interval: (f64, f64),
}

/// Splits the reference `settings.splits` times; `None` when it is too small or no splits are wanted.
///
/// `columns` are the reference's columns to test, each with its intraclass correlation.
pub fn measure(
    reference: &Table,
    columns: &[(&Column, f64)],
    current_rows: usize,
    settings: &Settings,
    observer: &dyn Observer,
    interrupt: &Interrupt,
) -> Result<Option<FalseAlarms>, Error> {
    let coded = Groups::of(reference);
    let groups = rows_by_group(&coded);
    let wanted = current_rows.min(reference.rows() / 2);
    if settings.splits == 0 || wanted < settings.min_rows || groups.len() < 2 {
        return Ok(None);
    }
    let columns: Vec<Prepared> = columns.iter().map(|(column, icc)| Prepared::of(&column.values, &coded, *icc)).collect();
    let task = observer.begin("measuring false alarms", Some(settings.splits as u64), Unit::Items("splits"));
    let alarms: Vec<Option<bool>> = (0..settings.splits)
        .into_par_iter()
        .map(|split| {
            if interrupt.is_raised() {
                return None;
            }
            let chosen = choose(&groups, reference.rows(), wanted, settings.seed.wrapping_add(split as u64));
            let alarm = raises_alarm(&columns, &groups, &chosen, settings);
            task.advance(1);
            Some(alarm)
        })
        .collect();
    let alarms: Vec<bool> = alarms.into_iter().collect::<Option<_>>().ok_or(Error::Interrupted)?;
    let with_alarm = alarms.iter().filter(|alarm| **alarm).count();
    let rate = with_alarm as f64 / settings.splits as f64;
    let interval = wilson(with_alarm, settings.splits);
    Ok(Some(FalseAlarms { splits: settings.splits, current_images: wanted, with_alarm, rate, interval }))
}

/// The rows of each group, none empty.
fn rows_by_group(coded: &Groups) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    coded.of_row().iter().enumerate().for_each(|(row, group)| groups.entry(*group).or_default().push(row));
    groups.into_values().collect()
}

/// Whole groups in random order until `wanted` rows are reached.
fn choose(groups: &[Vec<usize>], rows: usize, wanted: usize, seed: u64) -> Vec<bool> {
    let mut order: Vec<&Vec<usize>> = groups.iter().collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let mut chosen = vec![false; rows];
    let mut taken = 0;
    for group in order {
        if taken >= wanted {
            break;
        }
        group.iter().for_each(|&row| chosen[row] = true);
        taken += group.len();
    }
    chosen
}

/// A column made ready for many splits.
struct Prepared {
    values: Sorted,
    /// Its intraclass correlation.
    icc: f64,
    /// Values a group has.
    sizes: Vec<usize>,
}

/// Its values.
enum Sorted {
    /// Values with their rows, sorted by value, so that both parts of a split come out sorted.
    Numbers(Vec<(f64, usize)>),
    /// A code a row, and how many codes there are.
    Names(Vec<Option<usize>>, usize),
}

impl Sorted {
    fn of(values: &Values) -> Self {
        match values {
            Values::Numbers(values) => {
                let mut pairs: Vec<(f64, usize)> = values.iter().enumerate().filter_map(|(row, value)| value.map(|v| (v, row))).collect();
                pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                Sorted::Numbers(pairs)
            }
            Values::Categories(values) => {
                let mut names: Vec<&String> = values.iter().flatten().collect();
                names.sort_unstable();
                names.dedup();
                let codes = values.iter().map(|value| value.as_ref().and_then(|name| names.binary_search(&name).ok())).collect();
                Sorted::Names(codes, names.len())
            }
        }
    }
}

impl Prepared {
    fn of(values: &Values, groups: &Groups, icc: f64) -> Self {
        Self { values: Sorted::of(values), icc, sizes: groups.sizes(values) }
    }

    /// Groups are whole, so one row tells where a group is.
    fn design(&self, groups: &[Vec<usize>], chosen: &[bool]) -> Design {
        let side = |wanted: bool| {
            let inside = groups.iter().zip(&self.sizes).filter(move |(rows, _)| rows.first().is_some_and(|row| chosen[*row] == wanted));
            mean_size(inside.map(|(_, size)| *size))
        };
        Design::new(self.icc, side(false), side(true))
    }

    /// The test of one split; `None` without enough values on a side.
    fn outcome(&self, groups: &[Vec<usize>], chosen: &[bool], settings: &Settings) -> Option<Outcome> {
        let design = self.design(groups, chosen);
        let enough = |a: usize, b: usize| a.min(b) >= settings.min_rows.max(1);
        match &self.values {
            Sorted::Numbers(pairs) => {
                let (inside, outside): (Vec<_>, Vec<_>) = pairs.iter().partition(|(_, row)| chosen[*row]);
                let values = |part: Vec<(f64, usize)>| part.into_iter().map(|(value, _)| value).collect::<Vec<f64>>();
                let (current, rest) = (values(inside), values(outside));
                enough(rest.len(), current.len()).then(|| column::numbers_in_split(&rest, &current, design, settings))
            }
            Sorted::Names(codes, kinds) => {
                let (mut rest, mut current) = (vec![0; *kinds], vec![0; *kinds]);
                for (code, chosen) in codes.iter().zip(chosen) {
                    if let Some(code) = code {
                        (if *chosen { &mut current } else { &mut rest })[*code] += 1;
                    }
                }
                let sizes = (rest.iter().sum::<u64>() as usize, current.iter().sum::<u64>() as usize);
                if enough(sizes.0, sizes.1) { column::counts(&rest, &current, design, settings) } else { None }
            }
        }
    }
}

fn raises_alarm(columns: &[Prepared], groups: &[Vec<usize>], chosen: &[bool], settings: &Settings) -> bool {
    let outcomes: Vec<Outcome> = columns.iter().filter_map(|column| column.outcome(groups, chosen, settings)).collect();
    let p: Vec<f64> = outcomes.iter().map(|outcome| outcome.p).collect();
    let adjusted = benjamini_hochberg(&p);
    outcomes.iter().zip(adjusted).any(|(outcome, p)| verdict(outcome, p, settings) == Verdict::Drift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_never_parted() {
        let table = Table::new((0..100).map(|row| format!("{}", row / 3)).collect());
        let chosen = choose(&rows_by_group(&Groups::of(&table)), 100, 40, 7);
        assert!((0..99).all(|row| row % 3 == 2 || chosen[row] == chosen[row + 1]));
        let taken = chosen.iter().filter(|c| **c).count();
        assert!((40..43).contains(&taken));
    }
}
