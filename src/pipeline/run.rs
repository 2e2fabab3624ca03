//! Running what is stale.
//!
//! Order of events for one stage ([`one`]): it is claimed, so that no other derm runs it meanwhile ([`claim`]); inputs are hashed; outputs
//! that a person edited are saved as objects; old outputs are moved aside ([`aside`]); the commands run ([`shell`]); outputs are checked
//! and hashed; inputs are compared with what they were before; then, together with what ends at the same moment ([`commit`]), outputs
//! go into the cache and are linked back, the result goes into the run cache, the record into the journal, and the claim is
//! given up. A failure before that puts the old outputs back; after a kill the next run does, by the notes in the claim.

mod aside;
pub(super) mod claim;
mod commit;
mod guard;
mod one;
pub(super) mod orphans;
mod resume;
mod save;
mod schedule;
pub(super) mod shell;
pub mod watch;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::Serialize;

pub use aside::{Aside, PutBack, remove};
pub use claim::Claim;
pub use guard::Guard;
pub use save::save_out;
pub use shell::Shell;

use super::decide::decide;
use super::executor::batch::{self, Jobs};
use super::lock::Record;
use super::missing::{Lenient, Made};
use super::plan::{Asked, Next, plan_with};
use super::reason::{Reason, Verdict};
use super::stage::Place;
use super::world::Disk;
use super::{Error, Project};
use crate::relpath::RelPath;
use crate::store::{Entry, Scratch, Store, Work};
use crate::workspace::Workspace;

/// Brings objects from remotes into the cache; says whether all of them came.
pub type Bring<'a> = dyn Fn(&[(RelPath, Entry)]) -> bool + Sync + 'a;

/// What to run and how.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// The stages asked for; none are all.
    pub targets: &'a [usize],
    /// Run them even if fresh.
    pub force: bool,
    /// Run what comes after a stage that ran, even if its inputs came out the same.
    pub force_downstream: bool,
    /// Only say what would be done.
    pub dry: bool,
    /// Only the targets, not what they need.
    pub single: bool,
    /// The targets and what needs them, instead of what they need.
    pub downstream: bool,
    /// After a failure go on with stages that do not need what failed.
    pub keep_going: bool,
    /// After a failure go on with everything; what the failed stage made stays.
    pub ignore_errors: bool,
    /// Data that is not there is no reason to run.
    pub allow_missing: bool,
    /// Take no results of earlier runs.
    pub no_run_cache: bool,
    /// Record what stages make without putting it into the cache.
    pub no_commit: bool,
    /// How many stages may run side by side.
    pub jobs: usize,
    /// The GPUs, by the names that CUDA knows them by.
    pub gpus: &'a [String],
    /// Standard error is a terminal that a stage which runs alone may write to itself.
    pub share_terminal: bool,
    /// Where results that the cache lacks may come from.
    pub bring: Option<&'a Bring<'a>>,
}

/// What happened to a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Nothing had to be done.
    Fresh,
    /// Its commands were run.
    Ran,
    /// Its outputs were taken from the cache.
    Restored,
    /// It is frozen: its record was brought up to date without running it.
    Recorded,
    /// It failed.
    Failed,
    /// It was not looked at, because something failed or the user stopped.
    Skipped,
    /// (`--dry`) It would run.
    WouldRun,
    /// (`--dry`) It would run, unless what comes before it makes the same as last time.
    MayRun,
    /// (`--dry`) Its outputs would be taken from the cache.
    WouldRestore,
}

/// One stage of a run.
#[derive(Debug)]
pub struct Step {
    /// Index of the stage.
    pub stage: usize,
    /// What happened.
    pub action: Action,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Wall-clock time of its commands and of saving what they made.
    pub seconds: f64,
    /// Why it failed.
    pub error: Option<Error>,
    /// What became of its outputs when it did not succeed.
    pub put_back: PutBack,
}

/// A finished run: its stages in the order in which they come after each other.
#[derive(Debug)]
pub struct Outcome {
    /// The stages that were asked for, with what they need.
    pub steps: Vec<Step>,
    /// Whether the user stopped it.
    pub interrupted: bool,
}

/// Hears what a run does, from any thread.
pub trait Listener: Sync {
    /// A stage is about to run.
    fn starts(&self, stage: usize, reasons: &[Reason]);
    /// One of its commands begins.
    fn command(&self, stage: usize, line: &str);
    /// It printed these lines.
    fn output(&self, stage: usize, lines: &str);
    /// A stage is done with, in whatever way.
    fn done(&self, step: &Step);
}

/// Runs what is stale among the stages asked for.
///
/// A stage that fails is no error of this function: it stands in the outcome.
///
/// # Errors
/// What keeps the run from starting at all, or its results from being written down.
pub fn repro(project: &Project, options: &Options<'_>, work: Work<'_>, listener: &dyn Listener) -> Result<Outcome, Error> {
    if project.stages.is_empty() {
        let files: Vec<String> = project.pipelines.iter().map(|pipeline| pipeline.file.to_string()).collect();
        return Err(if files.is_empty() { Error::NoPipelines } else { Error::NoStages(files) });
    }
    let wanted = wanted(project, options);
    let store = Store::open(&project.workspace)?;
    let disk = Disk::new(&store, &project.files, work);
    if options.dry {
        return dry(project, options, &wanted, &disk);
    }
    let _guard = Guard::join(&project.workspace, work)?;
    let jobs = Jobs::recover(project, work)?;
    claim::recover(&project.workspace, &work, &|claim| jobs.holds(claim))?;
    check_queue(project, options, &wanted, &jobs, &disk)?;
    let committer = commit::Committer::new(project)?;
    let made = options.allow_missing.then(|| Made::new(&committer.locks()));
    let run = Run {
        project,
        options,
        disk,
        made,
        committer,
        listener,
        jobs,
        scratch: OnceLock::new(),
        own: Mutex::default(),
        stop: AtomicBool::new(false),
    };
    let outcome = schedule::all(&run, &wanted);
    run.committer.flush()?;
    store.flush()?;
    Ok(outcome)
}

