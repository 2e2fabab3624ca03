//! What `params` and `metrics` have in common: places of the history, comparisons, and what could not be shown.

use std::collections::BTreeMap;
use std::path::Path;

use indexmap::IndexMap;
use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::scope::{ComparisonArgs, HistoryArgs};
use crate::pipeline::compare::{Change, Changes};
use crate::pipeline::metrics::Listing;
use crate::pipeline::problem::Problem;
use crate::pipeline::value::{Value, python_float};
use crate::pipeline::{Error, Snapshot};
use crate::relpath::RelPath;
use crate::tracking::Better;
use crate::ui::{Align, Style, Table};
use crate::workspace::{History, Workspace};

/// Characters of a key that a table shows.
const LONGEST: usize = 60;

/// Words of metrics that everybody wants to rise; of other names nobody knows.
const RISING: &[&str] = &[
    "acc",
    "accuracy",
    "auc",
    "auroc",
    "auprc",
    "ap",
    "map",
    "f1",
    "precision",
    "recall",
    "sensitivity",
    "specificity",
    "dice",
    "iou",
    "jaccard",
    "kappa",
    "mcc",
    "score",
    "r2",
];

/// The workspace, and the commits that were asked for, newest first.
pub fn places(workspace: &Workspace, args: &HistoryArgs) -> Result<Vec<Snapshot>, Failure> {
    let mut found = vec![Snapshot::now(workspace)?];
    let history = History { branches: args.all_branches, tags: args.all_tags, commits: args.all_commits, revisions: args.rev.clone() };
    if !history.is_empty() {
        for (commit, name) in workspace.commits(&history)? {
            found.push(Snapshot::of(workspace, &commit, &name)?);
        }
    }
    Ok(found)
}

/// The two places of a comparison: by default the last commit and the workspace.
pub fn sides(workspace: &Workspace, args: &ComparisonArgs) -> Result<(Snapshot, Snapshot), Failure> {
    let old = Snapshot::at(workspace, args.old.as_deref().unwrap_or("HEAD"))?;
    let new = match &args.new {
        Some(name) => Snapshot::at(workspace, name)?,
        None => Snapshot::now(workspace)?,
    };
    Ok((old, new))
}

/// Paths that a user typed, from where the user is.
pub fn typed(context: &Context, workspace: &Workspace, files: &[String]) -> Result<Vec<RelPath>, Failure> {
    Ok(files.iter().map(|file| workspace.relative(&context.cwd, Path::new(file))).collect::<Result<_, _>>()?)
}

/// What was found at each place, by its name.
pub type Found = IndexMap<String, Listing>;

/// Files that a user named are at least at one place.
pub fn present(named: &[RelPath], found: &Found) -> Result<(), Error> {
    let nowhere = |file: &&RelPath| found.values().all(|listing| listing.missing.contains(file));
    let missing: Vec<String> = named.iter().filter(nowhere).map(ToString::to_string).collect();
    if missing.is_empty() { Ok(()) } else { Err(Error::NoFiles(missing)) }
}

/// Reports what could not be shown; with broken files the command fails although the rest was shown.
pub fn finish(context: &Context, found: Found, tell_missing: bool) -> Result<Exit, Failure> {
    let mut problems: Vec<Problem> = Vec::new();
    for (place, listing) in found {
        let at = if place == WORKSPACE { String::new() } else { format!(" in `{place}`") };
        for file in listing.missing.iter().filter(|_| tell_missing && place == WORKSPACE) {
            context.ui.warn(format!("`{file}` does not exist"));
        }
        for file in &listing.not_in_cache {
            context.ui.warn(format!("`{file}`{at} is not in the cache; `derm fetch` brings what a remote has of it"));
        }
        problems.extend(listing.problems);
    }
    problems.dedup();
    if problems.is_empty() {
        return Ok(Exit::Done);
    }
    if context.ui.is_json() {
        // The one document is out already.
        problems.iter().for_each(|problem| context.ui.warn(format!("{}: {}", problem.place, problem.message)));
        return Ok(Exit::Usage);
    }
    Err(Error::Definition(problems).into())
}

