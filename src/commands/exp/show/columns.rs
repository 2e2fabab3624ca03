//! Metrics and parameters as columns: what they are called, and which are worth showing.
//!
//! A column is called by the shortest end of its dotted key that no other has; where the whole key is not enough, by its file too.
//! Worth showing are metrics and parameters that are not the same in every row; of metrics, numbers alone. When they do not all fit,
//! these come first: what the user sorts by or asks for, the first metric, parameters that experiments set, other metrics (short keys
//! before long ones), other parameters.

use std::collections::HashMap;

use globset::{Glob, GlobMatcher};

use super::gather::{Kind, Row};
use super::is_number;
use crate::cli::exp::ExpShowArgs;
use crate::commands::Failure;
use crate::commands::exp::diff::float;
use crate::experiments::Leaf;
use crate::pipeline::value::Value;
use crate::relpath::RelPath;
use crate::tracking::Better;

/// Whether a column holds what came out or what went in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Metric,
    Param,
}

/// One metric or parameter of all rows.
#[derive(Clone, Debug)]
pub struct Column {
    pub role: Role,
    pub file: RelPath,
    pub key: String,
    /// What stands above it.
    pub label: String,
    /// Its value in each row.
    pub values: Vec<Option<Value>>,
    /// Whether an experiment set it.
    pub set: bool,
    /// Whether all rows that can have it agree.
    pub constant: bool,
}

/// Every column, metrics first, each kind in the order of its files.
pub fn of(rows: &[Row]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut places: HashMap<(Role, RelPath, String), usize> = HashMap::new();
    for role in [Role::Metric, Role::Param] {
        for (at, row) in rows.iter().enumerate() {
            for leaf in leaves(row, role) {
                let place = *places.entry((role, leaf.file.clone(), leaf.key.clone())).or_insert_with(|| {
                    columns.push(Column {
                        role,
                        file: leaf.file.clone(),
                        key: leaf.key.clone(),
                        label: String::new(),
                        values: vec![None; rows.len()],
                        set: false,
                        constant: false,
                    });
                    columns.len() - 1
                });
                columns[place].values[at] = Some(leaf.value.clone());
            }
        }
    }
    for column in &mut columns {
        column.constant = column.is_constant(rows);
        let sets = |row: &Row| row.overrides.iter().any(|set| set.file == column.file && set.name() == column.key);
        column.set = column.role == Role::Param && rows.iter().any(sets);
    }
    label(&mut columns);
    columns
}

fn leaves(row: &Row, role: Role) -> &[Leaf] {
    if role == Role::Metric { &row.metrics } else { &row.params }
}

impl Column {
    fn is_constant(&self, rows: &[Row]) -> bool {
        // What waits, runs or failed has no metrics, which says nothing about them.
        let counts = |row: &Row| self.role == Role::Param || matches!(row.kind, Kind::Workspace | Kind::Baseline | Kind::Experiment);
        let mut values = self.values.iter().zip(rows).filter(|(_, row)| counts(row)).map(|(value, _)| value);
        let Some(first) = values.next() else { return true };
        values.all(|value| match (first, value) {
            (Some(a), Some(b)) => a.same(b),
            (a, b) => a.is_none() && b.is_none(),
        })
    }

    /// The rows whose value is the best, when it is known what good is and the values differ.
    pub fn best(&self, rows: &[Row]) -> Vec<bool> {
        let none = vec![false; self.values.len()];
        let Some(better) = Better::of(&self.key).filter(|_| self.role == Role::Metric) else { return none };
        let counted = |at: usize| rows[at].kind != Kind::Workspace;
        let numbers: Vec<Option<f64>> =
            self.values.iter().enumerate().map(|(at, value)| value.as_ref().filter(|_| counted(at)).and_then(float)).collect();
        let known = || numbers.iter().flatten().copied().filter(|value| !value.is_nan());
        let (least, greatest) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
        if least >= greatest {
            return none;
        }
        let best = if better == Better::Least { least } else { greatest };
        numbers.iter().map(|value| *value == Some(best)).collect()
    }

    /// Whether people compare it: a number that does not only name the format.
    fn is_measured(&self) -> bool {
        self.role == Role::Param
            || (!matches!(self.key.as_str(), "schema" | "kind") && self.values.iter().flatten().all(|value| is_number(value) || *value == Value::Null))
    }
}

