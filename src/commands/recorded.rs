//! What pointers and pipelines' locks name: in the workspace, at a revision, in many; and which of it a user asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, Failure};
use crate::cli::scope::ScopeArgs;
use crate::experiments::{queue, refs};
use crate::pipeline;
use crate::relpath::RelPath;
use crate::store::pointer::{self, Pointer};
use crate::store::{Entry, Error, Store};
use crate::workspace::{History, Revision, Workspace};

/// Everything that a pointer or a lock of the workspace names, pointers first.
pub fn now(workspace: &Workspace) -> Result<Vec<(RelPath, Entry)>, Failure> {
    let pointers = pointer::find_all(workspace)?.into_iter().map(|(path, pointer)| (path, pointer.entry));
    Ok(pointers.chain(pipeline::outputs(workspace)?).collect())
}

/// What the pointers and the locks of a revision name, by path.
pub fn at(workspace: &Workspace, name: &str) -> Result<BTreeMap<RelPath, Entry>, Failure> {
    of_revision(&workspace.revision(name)?, name)
}

/// The same of a revision that is open.
pub fn of_revision(revision: &Revision, name: &str) -> Result<BTreeMap<RelPath, Entry>, Failure> {
    let mut found = BTreeMap::new();
    for file in revision.files(|path| pointer::target_of(path).is_some())? {
        let (Some(target), Some(bytes)) = (pointer::target_of(&file), revision.read(&file)?) else { continue };
        let pointer = Pointer::parse(&target, &bytes);
        found.insert(target, pointer.map_err(|error| Failure::from(error).cause(format!("in revision `{name}`")))?.entry);
    }
    found.extend(pipeline::outputs_at(revision).map_err(|error| Failure::from(error).cause(format!("in revision `{name}`")))?);
    Ok(found)
}

/// What the commits of a scope name, each path and content once. Not the workspace.
pub fn over(workspace: &Workspace, scope: &ScopeArgs) -> Result<Vec<(RelPath, Entry)>, Failure> {
    let history = History { branches: scope.all_branches, tags: scope.all_tags, commits: scope.all_commits, revisions: scope.rev.clone() };
    if history.is_empty() {
        return Ok(Vec::new());
    }
    let mut found: Vec<(RelPath, Entry)> = Vec::new();
    for (commit, _) in workspace.commits(&history)? {
        found.extend(at(workspace, &commit)?);
    }
    found.sort_by(|a, b| (&a.0, a.1.id).cmp(&(&b.0, b.1.id)));
    found.dedup();
    Ok(found)
}

/// What experiments need: those that there are, those that wait, and those that were stopped half-way. Nothing without git.
pub fn of_experiments(workspace: &Workspace) -> Result<Vec<(RelPath, Entry)>, Failure> {
    if workspace.below_git().is_none() {
        return Ok(Vec::new());
    }
    // Experiments, snapshots, and what sweeps start from.
    let mut commits: BTreeSet<String> = workspace.refs(refs::OWN)?.into_iter().map(|(_, commit)| commit).collect();
    for entry in queue::list(workspace)? {
        commits.extend([entry.spec.snapshot.baseline, entry.spec.snapshot.files]);
    }
    let mut found = Vec::new();
    for commit in commits {
        found.extend(at(workspace, &commit)?);
    }
    for inside in queue::worktrees(workspace) {
        found.extend(now(&inside)?);
    }
    Ok(found)
}

/// What the targets name: tracked paths and outputs of stages, parts of them, or all of them below a folder. Everything without targets.
pub fn targets(context: &Context, workspace: &Workspace, store: &Store, typed: &[String]) -> Result<Vec<(RelPath, Entry)>, Failure> {
    targets_with(context, workspace, typed, |target, entry, path| part(store, target, entry, path))
}

/// As [`targets`], with a way of its own to find a part of a tracked path: `(tracked path, its entry, path inside)`.
pub fn targets_with(
    context: &Context,
    workspace: &Workspace,
    typed: &[String],
    part: impl Fn(&RelPath, &Entry, &RelPath) -> Result<Entry, Error>,
) -> Result<Vec<(RelPath, Entry)>, Failure> {
    if typed.is_empty() {
        return now(workspace);
    }
    let entries = |found: Vec<(RelPath, Pointer)>| found.into_iter().map(|(path, pointer)| (path, pointer.entry));
    let made = pipeline::outputs(workspace)?;
    let mut wanted: Vec<(RelPath, Entry)> = Vec::new();
    for typed in typed {
        let typed = workspace.relative(&context.cwd, typed.as_ref())?;
        let path = pointer::target_of(&typed).unwrap_or(typed);
        match pointer::covering(workspace, &path)? {
            Some((target, pointer)) => wanted.push((path.clone(), part(&target, &pointer.entry, &path)?)),
            None => match made.iter().find(|(output, _)| path.is_within(output)) {
                Some((output, entry)) => wanted.push((path.clone(), part(output, entry, &path)?)),
                None => {
                    let below = entries(pointer::find_below(workspace, &path)?);
                    let made_below = made.iter().filter(|(output, _)| output.is_within(&path)).cloned();
                    let below: Vec<(RelPath, Entry)> = below.chain(made_below).collect();
                    if below.is_empty() {
                        return Err(Error::NotTracked(path).into());
                    }
                    wanted.extend(below);
                }
            },
        }
    }
    wanted.sort_by(|a, b| a.0.cmp(&b.0));
    wanted.dedup_by(|a, b| a.0 == b.0);
    Ok(wanted)
}

/// The entry of `path`, which is the tracked `target` or lies inside it.
pub fn part(store: &Store, target: &RelPath, entry: &Entry, path: &RelPath) -> Result<Entry, Error> {
    let inside = path.as_str().strip_prefix(target.as_str()).unwrap_or_default().trim_start_matches('/');
    let inside = RelPath::new(inside).unwrap_or_default();
    store.find(entry, &inside)?.ok_or_else(|| Error::NotTracked(path.clone()))
}
