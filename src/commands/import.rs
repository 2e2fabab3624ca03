//! `derm import` and `derm update`: data of others that is tracked here, with where it came from.

use serde::Serialize;

use super::foreign::{Foreign, Ours};
use super::get::{inside, nothing, nothing_at, place};
use super::{Context, Exit, Failure};
use crate::cli::import::{ImportArgs, UpdateArgs};
use crate::relpath::RelPath;
use crate::store::add::add;
use crate::store::pointer::{self, Import, Pointer};
use crate::store::remote::elsewhere::Elsewhere;
use crate::store::{Entry, Error, Store, Work};
use crate::text;
use crate::ui::{Align, Page, Report, Style, Table};
use crate::workspace::{Workspace, atomic, config};

#[derive(Serialize)]
struct ImportReport {
    imported: Vec<Imported>,
}

#[derive(Serialize)]
struct Imported {
    path: RelPath,
    entry: Entry,
    import: Import,
    changed: bool,
}

impl Report for ImportReport {
    const KIND: &'static str = "import";

    fn human(&self, page: &mut Page) {
        if self.imported.is_empty() {
            page.line("Nothing here was imported.");
            return;
        }
        let mut table =
            Table::new([("path", Align::Left), ("files", Align::Right), ("size", Align::Right), ("from", Align::Left), ("", Align::Left)]);
        for imported in &self.imported {
            let from = imported.import.commit.as_ref().map_or_else(String::new, |commit| format!("@{}", &commit[..10.min(commit.len())]));
            let state = if imported.changed { Style::Changed.paint("new") } else { Style::Faint.paint("unchanged") };
            let (files, size) = (text::grouped(imported.entry.files), text::bytes(imported.entry.size));
            table.row([imported.path.to_string(), files, size, format!("{}{from}", imported.import.url), state]);
        }
        page.table(&table);
    }
}

/// Runs `derm import`.
pub fn import(context: &Context, args: &ImportArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let _lock = workspace.lock(work.observer, work.interrupt)?;
    let store = Store::open(&workspace)?;
    let source = Import {
        url: kept_url(context, &workspace, &args.url),
        path: args.path.as_deref().map(inside).transpose()?,
        rev: args.rev.clone(),
        commit: None,
        stamp: None,
    };
    let scratch = scratch(&workspace)?;
    let fetched = fetch(context, &workspace, &store, &source, None, &scratch, &work)?;
    let Fetched::New { made, import } = fetched else { return Err(Failure::new("nothing was fetched")) };
    let name = source.path.as_ref().and_then(RelPath::name).map(str::to_owned).or_else(|| last_part(&args.url));
    let typed = match (&args.out, name) {
        (Some(out), Some(name)) if context.cwd.join(out).is_dir() => out.join(name),
        (Some(out), _) => out.clone(),
        (None, Some(name)) => name.into(),
        (None, None) => return Err(Failure::usage("the copy has no name").hint("say where to put it with `--out PATH`")),
    };
    let out = workspace.relative(&context.cwd, &typed)?;
    let disk = out.on_disk(workspace.root());
    if let Some((tracked, _)) = pointer::covering(&workspace, &out)? {
        return Err(Failure::usage(format!("`{tracked}` is tracked already"))
            .hint("`--out PATH` puts the copy elsewhere; `derm update` renews an import"));
    }
    if disk.symlink_metadata().is_ok() {
        return Err(Failure::usage(format!("`{out}` is there already"))
            .hint("`--out PATH` puts the copy elsewhere; `derm update` renews an import"));
    }
    if let Some(folder) = disk.parent() {
        std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    }
    place(&made.on_disk(workspace.root()), &disk, false)?;
    let entry = track(&workspace, &store, &out, &import, &work).inspect_err(|_| {
        // What cannot be tracked is not left behind.
        let _ = std::fs::remove_dir_all(&disk).or_else(|_| std::fs::remove_file(&disk));
    })?;
    store.flush()?;
    context.ui.show(&ImportReport { imported: vec![Imported { path: out, entry, import, changed: true }] })?;
    Ok(Exit::Done)
}

/// Runs `derm update`.
pub fn update(context: &Context, args: &UpdateArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let _lock = workspace.lock(work.observer, work.interrupt)?;
    let store = Store::open(&workspace)?;
    let mut done = Vec::new();
    for (path, pointer, source) in chosen(context, &workspace, args)? {
        let scratch = scratch(&workspace)?;
        let fetched = fetch(context, &workspace, &store, &source, Some(&pointer.entry), &scratch, &work)?;
        let Fetched::New { made, import } = fetched else {
            done.push(Imported { path, entry: pointer.entry, import: source, changed: false });
            continue;
        };
        let disk = path.on_disk(workspace.root());
        let found = store.hash(&path, &work)?;
        let ours = found.as_ref().is_some_and(|found| *found != pointer.entry && !store.has(found));
        if ours && !args.force {
            return Err(Error::WouldLose { paths: vec![path] }.into());
        }
        place(&made.on_disk(workspace.root()), &disk, true)?;
        let entry = track(&workspace, &store, &path, &import, &work)?;
        done.push(Imported { path, changed: entry != pointer.entry, entry, import });
    }
    store.flush()?;
    context.ui.show(&ImportReport { imported: done })?;
    Ok(Exit::Done)
}

