//! `derm get`: a copy, tracked by nothing.
//!
//! The work is done in a repository of its own beside the target, which is gone afterwards: so the copy is verified as any checkout,
//! and appears whole or not at all.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::foreign::{Foreign, Ours};
use super::{Context, Exit, Failure};
use crate::cli::import::GetArgs;
use crate::relpath::RelPath;
use crate::store::remote::elsewhere::Elsewhere;
use crate::store::{Error, Store, Work};
use crate::ui::{Page, Report};
use crate::workspace::{Workspace, atomic, config};

#[derive(Serialize)]
struct GetReport {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
}

impl Report for GetReport {
    const KIND: &'static str = "get";

    fn human(&self, page: &mut Page) {
        page.line(format!("Copied to `{}`.", self.path));
    }
}

pub fn run(context: &Context, args: &GetArgs) -> Result<Exit, Failure> {
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let (out, commit) = match &args.path {
        Some(path) => from_repository(context, args, path, &work)?,
        None => (from_url(context, args, &work)?, None),
    };
    context.ui.show(&GetReport { path: out.display().to_string(), commit })?;
    Ok(Exit::Done)
}

fn from_repository(context: &Context, args: &GetArgs, path: &str, work: &Work) -> Result<(PathBuf, Option<String>), Failure> {
    let path = inside(path)?;
    let out = target(context, args, path.name())?;
    let scratch = beside(&out)?;
    let workspace = Workspace::init(scratch.path(), false)?;
    let store = Store::open(&workspace)?;
    let clones = context.workspace().map_or_else(|_| scratch.path().join("clones"), |own| own.derm_dir().join("tmp/clones"));
    let foreign = Foreign::open(context, &clones, &args.url, args.rev.as_deref(), &path, true)?;
    let ours = Ours { workspace: &workspace, store: &store, work };
    let Some(found) = foreign.find(context, &ours, &path)? else { return Err(nothing(&args.url, path.as_str())) };
    let made = RelPath::root().join("out");
    foreign.put(context, &ours, &found, &path, &made)?;
    place(&made.on_disk(workspace.root()), &out, args.force)?;
    Ok((out, Some(foreign.commit().to_owned())))
}

fn from_url(context: &Context, args: &GetArgs, work: &Work) -> Result<PathBuf, Failure> {
    let source = Elsewhere::open(&args.url, &context.cwd, &config::Remote::default(), work)?;
    let out = target(context, args, source.name())?;
    let content = source.content()?.ok_or_else(|| nothing_at(&args.url))?;
    let scratch = beside(&out)?;
    let made = scratch.path().join("out");
    source.download(&content, &made, work)?;
    place(&made, &out, args.force)?;
    Ok(out)
}

/// A path in another repository, as typed.
pub(super) fn inside(path: &str) -> Result<RelPath, Failure> {
    RelPath::new(path.trim_end_matches('/')).map_err(|error| Failure::usage(error.to_string()))
}

pub(super) fn nothing(url: &str, path: &str) -> Failure {
    Failure::usage(format!("`{url}` has no `{path}`")).hint(format!("`derm ls {url}` shows what it tracks"))
}

pub(super) fn nothing_at(url: &str) -> Failure {
    Failure::usage(format!("nothing is at `{url}`")).hint("a git repository needs the path of the data in it as a second argument")
}

/// Where the copy goes: into a folder that is there under its own name, as `cp` does.
fn target(context: &Context, args: &GetArgs, name: Option<&str>) -> Result<PathBuf, Failure> {
    let name = || name.ok_or_else(|| Failure::usage("the copy has no name").hint("say where to put it with `--out PATH`"));
    let out = match &args.out {
        Some(out) if context.cwd.join(out).is_dir() && !args.force => context.cwd.join(out).join(name()?),
        Some(out) => context.cwd.join(out),
        None => context.cwd.join(name()?),
    };
    if out.symlink_metadata().is_ok() && !args.force {
        return Err(Failure::usage(format!("`{}` is there already", out.display()))
            .hint("`--force` replaces it, `--out PATH` puts the copy elsewhere"));
    }
    Ok(out)
}

/// A folder of ours in the file system of `out`.
fn beside(out: &Path) -> Result<tempfile::TempDir, Error> {
    let folder = out.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    tempfile::Builder::new().prefix(atomic::TEMP_PREFIX).tempdir_in(folder).map_err(Error::io("write in", folder))
}

/// Moves the finished copy to its place.
pub(super) fn place(made: &Path, out: &Path, force: bool) -> Result<(), Error> {
    if force && let Ok(meta) = out.symlink_metadata() {
        let removed = if meta.is_dir() { std::fs::remove_dir_all(out) } else { std::fs::remove_file(out) };
        removed.map_err(Error::io("replace", out))?;
    }
    std::fs::rename(made, out).map_err(Error::io("write", out))
}
