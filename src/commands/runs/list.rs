//! `derm runs list`.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::values::{number, param, short, short_length, status};
use crate::cli::runs::{ListArgs, StatusArg};
use crate::commands::{Context, Exit, Failure};
use crate::text;
use crate::tracking::{Better, Record, Run, Status, runs};
use crate::ui::{Align, Page, Report, Table};

#[derive(Serialize)]
struct Runs {
    runs: Vec<Listed>,
    broken: Vec<Broken>,
    #[serde(skip)]
    columns: Vec<String>,
    #[serde(skip)]
    id_length: usize,
    #[serde(skip)]
    none_at_all: bool,
}

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    record: Record,
    seconds: Option<f64>,
}

#[derive(Serialize)]
struct Broken {
    path: String,
    reason: String,
}

pub fn run(context: &Context, args: &ListArgs) -> Result<Exit, Failure> {
    let listing = runs::list(&context.workspace()?)?;
    let broken: Vec<Broken> =
        listing.broken.into_iter().map(|(path, reason)| Broken { path: path.display().to_string().replace('\\', "/"), reason }).collect();
    for broken in &broken {
        context.ui.warn(format!("cannot read the run in `{}`: {}", broken.path, broken.reason));
    }
    let id_length = short_length(listing.runs.iter().map(|run| &run.record.id));
    let none_at_all = listing.runs.is_empty();
    let mut chosen: Vec<Run> = listing.runs.into_iter().filter(|run| wanted(run, args)).collect();
    check_keys(&chosen, args)?;
    if let Some(key) = &args.sort {
        chosen.sort_by(|a, b| by_key(a, b, key));
    }
    if args.reverse {
        chosen.reverse();
    }
    chosen.truncate(args.limit.unwrap_or(usize::MAX));
    if context.ui.is_quiet() && !context.ui.is_json() {
        let ids: String = chosen.iter().map(|run| format!("{}\n", run.record.id)).collect();
        context.ui.raw(&ids)?;
        return Ok(Exit::Done);
    }
    let columns = columns(&chosen, args);
    let listed = chosen.into_iter().map(|run| Listed { seconds: run.seconds(), record: run.record }).collect();
    context.ui.show(&Runs { runs: listed, broken, columns, id_length, none_at_all })?;
    Ok(Exit::Done)
}

fn wanted(run: &Run, args: &ListArgs) -> bool {
    let status = args.status.map(|status| match status {
        StatusArg::Running => Status::Running,
        StatusArg::Finished => Status::Finished,
        StatusArg::Failed => Status::Failed,
        StatusArg::Interrupted => Status::Interrupted,
        StatusArg::Crashed => Status::Crashed,
    });
    args.experiment.as_ref().is_none_or(|name| *name == run.record.experiment) && status.is_none_or(|status| status == run.record.status)
}

/// A key that no run has is a slip; without any run there is nothing to compare it with.
fn check_keys(runs: &[Run], args: &ListArgs) -> Result<(), Failure> {
    let mut known: BTreeSet<&str> = ["started", "duration"].into();
    for run in runs {
        known.extend(run.record.metrics.keys().chain(run.record.params.keys()).map(String::as_str));
    }
    let unknown = args.sort.iter().chain(&args.columns).find(|key| !runs.is_empty() && !known.contains(key.as_str()));
    let Some(key) = unknown else { return Ok(()) };
    let failure = Failure::usage(format!("no run has a metric or parameter `{key}`"));
    Err(match text::suggest(key, known) {
        Some(near) => failure.hint(format!("is `{near}` meant?")),
        None => failure.hint("`derm runs show last` shows the names of one run"),
    })
}

