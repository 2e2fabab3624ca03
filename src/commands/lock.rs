//! `derm lock`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Context, Exit, Failure, merge_driver};
use crate::cli::lock::{LockArgs, LockCommand, MergeArgs, ShowArgs};
use crate::pipeline::lock::Record;
use crate::pipeline::value::Value;
use crate::pipeline::{Error, Project};
use crate::relpath::RelPath;
use crate::store::{Entry, Kind};
use crate::text;
use crate::ui::{Align, Page, Report, Style, Table};
use crate::workspace::atomic;

pub fn run(context: &Context, args: &LockArgs) -> Result<Exit, Failure> {
    match &args.command {
        LockCommand::Show(args) => show(context, args),
        LockCommand::Merge(args) => merge(context, args),
    }
}

fn merge(context: &Context, args: &MergeArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let path = workspace.relative(&context.cwd, &args.ours).unwrap_or_else(|_| RelPath::root().join("lock"));
    let sides = merge_driver::sides(context, [&args.base, &args.ours, &args.theirs])?;
    let (merged, conflicts) = merge_driver::locks(&path, &sides)?;
    atomic::write(&context.cwd.join(&args.ours), merged.as_bytes())?;
    merge_driver::conflict(&path, &conflicts)
}

#[derive(Serialize)]
struct Locks {
    stages: Vec<Recorded>,
}

#[derive(Serialize)]
struct Recorded {
    stage: String,
    /// The lock file.
    lock: RelPath,
    cmd: serde_json::Value,
    deps: Vec<Item>,
    params: BTreeMap<RelPath, BTreeMap<String, Value>>,
    outs: Vec<Item>,
    /// Inputs that changed while it ran.
    changed: Vec<RelPath>,
    /// Whether a pipeline still defines it.
    defined: bool,
}

#[derive(Serialize)]
struct Item {
    path: RelPath,
    hash: String,
    kind: &'static str,
    size: u64,
    files: u64,
}

fn show(context: &Context, args: &ShowArgs) -> Result<Exit, Failure> {
    let project = Project::load(&context.workspace()?)?;
    let mut stages = Vec::new();
    for (index, lock) in project.locks()?.into_iter().enumerate() {
        let file = &project.pipelines[index].lock;
        for (name, record) in lock {
            let defined = project.stages.iter().any(|stage| stage.pipeline == index && stage.name == name);
            let group = name.rsplit_once('@').map(|(group, _)| group);
            if args.stages.is_empty() || args.stages.iter().any(|wanted| *wanted == name || Some(wanted.as_str()) == group) {
                stages.push(recorded(name, file, &record, defined));
            }
        }
    }
    if let Some(missing) =
        args.stages.iter().find(|wanted| !stages.iter().any(|stage| stage.stage.split('@').next() == wanted.split('@').next()))
    {
        let names: Vec<&str> = project.stages.iter().map(|stage| stage.name.as_str()).collect();
        if !names.contains(&missing.as_str()) {
            return Err(Error::UnknownTarget { target: missing.clone(), near: text::suggest(missing, names).map(str::to_owned) }.into());
        }
    }
    context.ui.show(&Locks { stages })?;
    Ok(Exit::Done)
}

fn recorded(stage: String, lock: &RelPath, record: &Record, defined: bool) -> Recorded {
    use crate::pipeline::stage::Command;
    let items = |entries: &BTreeMap<RelPath, Entry>| entries.iter().map(|(path, entry)| item(path, entry)).collect();
    Recorded {
        stage,
        lock: lock.clone(),
        cmd: match &record.cmd {
            Command::Text(text) => text.as_str().into(),
            Command::List(items) => items.as_slice().into(),
        },
        deps: items(&record.deps),
        params: record.params.clone(),
        outs: items(&record.outs),
        changed: record.changed.clone(),
        defined,
    }
}

fn item(path: &RelPath, entry: &Entry) -> Item {
    let kind = match entry.kind {
        Kind::File => "file",
        Kind::Tree => "tree",
    };
    Item { path: path.clone(), hash: entry.id.hex(), kind, size: entry.size, files: entry.files }
}

impl Report for Locks {
    const KIND: &'static str = "lock";

    fn human(&self, page: &mut Page) {
        if self.stages.is_empty() {
            page.line("nothing is recorded");
            return;
        }
        for (number, stage) in self.stages.iter().enumerate() {
            if number > 0 {
                page.blank();
            }
            let gone = if stage.defined { "" } else { ", in no pipeline any more" };
            page.heading(&format!("{}  ({}{gone})", stage.stage, stage.lock));
            let mut table =
                Table::new([("", Align::Left), ("path or parameter", Align::Left), ("size", Align::Right), ("hash or value", Align::Left)]);
            let cmd = match &stage.cmd {
                serde_json::Value::String(text) => text.clone(),
                list => list.to_string(),
            };
            for line in cmd.lines() {
                page.line(format!("  {}", Style::Faint.paint(line)));
            }
            for (what, items) in [("used", &stage.deps), ("made", &stage.outs)] {
                for item in items {
                    table.row([what.to_owned(), item.path.to_string(), text::bytes(item.size), item.hash[..12].to_owned()]);
                }
            }
            for (file, keys) in &stage.params {
                for (key, value) in keys {
                    table.row(["param".to_owned(), format!("{file}:{key}"), String::new(), value.shown()]);
                }
            }
            for path in &stage.changed {
                table.row(["changed while it ran".to_owned(), path.to_string(), String::new(), String::new()]);
            }
            page.table(&table);
        }
    }
}