/// How the workspace is called among revisions.
pub const WORKSPACE: &str = "workspace";

/// What two places have differently.
#[derive(Serialize)]
pub struct Comparison {
    /// The revision compared from.
    pub old: String,
    /// The revision compared with; `null` for the workspace.
    pub new: Option<String>,
    /// By file and key.
    pub diff: Changes,
    #[serde(skip)]
    pub look: Look,
}

/// How a comparison is shown.
pub struct Look {
    /// What a row is: `metric`.
    pub what: &'static str,
    /// Whether the files have a column.
    pub paths: bool,
    /// Digits after the decimal point.
    pub precision: Option<usize>,
    /// Whether values are results: rounded, with the change and whether it is good.
    pub results: bool,
}

impl Comparison {
    /// What changed between two listings.
    pub fn of(old: &Snapshot, new: &Snapshot, diff: Changes, look: Look) -> Self {
        Self { old: old.name().to_owned(), new: new.revision.clone(), diff, look }
    }

    /// Whether anything differs: with `--all` equal values are in it too.
    pub fn differs(&self) -> bool {
        self.diff.values().flat_map(|changes| changes.values()).any(Change::differs)
    }

    /// As a Markdown table; nothing without any row.
    pub fn markdown(&self) -> String {
        self.table().map(|table| table.markdown()).unwrap_or_default()
    }

    /// As rows; `None` without any.
    pub fn table(&self) -> Option<Table> {
        let look = &self.look;
        let mut columns = vec![(look.what.to_owned(), Align::Left)];
        if look.paths {
            columns.insert(0, ("file".to_owned(), Align::Left));
        }
        let align = if look.results { Align::Right } else { Align::Left };
        columns.push((self.old.clone(), align));
        columns.push((self.new.clone().unwrap_or_else(|| WORKSPACE.to_owned()), align));
        if look.results {
            columns.push(("change".to_owned(), Align::Right));
        }
        let mut table = Table::with_columns(columns);
        for (file, changes) in &self.diff {
            for (key, change) in changes {
                let value = |value: &Option<Value>| match value {
                    Some(value) if look.results => number(value, look.precision),
                    Some(value) => value.shown(),
                    None => Style::Faint.paint("-"),
                };
                let mut row = vec![cut(key), value(&change.old), value(&change.new)];
                if look.paths {
                    row.insert(0, file.to_string());
                }
                if look.results {
                    row.push(match (&change.old, &change.new, &change.diff) {
                        (None, _, _) => Style::Faint.paint("new"),
                        (_, None, _) => Style::Faint.paint("gone"),
                        (_, _, Some(diff)) => step(key, diff, look.precision),
                        _ => String::new(),
                    });
                }
                table.row(row);
            }
        }
        (!table.is_empty()).then_some(table)
    }
}

/// A change of a metric: green where everybody would call it better.
fn step(key: &str, diff: &Value, precision: Option<usize>) -> String {
    let size = diff.number().unwrap_or(f64::NAN);
    let text = number(diff, precision);
    if size == 0.0 || size.is_nan() {
        return text;
    }
    let (arrow, sign) = if size > 0.0 { ("▲", "+") } else { ("▼", "") };
    let text = format!("{arrow} {sign}{text}");
    let lower = key.to_ascii_lowercase();
    let rising = lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| RISING.contains(&word));
    match Better::of(key) {
        Some(Better::Least) => if size < 0.0 { Style::Good } else { Style::Bad }.paint(&text),
        Some(Better::Greatest) if rising => if size > 0.0 { Style::Good } else { Style::Bad }.paint(&text),
        _ => text,
    }
}