/// Best or newest first; what lacks the key comes last.
fn by_key(a: &Run, b: &Run, key: &str) -> Ordering {
    match key {
        "started" => return b.record.id.cmp(&a.record.id),
        "duration" => return later(a.seconds(), b.seconds(), |x, y| y.total_cmp(&x)),
        _ => {}
    }
    let better = Better::of(key);
    let metric = |run: &Run| run.record.metrics.get(key).map(|summary| summary.best(better).0).filter(|value| !value.is_nan());
    if metric(a).is_some() || metric(b).is_some() {
        let least = better == Some(Better::Least);
        return later(metric(a), metric(b), |x, y| if least { x.total_cmp(&y) } else { y.total_cmp(&x) });
    }
    let (a, b) = (a.record.params.get(key), b.record.params.get(key));
    match (a.and_then(serde_json::Value::as_f64), b.and_then(serde_json::Value::as_f64)) {
        (Some(x), Some(y)) => x.total_cmp(&y),
        _ => later(a.map(param), b.map(param), |x, y| x.cmp(&y)),
    }
}

fn later<T>(a: Option<T>, b: Option<T>, order: impl Fn(T, T) -> Ordering) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => order(a, b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// What was asked for, or the key of the order, and then up to two metrics that most runs have.
fn columns(runs: &[Run], args: &ListArgs) -> Vec<String> {
    let own = |key: &&String| !["started", "duration"].contains(&key.as_str());
    let mut columns: Vec<String> = args.sort.iter().filter(own).chain(&args.columns).cloned().collect();
    if args.columns.is_empty() {
        let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
        runs.iter().flat_map(|run| run.record.metrics.keys()).for_each(|key| *counts.entry(key).or_default() += 1);
        let mut common: Vec<(&String, usize)> = counts.into_iter().filter(|(key, _)| Better::of(key).is_some()).collect();
        common.sort_by_key(|(key, count)| (std::cmp::Reverse(*count), rank(key)));
        columns.extend(common.into_iter().take(2).map(|(key, _)| key.clone()));
    }
    let mut seen = BTreeSet::new();
    columns.retain(|key| seen.insert(key.clone()));
    columns
}

/// Metrics that people look at first.
fn rank(key: &str) -> usize {
    const FIRST: [&str; 4] = ["balanced_accuracy", "macro_auc", "accuracy", "loss"];
    let place = FIRST.iter().position(|first| key.ends_with(first)).unwrap_or(FIRST.len());
    place + if key.contains("train") { FIRST.len() } else { 0 }
}

impl Report for Runs {
    const KIND: &'static str = "runs";

    fn human(&self, page: &mut Page) {
        if self.runs.is_empty() {
            page.line(if self.none_at_all { "no runs yet; `derm repro` or `derm train` makes the first" } else { "no run is like that" });
            return;
        }
        let named = self.runs.iter().any(|listed| listed.record.name.is_some());
        let mut headings = vec![("run".to_owned(), Align::Left), ("experiment".to_owned(), Align::Left)];
        headings.extend(named.then(|| ("name".to_owned(), Align::Left)));
        headings.extend(["status", "started (UTC)"].map(|name| (name.to_owned(), Align::Left)));
        headings.push(("duration".to_owned(), Align::Right));
        headings.extend(self.columns.iter().map(|key| (key.clone(), Align::Right)));
        let mut table = Table::with_columns(headings);
        for listed in &self.runs {
            let record = &listed.record;
            let mut cells = vec![short(&record.id, self.id_length), record.experiment.clone()];
            cells.extend(named.then(|| record.name.clone().unwrap_or_default()));
            cells.extend([status(record.status), record.started.short()]);
            cells.push(listed.seconds.map(text::duration).unwrap_or_default());
            cells.extend(self.columns.iter().map(|key| cell(record, key)));
            table.row(cells);
        }
        page.table(&table);
    }
}

fn cell(record: &Record, key: &str) -> String {
    let metric = record.metrics.get(key).map(|summary| number(summary.best(Better::of(key)).0));
    metric.or_else(|| record.params.get(key).map(param)).unwrap_or_else(|| "-".to_owned())
}
