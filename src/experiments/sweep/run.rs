//! Running a sweep: asking for points, starting trials, listening to them, ending them.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use super::journal::{Ended, Event, Journal};
use super::naming::experiment;
use super::settings::Plan;
use super::table::{Row, Table};
use super::{Error, Settings, Sweep, metric};
use crate::experiments::overrides::Override;
use crate::experiments::search::Search;
use crate::experiments::search::asha::{Asha, Decision};
use crate::experiments::trial::{self, Finished, Running, Spec, State};
use crate::experiments::{self, Set};
use crate::pipeline::value::Value;
use crate::store::Work;
use crate::workspace::Workspace;

/// Between two looks at the trials.
const PAUSE: Duration = Duration::from_millis(25);

/// Hears what happens.
pub trait Listener {
    /// A trial was started.
    fn starts(&self, experiment: &str, params: &[String]);
    /// A trial ended.
    fn ended(&self, experiment: &str, ended: &Ended);
    /// A trial that could have been ended early reported nothing.
    fn silent(&self, experiment: &str, key: &str);
    /// Configurations that are finished, of how many.
    fn progress(&self, finished: usize, total: usize);
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// All configurations.
    pub table: Table,
    /// The user stopped it.
    pub interrupted: bool,
}

/// Runs a sweep to its end, or on to its end.
///
/// # Errors
/// Another derm runs it; its journal cannot be read or written; a trial cannot be started for a reason that all share.
pub fn run(workspace: &Workspace, sweep: &Sweep, jobs: NonZeroUsize, work: &Work<'_>, listener: &dyn Listener) -> Result<Outcome, Error> {
    let (journal, events) = Journal::open(workspace, &sweep.name)?;
    let mut engine = Engine::new(workspace, sweep, journal, jobs)?;
    engine.replay(events)?;
    engine.tell_progress(listener);
    loop {
        if work.interrupt.is_raised() {
            // Dropped trials end their children and leave their worktrees.
            engine.live.clear();
            return Ok(Outcome { table: engine.table(), interrupted: true });
        }
        while engine.live.len() < jobs.get() && engine.start_next(work, listener)? {}
        if engine.live.is_empty() {
            return Ok(Outcome { table: engine.table(), interrupted: false });
        }
        std::thread::sleep(PAUSE);
        engine.look(listener)?;
    }
}

struct Live {
    configuration: usize,
    trial: usize,
    running: Running,
}

struct Engine<'a> {
    workspace: &'a Workspace,
    sweep: &'a Sweep,
    settings: &'a Settings,
    plan: Plan,
    search: Box<dyn Search>,
    asha: Option<Asha>,
    journal: Journal,
    events: Vec<Event>,
    /// The parameters of each configuration.
    asked: Vec<Vec<Override>>,
    /// What ended, by configuration from 0 and trial.
    ended: BTreeMap<(usize, usize), Ended>,
    /// Decisions to end a trial that were taken already: step and value.
    stopped: BTreeMap<(usize, usize), (u64, f64)>,
    live: Vec<Live>,
    threads: Option<NonZeroUsize>,
}

impl<'a> Engine<'a> {
    fn new(workspace: &'a Workspace, sweep: &'a Sweep, journal: Journal, jobs: NonZeroUsize) -> Result<Self, Error> {
        let settings = &sweep.settings;
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Ok(Self {
            workspace,
            sweep,
            settings,
            plan: settings.plan()?,
            search: settings.searcher()?,
            asha: settings.stop.map(|rungs| Asha::new(rungs, settings.lag)),
            journal,
            events: Vec::new(),
            asked: Vec::new(),
            ended: BTreeMap::new(),
            stopped: BTreeMap::new(),
            live: Vec::new(),
            threads: NonZeroUsize::new((cores / jobs.get()).max(1)).filter(|_| jobs.get() > 1),
        })
    }

    /// Takes up what an earlier run of the sweep noted.
    fn replay(&mut self, events: Vec<Event>) -> Result<(), Error> {
        for event in events {
            match &event {
                Event::Asked { configuration, params } => {
                    // The search answers as it did then, because it is told the same.
                    let point = self.search.ask().map(|point| self.overrides(&point));
                    let same = point.as_ref().is_some_and(|point| shown(point) == *params) && *configuration == self.asked.len() + 1;
                    let Some(point) = point.filter(|_| same) else {
                        let path = self.workspace.derm_dir().join("sweeps").join(&self.sweep.name).join("trials.jsonl");
                        let reason = format!("configuration {configuration} is not what the search asks for");
                        return Err(Error::Damaged { path, reason });
                    };
                    self.asked.push(point);
                }
                Event::Report { configuration, trial, step, value } => {
                    self.judge(configuration - 1, *trial, *step, value.unwrap_or(f64::NAN));
                }
                Event::Ended { configuration, trial, ended } => {
                    self.ended.insert((configuration - 1, *trial), ended.clone());
                    self.events.push(event.clone());
                    self.tell(configuration - 1);
                    continue;
                }
            }
            self.events.push(event);
        }
        Ok(())
    }

