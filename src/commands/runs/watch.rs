//! `derm runs watch`: the curves of a run while it grows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::values::{number, status};
use crate::cli::runs::WatchArgs;
use crate::commands::{Context, Exit, Failure};
use crate::text;
use crate::tracking::{History, Run, Status, runs};
use crate::ui::{Page, Report, chart};

/// How often Ctrl-C is looked for.
const BLINK: Duration = Duration::from_millis(50);
/// Characters and lines of a curve.
const SIZE: [usize; 2] = [64, 6];

pub fn run(context: &Context, args: &WatchArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    // A run that begins later is not `last` any more.
    let id = runs::open(&workspace, &args.run)?.record.id.to_string();
    let redraws = context.ui.owns_terminal();
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    let mut lines = 0;
    loop {
        let run = runs::open(&workspace, &id)?;
        let ended = run.record.status != Status::Running;
        let history = run.history()?;
        let keys = keys(&history, &args.metrics)?;
        if redraws {
            let picture = picture(&run, &history, &keys);
            context.ui.raw(&format!("{}{picture}", if lines > 0 { format!("\x1b[{lines}A\x1b[J") } else { String::new() }))?;
            lines = picture.lines().count();
        } else if !context.ui.is_json() {
            context.ui.raw(&news(&history, &keys, &mut told))?;
        }
        if ended || args.once {
            if context.ui.is_json() {
                context.ui.show(&Watched::new(&run, &history, &keys))?;
            }
            return Ok(Exit::Done);
        }
        let until = Instant::now() + Duration::from_secs_f64(args.every);
        while Instant::now() < until {
            if context.interrupt.is_raised() {
                return Ok(Exit::Interrupted);
            }
            sleep(BLINK.min(until.saturating_duration_since(Instant::now())));
        }
    }
}

/// The metrics to show: those that were named, else the training loss and all of the validation images.
fn keys(history: &History, named: &[String]) -> Result<Vec<String>, Failure> {
    if named.is_empty() {
        let usual = |key: &&String| *key == "train_loss" || key.starts_with("val_");
        return Ok(history.metrics.keys().filter(usual).cloned().collect());
    }
    // A metric of the validation images comes with the first epoch.
    let known: Vec<&str> = history.metrics.keys().map(String::as_str).collect();
    match named.iter().find(|key| !known.is_empty() && !known.contains(&key.as_str()) && !key.starts_with("val_")) {
        Some(key) => Err(Failure::usage(format!("the run has no metric `{key}`")).hint(format!("it has {}", text::quoted_list(&known)))),
        None => Ok(named.to_vec()),
    }
}

/// A heading and a curve for each metric.
fn picture(run: &Run, history: &History, keys: &[String]) -> String {
    let name = run.record.name.as_deref().unwrap_or_default();
    let mut out = format!("{} {name} ({})\n", run.record.id, status(run.record.status));
    for key in keys {
        let Some(points) = history.metrics.get(key) else { continue };
        let last = points.last().map(|point| format!("{} at step {}", number(point.value), point.step)).unwrap_or_default();
        let _ = writeln!(out, "\n{key}: {last}");
        let points: Vec<(f64, f64)> = points.iter().map(|point| (point.step as f64, point.value)).collect();
        for line in chart(&points, SIZE[0], SIZE[1]) {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

/// A line `step<TAB>key<TAB>value` for each value that was not told yet.
fn news(history: &History, keys: &[String], told: &mut BTreeMap<String, u64>) -> String {
    let mut new: Vec<(u64, &String, f64)> = Vec::new();
    for key in keys {
        let before = told.get(key).copied();
        let points = history.metrics.get(key).into_iter().flatten().filter(|point| before.is_none_or(|step| point.step > step));
        new.extend(points.map(|point| (point.step, key, point.value)));
    }
    new.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    let mut out = String::new();
    for (step, key, value) in new {
        told.insert(key.clone(), step);
        let _ = writeln!(out, "{step}\t{key}\t{}", number(value));
    }
    out
}

/// The curves as they were last.
#[derive(Serialize)]
struct Watched {
    run: String,
    status: Status,
    /// Step and value by metric.
    metrics: BTreeMap<String, Vec<(u64, Option<f64>)>>,
}

impl Watched {
    fn new(run: &Run, history: &History, keys: &[String]) -> Self {
        let finite = |value: f64| Some(value).filter(|value| value.is_finite());
        let points = |key: &String| Some((key.clone(), history.metrics.get(key)?.iter().map(|p| (p.step, finite(p.value))).collect()));
        Self { run: run.record.id.to_string(), status: run.record.status, metrics: keys.iter().filter_map(points).collect() }
    }
}

impl Report for Watched {
    const KIND: &'static str = "runs-watch";

    fn human(&self, _: &mut Page) {}
}
