//! `derm checkout`.

use serde::Serialize;

use super::{Context, Exit, Failure, recorded};
use crate::cli::checkout::CheckoutArgs;
use crate::relpath::RelPath;
use crate::store::{Changed, Entry, Error, Overwrite, Store, Work, tracked};
use crate::text;
use crate::ui::{Align, Page, Report, Table};

#[derive(Serialize)]
struct CheckoutReport {
    paths: Vec<CheckedOut>,
}

/// What was done at one path.
#[derive(Serialize)]
pub(super) struct CheckedOut {
    pub path: RelPath,
    #[serde(flatten)]
    pub changed: Changed,
    /// Files whose content was right and which are other links now.
    pub relinked: u64,
}

impl Report for CheckoutReport {
    const KIND: &'static str = "checkout";

    fn human(&self, page: &mut Page) {
        let changed: Vec<&CheckedOut> = self.paths.iter().filter(|path| !path.changed.is_empty()).collect();
        let relinked: u64 = self.paths.iter().map(|path| path.relinked).sum();
        if relinked > 0 {
            page.line(text::count(relinked as usize, "file is linked anew", "files are linked anew"));
        }
        if changed.is_empty() && relinked > 0 {
            return;
        }
        if changed.is_empty() {
            let n = text::count(self.paths.len(), "tracked path is", "tracked paths are");
            page.line(if self.paths.is_empty() { "Nothing is tracked.".to_owned() } else { format!("{n} as recorded: nothing to do.") });
            return;
        }
        page.table(&table_of(changed));
    }
}

/// A line for each path with what changed there.
pub(super) fn table_of<'a>(changed: impl IntoIterator<Item = &'a CheckedOut>) -> Table {
    let columns = [("path", Align::Left), ("added", Align::Right), ("modified", Align::Right), ("deleted", Align::Right)];
    let mut table = Table::new(columns);
    for CheckedOut { path, changed, .. } in changed {
        let numbers = [changed.added, changed.modified, changed.deleted].map(text::grouped);
        table.row([path.to_string()].into_iter().chain(numbers));
    }
    table
}

pub fn run(context: &Context, args: &CheckoutArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let _lock = workspace.lock(work.observer, work.interrupt)?;
    let store = Store::open(&workspace)?;
    let overwrite = if args.force { Overwrite::Force } else { Overwrite::Refuse };
    let wanted = recorded::targets(context, &workspace, &store, &args.targets)?;
    let done = all(&store, wanted, overwrite, args.relink, &work);
    store.flush()?;
    let (paths, problem) = done?;
    let Some(problem) = problem else {
        context.ui.show(&CheckoutReport { paths })?;
        return Ok(Exit::Done);
    };
    // The error is the answer; what was done all the same is a remark.
    for CheckedOut { path, .. } in paths.iter().filter(|path| !path.changed.is_empty()) {
        context.ui.note(format!("checked out `{path}`"));
    }
    Err(problem.into())
}

/// Checks everything out, and collects what is missing or would be lost over all paths.
pub(super) fn all(
    store: &Store,
    wanted: Vec<(RelPath, Entry)>,
    overwrite: Overwrite,
    relink: bool,
    work: &Work,
) -> Result<(Vec<CheckedOut>, Option<Error>), Error> {
    let mut paths = Vec::new();
    let (mut lost, mut absent, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    for (path, entry) in wanted {
        match store.checkout_with(&entry, &path, overwrite, work) {
            Ok(changed) => {
                let relinked = if relink { tracked::relink(store, &entry, &path, work)? } else { 0 };
                paths.push(CheckedOut { path, changed, relinked });
            }
            Err(Error::WouldLose { paths }) => lost.extend(paths),
            Err(Error::Incomplete { missing, damaged }) => {
                absent.extend(missing);
                broken.extend(damaged);
            }
            Err(error) => return Err(error),
        }
    }
    let problem = if !lost.is_empty() {
        Some(Error::WouldLose { paths: lost })
    } else if !absent.is_empty() || !broken.is_empty() {
        Some(Error::Incomplete { missing: absent, damaged: broken })
    } else {
        None
    };
    Ok((paths, problem))
}
