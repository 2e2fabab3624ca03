//! `derm cache`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::cache::{CacheArgs, CacheCommand, DirArgs};
use crate::text;
use crate::ui::{Page, Report};
use crate::workspace::config::edit;
use crate::workspace::{DERM_DIR, Workspace};

#[derive(Serialize)]
struct DirReport {
    /// The folder, absolute.
    dir: PathBuf,
    /// Where the setting comes from.
    origin: String,
    /// The folder before it was set; `null` when it is the same.
    before: Option<PathBuf>,
}

impl Report for DirReport {
    const KIND: &'static str = "cache-dir";

    fn human(&self, page: &mut Page) {
        let Some(before) = &self.before else {
            page.line(self.dir.display().to_string());
            return;
        };
        page.line(format!("the cache is `{}` now ({})", self.dir.display(), self.origin));
        if before.join("b3").is_dir() {
            let [from, to] = [before, &self.dir].map(|path| text::shell_word(&path.display().to_string()));
            page.blank().line("Nothing was moved. To take the objects along:");
            page.line(format!("  mkdir -p {to} && cp -a {from}/. {to}/ && derm checkout --relink && derm fsck"));
            page.line(format!("and when all is well, unless other repositories use it: rm -r {from}"));
        }
    }
}

pub fn run(context: &Context, args: &CacheArgs) -> Result<Exit, Failure> {
    match &args.command {
        CacheCommand::Dir(args) => dir(context, args),
    }
}

fn dir(context: &Context, args: &DirArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let before = workspace.cache_dir();
    if args.folder.is_none() && !args.unset {
        return show(context, &workspace, None);
    }
    if let Some(folder) = &args.folder {
        check(&workspace, folder)?;
    }
    let observer = context.ui.observer();
    let lock = workspace.lock(&*observer, &context.interrupt)?;
    edit::set(workspace.root(), args.local, &["cache", "dir"], args.folder.as_deref().map(Into::into))?;
    drop(lock);
    let now = context.workspace()?;
    if let Some(folder) = args.folder.as_ref().filter(|folder| now.cache_dir() != workspace.root().join(folder)) {
        context.ui.warn(format!("`{}` says otherwise and wins over `{folder}`", edit::LOCAL));
    }
    let moved = before != now.cache_dir();
    show(context, &now, moved.then_some(before))
}

fn show(context: &Context, workspace: &Workspace, before: Option<PathBuf>) -> Result<Exit, Failure> {
    let origin = workspace.config().cache.dir.origin.to_string();
    context.ui.show(&DirReport { dir: workspace.cache_dir(), origin, before })?;
    Ok(Exit::Done)
}

/// A folder that cannot hold objects is refused before it is written down.
fn check(workspace: &Workspace, folder: &str) -> Result<(), Failure> {
    let full = workspace.root().join(folder);
    if full.exists() && !full.is_dir() {
        return Err(Failure::usage(format!("`{folder}` is not a folder")));
    }
    if full.starts_with(workspace.root().join(".git")) {
        return Err(Failure::usage(format!("`{folder}` belongs to git")));
    }
    let own = workspace.root().join(DERM_DIR);
    if full == workspace.root() || full == own || own.starts_with(&full) {
        return Err(Failure::usage(format!("`{folder}` holds more than the cache would")).hint("name a folder of its own"));
    }
    // Inside the repository git would see the objects.
    let inside = full.strip_prefix(workspace.root()).ok().filter(|path| !path.starts_with(DERM_DIR));
    if let Some(path) = inside.and_then(Path::to_str)
        && workspace.git().is_some()
        && !crate::relpath::RelPath::new(path).is_ok_and(|path| workspace.ignored_by_git(&path))
    {
        return Err(
            Failure::usage(format!("git would see the objects in `{folder}`")).hint(format!("put `/{path}/` into `.gitignore` first"))
        );
    }
    Ok(())
}
