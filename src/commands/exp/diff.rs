//! `derm exp diff`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::show::{number, row_name};
use crate::cli::exp::ExpDiffArgs;
use crate::commands::{Context, Exit, Failure};
use crate::experiments::{Error, Leaf, refs, values};
use crate::pipeline::revision::Snapshot as Place;
use crate::pipeline::value::Value;
use crate::relpath::RelPath;
use crate::store::Store;
use crate::ui::{Align, Page, Report, Style, Table};
use crate::workspace::Workspace;

#[derive(Serialize)]
struct Diff {
    a: String,
    b: String,
    metrics: Vec<Change>,
    params: Vec<Change>,
    #[serde(skip)]
    md: bool,
}

/// One value in both places.
#[derive(Serialize)]
struct Change {
    file: RelPath,
    key: String,
    a: Option<Value>,
    b: Option<Value>,
    /// `b - a`, of numbers.
    change: Option<Value>,
}

impl Report for Diff {
    const KIND: &'static str = "exp-diff";

    fn human(&self, page: &mut Page) {
        if self.metrics.is_empty() && self.params.is_empty() {
            page.line(format!("no differences between {} and {}", self.a, self.b));
            return;
        }
        if self.md {
            self.markdown(page);
            return;
        }
        for (title, changes) in
            [("metric", &self.metrics), ("parameter", &self.params)].into_iter().filter(|(_, changes)| !changes.is_empty())
        {
            let mut table = Table::new([(title, Align::Left), (&self.a, Align::Right), (&self.b, Align::Right), ("change", Align::Right)]);
            for change in changes {
                table.row(change.cells());
            }
            page.table(&table);
            if title == "metric" && !self.params.is_empty() {
                page.blank();
            }
        }
    }
}

impl Diff {
    fn markdown(&self, page: &mut Page) {
        page.line(format!("| | {} | {} | change |", self.a, self.b)).line("| --- | ---: | ---: | ---: |");
        for change in self.metrics.iter().chain(&self.params) {
            page.line(format!(
                "| {} |",
                change.cells().map(|cell| anstream::adapter::strip_str(&cell).to_string().replace('|', "\\|")).join(" | ")
            ));
        }
    }
}

impl Change {
    fn cells(&self) -> [String; 4] {
        let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| Style::Faint.paint("-"), number);
        let change = match self.change.as_ref().map(|change| (float(change), number(change))) {
            Some((Some(change), text)) if change > 0.0 => format!("+{text}"),
            Some((Some(change), text)) if change < 0.0 => text,
            _ => String::new(),
        };
        [self.key.clone(), shown(&self.a), shown(&self.b), change]
    }
}

pub fn run(context: &Context, args: &ExpDiffArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let store = Store::open(&workspace)?;
    let (a, b) = match (&args.a, &args.b) {
        (None, _) => (at(&workspace, "HEAD")?, ("workspace".to_owned(), Place::now(&workspace)?)),
        (Some(a), Some(b)) => (at(&workspace, a)?, at(&workspace, b)?),
        (Some(a), None) => match refs::find(&workspace, a) {
            Ok(found) => (at(&workspace, &found.baseline)?, at(&workspace, a)?),
            Err(Error::Unknown { .. }) => (at(&workspace, a)?, ("workspace".to_owned(), Place::now(&workspace)?)),
            Err(error) => return Err(error.into()),
        },
    };
    let ((a, left), (b, right)) = (a, b);
    let (left, right) = (values::at(&left, &store), values::at(&right, &store));
    let metrics = changes(left.1, right.1, args.all);
    let params = changes(left.0, right.0, args.all);
    context.ui.show(&Diff { a, b, metrics, params, md: args.md })?;
    Ok(Exit::Done)
}

/// An experiment, the workspace or a revision, with what it is called.
fn at(workspace: &Workspace, name: &str) -> Result<(String, Place), Failure> {
    if name == "workspace" {
        return Ok((name.to_owned(), Place::now(workspace)?));
    }
    match refs::find(workspace, name) {
        Ok(found) => Ok((found.name, Place::at(workspace, &found.commit)?)),
        Err(unknown @ Error::Unknown { near: Some(_), .. }) => match Place::at(workspace, name) {
            Ok(place) => Ok((row_name(name), place)),
            Err(_) => Err(unknown.into()),
        },
        Err(Error::Unknown { .. }) => Ok((row_name(name), Place::at(workspace, name)?)),
        Err(error) => Err(error.into()),
    }
}

fn changes(left: Vec<Leaf>, right: Vec<Leaf>, all: bool) -> Vec<Change> {
    let mut found: Vec<Change> = Vec::new();
    let mut right: BTreeMap<(RelPath, String), Value> = right.into_iter().map(|leaf| ((leaf.file, leaf.key), leaf.value)).collect();
    for Leaf { file, key, value } in left {
        let other = right.remove(&(file.clone(), key.clone()));
        let change = other.as_ref().and_then(|other| difference(&value, other));
        found.push(Change { file, key, a: Some(value), b: other, change });
    }
    found.extend(right.into_iter().map(|((file, key), value)| Change { file, key, a: None, b: Some(value), change: None }));
    found.retain(|change| all || !matches!((&change.a, &change.b), (Some(a), Some(b)) if a.same(b)));
    found
}

fn difference(a: &Value, b: &Value) -> Option<Value> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(Value::Int(b - a)),
        _ => Some(Value::Float(float(b)? - float(a)?)),
    }
}

/// A number; truth values are none.
pub(super) fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}
