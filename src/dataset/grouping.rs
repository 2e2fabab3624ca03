//! Which rows belong together, so that no split may part them.
//!
//! A [`Grouping`] numbers the rows' units from 0 in the order of their first row.

use std::collections::HashMap;

use super::Row;

/// A unit for every row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// The unit of each row.
    pub unit_of: Vec<usize>,
    /// How many units there are.
    pub units: usize,
}

/// What rows of one unit share; `None`: nothing.
pub type Key<'a> = &'a dyn Fn(&Row) -> Option<String>;

impl Grouping {
    /// Joins rows that share the value of any of these keys, also by way of other rows.
    pub fn by(rows: &[Row], keys: &[Key<'_>]) -> Self {
        let mut parents: Vec<usize> = (0..rows.len()).collect();
        for key in keys {
            let mut first = HashMap::new();
            for (at, row) in rows.iter().enumerate() {
                if let Some(value) = key(row) {
                    let other = *first.entry(value).or_insert(at);
                    join(&mut parents, at, other);
                }
            }
        }
        let mut numbers = HashMap::new();
        let unit_of = (0..rows.len())
            .map(|at| {
                let root = root(&mut parents, at);
                let next = numbers.len();
                *numbers.entry(root).or_insert(next)
            })
            .collect();
        Self { unit_of, units: numbers.len() }
    }

    /// The rows of every unit.
    pub fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.units];
        for (row, unit) in self.unit_of.iter().enumerate() {
            members[*unit].push(row);
        }
        members
    }
}

fn root(parents: &mut [usize], mut at: usize) -> usize {
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}

fn join(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parents, a), root(parents, b));
    parents[a.max(b)] = a.min(b);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_joined_across_keys() {
        let row = |group: &str, patient: &str| Row {
            group: (!group.is_empty()).then(|| group.to_owned()),
            patient: (!patient.is_empty()).then(|| patient.to_owned()),
            ..Row::default()
        };
        let rows = [row("a", "p"), row("b", ""), row("c", "p"), row("b", "q"), row("", ""), row("", "q")];
        let grouping = Grouping::by(&rows, &[&|row| row.patient.clone(), &|row| row.group.clone()]);
        assert_eq!(grouping.unit_of, [0, 1, 0, 1, 2, 1]);
        assert_eq!(grouping.members(), [vec![0, 2], vec![1, 3, 5], vec![4]]);
    }
}
