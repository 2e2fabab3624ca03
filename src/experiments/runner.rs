//! Running what waits in the queue, some at once.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::num::NonZeroUsize;
use std::time::Duration;

use super::queue::{self, Entry, State};
use super::trial::{self, Finished, Running, Spec};
use super::{Error, refs};
use crate::clock::Timestamp;
use crate::store::Work;
use crate::workspace::Workspace;

/// Between two looks at the children: short enough to feel immediate.
const PAUSE: Duration = Duration::from_millis(15);

/// Hears what happens.
pub trait Listener {
    /// A trial was started.
    fn starts(&self, spec: &Spec);
    /// It printed a line.
    fn output(&self, name: &str, line: &str);
    /// It ended.
    fn ended(&self, finished: &Finished);
    /// It could not be started or saved.
    fn failed(&self, spec: &Spec, error: &Error);
}

/// What came of the queue.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was run, in the order in which it ended.
    pub finished: Vec<Finished>,
    /// What could not be started or saved.
    pub errors: Vec<(String, Error)>,
    /// Another derm is at these.
    pub elsewhere: Vec<String>,
    /// Whether the user stopped it: what was running waits again.
    pub interrupted: bool,
}

struct Trial {
    entry: Entry,
    running: Running,
    /// How much of the log was handed over.
    heard: u64,
}

/// Runs `entries`, at most `jobs` at once, to the end of all of them. A failed trial is no error.
///
/// # Errors
/// What keeps the queue from being written.
pub fn run(
    workspace: &Workspace,
    entries: Vec<Entry>,
    jobs: NonZeroUsize,
    work: &Work<'_>,
    listener: &dyn Listener,
) -> Result<Outcome, Error> {
    let mut outcome = Outcome::default();
    let mut waiting: VecDeque<Entry> = entries.into();
    let mut trials: Vec<Trial> = Vec::new();
    while !(waiting.is_empty() && trials.is_empty()) {
        if work.interrupt.is_raised() {
            return stopped(workspace, trials, outcome);
        }
        while trials.len() < jobs.get()
            && let Some(entry) = waiting.pop_front()
        {
            trials.extend(start(workspace, entry, work, listener, &mut outcome)?);
        }
        std::thread::sleep(PAUSE);
        let mut at = 0;
        while at < trials.len() {
            hear(&mut trials[at], listener);
            match trials[at].running.poll()? {
                None => at += 1,
                Some(_) => end(workspace, trials.swap_remove(at), listener, &mut outcome)?,
            }
        }
    }
    Ok(outcome)
}

fn start(
    workspace: &Workspace,
    mut entry: Entry,
    work: &Work<'_>,
    listener: &dyn Listener,
    outcome: &mut Outcome,
) -> Result<Option<Trial>, Error> {
    if !queue::has(workspace, &entry) {
        return Ok(None);
    }
    match trial::start(workspace, &entry.spec, work) {
        Ok(running) => {
            (entry.state, entry.started) = (State::Running, Some(Timestamp::now()));
            queue::write(workspace, &entry)?;
            listener.starts(&entry.spec);
            let heard = running.log_start();
            Ok(Some(Trial { entry, running, heard }))
        }
        Err(Error::Busy(name)) => {
            outcome.elsewhere.push(name);
            Ok(None)
        }
        // Killed after it was saved and before it left the queue.
        Err(Error::Taken(_)) if entry.started.is_some() && refs::exists(workspace, &entry.spec.snapshot.baseline, &entry.spec.name)? => {
            queue::remove(workspace, &entry)?;
            Ok(None)
        }
        Err(error) => {
            fail(workspace, entry, error, listener, outcome)?;
            Ok(None)
        }
    }
}

fn fail(workspace: &Workspace, mut entry: Entry, error: Error, listener: &dyn Listener, outcome: &mut Outcome) -> Result<(), Error> {
    listener.failed(&entry.spec, &error);
    entry.state = State::Failed;
    entry.tail = vec![error.to_string()];
    queue::write(workspace, &entry)?;
    outcome.errors.push((entry.spec.name, error));
    Ok(())
}

fn end(workspace: &Workspace, mut trial: Trial, listener: &dyn Listener, outcome: &mut Outcome) -> Result<(), Error> {
    hear(&mut trial, listener);
    let Trial { mut entry, mut running, .. } = trial;
    match running.finish() {
        Ok(finished) => {
            listener.ended(&finished);
            if finished.state == trial::State::Failed {
                (entry.state, entry.tail) = (State::Failed, finished.tail.clone());
                queue::write(workspace, &entry)?;
            } else {
                queue::forget(workspace, &entry)?;
            }
            outcome.finished.push(finished);
            Ok(())
        }
        Err(error) => fail(workspace, entry, error, listener, outcome),
    }
}

/// Ends all children at once; their worktrees stay and their entries wait.
fn stopped(workspace: &Workspace, trials: Vec<Trial>, mut outcome: Outcome) -> Result<Outcome, Error> {
    outcome.interrupted = true;
    let entries: Vec<Entry> = std::thread::scope(|scope| {
        let stop = |trial: Trial| {
            scope.spawn(move || {
                drop(trial.running);
                trial.entry
            })
        };
        let stopping: Vec<_> = trials.into_iter().map(stop).collect();
        stopping.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    for mut entry in entries {
        entry.state = State::Waiting;
        queue::write(workspace, &entry)?;
    }
    Ok(outcome)
}

/// Hands over the whole lines that came since.
fn hear(trial: &mut Trial, listener: &dyn Listener) {
    let Ok(mut log) = File::open(trial.running.log()) else { return };
    let mut bytes = Vec::new();
    if log.seek(SeekFrom::Start(trial.heard)).is_err() || log.read_to_end(&mut bytes).is_err() {
        return;
    }
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    trial.heard += whole as u64;
    for line in String::from_utf8_lossy(&bytes[..whole]).lines() {
        listener.output(&trial.entry.spec.name, line);
    }
}
