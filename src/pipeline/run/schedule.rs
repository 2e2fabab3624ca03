//! Which stage when.
//!
//! A stage is looked at when all before it are done. Those that are ready go in the order of the graph; up to `-j` of them
//! run side by side, as far as their `resources` allow: each takes its `cpus` of the `-j` places and its `gpus` of those that there are
//! (one that wants more than there are runs alone), two that name the same `mutex` never run at once, and memory is not promised
//! beyond what the machine has. Verdicts are reached on one thread, so a thousand fresh stages start none.
//!
//! Stages that run elsewhere take nothing of this machine: up to `-j` of them are waited for, besides.
//!
//! A stage that another derm runs takes no place: it is looked at again when that derm is done with it, and others go first.
//!
//! When a stage fails nothing more is started; with `keep_going`, only what needs it is left out; with
//! `ignore_errors`, what needs it is tried all the same.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::Scope;
use std::time::Duration;

use super::aside::PutBack;
use super::claim::{self, Claim};
use super::commit::{self, Task};
use super::one::{Came, One};
use super::{Action, Outcome, Run, Step};
use crate::pipeline::Error;
use crate::pipeline::stage::{How, Place};

/// How often it is looked whether another derm is done with a stage.
const LOOK: Duration = Duration::from_millis(20);

/// What the threads of a run tell.
enum Report<'a> {
    /// A stage came back.
    Came(usize, Box<Came<'a>>),
    /// What a stage did could not be written down.
    Lost(usize, Error),
}

/// Where the stages of a run stand.
struct Board<'a> {
    run: &'a Run<'a>,
    /// Which stages take part.
    wanted: &'a [bool],
    /// Place of each stage in the order.
    place: Vec<usize>,
    /// For each stage how many before it are not done.
    waiting: Vec<usize>,
    /// Stages that run because of `force_downstream`.
    forced: Vec<bool>,
    /// Places of stages that can be looked at.
    ready: BTreeSet<usize>,
    steps: Vec<Option<Step>>,
    running: Vec<Running>,
    /// Stages that were waited for.
    waited: BTreeSet<usize>,
    /// Stages that other derms run, and whether the user heard of it.
    elsewhere: Vec<(usize, bool)>,
}

/// A stage that runs, and which of the GPUs are its.
struct Running {
    index: usize,
    gpus: Vec<usize>,
}

