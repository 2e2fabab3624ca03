//! The design effect of each side of a column: how many independent rows its rows are worth.
//!
//! The intraclass correlation of a column is estimated once, on the reference: of the mid-ranks of numbers,
//! since the Kolmogorov-Smirnov test sees nothing but order (rank intraclass correlation: Tu et al., Stat. Med.
//! 42 (2023) 4333), and of the indicators of the categories, weighted `(1 - p_k) / (K - 1)` (Rao and Scott,
//! J. Am. Stat. Assoc. 76 (1981) 221). Where fewer than [`LEAST_REPEATS`] rows of the reference share a group
//! with another, or its values do not differ, both sides tell, each around its own mean. If they cannot either, it is
//! taken to be 1: the rows of a group count as one. Splits of the reference use the very same number.
//!
//! Without repeated groups both design effects are exactly 1 and nothing is changed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::stats::clusters::{Anova, design_effect};
use super::table::{Table, Values};

/// Rows beyond the first of each group that an intraclass correlation is estimated from, at least.
const LEAST_REPEATS: usize = 10;

/// The design effects of both sides of a column, each at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Design {
    /// Of the reference.
    pub reference: f64,
    /// Of the current rows.
    pub current: f64,
}

impl Design {
    /// Of rows that are all independent.
    pub const NONE: Self = Self { reference: 1.0, current: 1.0 };

    /// For sides whose present rows lie in groups of these mean sizes ([`super::stats::clusters::mean_size`]).
    pub fn new(icc: f64, reference: f64, current: f64) -> Self {
        Self { reference: design_effect(reference, icc), current: design_effect(current, icc) }
    }

    /// Whether rows count less than independent ones.
    pub fn clustered(self) -> bool {
        self != Self::NONE
    }

    /// Effective sizes of `n` reference and `m` current rows.
    pub fn sizes(self, n: usize, m: usize) -> (f64, f64) {
        (n as f64 / self.reference, m as f64 / self.current)
    }

    /// The design effect of the difference between the sides: `(d1/n + d2/m) / (1/n + 1/m)`.
    pub fn of_difference(self, n: usize, m: usize) -> f64 {
        let (n, m) = (n as f64, m as f64);
        (self.reference / n + self.current / m) / (1.0 / n + 1.0 / m)
    }
}

/// Groups of a table's rows as numbers.
pub struct Groups {
    of_row: Vec<usize>,
    count: usize,
}

impl Groups {
    /// Numbers in the order of the groups' names.
    pub fn of(table: &Table) -> Self {
        let mut codes: BTreeMap<&str, usize> = table.groups.iter().map(|group| (group.as_str(), 0)).collect();
        codes.values_mut().enumerate().for_each(|(at, code)| *code = at);
        let of_row = table.groups.iter().map(|group| codes.get(group.as_str()).copied().unwrap_or_default()).collect();
        Self { of_row, count: codes.len() }
    }

    /// The group of each row.
    pub fn of_row(&self) -> &[usize] {
        &self.of_row
    }

    /// How many of a column's values each group has.
    pub fn sizes(&self, values: &Values) -> Vec<usize> {
        let mut sizes = vec![0; self.count];
        for (row, &group) in self.of_row.iter().enumerate() {
            sizes[group] += usize::from(values.present(row));
        }
        sizes
    }
}

/// A side of a column with the groups of its rows.
pub type Grouped<'a> = (&'a Values, &'a Groups);

/// The intraclass correlation of a column, 0..1.
pub fn intraclass(reference: Grouped, current: Grouped) -> f64 {
    let (own, repeats) = estimate(&[reference]);
    let icc = own.filter(|_| repeats >= LEAST_REPEATS).or_else(|| estimate(&[reference, current]).0);
    icc.unwrap_or(1.0).clamp(0.0, 1.0)
}

/// An estimate from some sides, and the rows beyond the first of each group that it rests on.
fn estimate(sides: &[Grouped]) -> (Option<f64>, usize) {
    let mut numbers = Vec::new();
    let mut names: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    for (side, (values, groups)) in sides.iter().enumerate() {
        match values {
            Values::Numbers(values) => {
                let rows = values.iter().zip(groups.of_row());
                numbers.extend(rows.filter_map(|(value, &group)| value.map(|value| (value, side, group))));
            }
            Values::Categories(values) => {
                for (name, &group) in values.iter().zip(groups.of_row()) {
                    name.iter().for_each(|name| names.entry(name).or_default().push((side, group)));
                }
            }
        }
    }
    if names.is_empty() { of_numbers(numbers, sides) } else { of_names(&names, sides) }
}

/// Of the mid-ranks of (value, side, group).
fn of_numbers(mut rows: Vec<(f64, usize, usize)>, sides: &[Grouped]) -> (Option<f64>, usize) {
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut ranked: Vec<Vec<(f64, usize)>> = vec![Vec::new(); sides.len()];
    let mut below = 0;
    for equal in rows.chunk_by(|a, b| a.0 == b.0) {
        let rank = below as f64 + (equal.len() as f64 + 1.0) / 2.0;
        equal.iter().for_each(|&(_, side, group)| ranked[side].push((rank, group)));
        below += equal.len();
    }
    let mut anova = Anova::default();
    ranked.iter().zip(sides).for_each(|(rows, (_, groups))| anova.add(rows, groups.count));
    (anova.intraclass(), anova.repeats())
}

