//! `dvc.lock` to `derm.lock`.
//!
//! First what stages made is taken over, then, after the pointers were written, what they read is looked at: that needs no
//! place in the cache.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use rayon::prelude::*;

use super::content::Contents;
use super::theirs::{self, Item, LockedStage};
use super::{Outcome, TakenLock};
use crate::pipeline::lock::{self, Lock, Record};
use crate::pipeline::problem::Source;
use crate::pipeline::stage::{Out, Stage};
use crate::pipeline::{Error, Project};
use crate::relpath::RelPath;
use crate::store::Entry;
use crate::workspace::atomic;

/// A lock of DVC's beside a `dvc.yaml`.
pub struct Theirs {
    pipeline: usize,
    from: RelPath,
    stages: IndexMap<String, LockedStage>,
}

/// Content by path.
type Taken = BTreeMap<RelPath, Entry>;

/// Reads the locks and takes over what stages made.
pub fn read(project: &Project, contents: &Contents, outcome: &mut Outcome) -> Result<Vec<Theirs>, Error> {
    let mut found = Vec::new();
    for (pipeline, definition) in project.pipelines.iter().enumerate().filter(|(_, pipeline)| pipeline.file.name() == Some("dvc.yaml")) {
        let from = definition.base.join("dvc.lock");
        let path = from.on_disk(project.workspace.root());
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        match theirs::lock(&Source { path: from.clone(), text: String::from_utf8_lossy(&bytes).into() }) {
            Ok(stages) => found.push(Theirs { pipeline, from, stages }),
            Err(problems) => outcome.leave_file(&from, &problems),
        }
    }
    let ours = project.locks()?;
    for theirs in &found {
        let each = |(stage, locked): (&Stage, &LockedStage)| -> Result<_, Error> {
            let known = ours[theirs.pipeline].get(&stage.name);
            let missing = |item: &&Item| is_cached(stage, item) && lacks(known.map(|known| &known.outs), stage, item);
            let items: Vec<&Item> = locked.outs.iter().filter(missing).collect();
            let (_, wrong) = take(stage, &items, contents, true)?;
            Ok(wrong.into_iter().map(|(_, path, reason)| (path, reason)).collect::<Vec<_>>())
        };
        let pairs: Vec<(&Stage, &LockedStage)> = theirs.pairs(project).collect();
        for wrong in pairs.into_par_iter().map(each).collect::<Result<Vec<_>, Error>>()? {
            wrong.iter().for_each(|(path, reason)| outcome.leave(path, &theirs.from, reason));
        }
    }
    Ok(found)
}

/// Looks at what stages read, and writes the locks.
pub fn write(project: &Project, all: Vec<Theirs>, contents: &Contents, dry: bool, outcome: &mut Outcome) -> Result<(), Error> {
    let locks = project.locks()?;
    for theirs in all {
        let mut lock = locks[theirs.pipeline].clone();
        let definition = &project.pipelines[theirs.pipeline];
        let mut new = 0;
        let pairs: Vec<(&Stage, &LockedStage)> = theirs.pairs(project).collect();
        for (stage, locked) in &pairs {
            new += usize::from(record(stage, locked, &mut lock, contents, outcome)?);
        }
        if new > 0 && !dry {
            atomic::write(&definition.lock.on_disk(project.workspace.root()), lock::to_yaml(&lock).as_bytes())?;
        }
        outcome.locks.push(TakenLock { from: theirs.from.clone(), lock: definition.lock.clone(), stages: pairs.len(), new });
    }
    Ok(())
}

impl Theirs {
    /// Stages that are still defined, with what DVC recorded of them.
    fn pairs<'a>(&'a self, project: &'a Project) -> impl Iterator<Item = (&'a Stage, &'a LockedStage)> {
        let stages = project.stages.iter().filter(|stage| stage.pipeline == self.pipeline);
        stages.filter_map(|stage| Some((stage, self.stages.get(&stage.name)?)))
    }
}