/// Brings all wanted stages up to date.
pub fn all<'a>(run: &'a Run<'a>, wanted: &'a [bool]) -> Outcome {
    let mut board = Board::new(run, wanted);
    let (sender, receiver) = channel::<Report<'a>>();
    std::thread::scope(|scope| {
        let (writer, to_write) = channel::<Task<'a>>();
        let lost = sender.clone();
        scope.spawn(move || commit::write(run, &to_write, &|index, error| drop(lost.send(Report::Lost(index, error)))));
        loop {
            while let Some(index) = board.next() {
                start(&mut board, index, scope, &sender);
                if run.options.jobs <= 1 && !board.running.is_empty() {
                    break;
                }
            }
            if board.running.is_empty() && (board.elsewhere.is_empty() || run.stopped()) {
                break;
            }
            if board.running.is_empty() {
                // While it waits for another derm, that one may wait for what is done here.
                let _ = writer.send(Task::Now);
                board.say_elsewhere();
            }
            let report = match board.elsewhere.is_empty() {
                true => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                false => receiver.recv_timeout(LOOK),
            };
            match report {
                Ok(report) => board.hear(report, &writer),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            board.look_elsewhere();
        }
        // The writer ends with what it has.
    });
    receiver.try_iter().for_each(|report| {
        if let Report::Lost(index, error) = report {
            board.lose(index, error)
        }
    });
    let order = run.project.graph.order.iter().filter(|index| wanted[**index]);
    let steps = order.map(|&index| board.steps[index].take().unwrap_or_else(|| step(index, Action::Skipped))).collect();
    Outcome { steps, interrupted: run.disk.work.interrupt.is_raised() }
}

fn step(stage: usize, action: Action) -> Step {
    Step { stage, action, reasons: Vec::new(), seconds: 0.0, error: None, put_back: PutBack::default() }
}

fn start<'scope, 'a: 'scope>(board: &mut Board<'a>, index: usize, scope: &'scope Scope<'scope, '_>, sender: &Sender<Report<'a>>) {
    let run = board.run;
    let forced = (run.options.force || board.forced[index]) && !run.project.stages[index].frozen;
    let verdict = match run.verdict(index, run.committer.record(index).as_ref(), forced) {
        Ok(verdict) if verdict.is_fresh() && !run.jobs.holds_stage(run.project, index) => return board.finish(step(index, Action::Fresh)),
        Ok(verdict) => verdict,
        Err(error) => return board.finish(Step { error: Some(error), ..step(index, Action::Failed) }),
    };
    let claim = match Claim::try_take(&claim::of_stage(run.project, index)) {
        Ok(Some(claim)) => claim.after_a_wait(board.waited.contains(&index)),
        Ok(None) => {
            board.waited.insert(index);
            return board.elsewhere.push((index, false));
        }
        Err(error) => return board.finish(Step { error: Some(error), ..step(index, Action::Failed) }),
    };
    run.own(index);
    let gpus = board.take_gpus(index);
    let names = gpus.iter().filter_map(|gpu| run.options.gpus.get(*gpu).cloned()).collect();
    board.running.push(Running { index, gpus });
    if run.options.jobs <= 1 {
        // Nothing else is to be started meanwhile: no thread is worth its start.
        let came = One::new(run, index, forced, names).bring_up(verdict, claim);
        let _ = sender.send(Report::Came(index, Box::new(came)));
        return;
    }
    let sender = sender.clone();
    scope.spawn(move || {
        let came = One::new(run, index, forced, names).bring_up(verdict, claim);
        let _ = sender.send(Report::Came(index, Box::new(came)));
    });
}

