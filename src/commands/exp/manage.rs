//! `derm exp branch`, `remove` and `rename`.

use serde::Serialize;

use super::{baselines, of_scope, short};
use crate::cli::exp::{ExpBranchArgs, ExpRemoveArgs, ExpRenameArgs};
use crate::commands::{Context, Exit, Failure};
use crate::experiments::queue::{self, Entry, State};
use crate::experiments::{Error, Experiment, refs, snapshot};
use crate::text;
use crate::ui::{Page, Report};

#[derive(Serialize)]
struct Branched {
    name: String,
    branch: String,
    commit: String,
}

impl Report for Branched {
    const KIND: &'static str = "exp-branch";

    fn human(&self, page: &mut Page) {
        page.line(format!("branch `{}` is at the experiment `{}` ({})", self.branch, self.name, short(&self.commit)));
        page.blank().line(format!("To go there: git switch {} && derm checkout", text::shell_word(&self.branch)));
    }
}

pub fn branch(context: &Context, args: &ExpBranchArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let found = refs::find(&workspace, &args.name)?;
    let branch = args.branch.clone().unwrap_or_else(|| format!("{}-branch", found.name));
    if !workspace.make_branch(&branch, &found.commit)? {
        return Err(Error::BranchTaken(branch).into());
    }
    context.ui.show(&Branched { name: found.name, branch, commit: found.commit })?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Removed {
    experiments: Vec<String>,
    queue: Vec<String>,
}

impl Report for Removed {
    const KIND: &'static str = "exp-remove";

    fn human(&self, page: &mut Page) {
        if self.experiments.is_empty() && self.queue.is_empty() {
            page.line("nothing to remove");
            return;
        }
        if !self.experiments.is_empty() {
            page.line(format!("removed {}", text::quoted_list(&self.experiments)));
        }
        if !self.queue.is_empty() {
            page.line(format!("removed from the queue {}", text::quoted_list(&self.queue)));
        }
    }
}

pub fn remove(context: &Context, args: &ExpRemoveArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let scoped = args.scope.all_commits || !args.scope.rev.is_empty();
    if args.names.is_empty() && !args.queue && !scoped {
        return Err(Failure::usage("nothing to remove was named")
            .hint("name experiments, or what waits: `derm exp remove NAME…`")
            .hint("everything that waits or failed: `--queue`; all experiments of a commit: `--rev REV`; of all commits: `-A`"));
    }
    let entries = queue::list(&workspace)?;
    let mut gone: Vec<Experiment> = if scoped && !args.queue { of_scope(&workspace, &args.scope)? } else { Vec::new() };
    let wanted = if scoped { baselines(&workspace, &args.scope)? } else { None };
    let mut dropped: Vec<&Entry> = entries
        .iter()
        .filter(|entry| args.queue && entry.state != State::Running)
        .filter(|entry| wanted.as_ref().is_none_or(|wanted| wanted.contains(&entry.spec.snapshot.baseline)))
        .collect();
    let head = snapshot::head(&workspace)?;
    for name in &args.names {
        let mut waits: Vec<&Entry> = entries.iter().filter(|entry| entry.spec.name == *name).collect();
        waits.sort_by_key(|entry| entry.spec.snapshot.baseline != head);
        match (refs::find(&workspace, name), waits.first()) {
            (Ok(found), _) => gone.push(found),
            (Err(Error::Unknown { .. }), Some(entry)) => dropped.push(entry),
            (Err(error), _) => return Err(error.into()),
        }
    }
    for one in &gone {
        workspace.remove_ref(&one.reference())?;
    }
    for entry in &dropped {
        queue::remove(&workspace, entry)?;
    }
    queue::tidy(&workspace)?;
    let experiments = gone.into_iter().map(|one| one.name).collect();
    let queue = dropped.iter().map(|entry| entry.spec.name.clone()).collect();
    context.ui.show(&Removed { experiments, queue })?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Renamed {
    from: String,
    to: String,
}

impl Report for Renamed {
    const KIND: &'static str = "exp-rename";

    fn human(&self, page: &mut Page) {
        page.line(format!("`{}` is called `{}` now", self.from, self.to));
    }
}

pub fn rename(context: &Context, args: &ExpRenameArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let found = refs::find(&workspace, &args.name)?;
    refs::check_name(&args.new)?;
    if args.new != found.name {
        if !workspace.set_ref(&refs::reference(&found.baseline, &args.new), &found.commit, args.force)? {
            return Err(Error::Taken(args.new.clone()).into());
        }
        workspace.remove_ref(&found.reference())?;
    }
    context.ui.show(&Renamed { from: found.name, to: args.new.clone() })?;
    Ok(Exit::Done)
}
