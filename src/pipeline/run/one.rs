//! One stage from its verdict to its record.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::aside::{self, Aside};
use super::guard::Held;
use super::{Action, Run};
use crate::digest::ObjectId;
use crate::observer::Interrupt;
use crate::pipeline::decide::{World, decide, values};
use crate::pipeline::error::Tail;
use crate::pipeline::executor::job::Job;
use crate::pipeline::executor::local::Local;
use crate::pipeline::executor::{Executor, Task};
use crate::pipeline::lock::Record;
use crate::pipeline::reason::{Reason, Verdict};
use crate::pipeline::stage::{Out, Place, Stage};
use crate::pipeline::{Error, runcache};
use crate::relpath::RelPath;
use crate::store::{self, Entry, Overwrite, Store, Work};
use crate::text;
use crate::workspace::{Workspace, gitignore};

/// A stage being brought up to date.
pub struct One<'a> {
    run: &'a Run<'a>,
    index: usize,
    stage: &'a Stage,
}

/// What came of it.
pub struct Done {
    pub action: Action,
    pub record: Record,
    /// Old outputs, still put back if the record cannot be written.
    pub aside: Option<Aside>,
}

impl<'a> One<'a> {
    pub fn new(run: &'a Run<'a>, index: usize) -> Self {
        Self { run, index, stage: &run.project.stages[index] }
    }