impl<'a> Board<'a> {
    fn new(run: &'a Run<'a>, wanted: &'a [bool]) -> Self {
        let graph = &run.project.graph;
        let mut place = vec![0; wanted.len()];
        graph.order.iter().enumerate().for_each(|(at, index)| place[*index] = at);
        let waiting: Vec<usize> = graph.needs.iter().map(|needs| needs.iter().filter(|need| wanted[**need]).count()).collect();
        let ready = (0..wanted.len()).filter(|index| wanted[*index] && waiting[*index] == 0).map(|index| place[index]).collect();
        let steps = wanted.iter().map(|_| None).collect();
        Self {
            run,
            wanted,
            place,
            waiting,
            forced: vec![false; wanted.len()],
            ready,
            steps,
            running: Vec::new(),
            waited: BTreeSet::new(),
            elsewhere: Vec::new(),
        }
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

    /// Nothing else is to be done: says for whom this waits.
    fn say_elsewhere(&mut self) {
        for (index, told) in &mut self.elsewhere {
            if !std::mem::replace(told, true) {
                let who = claim::holder(&claim::of_stage(self.run.project, *index));
                self.run.disk.work.observer.note(&format!("waiting for `{}`, which {who} runs", self.run.project.label(*index)));
            }
        }
    }

    /// Stages that other derms are done with can be looked at again.
    fn look_elsewhere(&mut self) {
        let project = self.run.project;
        let (free, held) =
            std::mem::take(&mut self.elsewhere).into_iter().partition(|(index, _)| !claim::is_held(&claim::of_stage(project, *index)));
        self.elsewhere = held;
        let free: Vec<(usize, bool)> = free;
        if !free.is_empty() {
            self.run.disk.forget();
        }
        for (index, _) in free {
            if let Err(error) = self.run.committer.refresh(index) {
                self.finish(Step { error: Some(error), ..step(index, Action::Failed) });
                continue;
            }
            self.ready.insert(self.place[index]);
        }
    }

    fn fits(&self, index: usize) -> bool {
        let how = |index: usize| &self.run.project.stages[index].how;
        let wants = how(index);
        let apart = |other: &Running| !how(other.index).mutex.iter().any(|name| wants.mutex.contains(name));
        let here = |how: &How| how.executor == Place::Local;
        if !here(wants) {
            let waited_for = self.running.iter().filter(|other| !here(how(other.index))).count();
            return waited_for < self.run.options.jobs.max(1) && self.running.iter().all(apart);
        }
        let running = || self.running.iter().filter(|other| here(how(other.index)));
        if running().next().is_none() {
            return self.running.iter().all(apart);
        }
        let sum = |of: fn(&How) -> u64| running().map(|other| of(how(other.index))).fold(0, u64::saturating_add);
        let fit = |of: fn(&How) -> u64, most: u64| of(wants) == 0 || sum(of).saturating_add(of(wants)) <= most;
        fit(|how| how.resources.cpus as u64, self.run.options.jobs.max(1) as u64)
            && fit(|how| u64::from(how.resources.gpus), self.run.options.gpus.len().max(1) as u64)
            && (wants.resources.memory == 0 || sum(|how| how.resources.memory) == 0 || fit(|how| how.resources.memory, machine_memory()))
            && self.running.iter().all(apart)
    }

    /// GPUs that no running stage has: as many as the stage wants, or as there are.
    fn take_gpus(&self, index: usize) -> Vec<usize> {
        let how = &self.run.project.stages[index].how;
        let wants = if how.executor == Place::Local { how.resources.gpus as usize } else { 0 };
        let free = (0..self.run.options.gpus.len()).filter(|gpu| !self.running.iter().any(|other| other.gpus.contains(gpu)));
        free.take(wants).collect()
    }

    fn hear(&mut self, report: Report<'a>, writer: &Sender<Task<'a>>) {
        match report {
            Report::Came(index, came) => {
                self.running.retain(|other| other.index != index);
                self.came(index, *came, writer);
            }
            Report::Lost(index, error) => self.lose(index, error),
        }
    }

    /// A stage came back.
    fn came(&mut self, index: usize, came: Came<'a>, writer: &Sender<Task<'a>>) {
        let Came { reasons, seconds, result, put_back } = came;
        let (action, error) = match result {
            Ok(None) => (Action::Fresh, None),
            Ok(Some(done)) => {
                let action = done.action;
                let _ = writer.send(Task::Write(index, Box::new(done)));
                (action, None)
            }
            Err(error) if error.is_interrupt() => (Action::Skipped, None),
            Err(error) => (Action::Failed, Some(error)),
        };
        self.finish(Step { stage: index, action, reasons, seconds, error, put_back });
    }

    /// Notes what came of a stage, and what may follow.
    fn finish(&mut self, step: Step) {
        let (index, options) = (step.stage, self.run.options);
        let failed = step.error.is_some();
        let done = (!failed || options.ignore_errors) && step.action != Action::Skipped;
        if !done && !options.keep_going {
            self.run.stop.store(true, Ordering::SeqCst);
        }
        let changed = matches!(step.action, Action::Ran | Action::Restored | Action::Recorded);
        self.run.listener.done(&step);
        self.steps[index] = Some(step);
        if !done {
            return;
        }
        for &next in self.run.project.graph.feeds[index].iter().filter(|next| self.wanted[**next]) {
            self.forced[next] |= options.force_downstream && (changed || self.forced[index]);
            self.waiting[next] -= 1;
            if self.waiting[next] == 0 {
                self.ready.insert(self.place[next]);
            }
        }
    }

    /// What a stage did could not be written down: it did not happen.
    fn lose(&mut self, index: usize, error: Error) {
        let reasons = self.steps[index].take().map(|step| step.reasons).unwrap_or_default();
        let step = Step { reasons, error: Some(error), ..step(index, Action::Failed) };
        self.run.listener.done(&step);
        self.steps[index] = Some(step);
    }
}

/// Bytes of memory of this machine; without bound where it cannot be told.
fn machine_memory() -> u64 {
    let Ok(mut system) = sysinfo::System::new() else { return u64::MAX };
    system.refresh_memory();
    system.total_memory()
}
