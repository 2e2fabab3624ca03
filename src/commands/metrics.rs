//! `derm metrics`.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::{IndexMap, IndexSet};
use serde::Serialize;

use super::listings::{self, Comparison, Found, Look, WORKSPACE, cut, number};
use super::{Context, Exit, Failure};
use crate::cli::metrics::{MetricsArgs, MetricsCommand, MetricsDiffArgs, MetricsShowArgs};
use crate::pipeline::metrics::{self, Listing};
use crate::pipeline::value::Value;
use crate::pipeline::{Snapshot, compare};
use crate::relpath::RelPath;
use crate::store::Store;
use crate::ui::{Align, Page, Report, Style, Table};

/// Metrics up to which revisions are rows and metrics columns.
const COLUMNS: usize = 8;

pub fn run(context: &Context, args: &MetricsArgs) -> Result<Exit, Failure> {
    match &args.command {
        MetricsCommand::Show(args) => show(context, args),
        MetricsCommand::Diff(args) => diff(context, args),
    }
}

#[derive(Serialize)]
struct Metrics {
    /// Of the workspace.
    metrics: Vec<Metric>,
    /// By place, as DVC writes it; only when other places were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    revisions: Option<serde_json::Value>,
    #[serde(skip)]
    table: Option<Table>,
    #[serde(skip)]
    files: usize,
}

#[derive(Serialize)]
struct Metric {
    file: RelPath,
    key: String,
    value: Value,
}

fn show(context: &Context, args: &MetricsShowArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let store = Store::open(&workspace)?;
    let named = listings::typed(context, &workspace, &args.files)?;
    let places = listings::places(&workspace, &args.history)?;
    let found = listings::by_name(places.iter().map(|place| (place.name().to_owned(), listed(place, &store, &named))));
    listings::present(&named, &found)?;
    let several = found.len() > 1;
    let table = if several { by_revision(&found, args.precision) } else { one(&found[WORKSPACE], args.precision) };
    let report = Metrics {
        metrics: entries(&found[WORKSPACE]),
        revisions: several.then(|| listings::nested(&found, is_compared)),
        table,
        files: found.values().map(|listing| listing.files.len()).sum(),
    };
    if args.md {
        context.ui.raw(&report.table.map(|table| table.markdown()).unwrap_or_default())?;
    } else {
        context.ui.show(&report)?;
    }
    listings::finish(context, found, true)
}

fn listed(place: &Snapshot, store: &Store, named: &[RelPath]) -> Listing {
    let named: BTreeSet<RelPath> = named.iter().cloned().collect();
    if named.is_empty() { place.metrics(store) } else { metrics::list_metrics(place, store, named) }
}

fn entries(listing: &Listing) -> Vec<Metric> {
    let values = listing.files.iter().flat_map(|listed| listed.values.iter().map(|(key, value)| (&listed.file, key, value)));
    values.map(|(file, key, value)| Metric { file: file.clone(), key: key.clone(), value: value.clone() }).collect()
}

/// Whether a person who compares results wants to see it: texts, lists and what names the format are left out.
fn is_measured(key: &str, value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Null) && !matches!(key, "schema" | "kind")
}

fn measured(listing: &Listing) -> impl Iterator<Item = (&RelPath, &String, &Value)> {
    let values = listing.files.iter().flat_map(|listed| listed.values.iter().map(|(key, value)| (&listed.file, key, value)));
    values.filter(|(_, key, value)| is_measured(key, value))
}

fn one(listing: &Listing, precision: Option<usize>) -> Option<Table> {
    let mut table = Table::new([("file", Align::Left), ("metric", Align::Left), ("value", Align::Right)]);
    for (file, key, value) in measured(listing) {
        table.row([file.to_string(), cut(key), number(value, precision)]);
    }
    (!table.is_empty()).then_some(table)
}

