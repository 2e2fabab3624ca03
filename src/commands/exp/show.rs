//! `derm exp show`: experiments below the commits that they started from, in one table.

mod columns;
mod gather;
mod layout;
mod sort;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::cli::exp::ExpShowArgs;
use crate::commands::{Context, Exit, Failure};
use crate::pipeline::value::Value;
use crate::ui::{Page, Report};
use columns::{Choice, Column};
use gather::Row;

/// The answer.
#[derive(Serialize)]
struct Show {
    rows: Vec<Row>,
    #[serde(skip)]
    columns: Vec<Column>,
    #[serde(skip)]
    choice: Choice,
    #[serde(skip)]
    form: Form,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    #[default]
    Table,
    Markdown,
    Csv,
}

impl Report for Show {
    const KIND: &'static str = "exp-show";

    fn human(&self, page: &mut Page) {
        match self.form {
            Form::Table => layout::table(self, page),
            Form::Markdown => layout::markdown(self, page),
            Form::Csv => layout::csv(self, page),
        }
    }
}

pub fn run(context: &Context, args: &ExpShowArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let mut rows = gather::rows(&workspace, args)?;
    let choice = Choice::new(args)?;
    if let Some(key) = &args.sort_by {
        let columns = columns::of(&rows);
        sort::rows(&mut rows, sort::column(&columns, key)?, args.sort_order);
    }
    let columns = columns::of(&rows);
    let form = match (args.csv, args.md) {
        (true, _) => Form::Csv,
        (_, true) => Form::Markdown,
        _ => Form::Table,
    };
    context.ui.show(&Show { rows, columns, choice, form })?;
    Ok(Exit::Done)
}

/// Whether a table can show the value: a number or a truth value.
pub(super) fn is_number(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Float(_) | Value::Bool(_))
}

/// A value for people: numbers with four significant digits.
pub(super) fn number(value: &Value) -> String {
    match value {
        Value::Float(value) if value.is_finite() => short(*value),
        other => other.shown(),
    }
}

fn short(value: f64) -> String {
    let text = if value.abs() < 1.0 { format!("{value:.3e}") } else { format!("{value:.4}") };
    Value::Float(text.parse().unwrap_or(value)).shown()
}

/// How a revision is called in a heading: a hash by its first digits.
pub(super) fn row_name(name: &str) -> String {
    let is_hash = name.len() == 40 && name.chars().all(|c| c.is_ascii_hexdigit());
    if is_hash { name[..7].to_owned() } else { name.to_owned() }
}
