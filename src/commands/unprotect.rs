//! `derm unprotect`.

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::unprotect::UnprotectArgs;
use crate::pipeline;
use crate::relpath::RelPath;
use crate::store::{Error, Store, Work, pointer, tracked};
use crate::text;
use crate::ui::{Page, Report};

#[derive(Serialize)]
struct UnprotectReport {
    paths: Vec<Unprotected>,
}

#[derive(Serialize)]
struct Unprotected {
    path: RelPath,
    /// Files that became files of their own.
    files: u64,
}

impl Report for UnprotectReport {
    const KIND: &'static str = "unprotect";

    fn human(&self, page: &mut Page) {
        for Unprotected { path, files } in &self.paths {
            page.line(match *files {
                0 => format!("`{path}` can be written already"),
                n => format!("`{path}` can be written now: {}", text::count(n as usize, "file was copied", "files were copied")),
            });
        }
    }
}

pub fn run(context: &Context, args: &UnprotectArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let _lock = workspace.lock(work.observer, work.interrupt)?;
    let store = Store::open(&workspace)?;
    let made = pipeline::outputs(&workspace)?;
    let mut paths = Vec::new();
    for typed in &args.targets {
        let typed = workspace.relative(&context.cwd, typed.as_ref())?;
        let path = pointer::target_of(&typed).unwrap_or(typed);
        let ours = pointer::covering(&workspace, &path)?.is_some() || made.iter().any(|(output, _)| path.is_within(output));
        if !ours {
            return Err(Error::NotTracked(path).into());
        }
        let files = tracked::unprotect(&store, &path, &work);
        store.flush()?;
        paths.push(Unprotected { path, files: files? });
    }
    context.ui.show(&UnprotectReport { paths })?;
    Ok(Exit::Done)
}