    fn note(&mut self, event: Event) -> Result<(), Error> {
        self.journal.note(&event)?;
        self.events.push(event);
        Ok(())
    }

    fn table(&self) -> Table {
        Table::of(self.settings, self.plan.folds.len(), &self.events)
    }

    fn row(&self, configuration: usize) -> Option<Row> {
        self.table().rows.into_iter().find(|row| row.configuration == configuration + 1)
    }

    fn finished(&self, configuration: usize) -> bool {
        let all = self.plan.folds.len();
        let ended = self.ended.range((configuration, 0)..(configuration + 1, 0));
        let stopped = ended.clone().any(|(_, ended)| ended.state == State::Stopped);
        stopped || ended.count() == all
    }

    /// Tells the search of a configuration that has finished.
    fn tell(&mut self, configuration: usize) {
        if self.finished(configuration)
            && let Some(row) = self.row(configuration)
        {
            self.search.tell(configuration, row.told(self.settings.goal));
        }
    }

    /// The overrides that make a point.
    fn overrides(&self, point: &[Value]) -> Vec<Override> {
        self.plan.axes.iter().zip(point).map(|(axis, value)| axis.with(value.clone())).collect()
    }

    /// Starts the next trial; `false` if there is none, or none yet.
    fn start_next(&mut self, work: &Work<'_>, listener: &dyn Listener) -> Result<bool, Error> {
        let (configuration, trial) = match self.waiting() {
            Some(next) => next,
            None if self.ask()? => (self.asked.len() - 1, 0),
            None => return Ok(false),
        };
        let spec = self.spec(configuration, trial)?;
        match trial::start(self.workspace, &spec, work) {
            Ok(running) => {
                listener.starts(&spec.name, &shown(&self.asked[configuration]));
                self.live.push(Live { configuration, trial, running });
                Ok(true)
            }
            Err(error) if self.ended.is_empty() && self.live.is_empty() => Err(error.into()),
            Err(error @ (experiments::Error::Interrupted | experiments::Error::Busy(_))) => Err(error.into()),
            Err(error) => {
                let ended =
                    Ended { state: State::Failed, value: None, step: None, commit: None, seconds: 0.0, reason: Some(error.to_string()) };
                self.end(configuration, trial, ended, listener)?;
                Ok(true)
            }
        }
    }

    /// A trial of a configuration that was asked for, and neither ended nor runs.
    fn waiting(&self) -> Option<(usize, usize)> {
        let open = (0..self.asked.len()).filter(|configuration| !self.finished(*configuration));
        let trials = open.flat_map(|configuration| (0..self.plan.folds.len()).map(move |trial| (configuration, trial)));
        let runs = |at: &(usize, usize)| self.live.iter().any(|live| (live.configuration, live.trial) == *at);
        { trials }.find(|at| !self.ended.contains_key(at) && !runs(at))
    }

    /// Asks the search for another configuration; `false` if there is none, or none yet.
    fn ask(&mut self) -> Result<bool, Error> {
        let next = self.asked.len();
        let judged = self.asha.as_ref().is_none_or(|asha| asha.ready(next, |configuration| self.finished(configuration)));
        if next >= self.settings.trials || !judged || !self.search.ready() {
            return Ok(false);
        }
        let Some(point) = self.search.ask() else { return Ok(false) };
        let point = self.overrides(&point);
        self.note(Event::Asked { configuration: next + 1, params: shown(&point) })?;
        self.asked.push(point);
        Ok(true)
    }

    /// The name of a trial's experiment.
    fn name(&self, configuration: usize, trial: usize) -> String {
        experiment(&self.sweep.name, configuration + 1, self.plan.folds[trial].as_ref(), trial)
    }