/// Gives every column the shortest name that no other has.
fn label(columns: &mut [Column]) {
    let tail = |key: &str, parts: usize| {
        let all: Vec<&str> = key.split('.').collect();
        all[all.len().saturating_sub(parts)..].join(".")
    };
    let longest = columns.iter().map(|column| column.key.split('.').count()).max().unwrap_or(0);
    for parts in 1..=longest {
        let tails: Vec<String> = columns.iter().map(|column| tail(&column.key, parts)).collect();
        let mut uses: HashMap<&str, usize> = HashMap::new();
        tails.iter().for_each(|tail| *uses.entry(tail).or_default() += 1);
        for (column, tail) in columns.iter_mut().zip(&tails) {
            if column.label.is_empty() && uses[tail.as_str()] == 1 {
                column.label.clone_from(tail);
            }
        }
    }
    for column in columns.iter_mut().filter(|column| column.label.is_empty()) {
        column.label = format!("{}:{}", column.file, column.key);
    }
}

/// What of the columns the user wants.
#[derive(Debug, Default)]
pub struct Choice {
    keep: Vec<Pattern>,
    drop: Vec<Pattern>,
    sort_by: Option<String>,
    pub only_changed: bool,
}

#[derive(Debug)]
struct Pattern {
    text: String,
    glob: Option<GlobMatcher>,
}

impl Pattern {
    fn new(text: &str) -> Result<Self, Failure> {
        let glob = text.contains(['*', '?', '[', '{']).then(|| Glob::new(text).map(|glob| glob.compile_matcher())).transpose();
        let glob = glob.map_err(|error| Failure::usage(format!("`{text}` is no pattern")).cause(error.kind().to_string()))?;
        Ok(Self { text: text.to_lowercase(), glob })
    }

    fn finds(&self, column: &Column) -> bool {
        let full = format!("{}:{}", column.file, column.key);
        match &self.glob {
            Some(glob) => [&full, &column.key, &column.label].into_iter().any(|name| glob.is_match(name)),
            None => full.to_lowercase().contains(&self.text),
        }
    }
}

impl Choice {
    pub fn new(args: &ExpShowArgs) -> Result<Self, Failure> {
        let patterns = |texts: &[String]| texts.iter().map(|text| Pattern::new(text)).collect::<Result<Vec<_>, _>>();
        let (keep, drop) = (patterns(&args.keep)?, patterns(&args.drop)?);
        Ok(Self { keep, drop, sort_by: args.sort_by.clone(), only_changed: args.only_changed })
    }

    /// Whether the user asks for a column by name.
    fn asks(&self, column: &Column) -> bool {
        let sorted = self.sort_by.as_ref().is_some_and(|key| column.key == *key || column.label == *key);
        sorted || self.keep.iter().any(|pattern| pattern.finds(column))
    }

    fn refuses(&self, column: &Column) -> bool {
        !self.keep.iter().any(|pattern| pattern.finds(column)) && self.drop.iter().any(|pattern| pattern.finds(column))
    }

    /// Columns that are worth showing to people, in the order in which they get room, and how many of those left out are the same in
    /// every row.
    pub fn wanted(&self, columns: &[Column]) -> (Vec<usize>, usize) {
        let kept: Vec<usize> = (0..columns.len()).filter(|at| !self.refuses(&columns[*at])).collect();
        let measured = |at: &&usize| self.asks(&columns[**at]) || columns[**at].is_measured();
        let mut shown: Vec<usize> = kept.iter().filter(measured).copied().collect();
        let all_metrics_agree = !shown.iter().any(|at| columns[*at].role == Role::Metric && !columns[*at].constant);
        let before = shown.len();
        shown.retain(|at| {
            let column = &columns[*at];
            // Metrics that all agree are still what a person came to see.
            let spared = column.role == Role::Metric && all_metrics_agree && !self.only_changed;
            !column.constant || self.asks(column) || spared
        });
        let constant = before - shown.len();
        let first = shown.iter().copied().find(|at| columns[*at].role == Role::Metric);
        shown.sort_by_key(|at| {
            let column = &columns[*at];
            let rank = match column.role {
                _ if self.asks(column) => 0,
                Role::Metric if Some(*at) == first => 1,
                Role::Param if column.set => 2,
                Role::Metric => 3,
                Role::Param => 4,
            };
            (rank, if rank == 3 { column.key.split('.').count() } else { 0 }, *at)
        });
        (shown, constant)
    }

    /// Columns of the answers that are never cut.
    pub fn all(&self, columns: &[Column]) -> Vec<usize> {
        let wanted = |at: &usize| !self.refuses(&columns[*at]) && (!self.only_changed || !columns[*at].constant || self.asks(&columns[*at]));
        (0..columns.len()).filter(wanted).collect()
    }
}
