//! Writing down what stages did.
//!
//! A finished stage counts when its outputs are in the cache and its line is in the [journal](crate::pipeline::journal); until then its
//! claim says what to undo. Waiting for the disk takes longer than a quick stage runs, so stages that end within a moment are
//! written down together by a thread of its own, in the order in which they ended ([`write`]): the disk is waited for once, and at most a
//! twentieth of the time. What comes after them starts meanwhile; a kill undoes all that is not written down yet.

use std::os::unix::fs::MetadataExt;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Run;
use super::guard::Held;
use super::one::Done;
use crate::observer::Interrupt;
use crate::pipeline::journal::{self, Line};
use crate::pipeline::lock::{Lock, Record};
use crate::pipeline::{Error, Project, runcache};
use crate::relpath::RelPath;
use crate::store::{Saving, Work};
use crate::workspace::gitignore;

/// The locks of a run, as it knows them.
pub struct Committer<'a> {
    project: &'a Project,
    state: Mutex<State>,
}

struct State {
    locks: Vec<Lock>,
    /// What the journal and the locks' files were when they were read, or written by this run.
    journal: Option<(u64, u64)>,
    files: Vec<Option<(u64, i64, i64)>>,
}

impl<'a> Committer<'a> {
    /// Starts from the locks as they are on disk.
    pub fn new(project: &'a Project) -> Result<Self, Error> {
        Ok(Self { project, state: Mutex::new(Self::read(project)?) })
    }

    fn read(project: &Project) -> Result<State, Error> {
        let files = (0..project.pipelines.len()).map(|index| stamp(project, index)).collect();
        // The stamps first: what is written after them is read once more, never missed.
        let journal = journal::stamp(&project.workspace);
        Ok(State { locks: project.locks()?, journal, files })
    }

    /// A stage's record.
    pub fn record(&self, stage: usize) -> Option<Record> {
        let stage = &self.project.stages[stage];
        self.state().locks[stage.pipeline].get(&stage.name).cloned()
    }

    /// All of them.
    pub fn locks(&self) -> Vec<Lock> {
        self.state().locks.clone()
    }

    /// Reads the locks again if another run wrote something down since; says whether it did.
    pub fn refresh(&self, stage: usize) -> Result<bool, Error> {
        let pipeline = self.project.stages[stage].pipeline;
        let workspace = &self.project.workspace;
        {
            let mut state = self.state();
            let now = journal::stamp(workspace);
            let same_file = state.files[pipeline] == stamp(self.project, pipeline);
            if same_file && state.journal == now {
                return Ok(false);
            }
            // As a rule something was added to the journal: only that is read.
            let known = state.journal.map_or((now.map(|now| now.0), 0), |(inode, length)| (Some(inode), length));
            if same_file
                && let Some((lines, end)) = journal::read_from(workspace, known.1)
                && Some(end.0) == known.0
            {
                for (pipeline, lock) in self.project.pipelines.iter().zip(&mut state.locks) {
                    journal::apply(&lines, &pipeline.lock, lock);
                }
                state.journal = Some(end);
                return Ok(true);
            }
        }
        let fresh = Self::read(self.project)?;
        *self.state() = fresh;
        Ok(true)
    }

    /// Writes down what stages did.
    fn put(&self, done: impl Iterator<Item = (usize, Record)>) -> Result<(), Error> {
        let mut state = self.state();
        let known = state.journal == journal::stamp(&self.project.workspace);
        let mut lines = Vec::new();
        for (index, record) in done {
            let stage = &self.project.stages[index];
            let lock = &mut state.locks[stage.pipeline];
            if lock.get(&stage.name) != Some(&record) {
                lines.push(Line::new(&self.project.pipelines[stage.pipeline].lock, &stage.name, lock.get(&stage.name), &record));
                lock.insert(stage.name.clone(), record);
            }
        }
        journal::append(&self.project.workspace, &lines)?;
        if known && !lines.is_empty() {
            state.journal = journal::stamp(&self.project.workspace);
        }
        Ok(())
    }

