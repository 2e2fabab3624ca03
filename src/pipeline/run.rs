//! Running what is stale.
//!
//! Order of events for one stage ([`one`]): inputs are hashed; outputs that a person edited are saved as objects; old outputs
//! are moved aside ([`aside`]); the commands run ([`shell`]); outputs are checked, hashed, put into the cache and
//! linked back; inputs are compared with what they were before; the result is kept in the run cache; then
//! the record goes into the lock ([`commit`]). A failure before that puts the old outputs back; a kill leaves a note by
//! which the next run does.

mod aside;
mod commit;
mod guard;
mod one;
mod orphans;
mod schedule;
pub(super) mod shell;

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

pub use aside::{Aside, remove};
pub use guard::Guard;
pub use one::save_out;
pub use shell::Shell;

use super::executor::batch::Jobs;
use super::plan::{Next, plan};
use super::reason::Reason;
use super::stage::Place;
use super::world::Disk;
use super::{Error, Project};
use crate::store::{Store, Work};

/// What to run and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The stages asked for; none are all.
    pub targets: Vec<usize>,
    /// Run them even if fresh.
    pub force: bool,
    /// Only say what would be done.
    pub dry: bool,
    /// Only the targets, not what they need.
    pub single: bool,
    /// The targets and what needs them, instead of what they need.
    pub downstream: bool,
    /// After a failure go on with stages that do not need what failed.
    pub keep_going: bool,
    /// How many stages may run side by side.
    pub jobs: usize,
    /// Standard error is a terminal that a stage which runs alone may write to itself.
    pub share_terminal: bool,
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
    /// It printed a line.
    fn output(&self, stage: usize, line: &str);
    /// A stage is done with, in whatever way.
    fn done(&self, step: &Step);
}

/// Runs what is stale among the stages asked for.
///
/// A stage that fails is no error of this function: it stands in the outcome.
///
/// # Errors
/// What keeps the run from starting at all, or its results from being written down.
pub fn repro(project: &Project, options: &Options, work: Work<'_>, listener: &dyn Listener) -> Result<Outcome, Error> {
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
    let _alone = guard::Guard::take(&project.workspace, work)?;
    orphans::end_all(&project.workspace, work);
    let (jobs, held) = Jobs::recover(project, work)?;
    aside::recover(&project.workspace, work, &held)?;
    check_queue(project, &wanted, options, &jobs, &disk)?;
    let committer = commit::Committer::new(project, project.locks()?, work);
    let run = Run { project, options, disk, committer, listener, jobs, stop: AtomicBool::new(false) };
    let outcome = schedule::all(&run, &wanted);
    run.committer.flush()?;
    store.flush()?;
    outcome
}

/// What the parts of a run share.
struct Run<'a> {
    project: &'a Project,
    options: &'a Options,
    disk: Disk<'a>,
    committer: commit::Committer<'a>,
    listener: &'a dyn Listener,
    /// Stages that run elsewhere.
    jobs: Jobs,
    /// Nothing more is started.
    stop: AtomicBool,
}

impl Run<'_> {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst) || self.disk.work.interrupt.is_raised()
    }
}

/// Nothing runs here when a stage that is not fresh needs a queueing system that is not there.
fn check_queue(project: &Project, wanted: &[bool], options: &Options, jobs: &Jobs, disk: &Disk<'_>) -> Result<(), Error> {
    let elsewhere = |index: usize| wanted[index] && project.stages[index].how.executor != Place::Local;
    let Some((queue, program)) = jobs.lacks().filter(|_| (0..wanted.len()).any(elsewhere)) else { return Ok(()) };
    let planned = plan(project, &project.locks()?, wanted, options.force, disk)?;
    let stale = planned.iter().find(|planned| elsewhere(planned.stage) && matches!(planned.next, Next::Run | Next::Maybe));
    let missing = |planned: &super::plan::Planned| Error::NoQueue { stage: project.label(planned.stage).to_owned(), queue, program };
    stale.map_or(Ok(()), |planned| Err(missing(planned)))
}

/// Which stages take part.
fn wanted(project: &Project, options: &Options) -> Vec<bool> {
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
        return graph.closure(&options.targets, &graph.feeds);
    }
    // What a frozen stage needs is of no interest to it.
    let needs: Vec<Vec<usize>> =
        graph.needs.iter().zip(&project.stages).map(|(needs, stage)| if stage.frozen { Vec::new() } else { needs.clone() }).collect();
    graph.closure(&options.targets, &needs)
}

fn dry(project: &Project, options: &Options, wanted: &[bool], disk: &Disk<'_>) -> Result<Outcome, Error> {
    let planned = plan(project, &project.locks()?, wanted, options.force, disk)?;
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
    };
    Ok(Outcome { steps: planned.into_iter().map(step).collect(), interrupted: false })
}