/// The weighted mean over the indicators of the categories.
fn of_names(names: &BTreeMap<&str, Vec<(usize, usize)>>, sides: &[Grouped]) -> (Option<f64>, usize) {
    let all: Vec<(usize, usize)> = names.values().flatten().copied().collect();
    let (mut sum, mut weights, mut repeats) = (0.0, 0.0, 0);
    let mut from = 0;
    for rows in names.values() {
        let to = from + rows.len();
        let mut anova = Anova::default();
        for (side, (_, groups)) in sides.iter().enumerate() {
            let indicator = |at: usize| if (from..to).contains(&at) { 1.0 } else { 0.0 };
            let own: Vec<(f64, usize)> =
                all.iter().enumerate().filter(|(_, row)| row.0 == side).map(|(at, row)| (indicator(at), row.1)).collect();
            anova.add(&own, groups.count);
        }
        from = to;
        repeats = anova.repeats();
        if let Some(icc) = anova.intraclass() {
            let weight = 1.0 - rows.len() as f64 / all.len() as f64;
            sum += weight * icc;
            weights += weight;
        }
    }
    ((weights > 0.0).then(|| sum / weights), repeats)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::table::Level;

    fn table(groups: &[u32]) -> Table {
        Table::new(groups.iter().map(u32::to_string).collect())
    }

    fn numbers(groups: &[u32], values: &[f64]) -> Table {
        let mut table = table(groups);
        table.numbers(Level::Features, "x", values.iter().copied().map(Some).collect());
        table
    }

    fn icc(reference: &Table, current: &Table) -> f64 {
        let (before, after) = (Groups::of(reference), Groups::of(current));
        intraclass((&reference.columns[0].values, &before), (&current.columns[0].values, &after))
    }

    #[test]
    fn order_alone_counts() {
        let groups: Vec<u32> = (0..40).map(|row| row / 2).collect();
        let values: Vec<f64> = (0..40).map(|row| f64::from((row / 2 * 7 + row % 2 * 3) % 20)).collect();
        let stretched: Vec<f64> = values.iter().map(|value| value.exp()).collect();
        let (plain, stretched) = (numbers(&groups, &values), numbers(&groups, &stretched));
        assert_eq!(icc(&plain, &plain), icc(&stretched, &stretched));
    }

    #[test]
    fn a_reference_without_repeats_leaves_it_to_both_sides() {
        let reference = numbers(&(0..20).collect::<Vec<_>>(), &(0..20).map(f64::from).collect::<Vec<_>>());
        // Equal within each group and different between them.
        let current = numbers(&(0..20).map(|row| row / 2).collect::<Vec<_>>(), &(0..20).map(|row| f64::from(row / 2)).collect::<Vec<_>>());
        assert_eq!(icc(&reference, &current), 1.0);
        // Constant on both sides: nothing speaks for more than one row a group.
        assert_eq!(icc(&numbers(&[1, 1, 2], &[3.0; 3]), &numbers(&[1, 1], &[4.0; 2])), 1.0);
        assert_eq!(icc(&numbers(&[], &[]), &numbers(&[], &[])), 1.0);
    }

    #[test]
    fn categories_by_hand() {
        // Twelve pairs: in each, one of `a` and one of `b`. Every mean is 1/2: MSB = 0, MSW = 12 * 0.5 / 12, icc = -1, held at 0.
        let groups: Vec<u32> = (0..24).map(|row| row / 2).collect();
        let mut mixed = table(&groups);
        mixed.categories(Level::Metadata, "x", (0..24).map(|row| Some(["a", "b"][row % 2].to_owned())).collect());
        assert_eq!(estimate(&[(&mixed.columns[0].values, &Groups::of(&mixed))]), (Some(-1.0), 12));
        assert_eq!(icc(&mixed, &mixed), 0.0);
        // Pairs of one category each.
        let mut alike = table(&groups);
        alike.categories(Level::Metadata, "x", (0..24).map(|row| Some(["a", "b", "c"][row / 2 % 3].to_owned())).collect());
        assert_eq!(icc(&alike, &alike), 1.0);
        assert_eq!(Groups::of(&alike).sizes(&alike.columns[0].values), [2; 12]);
    }

    #[test]
    fn effective_sizes() {
        let design = Design::new(0.5, 3.0, 1.0);
        assert_eq!((design, design.clustered()), (Design { reference: 2.0, current: 1.0 }, true));
        assert_eq!(design.sizes(100, 50), (50.0, 50.0));
        // (2/100 + 1/50) / (1/100 + 1/50) = 4/3.
        assert!((design.of_difference(100, 50) - 4.0 / 3.0).abs() < 1e-12);
        assert_eq!(Design::NONE.of_difference(37, 91), 1.0);
    }
}
