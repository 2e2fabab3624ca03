//! Writing down what stages did.
//!
//! A finished stage reaches its lock at once while that is cheap against the time stages take. With thousands of
//! quick stages rewriting the file for each would be quadratic, so it is then written at intervals of twenty times
//! its own cost, and at the end; a kill in between loses no work, because the run cache has the results. Stages that the
//! run cache does not keep are written at once.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::guard::Held;
use crate::pipeline::lock::{self, Lock, Record};
use crate::pipeline::{Error, Project};
use crate::store::Work;
use crate::workspace::atomic;

/// The locks of a run.
pub struct Committer<'a> {
    project: &'a Project,
    work: Work<'a>,
    state: Mutex<State>,
}

struct State {
    locks: Vec<Lock>,
    changed: Vec<bool>,
    written: Instant,
    cost: Duration,
}

impl<'a> Committer<'a> {
    /// Starts from the locks as they are on disk.
    pub fn new(project: &'a Project, locks: Vec<Lock>, work: Work<'a>) -> Self {
        let changed = vec![false; locks.len()];
        Self { project, work, state: Mutex::new(State { locks, changed, written: Instant::now(), cost: Duration::ZERO }) }
    }

    /// A stage's record.
    pub fn record(&self, stage: usize) -> Option<Record> {
        let stage = &self.project.stages[stage];
        self.state().locks[stage.pipeline].get(&stage.name).cloned()
    }

    /// Notes what a stage did. `at_once`: the lock is written before this returns.
    pub fn put(&self, stage: usize, record: Record, at_once: bool) -> Result<(), Error> {
        let stage = &self.project.stages[stage];
        let mut state = self.state();
        if state.locks[stage.pipeline].get(&stage.name) != Some(&record) {
            state.locks[stage.pipeline].insert(stage.name.clone(), record);
            state.changed[stage.pipeline] = true;
        }
        if at_once || state.written.elapsed() >= state.cost * 20 { self.write(&mut state) } else { Ok(()) }
    }

    /// Writes every lock that differs from its file.
    pub fn flush(&self) -> Result<(), Error> {
        self.write(&mut self.state())
    }

    fn write(&self, state: &mut State) -> Result<(), Error> {
        if !state.changed.contains(&true) {
            return Ok(());
        }
        let started = Instant::now();
        let workspace = &self.project.workspace;
        // A raised interrupt must not keep finished work from being written down.
        let calm = crate::observer::Interrupt::default();
        let _held = Held::take(workspace, &Work { observer: self.work.observer, interrupt: &calm })?;
        for (index, pipeline) in self.project.pipelines.iter().enumerate() {
            if std::mem::replace(&mut state.changed[index], false) {
                let stages = self.project.stages.iter().filter(|stage| stage.pipeline == index);
                let names: HashSet<&str> = stages.map(|stage| stage.name.as_str()).collect();
                state.locks[index].retain(|name, _| names.contains(name.as_str()));
                atomic::write(&pipeline.lock.on_disk(workspace.root()), lock::to_yaml(&state.locks[index]).as_bytes())?;
            }
        }
        state.written = Instant::now();
        state.cost = started.elapsed();
        Ok(())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
