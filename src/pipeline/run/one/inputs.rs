//! What a stage reads: before its commands run, and whether it still is that afterwards.

use std::collections::{BTreeMap, BTreeSet};

use super::One;
use crate::pipeline::Error;
use crate::pipeline::decide::{World, values};
use crate::pipeline::lock::Record;
use crate::relpath::RelPath;
use crate::store;
use crate::text;

impl One<'_> {
    /// The inputs as they are before the commands run.
    pub(super) fn inputs(&self) -> Result<Record, Error> {
        let mut deps = BTreeMap::new();
        for path in &self.stage.deps {
            // What this run has just made and hashed need not be read again.
            let entry = if self.made_here(path) { self.run.disk.entry(path)? } else { self.run.disk.look(path)? };
            let entry = entry.ok_or_else(|| self.missing_dep(path))?;
            deps.insert(path.clone(), entry);
        }
        Ok(Record {
            cmd: self.stage.cmd.clone(),
            deps,
            params: self.params()?,
            outs: BTreeMap::new(),
            uncached: BTreeSet::new(),
            changed: Vec::new(),
        })
    }

    fn made_here(&self, path: &RelPath) -> bool {
        let project = self.run.project;
        let needs = &project.graph.needs[self.index];
        needs.iter().any(|need| self.run.owns(*need) && project.stages[*need].outs.iter().any(|out| out.path == *path))
    }

    fn missing_dep(&self, path: &RelPath) -> Error {
        let tracked = store::pointer::covering(&self.run.project.workspace, path).is_ok_and(|found| found.is_some());
        Error::MissingDep { stage: self.label().to_owned(), path: path.clone(), tracked }
    }

    fn params(&self) -> Result<BTreeMap<RelPath, BTreeMap<String, crate::pipeline::value::Value>>, Error> {
        let mut found = BTreeMap::new();
        for params in &self.stage.params {
            let mut keys = BTreeMap::new();
            for (key, value) in values(params, &self.run.disk)? {
                keys.insert(key.clone(), value.ok_or_else(|| self.missing_param(&params.file, key))?);
            }
            found.insert(params.file.clone(), keys);
        }
        Ok(found)
    }

    fn missing_param(&self, file: &RelPath, key: String) -> Error {
        let content = self.run.disk.params(file).ok().flatten();
        let near = content.and_then(|value| {
            let leaves: Vec<String> = value.leaves().into_iter().map(|(key, _)| key).collect();
            text::suggest(&key, leaves.iter().map(String::as_str)).map(str::to_owned)
        });
        Error::MissingParam { stage: self.label().to_owned(), file: file.clone(), key, near }
    }

    /// A frozen stage: what is there is what counts.
    pub(super) fn frozen(&self) -> Result<Record, Error> {
        let mut record = Record {
            cmd: self.stage.cmd.clone(),
            deps: BTreeMap::new(),
            params: BTreeMap::new(),
            outs: BTreeMap::new(),
            uncached: BTreeSet::new(),
            changed: Vec::new(),
        };
        for path in &self.stage.deps {
            record.deps.extend(self.run.disk.entry(path)?.map(|entry| (path.clone(), entry)));
        }
        for params in &self.stage.params {
            let keys = values(params, &self.run.disk)?.into_iter().filter_map(|(key, value)| Some((key, value?)));
            record.params.insert(params.file.clone(), keys.collect());
        }
        for out in &self.stage.outs {
            if self.run.disk.entry(&out.path)?.is_none() {
                return Err(Error::FrozenOutMissing { stage: self.label().to_owned(), path: out.path.clone() });
            }
        }
        Ok(record)
    }

    /// Inputs that are no longer what they were before the commands ran.
    pub(super) fn changed(&self, record: &Record) -> Result<Vec<RelPath>, Error> {
        let mut changed = Vec::new();
        for (path, before) in &record.deps {
            if self.run.disk.look(path)?.as_ref() != Some(before) {
                changed.push(path.clone());
            }
        }
        for params in &self.stage.params {
            let before = record.params.get(&params.file);
            // A file that cannot be read any more has changed.
            let now = values(params, &self.run.disk).unwrap_or_default();
            let same = before.is_some_and(|before| {
                before.len() == now.len()
                    && now.iter().all(|(key, value)| matches!((before.get(key), value), (Some(a), Some(b)) if a.same(b)))
            });
            if !same {
                changed.push(params.file.clone());
            }
        }
        Ok(changed)
    }
}
