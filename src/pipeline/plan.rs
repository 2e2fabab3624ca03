//! What a run would do, without doing it: `repro --dry` and `status`.
//!
//! A stage after one that will run may still turn out fresh (early cut-off), so it is `Maybe`. Outputs that will only be
//! restored are taken as if they were there. Works in a fresh clone, where nothing but the locks exists.

use std::collections::HashMap;

use serde::Serialize;

use super::decide::{World, decide};
use super::lock::Lock;
use super::missing::{Lenient, Made};
use super::reason::{Reason, Verdict};
use super::stage::Stage;
use super::value::Value;
use super::{Error, Project};
use crate::relpath::RelPath;
use crate::store::{Entry, FileChange, Store};

/// What would happen to a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Next {
    /// Nothing.
    Fresh,
    /// Its outputs are taken from the cache.
    Restore,
    /// It runs.
    Run,
    /// It runs, unless the stages before it make the same as last time.
    Maybe,
}

/// A stage and what would happen to it.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Index of the stage.
    pub stage: usize,
    /// What would happen.
    pub next: Next,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// What a run was asked to do besides.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// `--force`
    pub forced: bool,
    /// `--force-downstream`
    pub downstream: bool,
    /// `--allow-missing`
    pub lenient: bool,
}

/// Looks at the `wanted` stages in their order.
pub fn plan(project: &Project, locks: &[Lock], wanted: &[bool], forced: bool, world: &dyn World) -> Result<Vec<Planned>, Error> {
    each(project, locks, wanted, Asked { forced, ..Asked::default() }, world, None)
}

/// As [`plan`], for all that a run may be asked to do.
pub fn plan_with(
    project: &Project,
    locks: &[Lock],
    wanted: &[bool],
    how: Asked,
    world: &dyn World,
    store: &Store,
) -> Result<Vec<Planned>, Error> {
    each(project, locks, wanted, how, world, Some(store))
}

fn each(
    project: &Project,
    locks: &[Lock],
    wanted: &[bool],
    how: Asked,
    world: &dyn World,
    store: Option<&Store>,
) -> Result<Vec<Planned>, Error> {
    let mut ahead = Ahead { world, restored: HashMap::new() };
    let made = how.lenient.then(|| Made::new(locks));
    let mut next: HashMap<usize, Next> = HashMap::new();
    let mut planned = Vec::new();
    for &index in project.graph.order.iter().filter(|index| wanted[**index]) {
        let stage = &project.stages[index];
        let record = locks[stage.pipeline].get(&stage.name);
        let needs = &project.graph.needs[index];
        let follows = how.downstream && needs.iter().any(|need| next.get(need).is_some_and(|next| *next != Next::Fresh));
        let forced = (how.forced || follows) && !stage.frozen;
        let verdict = match (&made, store) {
            (Some(made), Some(store)) => decide(stage, record, forced, &Lenient { world: &ahead, project, store, made, record })?,
            _ => decide(stage, record, forced, &ahead)?,
        };
        let before: Vec<usize> = match stage.frozen {
            true => Vec::new(),
            false => needs.iter().copied().filter(|need| matches!(next.get(need), Some(Next::Run | Next::Maybe))).collect(),
        };
        let item = with_upstream(project, index, verdict, &before);
        if item.next == Next::Restore {
            ahead.restored.extend(record.into_iter().flat_map(|record| record.outs.clone()));
        }
        next.insert(index, item.next);
        planned.push(item);
    }
    Ok(planned)
}

/// Inputs that stages before it will make anew say nothing yet: one reason stands for all of them.
fn with_upstream(project: &Project, index: usize, verdict: Verdict, before: &[usize]) -> Planned {
    let next = match &verdict {
        Verdict::Fresh => Next::Fresh,
        Verdict::Restore(_) => Next::Restore,
        Verdict::Stale(_) => Next::Run,
    };
    let mut reasons = verdict.reasons().to_vec();
    if before.is_empty() {
        return Planned { stage: index, next, reasons };
    }
    reasons
        .retain(|reason| !matches!(reason, Reason::Dep { path, .. } if before.iter().any(|maker| touches(&project.stages[*maker], path))));
    let certain = next == Next::Run && !reasons.is_empty() && !reasons.iter().all(|reason| matches!(reason, Reason::Out { .. }));
    reasons.push(Reason::Upstream { stages: before.iter().map(|maker| project.label(*maker).to_owned()).collect() });
    Planned { stage: index, next: if certain { Next::Run } else { Next::Maybe }, reasons }
}

fn touches(maker: &Stage, path: &RelPath) -> bool {
    maker.outs.iter().any(|out| path.is_within(&out.path) || out.path.is_within(path))
}

/// The world as it will be after the restores.
struct Ahead<'a> {
    world: &'a dyn World,
    restored: HashMap<RelPath, Entry>,
}

impl World for Ahead<'_> {
    fn entry(&self, path: &RelPath) -> Result<Option<Entry>, Error> {
        match self.restored.get(path) {
            Some(entry) => Ok(Some(entry.clone())),
            None => self.world.entry(path),
        }
    }

    fn in_cache(&self, entry: &Entry) -> bool {
        self.world.in_cache(entry)
    }

    fn diff(&self, old: &Entry, new: &Entry) -> Vec<FileChange> {
        self.world.diff(old, new)
    }

    fn params(&self, file: &RelPath) -> Result<Option<Value>, Error> {
        self.world.params(file)
    }
}
