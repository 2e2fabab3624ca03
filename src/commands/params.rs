//! `derm params`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::listings::{self, Comparison, Found, Look, WORKSPACE};
use super::{Context, Exit, Failure};
use crate::cli::params::{ParamsArgs, ParamsCommand, ParamsDiffArgs, ParamsShowArgs};
use crate::pipeline::metrics::{self, Keys, Listing};
use crate::pipeline::value::Value;
use crate::pipeline::{Snapshot, compare};
use crate::relpath::RelPath;
use crate::store::Store;
use crate::ui::{Align, Page, Report, Style, Table};

pub fn run(context: &Context, args: &ParamsArgs) -> Result<Exit, Failure> {
    match &args.command {
        ParamsCommand::Show(args) => show(context, args),
        ParamsCommand::Diff(args) => diff(context, args),
    }
}

#[derive(Serialize)]
struct Params {
    /// Of the workspace.
    params: Vec<Param>,
    /// By place, as DVC writes it; only when other places were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    revisions: Option<serde_json::Value>,
    #[serde(skip)]
    table: Option<Table>,
}

#[derive(Serialize)]
struct Param {
    file: RelPath,
    key: String,
    value: Value,
    /// For YAML files.
    line: Option<usize>,
    /// Stages that read it.
    stages: Vec<String>,
}

fn show(context: &Context, args: &ParamsShowArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let store = Store::open(&workspace)?;
    let named = listings::typed(context, &workspace, &args.files)?;
    let places = listings::places(&workspace, &args.history)?;
    let found = listings::by_name(places.iter().map(|place| (place.name().to_owned(), listed(place, &store, &named, args.deps))));
    listings::present(&named, &found)?;
    let params = places.first().zip(found.get(WORKSPACE)).map(|(place, listing)| with_readers(place, listing)).unwrap_or_default();
    let several = found.len() > 1;
    let table = if several { by_revision(&found) } else { one(&params, args.origin) };
    let report = Params { params, revisions: several.then(|| listings::nested(&found, |_| true)), table };
    if args.md {
        context.ui.raw(&report.table.map(|table| table.markdown()).unwrap_or_default())?;
    } else {
        context.ui.show(&report)?;
    }
    listings::finish(context, found, true)
}

fn listed(place: &Snapshot, store: &Store, named: &[RelPath], deps: bool) -> Listing {
    if deps {
        return metrics::read_by_stages(place);
    }
    if named.is_empty() {
        return place.params();
    }
    let mut wanted: BTreeMap<RelPath, Keys> = BTreeMap::new();
    for path in named {
        let below = if place.files.origin().is_folder(path) { place.files_at(store, path) } else { vec![path.clone()] };
        wanted.extend(below.into_iter().map(|file| (file, None)));
    }
    metrics::list_params(place, wanted)
}

fn with_readers(place: &Snapshot, listing: &Listing) -> Vec<Param> {
    let labels = place.labels();
    let mut params = Vec::new();
    for listed in &listing.files {
        for (key, value) in &listed.values {
            let stages = metrics::reading(&place.stages, &listed.file, key).into_iter().map(|stage| labels[stage].clone()).collect();
            let line = listed.lines.get(key).copied();
            params.push(Param { file: listed.file.clone(), key: key.clone(), value: value.clone(), line, stages });
        }
    }
    params
}

fn one(params: &[Param], origin: bool) -> Option<Table> {
    let mut columns = vec![("file", Align::Left), ("parameter", Align::Left), ("value", Align::Left)];
    if origin {
        columns.extend([("where", Align::Left), ("read by", Align::Left)]);
    }
    let mut table = Table::with_columns(columns.into_iter().map(|(name, align)| (name.to_owned(), align)).collect());
    for param in params {
        let mut row = vec![param.file.to_string(), param.key.clone(), param.value.shown()];
        if origin {
            let line = param.line.map(|line| format!("{}:{line}", param.file)).unwrap_or_default();
            row.extend([Style::Faint.paint(&line), param.stages.join(", ")]);
        }
        table.row(row);
    }
    (!table.is_empty()).then_some(table)
}

/// One row a parameter, one column a place.
fn by_revision(found: &Found) -> Option<Table> {
    let mut columns = vec![("file".to_owned(), Align::Left), ("parameter".to_owned(), Align::Left)];
    columns.extend(found.keys().map(|place| (place.clone(), Align::Left)));
    let mut table = Table::with_columns(columns);
    let mut rows: BTreeMap<&RelPath, indexmap::IndexMap<&str, Vec<String>>> = BTreeMap::new();
    for (column, listing) in found.values().enumerate() {
        for listed in &listing.files {
            let row = rows.entry(&listed.file).or_default();
            for (key, value) in &listed.values {
                row.entry(key).or_insert_with(|| vec![Style::Faint.paint("-"); found.len()])[column] = value.shown();
            }
        }
    }
    for (file, keys) in rows {
        for (key, values) in keys {
            table.row([file.to_string(), key.to_owned()].into_iter().chain(values));
        }
    }
    (!table.is_empty()).then_some(table)
}

impl Report for Params {
    const KIND: &'static str = "params";

    fn human(&self, page: &mut Page) {
        match &self.table {
            Some(table) => page.table(table),
            None => page.line("no parameters"),
        };
    }
}

#[derive(Serialize)]
#[serde(transparent)]
struct ParamsDiff(Comparison);

fn diff(context: &Context, args: &ParamsDiffArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let store = Store::open(&workspace)?;
    let named = listings::typed(context, &workspace, &args.comparison.targets)?;
    let (old, new) = listings::sides(&workspace, &args.comparison)?;
    let [before, after] = [&old, &new].map(|place| listed(place, &store, &named, args.deps));
    let diff = compare::changes(&before, &after, args.comparison.all);
    let found = listings::by_name([(old.name().to_owned(), before), (new.name().to_owned(), after)]);
    listings::present(&named, &found)?;
    let look = Look { what: "parameter", paths: !args.comparison.no_path, precision: None, results: false };
    let report = ParamsDiff(Comparison::of(&old, &new, diff, look));
    if args.comparison.md {
        context.ui.raw(&report.0.markdown())?;
    } else {
        context.ui.show(&report)?;
    }
    let exit = listings::finish(context, found, false)?;
    Ok(if exit == Exit::Done && args.comparison.exit_code && report.0.differs() { Exit::CheckFailed } else { exit })
}

impl Report for ParamsDiff {
    const KIND: &'static str = "params-diff";

    fn human(&self, page: &mut Page) {
        match self.0.table() {
            Some(table) => page.table(&table),
            None => page.line("no parameter differs"),
        };
    }
}