    fn work(&self) -> Work<'a> {
        self.run.disk.work
    }

    fn label(&self) -> &'a str {
        self.run.project.label(self.index)
    }

    /// Does what the verdict asks for.
    pub fn bring_up(&self, verdict: &Verdict, old: Option<&Record>) -> Result<Done, Error> {
        if let (Verdict::Restore(_), Some(old)) = (verdict, old)
            && self.restore(&old.outs)?
        {
            // Only outputs differed: command and inputs are as recorded.
            return Ok(Done { action: Action::Restored, record: old.clone(), aside: None });
        }
        if self.stage.frozen {
            return self.record_only();
        }
        let mut record = self.inputs()?;
        let key = runcache::applies(self.stage).then(|| runcache::key(self.stage, &record));
        let forced = verdict.reasons().contains(&Reason::Forced);
        if let Some(outs) = key.filter(|_| !forced).and_then(|key| runcache::find(&self.run.project.workspace, &key))
            && self.stage.outs.iter().all(|out| outs.get(&out.path).is_some_and(|entry| self.run.disk.in_cache(entry)))
            && self.restore(&outs)?
        {
            record.outs = outs;
            return Ok(Done { action: Action::Restored, record, aside: None });
        }
        self.run.listener.starts(self.index, verdict.reasons());
        let aside = self.make_room(old)?;
        self.bring_in(record, aside)
    }

    /// Runs the commands and saves what they made, or puts back what is aside.
    fn bring_in(&self, mut record: Record, aside: Aside) -> Result<Done, Error> {
        let inputs = runcache::key(self.stage, &record);
        let ran = self.run_and_save(&mut record, &inputs, &aside).and_then(|()| {
            if runcache::applies(self.stage) && record.changed.is_empty() {
                runcache::keep(&self.run.project.workspace, &inputs, &record.outs)?;
            }
            Ok(())
        });
        match ran {
            Ok(()) => Ok(Done { action: Action::Ran, record, aside: Some(aside) }),
            Err(error) => {
                self.run.disk.forget();
                // A job that may still run has the places of the outputs until the next run settles that.
                if !matches!(error, Error::JobKept { .. }) {
                    aside.put_back()?;
                    self.run.jobs.settled(self.index);
                }
                Err(error)
            }
        }
    }

    /// Goes on with a job that a derm which is gone had submitted for this stage, or ends it and looks at the stage as usual.
    pub fn take_up(&self, job: Job, old: Option<&Record>, forced: bool) -> (Vec<Reason>, Result<Done, Error>) {
        match self.try_take_up(job, old, forced) {
            Ok((reasons, result)) => (reasons, result),
            Err(error) => (Vec::new(), Err(error)),
        }
    }

    fn try_take_up(&self, job: Job, old: Option<&Record>, forced: bool) -> Result<(Vec<Reason>, Result<Done, Error>), Error> {
        let inputs = self.inputs().ok().filter(|_| !self.stage.frozen);
        let key = inputs.as_ref().map(|record| runcache::key(self.stage, record));
        let aside = self.run.jobs.take_up(self.run.project, self.index, job, key.as_ref(), self.work())?;
        if aside.is_none() {
            // Outputs may be back.
            self.run.disk.forget();
        }
        let verdict = decide(self.stage, old, forced, &self.run.disk)?;
        let reasons = verdict.reasons().to_vec();
        if let (Some(record), Some(aside)) = (inputs, aside) {
            let reasons = if reasons.is_empty() { vec![Reason::Forced] } else { reasons };
            self.run.listener.starts(self.index, &reasons);
            return Ok((reasons, self.bring_in(record, aside)));
        }
        let done = match (verdict.is_fresh(), old) {
            (true, Some(old)) => Ok(Done { action: Action::Fresh, record: old.clone(), aside: None }),
            _ => self.bring_up(&verdict, old),
        };
        Ok((reasons, done))
    }

    /// The inputs as they are before the commands run.
    fn inputs(&self) -> Result<Record, Error> {
        let mut deps = BTreeMap::new();
        for path in &self.stage.deps {
            let entry = self.run.disk.entry(path)?.ok_or_else(|| self.missing_dep(path))?;
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
    fn record_only(&self) -> Result<Done, Error> {
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
        self.save_outs(&mut record)?;
        Ok(Done { action: Action::Recorded, record, aside: None })
    }

    /// Takes outputs from the cache; `false` when the cache turns out not to have them whole.
    fn restore(&self, outs: &BTreeMap<RelPath, Entry>) -> Result<bool, Error> {
        for out in &self.stage.outs {
            let Some(entry) = outs.get(&out.path) else { return Ok(false) };
            if self.run.disk.entry(&out.path)?.as_ref() == Some(entry) {
                continue;
            }
            self.keep_edited(out, Some(entry))?;
            let _held = Held::take(&self.run.project.workspace, &self.work())?;
            match self.run.disk.store.checkout_with(entry, &out.path, Overwrite::Force, &self.work()) {
                Ok(_) => self.run.disk.note(&out.path, entry),
                Err(store::Error::Interrupted) => return Err(Error::Interrupted),
                Err(
                    store::Error::Incomplete { .. } | store::Error::NoObject(_) | store::Error::Damaged(_) | store::Error::BadTree { .. },
                ) => {
                    self.work().observer.warn(&format!("the cache does not have `{}` whole: running `{}` instead", out.path, self.label()));
                    self.run.disk.forget();
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            }
            gitignore::add(&self.run.project.workspace, &out.path)?;
        }
        Ok(true)
    }

    /// What a person put at an output's place is kept as an object before it goes.
    fn keep_edited(&self, out: &Out, recorded: Option<&Entry>) -> Result<(), Error> {
        let disk = &self.run.disk;
        let Some(there) = disk.entry(&out.path)? else { return Ok(()) };
        let made_here = recorded == Some(&there);
        if (made_here && !out.cache) || disk.in_cache(&there) {
            return Ok(());
        }
        let _held = Held::take(&self.run.project.workspace, &self.work())?;
        disk.store.save(&out.path, &self.work())?;
        if !made_here {
            let message = format!("`{}` was not what its stage made; its content is kept in the cache as {}", out.path, there.id);
            self.work().observer.note(&message);
        }
        Ok(())
    }

    /// Old outputs out of the way; those that persist become files of their own.
    fn make_room(&self, old: Option<&Record>) -> Result<Aside, Error> {
        for out in self.stage.outs.iter().filter(|out| !out.persist) {
            self.keep_edited(out, old.and_then(|old| old.outs.get(&out.path)))?;
        }
        for out in self.stage.outs.iter().filter(|out| out.persist) {
            unlink(&out.path.on_disk(self.run.project.workspace.root()))?;
        }
        let outs = self.stage.outs.iter().filter(|out| !out.persist).map(|out| out.path.clone()).collect();
        Aside::take(&self.run.project.workspace, outs)
    }

    fn run_and_save(&self, record: &mut Record, inputs: &ObjectId, aside: &Aside) -> Result<(), Error> {
        let tail = self.run_commands(inputs, aside)?;
        self.run.disk.forget();
        let root = self.run.project.workspace.root();
        let lacks = |out: &&Out| out.path.on_disk(root).symlink_metadata().is_err();
        let paths: Vec<String> = self.stage.outs.iter().filter(lacks).map(|out| out.path.to_string()).collect();
        if !paths.is_empty() {
            return Err(Error::OutMissing { stage: self.label().to_owned(), command: self.stage.cmd.shown(), paths, tail });
        }
        self.save_outs(record)?;
        record.changed = self.changed(record)?;
        if !record.changed.is_empty() {
            let paths: Vec<&str> = record.changed.iter().map(RelPath::as_str).collect();
            let message = format!("{} changed while `{}` ran: it stays stale", text::quoted_list(&paths), self.label());
            self.work().observer.warn(&message);
        }
        Ok(())
    }

    /// Runs the commands, again after a failure if the stage says so. Returns the last lines they printed.
    fn run_commands(&self, inputs: &ObjectId, aside: &Aside) -> Result<Tail, Error> {
        let shared = self.run.options.share_terminal && self.run.options.jobs <= 1;
        let (project, listener, work) = (self.run.project, self.run.listener, self.work());
        let task = Task { project, index: self.index, inputs, aside, listener, work, shared };
        let executor: &dyn Executor = match self.stage.how.executor {
            Place::Local => &Local,
            Place::Slurm(_) => &self.run.jobs,
        };
        let tries = self.stage.how.retry;
        let mut tried = 0;
        loop {
            let failed = match executor.run(&task) {
                Ok(tail) => return Ok(tail),
                Err(error @ Error::StageFailed { .. }) if tried < tries => error,
                Err(error) => return Err(error),
            };
            tried += 1;
            self.work().observer.warn(&format!("{failed}; trying again ({tried} of {tries})"));
            aside.clear()?;
        }
    }

    /// Hashes the outputs and puts those that are cached into the cache.
    fn save_outs(&self, record: &mut Record) -> Result<(), Error> {
        let workspace = &self.run.project.workspace;
        // The work is done: stopping now would throw it away for the sake of seconds.
        let calm = Interrupt::default();
        let work = Work { observer: self.work().observer, interrupt: &calm };
        let _held = Held::take(workspace, &work)?;
        for out in &self.stage.outs {
            let entry = save_out(workspace, self.run.disk.store, out, &work)?;
            if !out.cache {
                record.uncached.insert(out.path.clone());
            }
            self.run.disk.note(&out.path, &entry);
            record.outs.insert(out.path.clone(), entry);
        }
        Ok(())
    }

    /// Inputs that are no longer what they were before the commands ran.
    fn changed(&self, record: &Record) -> Result<Vec<RelPath>, Error> {
        let mut changed = Vec::new();
        for (path, before) in &record.deps {
            if self.run.disk.entry(path)?.as_ref() != Some(before) {
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

impl Done {
    /// Writes the record; with that the run counts.
    pub fn commit(self, run: &Run<'_>, index: usize) -> Result<Action, Error> {
        let kept = runcache::applies(&run.project.stages[index]) && self.record.changed.is_empty();
        if let Some(aside) = self.aside {
            aside.keep_new()?;
        }
        run.committer.put(index, self.record, !kept)?;
        run.jobs.settled(index);
        Ok(self.action)
    }
}

/// Hashes an output and, unless it says `cache: false`, puts it into the cache and keeps it out of git.
pub fn save_out(workspace: &Workspace, store: &Store, out: &Out, work: &Work) -> Result<Entry, Error> {
    if !out.cache {
        gitignore::remove(workspace, &out.path)?;
        return Ok(store.hash(&out.path, work)?.ok_or_else(|| store::Error::Missing(out.path.clone()))?);
    }
    if !workspace.tracked_by_git(&out.path, 1)?.is_empty() {
        let path = &out.path;
        let message = format!("git tracks output `{path}`: type `git rm -r --cached {path}`, or give it `cache: false`");
        work.observer.warn(&message);
    }
    let entry = store.save(&out.path, work)?;
    gitignore::add(workspace, &out.path)?;
    Ok(entry)
}

/// Makes links into the cache files of their own, so that a command that writes to them in place writes to nothing else.
fn unlink(path: &std::path::Path) -> Result<(), Error> {
    let Ok(found) = path.symlink_metadata() else { return Ok(()) };
    if found.is_dir() {
        for entry in std::fs::read_dir(path).map_err(Error::io("read", path))? {
            unlink(&entry.map_err(Error::io("read", path))?.path())?;
        }
        return Ok(());
    }
    let Ok(target) = path.metadata() else { return Ok(()) };
    let linked = found.is_symlink() || std::os::unix::fs::MetadataExt::nlink(&found) > 1;
    if !linked && !found.permissions().readonly() {
        return Ok(());
    }
    if target.is_dir() {
        return Ok(());
    }
    let copy = path.with_file_name(format!("{}copy-{}", crate::workspace::atomic::TEMP_PREFIX, uuid::Uuid::now_v7().simple()));
    let made = std::fs::copy(path, &copy).and_then(|_| {
        let mode = std::os::unix::fs::PermissionsExt::mode(&target.permissions()) | 0o200;
        std::fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(mode))?;
        std::fs::rename(&copy, path)
    });
    made.map_err(|error| {
        let _ = aside::remove(&copy);
        Error::io("copy", path)(error)
    })
}

/// Seconds since `start`.
pub fn since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64()
}
