//! One stage from its verdict to its record.

mod commands;
mod inputs;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::aside::{Aside, PutBack, Way};
use super::claim::{self, Claim, Passing};
use super::guard::Held;
use super::save::unlink;
use super::{Action, Run, resume};
use crate::digest::ObjectId;
use crate::observer::Interrupt;
use crate::pipeline::decide::World;
use crate::pipeline::executor::batch::Jobs;
use crate::pipeline::executor::job::Job;
use crate::pipeline::lock::Record;
use crate::pipeline::reason::{Reason, Verdict};
use crate::pipeline::stage::{Out, Stage};
use crate::pipeline::{Error, runcache};
use crate::relpath::RelPath;
use crate::store::{self, Entry, Overwrite, Saving, Work};
use crate::text;
use crate::workspace::{Workspace, gitignore};

/// A stage being brought up to date.
pub struct One<'a> {
    run: &'a Run<'a>,
    index: usize,
    stage: &'a Stage,
    forced: bool,
    /// Numbers of the GPUs that it may use; empty when they need not be told apart.
    gpus: Vec<String>,
}

/// What came of it.
pub struct Came<'a> {
    pub reasons: Vec<Reason>,
    pub seconds: f64,
    /// `None`: another run did it meanwhile, it is fresh.
    pub result: Result<Option<Done<'a>>, Error>,
    /// What became of its outputs when it did not succeed.
    pub put_back: PutBack,
}

/// What was done, and has to be written down.
pub struct Done<'a> {
    pub action: Action,
    pub record: Record,
    /// What goes into the cache.
    pub saving: Option<Saving<'a>>,
    /// What git is to ignore.
    pub ignore: Vec<RelPath>,
    /// Under which key the run cache remembers it.
    pub keep: Option<ObjectId>,
    /// Old outputs, still put back if this cannot be written down.
    aside: Option<Aside>,
    claim: Option<Claim>,
    _result: Option<Passing>,
    remains: PathBuf,
    /// Where its batch job is, if there was one, and its stage.
    jobs: (&'a Jobs, usize),
}

impl Done<'_> {
    /// It is written down.
    pub fn counts(self) -> Result<(), Error> {
        self.claim.map_or(Ok(()), Claim::done)?;
        self.jobs.0.settled(self.jobs.1);
        resume::forget(&self.remains);
        self.aside.iter().for_each(Aside::forget_old);
        Ok(())
    }

    /// It could not be written down: everything is as it was.
    pub fn undo(self) {
        // What cannot be undone now is undone by the next run, which finds the claim.
        if self.aside.iter().all(|aside| aside.put_back(false).is_ok()) {
            self.jobs.0.settled(self.jobs.1);
            let _ = self.claim.map(Claim::done);
        }
    }
}

impl<'a> One<'a> {
    pub fn new(run: &'a Run<'a>, index: usize, forced: bool, gpus: Vec<String>) -> Self {
        Self { run, index, stage: &run.project.stages[index], forced, gpus }
    }

