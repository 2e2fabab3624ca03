//! `derm metrics`.

use serde::Serialize;

use super::params::{finish, named, present};
use super::{Context, Exit, Failure};
use crate::cli::metrics::{MetricsArgs, MetricsCommand, MetricsShowArgs};
use crate::pipeline::Project;
use crate::pipeline::metrics;
use crate::pipeline::value::Value;
use crate::relpath::RelPath;
use crate::ui::{Align, Page, Report, Table};

/// Characters of a key that the table shows.
const LONGEST: usize = 60;

pub fn run(context: &Context, args: &MetricsArgs) -> Result<Exit, Failure> {
    match &args.command {
        MetricsCommand::Show(args) => show(context, args),
    }
}

#[derive(Serialize)]
struct Metrics {
    metrics: Vec<Metric>,
    #[serde(skip)]
    precision: Option<usize>,
}

#[derive(Serialize)]
struct Metric {
    file: RelPath,
    key: String,
    value: Value,
}

fn show(context: &Context, args: &MetricsShowArgs) -> Result<Exit, Failure> {
    let project = Project::load(&context.workspace()?)?;
    let listing = match named(context, &project, &args.files)? {
        Some(files) => metrics::list(&project, files),
        None => metrics::metrics(&project),
    };
    if !args.files.is_empty() {
        present(&listing)?;
    }
    let entries = listing.files.iter().flat_map(|listed| listed.values.iter().map(|(key, value)| (&listed.file, key, value)));
    let metrics = entries.map(|(file, key, value)| Metric { file: file.clone(), key: key.clone(), value: value.clone() }).collect();
    context.ui.show(&Metrics { metrics, precision: args.precision })?;
    finish(context, listing)
}

impl Report for Metrics {
    const KIND: &'static str = "metrics";

    fn human(&self, page: &mut Page) {
        if self.metrics.is_empty() {
            page.line("no metrics");
            return;
        }
        let measured: Vec<&Metric> = self.metrics.iter().filter(|metric| metric.is_measured()).collect();
        if measured.is_empty() {
            page.line("no metrics that are numbers; `--json` shows everything");
            return;
        }
        let mut table = Table::new([("file", Align::Left), ("metric", Align::Left), ("value", Align::Right)]);
        for metric in measured {
            let value = match (&metric.value, self.precision) {
                (Value::Float(value), Some(precision)) => format!("{value:.precision$}"),
                (Value::Float(value), None) => short(*value),
                (value, _) => value.shown(),
            };
            table.row([metric.file.to_string(), cut(&metric.key), value]);
        }
        page.table(&table);
    }
}

impl Metric {
    /// Whether a person who compares results wants to see it: texts, lists and what names the format are left out.
    fn is_measured(&self) -> bool {
        matches!(self.value, Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Null)
            && !matches!(self.key.as_str(), "schema" | "kind")
    }
}

/// A number with four digits after the point, below 1 with four significant ones.
fn short(value: f64) -> String {
    let text = if value.abs() < 1.0 { format!("{value:.3e}") } else { format!("{value:.4}") };
    Value::Float(text.parse().unwrap_or(value)).shown()
}

/// The beginning of a key that is too long for a table.
fn cut(key: &str) -> String {
    match key.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &key[..at]),
        None => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_keep_four_digits() {
        for (value, text) in [(0.875, "0.875"), (0.123456, "0.1235"), (1.23456e-5, "1.235e-05"), (12.345678, "12.3457"), (0.0, "0.0")] {
            assert_eq!(short(value), text);
        }
    }
}