    fn spec(&self, configuration: usize, trial: usize) -> Result<Spec, Error> {
        let overrides = self.plan.fixed.iter().chain(&self.asked[configuration]).chain(&self.plan.folds[trial]);
        let overrides: Result<Vec<Set>, _> = overrides.map(Set::of).collect();
        Ok(Spec {
            name: self.name(configuration, trial),
            snapshot: self.sweep.snapshot.clone(),
            overrides: overrides?,
            targets: self.settings.targets.clone(),
            folder: self.settings.folder.clone(),
            repro: Vec::new(),
            copy: Vec::new(),
            labels: BTreeMap::from([("sweep".to_owned(), self.sweep.name.clone())]),
            message: None,
            threads: self.threads,
            // One that was saved a moment before a kill is made again, from the run cache.
            replace: true,
        })
    }

    /// Listens to what runs, and closes what ended.
    fn look(&mut self, listener: &dyn Listener) -> Result<(), Error> {
        let mut at = 0;
        while at < self.live.len() {
            // Whether it has ended is asked before its reports are read, so that none is missed.
            let over = self.live[at].running.poll()?.is_some();
            let lost = self.hear(at)?;
            if !over && !lost {
                at += 1;
                continue;
            }
            let mut live = self.live.swap_remove(at);
            live.running.stop();
            let key = (live.configuration, live.trial);
            let finished = live.running.finish()?;
            let reported =
                self.events.iter().any(|event| matches!(event, Event::Report { configuration, .. } if *configuration == key.0 + 1));
            if let (Some(watch), false) = (&self.settings.watch, reported || finished.state != State::Done || self.asha.is_none()) {
                listener.silent(&finished.name, &watch.key);
            }
            let ended = self.judged(key, finished);
            self.end(key.0, key.1, ended, listener)?;
        }
        Ok(())
    }

    /// Reads new reports; whether the trial is to be ended.
    fn hear(&mut self, at: usize) -> Result<bool, Error> {
        let (Some(watch), true) = (&self.settings.watch, self.asha.is_some()) else { return Ok(false) };
        let live = &self.live[at];
        let key = (live.configuration, live.trial);
        let there = watch.read(live.running.worktree());
        let known = self.events.iter().rev().find_map(|event| match event {
            Event::Report { configuration, trial, step, .. } if (*configuration - 1, *trial) == key => Some(*step),
            _ => None,
        });
        let fresh: Vec<(u64, f64)> =
            there.iter().map(|(step, value)| (*step, *value)).filter(|(step, _)| known.is_none_or(|known| *step > known)).collect();
        for (step, value) in fresh {
            if self.stopped.contains_key(&key) {
                break;
            }
            self.note(Event::Report {
                configuration: key.0 + 1,
                trial: key.1,
                step,
                value: Some(value).filter(|value| value.is_finite()),
            })?;
            self.judge(key.0, key.1, step, value);
        }
        Ok(self.stopped.contains_key(&key))
    }

    fn judge(&mut self, configuration: usize, trial: usize, step: u64, value: f64) {
        let cost = self.settings.goal.cost(value);
        if let Some(asha) = &mut self.asha
            && !self.stopped.contains_key(&(configuration, trial))
            && asha.report(configuration, step, cost) == Decision::Stop
        {
            self.stopped.insert((configuration, trial), (step, value));
        }
    }

    /// How a trial ended: the rungs have the last word, whether they were quick enough to end it or not.
    fn judged(&self, key: (usize, usize), finished: Finished) -> Ended {
        let Finished { commit, seconds, tail, metrics, state, .. } = finished;
        if let Some((step, value)) = self.stopped.get(&key) {
            let value = Some(*value).filter(|value| value.is_finite());
            return Ended { state: State::Stopped, value, step: Some(*step), commit, seconds, reason: None };
        }
        let value = if state == State::Done { metric::of(&self.settings.metric, &metrics) } else { Ok(None) };
        match value {
            Ok(value) => {
                let reason = tail.last().cloned().filter(|_| state == State::Failed);
                Ended { state, value, step: None, commit, seconds, reason }
            }
            Err(reason) => Ended { state: State::Failed, value: None, step: None, commit, seconds, reason: Some(reason) },
        }
    }

    fn end(&mut self, configuration: usize, trial: usize, ended: Ended, listener: &dyn Listener) -> Result<(), Error> {
        listener.ended(&self.name(configuration, trial), &ended);
        self.note(Event::Ended { configuration: configuration + 1, trial, ended: ended.clone() })?;
        self.ended.insert((configuration, trial), ended);
        self.tell(configuration);
        self.tell_progress(listener);
        Ok(())
    }

    fn tell_progress(&self, listener: &dyn Listener) {
        let finished = (0..self.asked.len()).filter(|configuration| self.finished(*configuration)).count();
        listener.progress(finished, self.settings.trials);
    }
}

fn shown(overrides: &[Override]) -> Vec<String> {
    overrides.iter().map(ToString::to_string).collect()
}