    /// Merges all that was written down into the locks.
    pub fn flush(&self) -> Result<(), Error> {
        journal::settle(&self.project.workspace, Some(self.project))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamp(project: &Project, pipeline: usize) -> Option<(u64, i64, i64)> {
    let meta = project.pipelines[pipeline].lock.on_disk(project.workspace.root()).metadata().ok()?;
    Some((meta.ino(), meta.mtime(), meta.mtime_nsec()))
}

/// What the thread that writes down is asked for.
pub enum Task<'a> {
    /// Write this stage down soon.
    Write(usize, Box<Done<'a>>),
    /// Write down what waits.
    Now,
}

/// Writes down stages until there are no more tasks. `lost` hears of those that could not be: they are undone, and nothing more is started.
pub fn write<'a>(run: &Run<'a>, tasks: &Receiver<Task<'a>>, lost: &dyn Fn(usize, Error)) {
    let mut list: Vec<(usize, Done<'a>)> = Vec::new();
    let mut since = Instant::now();
    let mut cost = Duration::ZERO;
    loop {
        let patience = (cost * 20).clamp(SOON, LATEST).saturating_sub(since.elapsed());
        let task = match list.len() {
            0 => tasks.recv().map_err(|_| RecvTimeoutError::Disconnected),
            MOST.. => Err(RecvTimeoutError::Timeout),
            _ => tasks.recv_timeout(patience),
        };
        if let Ok(Task::Write(index, done)) = task {
            if list.is_empty() {
                since = Instant::now();
            }
            list.push((index, *done));
            continue;
        }
        if !list.is_empty() {
            let started = Instant::now();
            for (index, error) in together(run, std::mem::take(&mut list)) {
                run.stop.store(true, Ordering::SeqCst);
                lost(index, error);
            }
            cost = started.elapsed();
        }
        if matches!(task, Err(RecvTimeoutError::Disconnected)) {
            return;
        }
    }
}

/// Never more claims open than this.
const MOST: usize = 64;
/// No stage waits longer, however slow the disk is.
const LATEST: Duration = Duration::from_secs(2);
/// So long a stage waits for others to be written down with.
const SOON: Duration = Duration::from_millis(60);

fn together<'a>(run: &Run<'a>, list: Vec<(usize, Done<'a>)>) -> Vec<(usize, Error)> {
    // The work is done: stopping now would throw it away for the sake of seconds.
    let calm = Interrupt::default();
    let work = Work { observer: run.disk.work.observer, interrupt: &calm };
    let mut failed = Vec::new();
    let mut good = Vec::new();
    match durable(run, &list, &work) {
        Ok(results) => {
            for ((index, done), result) in list.into_iter().zip(results) {
                match result {
                    Ok(()) => good.push((index, done)),
                    Err(error) => {
                        done.undo();
                        failed.push((index, error));
                    }
                }
            }
        }
        Err(error) => {
            let mut error = Some(error);
            for (index, done) in list {
                done.undo();
                failed.push((index, error.take().unwrap_or(Error::NotSaved)));
            }
            return failed;
        }
    }
    for (_, done) in &good {
        if let Some(key) = done.keep {
            // A result that cannot be kept is made again one day.
            let kept = runcache::keep(&run.project.workspace, &key, &done.record.outs);
            kept.err().into_iter().for_each(|error| work.observer.warn(&format!("{error}: the run cache does without it")));
        }
    }
    if let Err(error) = run.committer.put(good.iter().map(|(index, done)| (*index, done.record.clone()))) {
        let mut error = Some(error);
        for (index, done) in good {
            done.undo();
            failed.push((index, error.take().unwrap_or(Error::NotSaved)));
        }
        return failed;
    }
    for (index, done) in good {
        if let Err(error) = done.counts() {
            failed.push((index, error));
        }
    }
    failed
}

/// Puts what they made into the cache and keeps it out of git.
fn durable(run: &Run<'_>, list: &[(usize, Done<'_>)], work: &Work<'_>) -> Result<Vec<Result<(), Error>>, Error> {
    let savings: Vec<&Saving> = list.iter().filter_map(|(_, done)| done.saving.as_ref()).collect();
    let ignored: Vec<&RelPath> = list.iter().flat_map(|(_, done)| &done.ignore).collect();
    if savings.is_empty() && ignored.is_empty() {
        return Ok(list.iter().map(|_| Ok(())).collect());
    }
    let _held = Held::take(&run.project.workspace, work)?;
    let mut saved = Saving::commit(&savings, work)?.into_iter();
    let new = gitignore::add_all(&run.project.workspace, &ignored)?;
    for path in new {
        if !run.project.workspace.tracked_by_git(&path, 1)?.is_empty() {
            let message = format!("git tracks output `{path}`: type `git rm -r --cached {path}`, or give it `cache: false`");
            work.observer.warn(&message);
        }
    }
    let of = |(_, done): &(usize, Done<'_>)| match done.saving {
        Some(_) => saved.next().unwrap_or(Ok(())).map_err(Error::from),
        None => Ok(()),
    };
    Ok(list.iter().map(of).collect())
}
