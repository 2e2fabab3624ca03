//! When a stage is run: DVC's rules, asked in this order, the first that says yes being enough.
//!
//! | | a reason to run | not asked when frozen |
//! | --- | --- | --- |
//! | 1 | `--force` | |
//! | 2 | no record, or another command after templating (a list and a text always differ) | |
//! | 3 | no deps, params and outs at all; `always_changed: true` | yes |
//! | 4 | a dep is missing, modified or not in the record; a parameter has another value or none; an input changed while the stage last ran | yes |
//! | 5 | an out is missing, modified, not in the record or, if cached, not in the cache | |
//!
//! Never a reason: modification times; a dep, parameter or out that was taken *out* of the definition; `desc`,
//! `meta`, labels; out, metric and plot exchanged for each other; how the stage is run (`env`, `timeout`,
//! `retry`, `resources`, `shell`); bytes of a parameter file (`0.1` is `0.10`).
//!
//! Early cut-off follows: a stage is looked at when all before it are done, so one whose inputs came out the
//! same is fresh. Unlike in DVC, all reasons of the first rule that holds *and* of the rules after it are
//! collected, so that a user sees them at once. When rule 5 alone holds and the cache has every output as recorded, the
//! verdict is to restore them instead of running.
//!
//! The world is behind [`World`], so these rules are tested without files.

use std::collections::BTreeMap;

use super::Error;
use super::lock::Record;
use super::reason::{Difference, Reason, SHOWN, Verdict, command_text};
use super::stage::{Out, Params, Stage};
use super::value::Value;
use crate::relpath::RelPath;
use crate::store::{Change, Entry, FileChange};

/// What the rules ask about.
pub trait World: Sync {
    /// What is at a path now; `None` when nothing is.
    fn entry(&self, path: &RelPath) -> Result<Option<Entry>, Error>;
    /// Whether the cache holds all of an entry.
    fn in_cache(&self, entry: &Entry) -> bool;
    /// Which files differ.
    fn diff(&self, old: &Entry, new: &Entry) -> Vec<FileChange>;
    /// The content of a parameter file; `None` when it does not exist.
    fn params(&self, file: &RelPath) -> Result<Option<Value>, Error>;
}

/// Looks at one stage.
pub fn decide(stage: &Stage, record: Option<&Record>, forced: bool, world: &dyn World) -> Result<Verdict, Error> {
    let mut reasons = Vec::new();
    if forced {
        reasons.push(Reason::Forced);
    }
    match record {
        None => reasons.push(Reason::NeverRun),
        Some(record) if record.cmd != stage.cmd => {
            reasons.push(Reason::CommandChanged { old: command_text(&record.cmd), new: command_text(&stage.cmd) });
        }
        Some(_) => {}
    }
    if !stage.frozen {
        if stage.always_changed {
            reasons.push(Reason::AlwaysChanged);
        } else if stage.is_callback() {
            reasons.push(Reason::NothingToCompare);
        }
    }
    // Without a record everything is new: saying so for each path tells nobody anything.
    let Some(record) = record else { return Ok(Verdict::Stale(reasons)) };
    if !stage.frozen {
        deps(stage, record, world, &mut reasons)?;
        params(stage, record, world, &mut reasons)?;
        if !record.changed.is_empty() {
            reasons.push(Reason::ChangedDuringRun { paths: record.changed.clone() });
        }
    }
    let before = reasons.len();
    let restorable = outs(stage, record, world, &mut reasons)?;
    Ok(match (reasons.is_empty(), before == 0 && restorable) {
        (true, _) => Verdict::Fresh,
        (false, true) => Verdict::Restore(reasons),
        (false, false) => Verdict::Stale(reasons),
    })
}

