//! Taking what is there for what a stage used and made, without running it: DVC's `commit`.
//!
//! The command as defined now, the present content of deps, the present values of parameters and the present outputs
//! become the record, and cached outputs go into the cache: "I know, do not run it again". The run cache learns nothing,
//! because nothing shows that these outputs follow from these inputs. All stages are read before the first lock is
//! written, each lock whole; no `derm repro` runs meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::{World, values};
use super::lock::{self, Lock, Record};
use super::run::{Guard, save_out};
use super::world::Disk;
use super::{Error, Project};
use crate::store::{self, Store, Work};
use crate::workspace::atomic;

/// A stage whose record was written anew.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Index of the stage.
    pub stage: usize,
    /// Whether the lock says something else now.
    pub changed: bool,
}

/// What became of the stages.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Those that were recorded, in the order in which they come after each other.
    pub committed: Vec<Committed>,
    /// Those that were left alone because something that they read or make is not there.
    pub absent: Vec<usize>,
}

/// Records `stages`. `lenient`: a stage that lacks an input or an output is left alone instead of being an error.
///
/// The caller holds the repository's lock.
///
/// # Errors
/// A dep, parameter or output that is not there, or what keeps a file from being read or written.
pub fn commit(project: &Project, stages: &[usize], lenient: bool, store: &Store, work: Work<'_>) -> Result<Outcome, Error> {
    let disk = Disk::new(store, &project.files, work);
    let mut locks = project.locks()?;
    let mut outcome = Outcome::default();
    for &index in project.graph.order.iter().filter(|index| stages.contains(index)) {
        let record = match present(project, index, &disk) {
            Ok(record) => record,
            Err(Error::MissingDep { .. } | Error::MissingParam { .. } | Error::NothingToRecord { .. }) if lenient => {
                outcome.absent.push(index);
                continue;
            }
            Err(error) => return Err(error),
        };
        let stage = &project.stages[index];
        let changed = locks[stage.pipeline].get(&stage.name) != Some(&record);
        locks[stage.pipeline].insert(stage.name.clone(), record);
        outcome.committed.push(Committed { stage: index, changed });
    }
    write(project, &mut locks, &outcome)?;
    Ok(outcome)
}

/// Keeps `derm repro` away until it is dropped; to be taken before the repository's lock.
///
/// # Errors
/// Inside a stage of the same repository.
pub fn alone(project: &Project, work: Work<'_>) -> Result<Guard, Error> {
    Guard::take(&project.workspace, work)
}

/// A stage's record from what is there. Checks everything before it saves the first output.
fn present(project: &Project, index: usize, disk: &Disk) -> Result<Record, Error> {
    let stage = &project.stages[index];
    let label = || project.label(index).to_owned();
    let mut record = Record {
        cmd: stage.cmd.clone(),
        deps: BTreeMap::new(),
        params: BTreeMap::new(),
        outs: BTreeMap::new(),
        uncached: BTreeSet::new(),
        changed: Vec::new(),
    };
    for path in &stage.deps {
        let missing = || Error::MissingDep {
            stage: label(),
            path: path.clone(),
            tracked: store::pointer::covering(&project.workspace, path).is_ok_and(|found| found.is_some()),
        };
        record.deps.insert(path.clone(), disk.entry(path)?.ok_or_else(missing)?);
    }
    for params in &stage.params {
        let mut keys = BTreeMap::new();
        for (key, value) in values(params, disk)? {
            let missing = || Error::MissingParam { stage: label(), file: params.file.clone(), key: key.clone(), near: None };
            keys.insert(key.clone(), value.ok_or_else(missing)?);
        }
        record.params.insert(params.file.clone(), keys);
    }
    for out in &stage.outs {
        if out.path.on_disk(project.workspace.root()).symlink_metadata().is_err() {
            return Err(Error::NothingToRecord { stage: label(), path: out.path.clone() });
        }
    }
    for out in &stage.outs {
        let entry = save_out(&project.workspace, disk.store, out, &disk.work)?;
        if !out.cache {
            record.uncached.insert(out.path.clone());
        }
        disk.note(&out.path, &entry);
        record.outs.insert(out.path.clone(), entry);
    }
    Ok(record)
}

fn write(project: &Project, locks: &mut [Lock], outcome: &Outcome) -> Result<(), Error> {
    let changed: BTreeSet<usize> =
        outcome.committed.iter().filter(|done| done.changed).map(|done| project.stages[done.stage].pipeline).collect();
    for index in changed {
        let names: BTreeSet<&str> =
            project.stages.iter().filter(|stage| stage.pipeline == index).map(|stage| stage.name.as_str()).collect();
        locks[index].retain(|name, _| names.contains(name.as_str()));
        let path = project.pipelines[index].lock.on_disk(project.workspace.root());
        atomic::write(&path, lock::to_yaml(&locks[index]).as_bytes())?;
    }
    Ok(())
}