/// Puts a stage's record into the lock, or completes it; `true` when that changed it.
fn record(stage: &Stage, locked: &LockedStage, lock: &mut Lock, contents: &Contents, outcome: &mut Outcome) -> Result<bool, Error> {
    let before = lock.get(&stage.name).cloned();
    // A stage that ran since with another command has a record of its own: DVC's is older.
    if before.as_ref().is_some_and(|record| record.cmd != locked.cmd) {
        return Ok(false);
    }
    let mut record = before.clone().unwrap_or_else(|| Record {
        cmd: locked.cmd.clone(),
        deps: BTreeMap::new(),
        params: params(stage, locked),
        outs: BTreeMap::new(),
        uncached: stage.outs.iter().filter(|out| !out.cache).map(|out| out.path.clone()).collect(),
        changed: Vec::new(),
    });
    for (items, entries, what) in [(&locked.deps, &mut record.deps, "reads"), (&locked.outs, &mut record.outs, "made")] {
        let missing: Vec<&Item> = items.iter().filter(|item| lacks(Some(entries), stage, item)).collect();
        let (taken, wrong) = take(stage, &missing, contents, false)?;
        entries.extend(taken);
        for (item, path, reason) in wrong {
            let is_error = what == "made" && is_cached(stage, item);
            if !is_error {
                outcome
                    .remarks
                    .push(format!("stage `{}` stays stale: what it {what} at `{path}` is not what it was ({reason})", stage.name));
            }
        }
    }
    record.uncached.retain(|path| record.outs.contains_key(path));
    let new = before.as_ref() != Some(&record);
    lock.insert(stage.name.clone(), record);
    Ok(new)
}

/// What the items are for derm, and which could not be verified.
#[allow(clippy::type_complexity)]
fn take<'a>(
    stage: &Stage,
    items: &[&'a Item],
    contents: &Contents,
    store: bool,
) -> Result<(Taken, Vec<(&'a Item, RelPath, String)>), Error> {
    let each = |item: &&'a Item| -> Result<_, Error> {
        let (Some(path), Some(hash)) = (place(stage, item), &item.hash) else { return Ok(None) };
        Ok(Some((*item, path.clone(), contents.entry(&path, hash, store)?)))
    };
    let (mut taken, mut wrong) = (Taken::new(), Vec::new());
    for (item, path, entry) in items.par_iter().map(each).collect::<Result<Vec<_>, Error>>()?.into_iter().flatten() {
        match entry {
            Ok(entry) => drop(taken.insert(path, entry)),
            Err(reasons) => wrong.extend(reasons.into_iter().map(|(path, reason)| (item, path, reason))),
        }
    }
    Ok((taken, wrong))
}

fn place(stage: &Stage, item: &Item) -> Option<RelPath> {
    RelPath::resolve(&stage.wdir, &item.path).ok().filter(|path| !path.is_root() && !item.path.contains("://"))
}

/// Whether there is no record of an item yet.
fn lacks(known: Option<&Taken>, stage: &Stage, item: &Item) -> bool {
    place(stage, item).is_some_and(|path| known.is_none_or(|known| !known.contains_key(&path)))
}

/// Whether DVC's cache keeps an output.
fn is_cached(stage: &Stage, item: &Item) -> bool {
    let path = place(stage, item);
    let is_it = |out: &&Out| Some(&out.path) == path.as_ref();
    stage.outs.iter().find(is_it).is_none_or(|out| out.cache)
}

fn params(stage: &Stage, locked: &LockedStage) -> BTreeMap<RelPath, BTreeMap<String, crate::pipeline::value::Value>> {
    let file = |(file, keys): &(String, Vec<_>)| Some((RelPath::resolve(&stage.wdir, file).ok()?, keys.iter().cloned().collect()));
    locked.params.iter().filter_map(file).collect()
}
