//! `derm metrics`.

use serde::Serialize;

use super::params::{finish, named};
use super::{Context, Exit, Failure};
use crate::cli::metrics::{MetricsArgs, MetricsCommand, MetricsShowArgs};
use crate::pipeline::Project;
use crate::pipeline::metrics;
use crate::pipeline::value::Value;
use crate::relpath::RelPath;
use crate::ui::{Align, Page, Report, Table};

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
        let mut table = Table::new([("file", Align::Left), ("metric", Align::Left), ("value", Align::Right)]);
        for metric in &self.metrics {
            let value = match (&metric.value, self.precision) {
                (Value::Float(value), Some(precision)) => format!("{value:.precision$}"),
                (value, _) => value.shown(),
            };
            table.row([metric.file.to_string(), metric.key.clone(), value]);
        }
        page.table(&table);
    }
}