/// A value with so many digits after the point, or with those that matter.
pub fn number(value: &Value, precision: Option<usize>) -> String {
    match (value, precision) {
        (Value::Float(value), Some(precision)) if value.is_finite() => format!("{value:.precision$}"),
        (Value::Float(value), None) if value.is_finite() => short(*value),
        (Value::Float(value), _) => python_float(*value),
        (value, _) => value.shown(),
    }
}

/// A number with four digits after the point, below 1 with four significant ones.
fn short(value: f64) -> String {
    let text = if value.abs() < 1.0 { format!("{value:.3e}") } else { format!("{value:.4}") };
    Value::Float(text.parse().unwrap_or(value)).shown()
}

/// The beginning of a key that is too long for a table.
pub fn cut(key: &str) -> String {
    match key.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &key[..at]),
        None => key.to_owned(),
    }
}

/// What DVC's `show --json` prints: places, files, and in them the values as they are nested in the file.
pub fn nested(found: &Found, keep: fn(&Value) -> bool) -> serde_json::Value {
    let places = found.iter().map(|(place, listing)| {
        let mut files: BTreeMap<String, serde_json::Value> = BTreeMap::new();
        for listed in &listing.files {
            files.insert(
                listed.file.to_string(),
                serde_json::json!({ "data": tree(listed.values.iter().filter(|(_, value)| keep(value))) }),
            );
        }
        for problem in &listing.problems {
            let path = problem.place.path.to_string_lossy().into_owned();
            let path = path.strip_prefix(&format!("{place}:")).unwrap_or(&path).to_owned();
            files.entry(path).or_insert_with(|| serde_json::json!({ "error": problem.message }));
        }
        for file in listing.missing.iter().chain(&listing.not_in_cache) {
            let reason = if listing.missing.contains(file) { "does not exist" } else { "is not in the cache" };
            files.entry(file.to_string()).or_insert_with(|| serde_json::json!({ "error": reason }));
        }
        (place.clone(), serde_json::json!({ "data": files }))
    });
    serde_json::Value::Object(places.collect())
}

/// Dotted keys as nested maps.
fn tree<'a>(values: impl Iterator<Item = &'a (String, Value)>) -> serde_json::Value {
    let json = |value: &Value| serde_json::to_value(value).unwrap_or_default();
    let values: Vec<&(String, Value)> = values.collect();
    if let [(key, value)] = &values[..]
        && key.is_empty()
    {
        return json(value);
    }
    let mut root = serde_json::Map::new();
    for (key, value) in values {
        let mut here = &mut root;
        let mut parts = key.split('.').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                here.insert(part.to_owned(), json(value));
                break;
            }
            let inner = here.entry(part).or_insert_with(|| serde_json::Value::Object(serde_json::Map::new()));
            match inner {
                serde_json::Value::Object(map) => here = map,
                // A key with a dot beside a key without: the value stays under its whole name.
                _ => break,
            }
        }
    }
    serde_json::Value::Object(root)
}

/// Names of the places as they are shown, each once.
pub fn by_name(places: impl IntoIterator<Item = (String, Listing)>) -> Found {
    let mut found = Found::new();
    for (name, listing) in places {
        let name = if found.contains_key(&name) { format!("{name} ") } else { name };
        found.insert(name, listing);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_four_digits() {
        for (value, text) in [(0.875, "0.875"), (0.123456, "0.1235"), (1.23456e-5, "1.235e-05"), (12.345678, "12.3457"), (0.0, "0.0")] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn only_what_everybody_knows_is_good_or_bad() {
        let good = |key: &str, diff: f64| step(key, &Value::Float(diff), None).contains("\u{1b}[32m");
        assert!(good("val.auc", 0.1) && good("val_loss", -0.1));
        assert!(!good("val.auc", -0.1) && !good("epochs", 1.0) && !good("size", 3.0));
        assert_eq!(step("size", &Value::Int(3), None), "▲ +3");
    }
}