/// Few metrics: one row a place and file; many: one row a metric, one column a place.
fn by_revision(found: &Found, precision: Option<usize>) -> Option<Table> {
    let keys: IndexSet<&String> = found.values().flat_map(|listing| measured(listing).map(|(_, key, _)| key)).collect();
    let none = || Style::Faint.paint("-");
    if keys.len() <= COLUMNS {
        let mut columns = vec![("revision".to_owned(), Align::Left), ("file".to_owned(), Align::Left)];
        columns.extend(keys.iter().map(|key| (cut(key), Align::Right)));
        let mut table = Table::with_columns(columns);
        for (place, listing) in found {
            let mut rows: BTreeMap<&RelPath, Vec<String>> = BTreeMap::new();
            for (file, key, value) in measured(listing) {
                let row = rows.entry(file).or_insert_with(|| vec![none(); keys.len()]);
                row[keys.get_index_of(key).unwrap_or_default()] = number(value, precision);
            }
            for (file, values) in rows {
                table.row([place.clone(), file.to_string()].into_iter().chain(values));
            }
        }
        return (!table.is_empty()).then_some(table);
    }
    let mut columns = vec![("file".to_owned(), Align::Left), ("metric".to_owned(), Align::Left)];
    columns.extend(found.keys().map(|place| (place.clone(), Align::Right)));
    let mut table = Table::with_columns(columns);
    let mut rows: BTreeMap<&RelPath, IndexMap<&str, Vec<String>>> = BTreeMap::new();
    for (column, listing) in found.values().enumerate() {
        for (file, key, value) in measured(listing) {
            let row = rows.entry(file).or_default().entry(key).or_insert_with(|| vec![none(); found.len()]);
            row[column] = number(value, precision);
        }
    }
    for (file, keys) in rows {
        for (key, values) in keys {
            table.row([file.to_string(), cut(key)].into_iter().chain(values));
        }
    }
    (!table.is_empty()).then_some(table)
}

impl Report for Metrics {
    const KIND: &'static str = "metrics";

    fn human(&self, page: &mut Page) {
        match &self.table {
            Some(table) => page.table(table),
            None if self.files == 0 => page.line("no metrics"),
            None => page.line("no metrics that are numbers; `--json` shows everything"),
        };
    }
}

#[derive(Serialize)]
#[serde(transparent)]
struct MetricsDiff(Comparison);

fn diff(context: &Context, args: &MetricsDiffArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let store = Store::open(&workspace)?;
    let named = listings::typed(context, &workspace, &args.comparison.targets)?;
    let (old, new) = listings::sides(&workspace, &args.comparison)?;
    let [mut before, mut after] = [&old, &new].map(|place| listed(place, &store, &named));
    // Lists are tables and curves: DVC leaves them out too.
    for listing in [&mut before, &mut after] {
        listing.files.iter_mut().for_each(|listed| listed.values.retain(|(_, value)| is_compared(value)));
    }
    let diff = compare::changes(&before, &after, args.comparison.all);
    let found = listings::by_name([(old.name().to_owned(), before), (new.name().to_owned(), after)]);
    listings::present(&named, &found)?;
    let look = Look { what: "metric", paths: !args.comparison.no_path, precision: args.precision, results: true };
    let report = MetricsDiff(Comparison::of(&old, &new, diff, look));
    if args.comparison.md {
        context.ui.raw(&report.0.markdown())?;
    } else {
        context.ui.show(&report)?;
    }
    let exit = listings::finish(context, found, false)?;
    Ok(if exit == Exit::Done && args.comparison.exit_code && report.0.differs() { Exit::CheckFailed } else { exit })
}

fn is_compared(value: &Value) -> bool {
    !matches!(value, Value::List(_) | Value::Map(_) | Value::Null)
}

impl Report for MetricsDiff {
    const KIND: &'static str = "metrics-diff";

    fn human(&self, page: &mut Page) {
        match self.0.table() {
            Some(table) => page.table(&table),
            None => page.line("no metric differs"),
        };
    }
}
