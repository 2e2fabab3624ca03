//! `derm remove`.

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::remove::RemoveArgs;
use crate::relpath::RelPath;
use crate::store::{Error, Overwrite, Store, Work, pointer, tracked};
use crate::ui::{Page, Report};

#[derive(Serialize)]
struct RemoveReport {
    removed: Vec<Removed>,
}

#[derive(Serialize)]
struct Removed {
    path: RelPath,
    /// The files that went; 0 where the data stays.
    files: u64,
    #[serde(skip)]
    data: bool,
}

impl Report for RemoveReport {
    const KIND: &'static str = "remove";

    fn human(&self, page: &mut Page) {
        for Removed { path, data, .. } in &self.removed {
            let what = if *data { "removed" } else { "the data stays, and git sees it now" };
            page.line(format!("`{path}` is not tracked any more: {what}"));
        }
    }
}

pub fn run(context: &Context, args: &RemoveArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let _lock = workspace.lock(work.observer, work.interrupt)?;
    let store = Store::open(&workspace)?;
    let mut paths = Vec::new();
    for typed in &args.targets {
        let typed = workspace.relative(&context.cwd, typed.as_ref())?;
        let path = pointer::target_of(&typed).unwrap_or(typed);
        // All are looked at before the first goes.
        match pointer::covering(&workspace, &path)? {
            Some((target, _)) if target == path => paths.push(path),
            Some((target, _)) => return Err(Error::InsideTracked { path, target }.into()),
            None => return Err(Error::NotTracked(path).into()),
        }
    }
    let overwrite = args.data.then_some(if args.force { Overwrite::Force } else { Overwrite::Refuse });
    let mut removed = Vec::new();
    for path in paths {
        let changed = tracked::forget(&workspace, &store, &path, overwrite, &work)?;
        removed.push(Removed { path, files: changed.deleted, data: args.data });
    }
    store.flush()?;
    context.ui.show(&RemoveReport { removed })?;
    Ok(Exit::Done)
}
