//! `derm exp`.

mod apply;
mod diff;
mod here;
mod list;
mod manage;
mod run;
mod show;
mod transfer;

use std::collections::BTreeSet;

use super::{Context, Exit, Failure};
use crate::cli::exp::{ExpArgs, ExpCommand, ExpScopeArgs};
use crate::experiments::{Experiment, refs, snapshot};
use crate::workspace::Workspace;

pub fn run(context: &Context, args: &ExpArgs) -> Result<Exit, Failure> {
    match &args.command {
        ExpCommand::Run(args) => run::run(context, args),
        ExpCommand::Save(args) => here::save(context, args),
        ExpCommand::List(args) => list::run(context, args),
        ExpCommand::Show(args) => show::run(context, args),
        ExpCommand::Diff(args) => diff::run(context, args),
        ExpCommand::Apply(args) => apply::run(context, args),
        ExpCommand::Branch(args) => manage::branch(context, args),
        ExpCommand::Remove(args) => manage::remove(context, args),
        ExpCommand::Rename(args) => manage::rename(context, args),
        ExpCommand::Push(args) => transfer::push(context, args),
        ExpCommand::Pull(args) => transfer::pull(context, args),
    }
}

/// The commits that a scope names: those asked for, else the one that is checked out. `None` is all.
fn baselines(workspace: &Workspace, scope: &ExpScopeArgs) -> Result<Option<BTreeSet<String>>, Failure> {
    // An experiment needs a repository with a commit, whatever is asked for.
    let head = snapshot::head(workspace)?;
    if scope.all_commits {
        return Ok(None);
    }
    if scope.rev.is_empty() {
        return Ok(Some([head].into()));
    }
    let mut found = BTreeSet::new();
    for rev in &scope.rev {
        found.insert(workspace.revision(rev)?.commit().to_owned());
    }
    Ok(Some(found))
}

/// The experiments of a scope, oldest first.
fn of_scope(workspace: &Workspace, scope: &ExpScopeArgs) -> Result<Vec<Experiment>, Failure> {
    let baselines = baselines(workspace, scope)?;
    let mut all = refs::all(workspace)?;
    all.retain(|one| baselines.as_ref().is_none_or(|wanted| wanted.contains(&one.baseline)));
    Ok(all)
}

/// The first digits of a commit.
fn short(commit: &str) -> &str {
    &commit[..commit.len().min(7)]
}
