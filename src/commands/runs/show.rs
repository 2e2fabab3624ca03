//! `derm runs show`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::values::{number, param, status};
use crate::cli::runs::ShowArgs;
use crate::commands::{Context, Exit, Failure};
use crate::text;
use crate::tracking::{Better, Environment, Point, Record, runs};
use crate::ui::{Align, Page, Report, Table};

#[derive(Serialize)]
struct Shown {
    run: Record,
    seconds: Option<f64>,
    folder: String,
    environment: Option<Environment>,
    history: BTreeMap<String, Vec<Row>>,
}

#[derive(Serialize)]
struct Row {
    time: i64,
    step: u64,
    value: Option<f64>,
}

pub fn run(context: &Context, args: &ShowArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let run = runs::open(&workspace, &args.run)?;
    let folder = run.dir.strip_prefix(workspace.root()).unwrap_or(&run.dir).display().to_string().replace('\\', "/");
    let mut history = BTreeMap::new();
    if !args.history.is_empty() {
        let mut all = run.history()?;
        if all.skipped > 0 {
            context.ui.warn(format!("{} of `{folder}/metrics.log` cannot be read", text::count(all.skipped, "line", "lines")));
        }
        for key in &args.history {
            let points = all.metrics.remove(key).ok_or_else(|| unknown(key, all.metrics.keys()))?;
            history.insert(key.clone(), points.iter().map(row).collect());
        }
    }
    let environment = run.environment();
    context.ui.show(&Shown { seconds: run.seconds(), run: run.record, folder, environment, history })?;
    Ok(Exit::Done)
}

fn row(point: &Point) -> Row {
    Row { time: point.time.0, step: point.step, value: Some(point.value).filter(|value| value.is_finite()) }
}

fn unknown<'a>(key: &str, known: impl Iterator<Item = &'a String>) -> Failure {
    let known: Vec<&str> = known.map(String::as_str).collect();
    let failure = Failure::usage(format!("the run has no metric `{key}`"));
    match text::suggest(key, known.iter().copied()) {
        Some(near) => failure.hint(format!("is `{near}` meant?")),
        None => failure.hint(format!("it has {}", text::quoted_list(&known))),
    }
}

impl Report for Shown {
    const KIND: &'static str = "run";

    fn human(&self, page: &mut Page) {
        page.fields(self.head());
        self.data(page);
        block(page, "Parameters", self.run.params.iter().map(|(key, value)| (key.clone(), param(value))).collect());
        block(page, "Tags", self.run.tags.clone().into_iter().collect());
        self.metrics(page);
        let size = |artifact: &crate::tracking::Artifact| {
            format!("{}, {}", text::count(artifact.files as usize, "file", "files"), text::bytes(artifact.size))
        };
        block(page, "Artifacts", self.run.artifacts.iter().map(|artifact| (artifact.name.clone(), size(artifact))).collect());
        self.curves(page);
    }
}

impl Shown {
    fn head(&self) -> Vec<(&'static str, String)> {
        let run = &self.run;
        let mut fields = vec![("run", run.id.to_string())];
        fields.extend(run.name.clone().map(|name| ("name", name)));
        fields.push(("experiment", run.experiment.clone()));
        let message = run.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
        fields.push(("status", status(run.status) + &message));
        fields.push(("started", format!("{} UTC", run.started.short())));
        fields.extend(self.seconds.map(|seconds| ("duration", text::duration(seconds))));
        fields.extend(run.resumed.last().map(|at| ("resumed", format!("{} UTC ({} in all)", at.short(), run.resumed.len()))));
        fields.push(("command", run.command.join(" ")));
        fields.extend(run.git.as_ref().map(|git| {
            let commit = git.commit.as_deref().map_or_else(|| "no commit yet".to_owned(), |commit| commit.chars().take(12).collect());
            let branch = git.branch.as_ref().map(|branch| format!(" on {branch}")).unwrap_or_default();
            ("code", format!("{commit}{branch}{}", if git.dirty { ", with changes" } else { "" }))
        }));
        fields.extend(run.parent.as_ref().map(|parent| ("part of", parent.to_string())));
        fields.extend(self.machine().map(|machine| ("machine", machine)));
        fields.push(("folder", self.folder.clone()));
        fields
    }

    fn machine(&self) -> Option<String> {
        let machine = self.environment.as_ref()?;
        let who = [self.run.user.clone(), self.run.host.clone()].into_iter().flatten().collect::<Vec<_>>().join("@");
        let cpu = machine.cpu.clone().unwrap_or_else(|| machine.arch.clone());
        let memory = machine.memory.map(|memory| format!(", {}", text::bytes(memory))).unwrap_or_default();
        let cores = text::count(machine.cores, "core", "cores");
        let line = format!("{who}, {cpu}, {cores}{memory}, {}, derm {}", machine.os_version.as_ref().unwrap_or(&machine.os), machine.derm);
        Some(line.trim_start_matches(", ").to_owned())
    }

    fn data(&self, page: &mut Page) {
        let counts = |counts: &BTreeMap<String, u64>| {
            counts.iter().map(|(name, n)| format!("{name} {}", text::grouped(*n))).collect::<Vec<_>>().join(", ")
        };
        let of =
            |data: &crate::tracking::DatasetRef| (data.name.clone(), format!("{}  {}", &data.digest.hex()[..12], counts(&data.counts)));
        block(page, "Data", self.run.datasets.iter().map(of).collect());
    }

    fn metrics(&self, page: &mut Page) {
        if self.run.metrics.is_empty() {
            return;
        }
        page.blank();
        let columns =
            [("metric", Align::Left), ("last", Align::Right), ("best", Align::Right), ("at step", Align::Right), ("steps", Align::Right)];
        let mut table = Table::new(columns);
        for (key, summary) in &self.run.metrics {
            let better = Better::of(key);
            let (best, step) = summary.best(better);
            let best = if better.is_some() { (number(best), step.to_string()) } else { ("-".to_owned(), "-".to_owned()) };
            table.row([key.clone(), number(summary.last), best.0, best.1, text::grouped(summary.count)]);
        }
        page.table(&table);
    }

    fn curves(&self, page: &mut Page) {
        for (key, rows) in &self.history {
            page.blank();
            let mut table = Table::new([("step", Align::Right), (key, Align::Right)]);
            for row in rows {
                table.row([row.step.to_string(), row.value.map_or_else(|| "-".to_owned(), number)]);
            }
            page.table(&table);
        }
    }
}

fn block(page: &mut Page, title: &str, pairs: Vec<(String, String)>) {
    if !pairs.is_empty() {
        page.blank().heading(title);
        page.fields(pairs.iter().map(|(name, value)| (name.as_str(), value.clone())));
    }
}
