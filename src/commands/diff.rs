//! `derm diff`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Context, Exit, Failure, recorded};
use crate::cli::diff::DiffArgs;
use crate::relpath::RelPath;
use crate::store::{Change, Entry, Error, FileChange, Store, Work};
use crate::text;
use crate::ui::{Page, Report, Style};
use crate::workspace::Workspace;

#[derive(Serialize)]
struct DiffReport {
    /// The revision compared from.
    old: String,
    /// The revision compared with; `null` for the workspace.
    new: Option<String>,
    /// Files, relative to the repository's root, sorted.
    changes: Vec<FileChange>,
}

impl Report for DiffReport {
    const KIND: &'static str = "diff";

    fn human(&self, page: &mut Page) {
        let new = self.new.as_deref().unwrap_or("the workspace");
        if self.changes.is_empty() {
            page.line(format!("No tracked file differs between {} and {new}.", self.old));
            return;
        }
        for FileChange { path, change, size } in &self.changes {
            let size = Style::Faint.paint(&text::bytes(*size));
            page.line(match change {
                Change::Added => format!("{}  {path}  {size}", Style::Good.paint("added   ")),
                Change::Modified => format!("{}  {path}  {size}", Style::Changed.paint("modified")),
                Change::Deleted => format!("{}  {path}  {size}", Style::Bad.paint("deleted ")),
                Change::Renamed { from } => format!("{}  {from} -> {path}  {size}", Style::Changed.paint("renamed ")),
            });
        }
        let count = |wanted: &str, is: fn(&Change) -> bool| {
            let n = self.changes.iter().filter(|change| is(&change.change)).count();
            (n > 0).then(|| format!("{} {wanted}", text::grouped(n as u64)))
        };
        let counts = [
            count("added", |change| matches!(change, Change::Added)),
            count("modified", |change| matches!(change, Change::Modified)),
            count("deleted", |change| matches!(change, Change::Deleted)),
            count("renamed", |change| matches!(change, Change::Renamed { .. })),
        ];
        page.blank().line(format!(
            "{}: {}",
            text::count(self.changes.len(), "file", "files"),
            counts.into_iter().flatten().collect::<Vec<_>>().join(", ")
        ));
    }
}

pub fn run(context: &Context, args: &DiffArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let store = Store::open(&workspace)?;
    let old_name = args.old.clone().unwrap_or_else(|| "HEAD".to_owned());
    let old = recorded::at(&workspace, &old_name)?;
    let new = match &args.new {
        Some(name) => recorded::at(&workspace, name)?,
        None => present(&workspace, &store, &old, args.hide_missing, &work)?,
    };
    let changes = compare(&store, &old, &new)?;
    store.flush()?;
    let differs = !changes.is_empty();
    if args.md {
        context.ui.raw(&markdown(&changes))?;
    } else {
        context.ui.show(&DiffReport { old: old_name, new: args.new.clone(), changes })?;
    }
    Ok(if differs && args.exit_code { Exit::CheckFailed } else { Exit::Done })
}

/// A table that a CI can put into a comment; an empty one says nothing.
fn markdown(changes: &[FileChange]) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let cell = |path: &RelPath| format!("`{}`", path.as_str().replace('|', "\\|").replace(['\n', '\r'], " "));
    let row = |FileChange { path, change, size }: &FileChange| {
        let (word, path) = match change {
            Change::Added => ("added", cell(path)),
            Change::Modified => ("modified", cell(path)),
            Change::Deleted => ("deleted", cell(path)),
            Change::Renamed { from } => ("renamed", format!("{} → {}", cell(from), cell(path))),
        };
        format!("| {word} | {path} | {} |\n", text::bytes(*size))
    };
    let head = "| change | path | size |\n| --- | --- | ---: |\n".to_owned();
    changes.iter().fold(head, |table, change| table + &row(change))
}

/// What is on disk at the paths that have a pointer or are outputs of stages now, or were in `old`.
/// With `hide_missing` a path where nothing is counts as it was in `old`.
fn present(
    workspace: &Workspace,
    store: &Store,
    old: &BTreeMap<RelPath, Entry>,
    hide_missing: bool,
    work: &Work,
) -> Result<BTreeMap<RelPath, Entry>, Failure> {
    let now = recorded::now(workspace)?;
    let mut found = BTreeMap::new();
    for path in now.iter().map(|(path, _)| path).chain(old.keys()).collect::<BTreeSet<_>>() {
        let there = store.hash(path, work)?;
        let there = there.or_else(|| old.get(path).filter(|_| hide_missing).cloned());
        found.extend(there.map(|entry| (path.clone(), entry)));
    }
    Ok(found)
}

fn compare(store: &Store, old: &BTreeMap<RelPath, Entry>, new: &BTreeMap<RelPath, Entry>) -> Result<Vec<FileChange>, Error> {
    let mut changes = Vec::new();
    for path in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let (before, after) = (old.get(path), new.get(path));
        let found = match store.diff(before, after) {
            Err(Error::NoObject(_) | Error::Damaged(_)) => whole(before, after),
            found => found?,
        };
        changes.extend(found.into_iter().map(|change| below(path, change)));
    }
    Ok(changes)
}

/// One change for a path whose listing is not at hand.
fn whole(before: Option<&Entry>, after: Option<&Entry>) -> Vec<FileChange> {
    let change = match (before, after) {
        (None, _) => Change::Added,
        (_, None) => Change::Deleted,
        _ => Change::Modified,
    };
    let size = after.or(before).map_or(0, |entry| entry.size);
    vec![FileChange { path: RelPath::root(), change, size }]
}

/// The change with its paths relative to the root.
fn below(target: &RelPath, change: FileChange) -> FileChange {
    let full = |path: &RelPath| path.parts().fold(target.clone(), |full, part| full.join(part));
    let path = full(&change.path);
    let change_kind = match change.change {
        Change::Renamed { from } => Change::Renamed { from: full(&from) },
        other => other,
    };
    FileChange { path, change: change_kind, size: change.size }
}
