//! `derm runs compare`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::values::{number, param, short, short_length, status};
use crate::cli::runs::CompareArgs;
use crate::commands::{Context, Exit, Failure};
use crate::tracking::{Better, MetricSummary, Record, Run, Status, runs};
use crate::ui::{Align, Page, Report, Style, Table};

#[derive(Serialize)]
struct Comparison {
    /// The runs, in the order asked for; every list below has one entry a run.
    runs: Vec<Compared>,
    /// Facts and parameters that differ (all of them with `--all`); `null` where a run has none.
    params: BTreeMap<String, Vec<Option<Value>>>,
    /// Data and code that differ.
    facts: BTreeMap<&'static str, Vec<Option<String>>>,
    metrics: BTreeMap<String, Vec<Option<MetricSummary>>>,
}

#[derive(Serialize)]
struct Compared {
    id: String,
    name: Option<String>,
    experiment: String,
    status: Status,
    seconds: Option<f64>,
    #[serde(skip)]
    shown: String,
}

pub fn run(context: &Context, args: &CompareArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let mut found: Vec<Run> = Vec::new();
    for reference in &args.runs {
        let run = runs::open(&workspace, reference)?;
        if found.iter().any(|known| known.record.id == run.record.id) {
            return Err(Failure::usage(format!("`{reference}` is named twice")).hint("name two different runs"));
        }
        found.push(run);
    }
    context.ui.show(&compare(&found, args.all))?;
    Ok(Exit::Done)
}

fn compare(found: &[Run], all: bool) -> Comparison {
    let length = short_length(found.iter().map(|run| &run.record.id));
    let compared = |run: &Run| Compared {
        id: run.record.id.to_string(),
        name: run.record.name.clone(),
        experiment: run.record.experiment.clone(),
        status: run.record.status,
        seconds: run.seconds(),
        shown: short(&run.record.id, length),
    };
    let mut params = side_by_side(found, |record| &record.params);
    params.retain(|_, values| all || differ(values));
    let facts = [("data", data as fn(&Record) -> Option<String>), ("code", code), ("derm", |record| Some(record.derm.clone()))];
    let facts = facts.into_iter().map(|(name, fact)| (name, found.iter().map(|run| fact(&run.record)).collect::<Vec<_>>()));
    Comparison {
        runs: found.iter().map(compared).collect(),
        params,
        facts: facts.filter(|(_, values)| differ(values)).collect(),
        metrics: side_by_side(found, |record| &record.metrics),
    }
}

fn side_by_side<T: Clone>(found: &[Run], map: impl Fn(&Record) -> &BTreeMap<String, T>) -> BTreeMap<String, Vec<Option<T>>> {
    let keys: BTreeSet<&String> = found.iter().flat_map(|run| map(&run.record).keys()).collect();
    keys.into_iter().map(|key| (key.clone(), found.iter().map(|run| map(&run.record).get(key).cloned()).collect())).collect()
}

fn differ<T: PartialEq>(values: &[T]) -> bool {
    values.windows(2).any(|pair| pair[0] != pair[1])
}

/// Names and the start of the hashes of the data.
fn data(record: &Record) -> Option<String> {
    let names: Vec<String> = record.datasets.iter().map(|data| format!("{}@{}", data.name, &data.digest.hex()[..8])).collect();
    Some(names.join(", ")).filter(|text| !text.is_empty())
}

fn code(record: &Record) -> Option<String> {
    let git = record.git.as_ref()?;
    let commit = git.commit.as_deref().map_or_else(|| "no commit".to_owned(), |commit| commit.chars().take(10).collect());
    Some(format!("{commit}{}", if git.dirty { "+changes" } else { "" }))
}

impl Report for Comparison {
    const KIND: &'static str = "runs-compare";

    fn human(&self, page: &mut Page) {
        let mut columns = vec![(String::new(), Align::Left)];
        columns.extend(self.runs.iter().map(|run| (run.shown.clone(), Align::Right)));
        let mut table = Table::with_columns(columns);
        let mut row = |name: &str, cells: Vec<String>| {
            table.row(std::iter::once(name.to_owned()).chain(cells));
        };
        if differ(&self.runs.iter().map(|run| &run.experiment).collect::<Vec<_>>()) {
            row("experiment", self.runs.iter().map(|run| run.experiment.clone()).collect());
        }
        row("status", self.runs.iter().map(|run| status(run.status)).collect());
        row("duration", self.runs.iter().map(|run| run.seconds.map_or_else(none, crate::text::duration)).collect());
        for (name, values) in &self.facts {
            row(name, values.iter().map(|value| value.clone().unwrap_or_else(none)).collect());
        }
        for (name, values) in &self.params {
            row(name, values.iter().map(|value| value.as_ref().map_or_else(none, param)).collect());
        }
        for (name, values) in &self.metrics {
            let better = Better::of(name);
            let last: Vec<Option<f64>> = values.iter().map(|summary| summary.as_ref().map(|s| s.last)).collect();
            row(name, marked(&last, better));
            // One value a run, as an evaluation gives, has no best of its own.
            if better.is_some() && values.iter().flatten().any(|summary| summary.count > 1) {
                let best: Vec<Option<f64>> = values.iter().map(|summary| summary.as_ref().map(|s| s.best(better).0)).collect();
                row(&format!("{name}, best"), marked(&best, better));
            }
        }
        page.table(&table);
        if self.params.is_empty() {
            page.blank().line("all parameters are equal");
        }
        if !self.metrics.is_empty() {
            page.blank().line("* the best of the row");
        }
    }
}

fn none() -> String {
    "-".to_owned()
}

/// The values, the best of them with a star; no star where all are equal.
fn marked(values: &[Option<f64>], better: Option<Better>) -> Vec<String> {
    let known = values.iter().flatten().copied().filter(|value| !value.is_nan());
    let best = match better {
        Some(Better::Least) => known.reduce(f64::min),
        Some(Better::Greatest) => known.reduce(f64::max),
        None => None,
    };
    let best = best.filter(|_| differ(values));
    let show = |value: &Option<f64>| match value {
        None => "- ".to_owned(),
        Some(value) if Some(*value) == best => Style::Good.paint(&format!("{}*", number(*value))),
        Some(value) => format!("{} ", number(*value)),
    };
    values.iter().map(show).collect()
}