fn deps(stage: &Stage, record: &Record, world: &dyn World, reasons: &mut Vec<Reason>) -> Result<(), Error> {
    for path in &stage.deps {
        let reason = |change, files, count| Reason::Dep { path: path.clone(), change, files, count };
        match (record.deps.get(path), world.entry(path)?) {
            (_, None) => reasons.push(reason(Difference::Missing, Vec::new(), 0)),
            (None, Some(_)) => reasons.push(reason(Difference::New, Vec::new(), 0)),
            (Some(old), Some(new)) if *old != new => {
                let changes = world.diff(old, &new);
                let inside: Vec<String> = changes.iter().filter(|change| !change.path.is_root()).take(SHOWN).map(shown).collect();
                reasons.push(reason(Difference::Modified, inside, changes.len()));
            }
            (Some(_), Some(_)) => {}
        }
    }
    Ok(())
}

fn shown(change: &FileChange) -> String {
    match &change.change {
        Change::Added => format!("+{}", change.path),
        Change::Deleted => format!("-{}", change.path),
        Change::Modified => format!("~{}", change.path),
        Change::Renamed { from } => format!("{from} -> {}", change.path),
    }
}

fn params(stage: &Stage, record: &Record, world: &dyn World, reasons: &mut Vec<Reason>) -> Result<(), Error> {
    for params in &stage.params {
        let mut now = values(params, world)?;
        let recorded = record.params.get(&params.file);
        if params.keys.is_none() {
            // The whole file counts, and so does what is not in it any more.
            now.extend(
                recorded
                    .into_iter()
                    .flatten()
                    .filter(|(key, _)| !now.contains_key(*key))
                    .map(|(key, _)| (key.clone(), None))
                    .collect::<Vec<_>>(),
            );
        }
        for (key, new) in now {
            let old = recorded.and_then(|keys| keys.get(&key));
            let same = matches!((old, &new), (Some(old), Some(new)) if old.same(new));
            if !same {
                reasons.push(Reason::Param { file: params.file.clone(), key, old: old.cloned(), new });
            }
        }
    }
    Ok(())
}

/// The listed keys with their values now, or every top-level key of the file.
pub fn values(params: &Params, world: &dyn World) -> Result<BTreeMap<String, Option<Value>>, Error> {
    let file = world.params(&params.file)?;
    Ok(match (&params.keys, file) {
        (Some(keys), file) => {
            let value = |key: &String| file.as_ref().and_then(|file| file.select(key)).cloned();
            keys.iter().map(|key| (key.clone(), value(key))).collect()
        }
        (None, Some(Value::Map(map))) => map.into_iter().map(|(key, value)| (key, Some(value))).collect(),
        // A file that is gone, or holds no map: one key that cannot be there.
        (None, _) => [("*".to_owned(), None)].into_iter().collect(),
    })
}

/// Adds what is wrong with the outputs; says whether the record and the cache could put all of them right.
fn outs(stage: &Stage, record: &Record, world: &dyn World, reasons: &mut Vec<Reason>) -> Result<bool, Error> {
    let mut restorable = true;
    for out in &stage.outs {
        let recorded = record.outs.get(&out.path);
        if let Some(change) = out_difference(out, recorded, world)? {
            reasons.push(Reason::Out { path: out.path.clone(), change });
            restorable &= out.cache && !out.persist && recorded.is_some_and(|entry| world.in_cache(entry));
        }
    }
    Ok(restorable)
}

fn out_difference(out: &Out, recorded: Option<&Entry>, world: &dyn World) -> Result<Option<Difference>, Error> {
    Ok(match (recorded, world.entry(&out.path)?) {
        (_, None) => Some(Difference::Missing),
        (None, Some(_)) => Some(Difference::New),
        (Some(old), Some(new)) if *old != new => Some(Difference::Modified),
        (Some(old), Some(_)) if out.cache && !world.in_cache(old) => Some(Difference::NotInCache),
        (Some(_), Some(_)) => None,
    })
}

#[cfg(test)]
#[path = "decide_test.rs"]
mod tests;
