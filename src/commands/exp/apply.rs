//! `derm exp apply`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::short;
use crate::cli::exp::ExpApplyArgs;
use crate::commands::checkout::{self, CheckedOut};
use crate::commands::{Context, Exit, Failure, recorded};
use crate::experiments::apply::Plan;
use crate::experiments::{Experiment, refs};
use crate::pipeline::Project;
use crate::pipeline::run::Guard;
use crate::relpath::RelPath;
use crate::store::{Entry, Error, Overwrite, Store, Work, pointer};
use crate::ui::{Page, Report};
use crate::workspace::Workspace;

#[derive(Serialize)]
struct Applied {
    name: String,
    commit: String,
    baseline: String,
    written: Vec<RelPath>,
    removed: Vec<RelPath>,
    data: Vec<CheckedOut>,
}

impl Report for Applied {
    const KIND: &'static str = "exp-apply";

    fn human(&self, page: &mut Page) {
        let changed: Vec<&CheckedOut> = self.data.iter().filter(|path| !path.changed.is_empty()).collect();
        if self.written.is_empty() && self.removed.is_empty() && changed.is_empty() {
            page.line(format!("The workspace is `{}` already.", self.name));
            return;
        }
        page.line(format!("The workspace is `{}` now.", self.name));
        for path in &self.written {
            page.line(format!("  wrote {path}"));
        }
        for path in &self.removed {
            page.line(format!("  removed {path}"));
        }
        if !changed.is_empty() {
            page.table(&checkout::table_of(changed));
        }
    }
}

pub fn run(context: &Context, args: &ExpApplyArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let wanted = refs::find(&workspace, &args.name)?;
    let _guard = Guard::take(&workspace, work)?;
    let _lock = workspace.lock(work.observer, work.interrupt)?;
    let project = Project::load(&workspace)?;
    let plan = Plan::new(&project, &wanted, args.force)?;
    if plan.elsewhere {
        let from = short(&wanted.baseline);
        context
            .ui
            .note(format!("`{}` started from {from}, another commit than this: only the files that it changed are taken", wanted.name));
    }
    let store = Store::open(&workspace)?;
    let data = data(&workspace, &wanted, &plan)?;
    let overwrite = if args.force { Overwrite::Force } else { Overwrite::Refuse };
    // Data first: where it cannot be overwritten, the files stay as they are, too.
    let done = checkout::all(&store, data, overwrite, false, &work);
    store.flush()?;
    let (paths, problem) = done?;
    if matches!(problem, None | Some(Error::Incomplete { .. })) {
        plan.apply(&project)?;
    }
    if let Some(problem) = problem {
        let hint = format!(
            "`derm fetch --rev {}` or `derm exp pull` brings what a remote has, `derm repro` makes it again",
            short(&wanted.commit)
        );
        return Err(Failure::from(problem).hint(hint));
    }
    let (name, commit, baseline) = (wanted.name, wanted.commit, wanted.baseline);
    context.ui.show(&Applied { name, commit, baseline, written: plan.write, removed: plan.remove, data: paths })?;
    Ok(Exit::Done)
}

/// The data that the experiment has; of one of another commit, what it changed.
fn data(workspace: &Workspace, wanted: &Experiment, plan: &Plan) -> Result<Vec<(RelPath, Entry)>, Failure> {
    let own = recorded::at(workspace, &wanted.commit)?;
    let before: BTreeMap<RelPath, Entry> = match plan.elsewhere {
        true => recorded::at(workspace, &wanted.baseline)?,
        false => recorded::now(workspace)?
            .into_iter()
            .filter(|(path, _)| pointer::covering(workspace, path).is_ok_and(|found| found.is_some()))
            .collect(),
    };
    Ok(own.into_iter().filter(|(path, entry)| before.get(path) != Some(entry)).collect())
}
