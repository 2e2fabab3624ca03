//! `derm ls`.

use serde::Serialize;

use super::foreign::{Foreign, Found, Ours, below};
use super::get::{inside, nothing};
use super::{Context, Exit, Failure, recorded};
use crate::cli::import::LsArgs;
use crate::relpath::RelPath;
use crate::store::{Entry, Kind, Store, Work};
use crate::text;
use crate::ui::{Align, Page, Report, Style, Table};
use crate::workspace::Workspace;

#[derive(Serialize)]
struct LsReport {
    entries: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    path: RelPath,
    kind: Kind,
    /// BLAKE3; for what DVC tracks its MD5.
    hash: String,
    size: Option<u64>,
    files: Option<u64>,
}

impl Line {
    fn new(path: RelPath, entry: &Entry) -> Self {
        Self { path, kind: entry.kind, hash: entry.id.hex(), size: Some(entry.size), files: Some(entry.files) }
    }
}

impl Report for LsReport {
    const KIND: &'static str = "ls";

    fn human(&self, page: &mut Page) {
        if self.entries.is_empty() {
            page.line("Nothing is tracked.");
            return;
        }
        let mut table = Table::new([("path", Align::Left), ("files", Align::Right), ("size", Align::Right), ("hash", Align::Left)]);
        for Line { path, kind, hash, size, files } in &self.entries {
            let name = if *kind == Kind::Tree { format!("{path}/") } else { path.to_string() };
            let (files, size) = (files.map_or_else(String::new, text::grouped), size.map_or_else(String::new, text::bytes));
            table.row([name, files, size, Style::Faint.paint(&hash[..12])]);
        }
        page.table(&table);
    }
}

pub fn run(context: &Context, args: &LsArgs) -> Result<Exit, Failure> {
    let path = args.path.as_deref().map(inside).transpose()?.unwrap_or_default();
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let entries = match args.url.as_deref() {
        None | Some(".") => here(context, args, &path)?,
        Some(url) => there(context, args, url, &path, &work)?,
    };
    context.ui.show(&LsReport { entries })?;
    Ok(Exit::Done)
}

fn here(context: &Context, args: &LsArgs, path: &RelPath) -> Result<Vec<Line>, Failure> {
    let workspace = context.workspace()?;
    let store = Store::open(&workspace)?;
    let tracked: Vec<(RelPath, Entry)> = match &args.rev {
        Some(rev) => recorded::at(&workspace, rev)?.into_iter().collect(),
        None => recorded::now(&workspace)?,
    };
    let mut found = Vec::new();
    for (target, entry) in tracked {
        if target.is_within(path) {
            found.push((target, entry));
        } else if let Some(inside) = below(path, &target)
            && let Some(part) = store.find(&entry, &inside)?
        {
            found.push((path.clone(), part));
        }
    }
    listed(&store, found, args.recursive)
}

fn there(context: &Context, args: &LsArgs, url: &str, path: &RelPath, work: &Work) -> Result<Vec<Line>, Failure> {
    let scratch = tempfile::tempdir().map_err(crate::store::Error::io("write in", std::env::temp_dir()))?;
    let workspace = Workspace::init(scratch.path(), false)?;
    let store = Store::open(&workspace)?;
    let clones = context.workspace().map_or_else(|_| scratch.path().join("clones"), |own| own.derm_dir().join("tmp/clones"));
    let foreign = Foreign::open(context, &clones, url, args.rev.as_deref(), path, true)?;
    let ours = Ours { workspace: &workspace, store: &store, work };
    let mut found: Vec<(RelPath, Entry)> = foreign
        .tracked()
        .iter()
        .filter(|(target, _)| target.is_within(path))
        .map(|(target, entry)| (target.clone(), entry.clone()))
        .collect();
    if found.is_empty() && !path.is_root() && !foreign.dvc().keys().any(|target| target.is_within(path)) {
        match foreign.find(context, &ours, path)? {
            Some(Found::Data(entry)) => found.push((path.clone(), entry)),
            Some(Found::Dvc(..)) => {}
            Some(Found::Git(_)) | None => return Err(nothing(url, path.as_str())),
        }
    }
    if args.recursive {
        foreign.fetch_listings(context, &ours, &found)?;
    }
    let mut lines = listed(&store, found, args.recursive)?;
    for (target, tracked) in foreign.dvc().iter().filter(|(target, _)| target.is_within(path) || path.is_within(target)) {
        let kind = if tracked.hash.is_folder() { Kind::Tree } else { Kind::File };
        let files = if kind == Kind::File { Some(1) } else { tracked.files };
        lines.push(Line { path: target.clone(), kind, hash: tracked.hash.md5.clone(), size: tracked.size, files });
    }
    Ok(lines)
}

/// The entries, or all files below them.
fn listed(store: &Store, found: Vec<(RelPath, Entry)>, recursive: bool) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for (path, entry) in found {
        if !recursive || entry.kind == Kind::File {
            lines.push(Line::new(path, &entry));
            continue;
        }
        store.files_of(&entry, &path, &mut |path, entry| lines.push(Line::new(path, &entry)))?;
    }
    lines.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(lines)
}