/// Ends what runs have left in a workspace that goes away: commands and jobs. Outputs are put back.
///
/// # Errors
/// What cannot be put back.
pub fn give_up(workspace: &Workspace, work: Work<'_>) -> Result<(), Error> {
    batch::end_all(workspace, work);
    claim::recover(workspace, &work, &|_| false)
}

/// What the parts of a run share.
struct Run<'a> {
    project: &'a Project,
    options: &'a Options<'a>,
    disk: Disk<'a>,
    /// What was made, where missing data is no reason to run.
    made: Option<Made>,
    committer: commit::Committer<'a>,
    listener: &'a dyn Listener,
    /// Stages that run elsewhere.
    jobs: Jobs,
    scratch: OnceLock<Arc<Scratch>>,
    /// Stages that this run has claimed at some time.
    own: Mutex<HashSet<usize>>,
    /// Nothing more is started.
    stop: AtomicBool,
}

impl Run<'_> {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst) || self.disk.work.interrupt.is_raised()
    }

    fn own(&self, stage: usize) {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).insert(stage);
    }

    fn owns(&self, stage: usize) -> bool {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).contains(&stage)
    }

    /// What is to be done with a stage.
    fn verdict(&self, index: usize, record: Option<&Record>, forced: bool) -> Result<Verdict, Error> {
        let stage = &self.project.stages[index];
        match &self.made {
            None => decide(stage, record, forced, &self.disk),
            Some(made) => {
                let lenient = Lenient { world: &self.disk, project: self.project, store: self.disk.store, made, record };
                decide(stage, record, forced, &lenient)
            }
        }
    }

    /// The folder for objects that are not finished.
    fn scratch(&self) -> Result<Arc<Scratch>, Error> {
        if let Some(scratch) = self.scratch.get() {
            return Ok(scratch.clone());
        }
        let new = self.disk.store.scratch()?;
        Ok(self.scratch.get_or_init(|| new).clone())
    }
}

/// Nothing runs here when a stage that is not fresh needs a queueing system that is not there.
fn check_queue(project: &Project, options: &Options<'_>, wanted: &[bool], jobs: &Jobs, disk: &Disk<'_>) -> Result<(), Error> {
    let elsewhere = |index: usize| wanted[index] && project.stages[index].how.executor != Place::Local;
    if !(0..wanted.len()).any(elsewhere) {
        return Ok(());
    }
    let Some((queue, program)) = jobs.lacks() else { return Ok(()) };
    let planned = planned(project, options, wanted, disk)?;
    let stale = planned.iter().find(|planned| elsewhere(planned.stage) && matches!(planned.next, Next::Run | Next::Maybe));
    let missing = |planned: &super::plan::Planned| Error::NoQueue { stage: project.label(planned.stage).to_owned(), queue, program };
    stale.map_or(Ok(()), |planned| Err(missing(planned)))
}

/// Which stages take part.
pub fn wanted(project: &Project, options: &Options<'_>) -> Vec<bool> {
    let graph = &project.graph;
    if options.targets.is_empty() {
        return vec![true; project.stages.len()];
    }
    if options.single {
        let mut wanted = vec![false; project.stages.len()];
        options.targets.iter().for_each(|target| wanted[*target] = true);
        return wanted;
    }
    if options.downstream {
        return graph.closure(options.targets, &graph.feeds);
    }
    // What a frozen stage needs is of no interest to it.
    let needs: Vec<Vec<usize>> =
        graph.needs.iter().zip(&project.stages).map(|(needs, stage)| if stage.frozen { Vec::new() } else { needs.clone() }).collect();
    graph.closure(options.targets, &needs)
}

fn dry(project: &Project, options: &Options<'_>, wanted: &[bool], disk: &Disk<'_>) -> Result<Outcome, Error> {
    let planned = planned(project, options, wanted, disk)?;
    let step = |planned: super::plan::Planned| Step {
        stage: planned.stage,
        action: match planned.next {
            Next::Fresh => Action::Fresh,
            Next::Restore => Action::WouldRestore,
            Next::Run => Action::WouldRun,
            Next::Maybe => Action::MayRun,
        },
        reasons: planned.reasons,
        seconds: 0.0,
        error: None,
        put_back: PutBack::default(),
    };
    Ok(Outcome { steps: planned.into_iter().map(step).collect(), interrupted: false })
}

fn planned(project: &Project, options: &Options<'_>, wanted: &[bool], disk: &Disk<'_>) -> Result<Vec<super::plan::Planned>, Error> {
    let how = Asked { forced: options.force, downstream: options.force_downstream, lenient: options.allow_missing };
    plan_with(project, &project.locks()?, wanted, how, disk, disk.store)
}