    fn work(&self) -> Work<'a> {
        self.run.disk.work
    }

    fn label(&self) -> &'a str {
        self.run.project.label(self.index)
    }

    fn workspace(&self) -> &'a Workspace {
        &self.run.project.workspace
    }

    /// Does what the verdict asks for, with the stage's claim.
    pub fn bring_up(&self, verdict: Verdict, claim: Claim) -> Came<'a> {
        let started = Instant::now();
        let mut came = Came { reasons: verdict.reasons().to_vec(), seconds: 0.0, result: Ok(None), put_back: PutBack::default() };
        came.result = self.claimed(verdict, claim, &mut came.reasons, &mut came.put_back);
        came.seconds = started.elapsed().as_secs_f64();
        came
    }

    /// Takes into account what others have done since the verdict.
    fn claimed(
        &self,
        verdict: Verdict,
        claim: Claim,
        reasons: &mut Vec<Reason>,
        put_back: &mut PutBack,
    ) -> Result<Option<Done<'a>>, Error> {
        let left = self.run.jobs.left(&claim)?;
        let undone = left.is_none() && claim.begin(self.workspace(), &self.work())?;
        let waited = left.is_some() | undone | claim.waited | self.wait_for_needs()?;
        let goes_on = left.map_or(Ok(None), |job| self.take_up(job, &claim))?;
        let mut verdict = verdict;
        if self.run.committer.refresh(self.index)? || waited {
            self.run.disk.forget();
            let old = self.run.committer.record(self.index);
            verdict = self.run.verdict(self.index, old.as_ref(), self.forced)?;
            *reasons = verdict.reasons().to_vec();
        }
        if verdict.is_fresh() && goes_on.is_none() {
            claim.done()?;
            return Ok(None);
        }
        let old = self.run.committer.record(self.index);
        let result = match goes_on {
            Some((record, aside)) => {
                let mutexes = self.mutexes()?;
                self.run.listener.starts(self.index, verdict.reasons());
                self.bring_in(record, aside, &claim, mutexes, put_back)
            }
            None => self.act(&verdict, old.as_ref(), &claim, put_back),
        };
        match result {
            Ok(done) => Ok(Some(Done { claim: Some(claim), ..done })),
            // The claim goes on saying what is to be undone.
            Err(error) if put_back.stuck => Err(error),
            Err(error) => {
                claim.done()?;
                Err(error)
            }
        }
    }

    /// Goes on with the batch job of a derm that died, if it is of the inputs that there are now; otherwise ends it and puts the old
    /// outputs back.
    fn take_up(&self, job: Job, claim: &Claim) -> Result<Option<(Record, Aside)>, Error> {
        self.run.disk.forget();
        let inputs = self.inputs().ok().filter(|_| !self.stage.frozen);
        let key = inputs.as_ref().map(|record| runcache::key(self.stage, record));
        let left = claim.left_aside();
        let goes_on = self.run.jobs.take_up(self.run.project, self.index, job, key.as_ref(), left.is_some(), self.work())?;
        if let (true, Some(record), Some(key), Some(note)) = (goes_on, inputs, key, left) {
            return Ok(Some((record, Aside::of_note(self.workspace(), note, key.hex()))));
        }
        claim.begin(self.workspace(), &self.work())?;
        Ok(None)
    }

    /// Waits until no other run is making what this one reads.
    fn wait_for_needs(&self) -> Result<bool, Error> {
        let mut others = claim::others(self.run.project, &self.run.project.graph.needs[self.index]);
        others.retain(|(need, _)| !self.run.owns(*need));
        for (need, place) in &others {
            if claim::is_held(place) {
                let label = self.run.project.label(*need);
                self.work().observer.note(&format!("`{}` waits for `{label}`, which another derm runs", self.label()));
            }
            while claim::is_held(place) {
                if self.run.stopped() {
                    return Err(Error::Interrupted);
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(!others.is_empty())
    }

    fn done(&self, action: Action, record: Record) -> Done<'a> {
        let remains = resume::place(self.workspace(), &claim::of_stage(self.run.project, self.index));
        Done {
            action,
            record,
            saving: None,
            ignore: Vec::new(),
            keep: None,
            aside: None,
            claim: None,
            _result: None,
            remains,
            jobs: (&self.run.jobs, self.index),
        }
    }

    fn act(&self, verdict: &Verdict, old: Option<&Record>, claim: &Claim, put_back: &mut PutBack) -> Result<Done<'a>, Error> {
        if let (Verdict::Restore(_), Some(old)) = (verdict, old)
            && self.restore(&old.outs)?
        {
            // Only outputs differed: command and inputs are as recorded.
            let ignore = self.restored();
            return Ok(Done { ignore, ..self.done(Action::Restored, old.clone()) });
        }
        self.run.disk.recheck_params();
        if self.stage.frozen {
            let mut record = self.frozen()?;
            let (saving, ignore) = self.save_outs(&mut record)?;
            return Ok(Done { saving, ignore, ..self.done(Action::Recorded, record) });
        }
        let mut record = self.inputs()?;
        let key = runcache::key(self.stage, &record);
        let options = self.run.options;
        let applies = runcache::applies(self.stage);
        let mut result = None;
        if applies && !options.no_run_cache && !verdict.reasons().contains(&Reason::Forced) {
            let place = claim::of_result(self.workspace(), &key);
            result = Some(Passing::take(&place, &|| self.run.stopped(), &|who| {
                self.work().observer.note(&format!("waiting for `{}`, which {who} runs with the same inputs elsewhere", self.label()));
            })?);
            if let Some(outs) = self.found(&key)? {
                record.outs = outs;
                let ignore = self.restored();
                return Ok(Done { ignore, _result: result, ..self.done(Action::Restored, record) });
            }
        }
        let mutexes = self.mutexes()?;
        let mut key = key;
        if mutexes.iter().any(Passing::waited) {
            self.run.disk.recheck_params();
            record = self.inputs()?;
            key = runcache::key(self.stage, &record);
        }
        self.run.listener.starts(self.index, verdict.reasons());
        let aside = self.make_room(old, claim, &key)?;
        let done = self.bring_in(record, aside, claim, mutexes, put_back)?;
        Ok(Done { _result: result, ..done })
    }

    /// Runs the commands and saves what they made, or puts back what is aside.
    fn bring_in(
        &self,
        mut record: Record,
        aside: Aside,
        claim: &Claim,
        mutexes: Vec<Passing>,
        put_back: &mut PutBack,
    ) -> Result<Done<'a>, Error> {
        let (key, options) = (runcache::key(self.stage, &record), self.run.options);
        let ran = self.run_and_save(&mut record, &key, &aside, claim);
        drop(mutexes);
        match ran {
            Ok((saving, ignore)) => {
                let keeps = runcache::applies(self.stage) && !options.no_commit && record.changed.is_empty();
                let keep = keeps.then_some(key);
                Ok(Done { saving, ignore, keep, aside: Some(aside), ..self.done(Action::Ran, record) })
            }
            // A job that may still run has the places of the outputs, until the next run settles that.
            Err(error @ Error::JobKept { .. }) => {
                put_back.stuck = true;
                Err(error)
            }
            Err(error) => {
                self.run.disk.forget();
                let undone = aside.put_back(options.ignore_errors && !error.is_interrupt()).and_then(|undone| {
                    let remains = resume::place(self.workspace(), &claim::of_stage(self.run.project, self.index));
                    resume::remember(&remains, aside.key(), &undone.left).map(|()| undone)
                });
                *put_back = undone.inspect_err(|_| put_back.stuck = true)?;
                self.run.jobs.settled(self.index);
                Err(error)
            }
        }
    }

    /// Takes the result of an earlier run, if the run cache knows one and its outputs can be had.
    fn found(&self, key: &ObjectId) -> Result<Option<BTreeMap<RelPath, Entry>>, Error> {
        let Some(outs) = runcache::find(self.workspace(), key) else { return Ok(None) };
        if !self.stage.outs.iter().all(|out| outs.contains_key(&out.path)) {
            return Ok(None);
        }
        let lacking: Vec<(RelPath, Entry)> =
            outs.iter().filter(|(_, entry)| !self.run.disk.in_cache(entry)).map(|(path, entry)| (path.clone(), entry.clone())).collect();
        if !lacking.is_empty() && !self.run.options.bring.as_ref().is_some_and(|bring| bring(&lacking)) {
            return Ok(None);
        }
        Ok(self.restore(&outs)?.then_some(outs))
    }

    fn restored(&self) -> Vec<RelPath> {
        self.stage.outs.iter().filter(|out| out.cache).map(|out| out.path.clone()).collect()
    }

    /// Takes outputs from the cache; `false` when the cache turns out not to have them whole.
    fn restore(&self, outs: &BTreeMap<RelPath, Entry>) -> Result<bool, Error> {
        for out in &self.stage.outs {
            let Some(entry) = outs.get(&out.path) else { return Ok(false) };
            if self.run.disk.entry(&out.path)?.as_ref() == Some(entry) {
                continue;
            }
            self.keep_edited(out, Some(entry), false)?;
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
        }
        Ok(true)
    }

    /// What a person put at an output's place is kept as an object before it goes. `all`: so is what no cache has although its stage
    /// made it, because it may not come back.
    fn keep_edited(&self, out: &Out, recorded: Option<&Entry>, all: bool) -> Result<(), Error> {
        let disk = &self.run.disk;
        // Whatever the verdict saw: a person may have edited it since.
        let Some(there) = disk.look(&out.path)? else { return Ok(()) };
        let made_here = recorded == Some(&there);
        if (made_here && !out.cache && !all) || disk.in_cache(&there) {
            return Ok(());
        }
        let _held = Held::take(self.workspace(), &self.work())?;
        disk.store.save(&out.path, &self.work())?;
        if !made_here {
            let message = format!("`{}` was not what its stage made; its content is kept in the cache as {}", out.path, there.id);
            self.work().observer.note(&message);
        }
        Ok(())
    }

    /// Old outputs out of the way; those that persist become files of their own, and those that an earlier try left stay.
    fn make_room(&self, old: Option<&Record>, claim: &Claim, key: &ObjectId) -> Result<Aside, Error> {
        let key = key.hex();
        let note = resume::place(self.workspace(), &claim::of_stage(self.run.project, self.index));
        let (remains, same) = resume::remains(&note, &key);
        let mut ways = Vec::new();
        for out in self.stage.outs.iter().filter(|out| !out.persist) {
            let recorded = old.and_then(|old| old.outs.get(&out.path));
            // A checkout may have replaced what was left.
            let left = out.resume && remains.contains(&out.path) && self.run.disk.entry(&out.path)?.as_ref() != recorded;
            let go_on = left && same && !self.forced;
            if go_on {
                self.work().observer.note(&format!("`{}` goes on from what its last try left of `{}`", self.label(), out.path));
            } else {
                if left {
                    let why = if same { "forced" } else { "its command, an input or a parameter is another" };
                    self.work().observer.note(&format!("`{}` does not go on from what its last try left: {why}", self.label()));
                }
                self.keep_edited(out, recorded, out.resume || self.run.options.ignore_errors)?;
            }
            ways.push(Way { path: out.path.clone(), stay: out.resume, go_on });
        }
        for out in self.stage.outs.iter().filter(|out| out.persist) {
            unlink(&out.path.on_disk(self.workspace().root()))?;
        }
        Aside::take(self.workspace(), claim, &ways, key)
    }

    fn run_and_save(
        &self,
        record: &mut Record,
        inputs: &ObjectId,
        aside: &Aside,
        claim: &Claim,
    ) -> Result<(Option<Saving<'a>>, Vec<RelPath>), Error> {
        let tail = self.run_commands(inputs, aside, claim)?;
        self.stage.outs.iter().for_each(|out| self.run.disk.forget_path(&out.path));
        self.run.disk.recheck_params();
        let root = self.workspace().root();
        let lacks = |out: &&Out| out.path.on_disk(root).symlink_metadata().is_err();
        let paths: Vec<String> = self.stage.outs.iter().filter(lacks).map(|out| out.path.to_string()).collect();
        if !paths.is_empty() {
            return Err(Error::OutMissing { stage: self.label().to_owned(), command: self.stage.cmd.shown(), paths, tail });
        }
        let saved = self.save_outs(record)?;
        record.changed = self.changed(record)?;
        if !record.changed.is_empty() {
            let paths: Vec<&str> = record.changed.iter().map(RelPath::as_str).collect();
            let message = format!("{} changed while `{}` ran: it stays stale", text::quoted_list(&paths), self.label());
            self.work().observer.warn(&message);
        }
        Ok(saved)
    }

    /// Hashes the outputs and prepares those that are cached for the cache.
    fn save_outs(&self, record: &mut Record) -> Result<(Option<Saving<'a>>, Vec<RelPath>), Error> {
        // The work is done: stopping now would throw it away for the sake of seconds.
        let calm = Interrupt::default();
        let work = Work { observer: self.work().observer, interrupt: &calm };
        let mut saving = None;
        let mut ignore = Vec::new();
        for out in &self.stage.outs {
            let entry = if out.cache && !self.run.options.no_commit {
                let saving = match &mut saving {
                    Some(saving) => saving,
                    none => none.insert(self.run.disk.store.saving(&self.run.scratch()?)),
                };
                saving.save(&out.path, &work)?
            } else {
                self.run.disk.store.hash(&out.path, &work)?.ok_or_else(|| store::Error::Missing(out.path.clone()))?
            };
            if out.cache {
                ignore.push(out.path.clone());
            } else {
                record.uncached.insert(out.path.clone());
                let _held = Held::take(self.workspace(), &work)?;
                gitignore::remove(self.workspace(), &out.path)?;
            }
            self.run.disk.note(&out.path, &entry);
            record.outs.insert(out.path.clone(), entry);
        }
        Ok((saving, ignore))
    }
}