/// The imports that are meant, with where to look now.
fn chosen(context: &Context, workspace: &Workspace, args: &UpdateArgs) -> Result<Vec<(RelPath, Pointer, Import)>, Failure> {
    let mut found = Vec::new();
    if args.targets.is_empty() {
        let all = pointer::find_all(workspace)?.into_iter();
        found.extend(all.filter_map(|(path, pointer)| pointer.import.clone().map(|import| (path, pointer, import))));
        return Ok(found);
    }
    for typed in &args.targets {
        let typed = workspace.relative(&context.cwd, typed.as_ref())?;
        let path = pointer::target_of(&typed).unwrap_or(typed);
        let pointer = Pointer::read(workspace, &path)?.ok_or_else(|| Error::NotTracked(path.clone()))?;
        let Some(mut import) = pointer.import.clone() else {
            return Err(Failure::usage(format!("`{path}` was not imported")).hint("`derm add` records what is there now"));
        };
        import.rev = args.rev.clone().or(import.rev);
        found.push((path, pointer, import));
    }
    Ok(found)
}

enum Fetched {
    /// Where it came from has nothing new.
    Same,
    /// A copy at `made`, to be moved, and where it came from.
    New { made: RelPath, import: Import },
}

/// Copies what is new at the source into `scratch`.
fn fetch(
    context: &Context,
    workspace: &Workspace,
    store: &Store,
    source: &Import,
    known: Option<&Entry>,
    scratch: &tempfile::TempDir,
    work: &Work,
) -> Result<Fetched, Failure> {
    let made = RelPath::strip(workspace.root(), &scratch.path().join("out")).map_err(|error| Failure::new(error.to_string()))?;
    let Some(path) = &source.path else {
        let elsewhere = Elsewhere::open(&source.url, workspace.root(), &config::Remote::default(), work)?;
        let content = elsewhere.content()?.ok_or_else(|| nothing_at(&source.url))?;
        if known.is_some() && source.stamp.as_ref() == Some(&content.stamp) {
            return Ok(Fetched::Same);
        }
        elsewhere.download(&content, &made.on_disk(workspace.root()), work)?;
        return Ok(Fetched::New { made, import: Import { stamp: Some(content.stamp), ..source.clone() } });
    };
    let clones = workspace.derm_dir().join("tmp/clones");
    let url =
        if source.url.contains("://") { source.url.clone() } else { workspace.root().join(&source.url).to_string_lossy().into_owned() };
    let foreign = Foreign::open(context, &clones, &url, source.rev.as_deref(), path, true)?;
    if known.is_some() && source.commit.as_deref() == Some(foreign.commit()) {
        return Ok(Fetched::Same);
    }
    let ours = Ours { workspace, store, work };
    let found = foreign.find(context, &ours, path)?.ok_or_else(|| nothing(&source.url, path.as_str()))?;
    foreign.put(context, &ours, &found, path, &made)?;
    Ok(Fetched::New { made, import: Import { commit: Some(foreign.commit().to_owned()), ..source.clone() } })
}

/// Adds what is at `path` and notes in its pointer where it came from.
fn track(workspace: &Workspace, store: &Store, path: &RelPath, import: &Import, work: &Work) -> Result<Entry, Failure> {
    add(workspace, store, std::slice::from_ref(path), work)?;
    let mut pointer = Pointer::read(workspace, path)?.ok_or_else(|| Error::NotTracked(path.clone()))?;
    pointer.import = Some(import.clone());
    pointer.write(workspace, path)?;
    Ok(pointer.entry)
}

/// In derm's own folder, which is in the file system of the workspace and never walked.
fn scratch(workspace: &Workspace) -> Result<tempfile::TempDir, Error> {
    let folder = workspace.derm_dir().join("tmp");
    std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    tempfile::Builder::new().prefix(atomic::TEMP_PREFIX).tempdir_in(&folder).map_err(Error::io("write in", &folder))
}

/// A path is kept from the root, whatever folder it was typed in.
fn kept_url(context: &Context, workspace: &Workspace, url: &str) -> String {
    let is_path = context.cwd.join(url).exists();
    if is_path { workspace.kept(&context.cwd, url) } else { url.to_owned() }
}

fn last_part(url: &str) -> Option<String> {
    url.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned)
}
