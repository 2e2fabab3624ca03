//! The order of experiments within each commit.

use std::cmp::Ordering;

use super::columns::{Column, Role};
use super::gather::{Kind, Row};
use crate::cli::exp::SortOrder;
use crate::commands::Failure;
use crate::commands::exp::diff::float;
use crate::pipeline::value::Value;
use crate::text;
use crate::tracking::Better;

/// What to sort by.
pub struct Key {
    role: Role,
    file: crate::relpath::RelPath,
    key: String,
}

/// The column that a user names: its full key, its label, else one that ends so, else one that has the text in it.
pub fn column(columns: &[Column], typed: &str) -> Result<Key, Failure> {
    let lower = typed.to_lowercase();
    let tests: [&dyn Fn(&Column) -> bool; 4] = [
        &|column| column.key == typed || format!("{}:{}", column.file, column.key) == typed,
        &|column| column.label == typed,
        &|column| column.key.ends_with(&format!(".{typed}")),
        &|column| column.key.to_lowercase().contains(&lower),
    ];
    let found = tests.iter().find_map(|test| columns.iter().find(|column| test(column)));
    match found {
        Some(column) => Ok(Key { role: column.role, file: column.file.clone(), key: column.key.clone() }),
        None => {
            let failure = Failure::usage(format!("no experiment has a metric or parameter `{typed}`"));
            Err(match text::suggest(typed, columns.iter().flat_map(|column| [column.key.as_str(), column.label.as_str()])) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint("`derm exp show --csv` has all of them"),
            })
        }
    }
}

/// Sorts the rows below each commit; what lacks the value comes last.
pub fn rows(rows: &mut [Row], key: Key, order: Option<SortOrder>) {
    let descending = match (order, key.role) {
        (Some(order), _) => order == SortOrder::Desc,
        (None, Role::Metric) => Better::of(&key.key) != Some(Better::Least),
        (None, Role::Param) => false,
    };
    let value = |row: &Row| {
        let leaves = if key.role == Role::Metric { &row.metrics } else { &row.params };
        leaves.iter().find(|leaf| leaf.file == key.file && leaf.key == key.key).map(|leaf| leaf.value.clone())
    };
    let mut start = 0;
    while start < rows.len() {
        let length = rows[start..].iter().take_while(|row| row.is_below()).count();
        rows[start..start + length].sort_by(|a, b| {
            let by_kind = (a.kind != Kind::Experiment).cmp(&(b.kind != Kind::Experiment));
            by_kind.then_with(|| compare(value(a), value(b), descending))
        });
        start += length.max(1);
    }
}

fn compare(a: Option<Value>, b: Option<Value>, descending: bool) -> Ordering {
    let (Some(a), Some(b)) = (&a, &b) else { return b.is_some().cmp(&a.is_some()) };
    let order = match (float(a), float(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.shown().cmp(&b.shown()),
    };
    if descending { order.reverse() } else { order }
}
