//! Which stage when.
//!
//! A stage is looked at when all before it are done. Those that are ready go in the order of the graph; up to `-j` of them
//! run side by side, as far as their `resources` allow: each takes its `cpus` of the `-j` places (one that wants more
//! than there are runs alone), GPUs are used by one stage at a time, and memory is not promised beyond what
//! the machine has. Stages that run elsewhere take nothing of this machine: up to `-j` of them are waited for, besides. Verdicts are reached on one thread, so a thousand fresh stages start none.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::thread::Scope;
use std::time::Instant;

use super::one::{Done, One, since};
use super::{Action, Outcome, Run, Step};
use crate::pipeline::Error;
use crate::pipeline::decide::decide;
use crate::pipeline::reason::{Reason, Verdict};
use crate::pipeline::stage::{Place, Resources};

type Report = (usize, Vec<Reason>, f64, Result<Done, Error>);

/// Where the stages of a run stand.
struct Board<'a> {
    run: &'a Run<'a>,
    /// Which stages take part.
    wanted: &'a [bool],
    /// Place of each stage in the order.
    place: Vec<usize>,
    /// For each stage how many before it are not done.
    waiting: Vec<usize>,
    /// Places of stages that can be looked at.
    ready: BTreeSet<usize>,
    steps: Vec<Option<Step>>,
    running: Vec<usize>,
}

/// Brings all wanted stages up to date.
pub fn all(run: &Run<'_>, wanted: &[bool]) -> Result<Outcome, Error> {
    let mut board = Board::new(run, wanted);
    let (sender, receiver) = channel::<Report>();
    std::thread::scope(|scope| {
        loop {
            while let Some(index) = board.next() {
                start(&mut board, index, scope, &sender);
            }
            if board.running.is_empty() {
                return;
            }
            let Ok((index, reasons, seconds, result)) = receiver.recv() else { return };
            board.running.retain(|other| *other != index);
            let result = result.and_then(|done| done.commit(run, index));
            board.finish(index, reasons, seconds, result);
        }
    });
    let order = run.project.graph.order.iter().filter(|index| wanted[**index]);
    let steps = order.map(|&index| board.steps[index].take().unwrap_or_else(|| skipped(index))).collect();
    Ok(Outcome { steps, interrupted: run.disk.work.interrupt.is_raised() })
}

fn skipped(stage: usize) -> Step {
    Step { stage, action: Action::Skipped, reasons: Vec::new(), seconds: 0.0, error: None }
}

/// Looks at a stage and, unless it is fresh, sends it off.
fn start<'scope, 'env: 'scope>(board: &mut Board<'env>, index: usize, scope: &'scope Scope<'scope, 'env>, sender: &Sender<Report>) {
    let run = board.run;
    let stage = &run.project.stages[index];
    let old = run.committer.record(index);
    let forced = run.options.force && !stage.frozen;
    if let Some(job) = run.jobs.left_for(run.project, index) {
        board.running.push(index);
        let sender = sender.clone();
        scope.spawn(move || {
            let started = Instant::now();
            let (reasons, result) = One::new(run, index).take_up(job, old.as_ref(), forced);
            let _ = sender.send((index, reasons, since(started), result));
        });
        return;
    }
    let verdict = match decide(stage, old.as_ref(), forced, &run.disk) {
        Ok(Verdict::Fresh) => return board.finish(index, Vec::new(), 0.0, Ok(Action::Fresh)),
        Ok(verdict) => verdict,
        Err(error) => return board.finish(index, Vec::new(), 0.0, Err(error)),
    };
    board.running.push(index);
    let sender = sender.clone();
    scope.spawn(move || {
        let started = Instant::now();
        let result = One::new(run, index).bring_up(&verdict, old.as_ref());
        let _ = sender.send((index, verdict.reasons().to_vec(), since(started), result));
    });
}

impl<'a> Board<'a> {
    fn new(run: &'a Run<'a>, wanted: &'a [bool]) -> Self {
        let graph = &run.project.graph;
        let mut place = vec![0; wanted.len()];
        graph.order.iter().enumerate().for_each(|(at, index)| place[*index] = at);
        let waiting: Vec<usize> = graph.needs.iter().map(|needs| needs.iter().filter(|need| wanted[**need]).count()).collect();
        let ready = (0..wanted.len()).filter(|index| wanted[*index] && waiting[*index] == 0).map(|index| place[index]).collect();
        Self { run, wanted, place, waiting, ready, steps: wanted.iter().map(|_| None).collect(), running: Vec::new() }
    }

    /// The first stage that is ready and fits beside those that run.
    fn next(&mut self) -> Option<usize> {
        if self.run.stopped() {
            return None;
        }
        let order = &self.run.project.graph.order;
        let at = self.ready.iter().copied().find(|at| self.fits(order[*at]))?;
        self.ready.remove(&at);
        Some(order[at])
    }

    fn fits(&self, index: usize) -> bool {
        let resources = |index: usize| self.run.project.stages[index].how.resources;
        let here = |index: usize| self.run.project.stages[index].how.executor == Place::Local;
        let places = self.run.options.jobs.max(1);
        if !here(index) {
            return self.running.iter().filter(|other| !here(**other)).count() < places;
        }
        let wants = resources(index);
        let used = self.running.iter().filter(|other| here(**other)).map(|other| resources(*other)).fold(
            Resources { cpus: 0, memory: 0, gpus: 0 },
            |sum, one| Resources { cpus: sum.cpus + one.cpus, memory: sum.memory.saturating_add(one.memory), gpus: sum.gpus + one.gpus },
        );
        let memory_fits = wants.memory == 0 || used.memory == 0 || used.memory.saturating_add(wants.memory) <= machine_memory();
        used.cpus == 0 || (used.cpus + wants.cpus <= places && (wants.gpus == 0 || used.gpus == 0) && memory_fits)
    }

    /// Notes what came of a stage, and what may follow.
    fn finish(&mut self, index: usize, reasons: Vec<Reason>, seconds: f64, result: Result<Action, Error>) {
        let (action, error) = match result {
            Ok(action) => (action, None),
            Err(error) if error.is_interrupt() => (Action::Skipped, None),
            Err(error) => (Action::Failed, Some(error)),
        };
        let done = error.is_none() && action != Action::Skipped;
        if !done && !self.run.options.keep_going {
            self.run.stop.store(true, Ordering::SeqCst);
        }
        let step = Step { stage: index, action, reasons, seconds, error };
        self.run.listener.done(&step);
        self.steps[index] = Some(step);
        if done {
            for &next in self.run.project.graph.feeds[index].iter().filter(|next| self.wanted[**next]) {
                self.waiting[next] -= 1;
                if self.waiting[next] == 0 {
                    self.ready.insert(self.place[next]);
                }
            }
        }
    }
}

/// Bytes of memory of this machine; without bound where it cannot be told.
fn machine_memory() -> u64 {
    let Ok(mut system) = sysinfo::System::new() else { return u64::MAX };
    system.refresh_memory();
    system.total_memory()
}
