//! Where the commands of a stage run: on this machine, or as a job of a queueing system.
//!
//! An [`Executor`] runs all command lines of one attempt of a stage, each in a new shell, with the environment that
//! [`super::run`] promises; it hands over what they print line by line and says how they ended. What goes in and what
//! becomes of the outputs is not its concern. [`local::Local`] runs them as processes of this one.
//!
//! [`batch::Jobs`] runs them as jobs of a [`queue::Queue`] on machines that see the repository under the same path.
//! [`slurm::Slurm`] is the only queue; another (Kubernetes) has to say how a script is submitted under a name,
//! found by it, asked about and cancelled. A batch job needs no derm on its side: a script writes to the job's folder.
//!
//! # A job's folder
//!
//! Every submission has a folder `.derm/tmp/jobs/NAME`, NAME also being the job's name in the queue, with a random
//! part. Stages of one `foreach` or `matrix` that become ready together and want the same of the queue are one submission, an
//! array; each stage has its own task folder `NAME/0`, `NAME/1`, …
//!
//! | file | written by | what |
//! | --- | --- | --- |
//! | `NAME/id` | the submitting program | the queue's id: it outlives a derm that is killed while it submits |
//! | `NAME/script` | derm | what an array starts: it goes to the task's script |
//! | `NAME/N/job.json` | derm, before it submits | [`job::Note`]: stage, inputs, terms, and the claim that notes what is aside |
//! | `NAME/N/owner` | derm | locked while the folder is being filled |
//! | `NAME/N/script` | derm | [`script`] |
//! | `NAME/N/log` | the job | both streams, and marks: [`follow`] |
//! | `NAME/N/status` | the job, last, renamed into place | `CODE WHERE`: exit status, and the line that it is of |
//!
//! # A derm that dies
//!
//! Its jobs go on, and write to the places of the outputs. So what the claim of a stage notes ([`super::run`]) is not undone as long as a
//! `job.json` names that claim: the old outputs stay aside. Who takes the claim next, with all stages before it done, hashes the
//! inputs again. If the job is of these inputs and was asked for on these terms, that run takes its place: it shows what the job
//! printed, waits for its end, and saves the outputs, or puts the old ones back when it failed. Otherwise it cancels the job,
//! waits until the queue says that it has ended, and puts the old outputs back; only then is the stage looked at as usual. A job of a
//! stage that is not asked for is left alone; one of a stage that is no longer defined is cancelled. A job whose claim is gone has been
//! counted already.
//!
//! Without an id the queue is asked for the name; a job that reaches the queue even later finds that its
//! `job.json` is gone and does nothing. A job that cannot be cancelled, because the queue does not answer, is left as it is for the next run.
//!
//! # Ends
//!
//! The status file decides. A job that the queue ended (memory, time, node, `scancel`) leaves none: then the queue's word counts,
//! after a while in which a shared file system may still bring the file. Queues start jobs again after a node failed or a job
//! was preempted; the script then removes what the first try left. Where a queue does not, derm submits again, three times at most.

pub mod batch;
pub mod follow;
pub mod job;
pub mod local;
pub mod queue;
pub mod script;
pub mod slurm;
mod watch;

use super::error::Tail;
use super::run::{Aside, Claim, Listener};
use super::stage::Stage;
use super::{Error, Project};
use crate::digest::ObjectId;
use crate::store::Work;

/// One attempt of a stage.
pub struct Task<'a> {
    /// Where it belongs to.
    pub project: &'a Project,
    /// Index of the stage.
    pub index: usize,
    /// What goes in, as the run cache has it.
    pub inputs: &'a ObjectId,
    /// Its old outputs.
    pub aside: &'a Aside,
    /// Its claim.
    pub claim: &'a Claim,
    /// Numbers of this machine's GPUs that it may use; empty when they need not be told apart.
    pub gpus: &'a [String],
    /// Hears what happens.
    pub listener: &'a dyn Listener,
    /// Progress and interruption.
    pub work: Work<'a>,
    /// No other stage runs beside it.
    pub alone: bool,
    /// Its commands may write to derm's terminal.
    pub shared: bool,
}

impl<'a> Task<'a> {
    /// The stage.
    pub fn stage(&self) -> &'a Stage {
        &self.project.stages[self.index]
    }

    /// Its name for people.
    pub fn label(&self) -> &'a str {
        self.project.label(self.index)
    }
}

/// Runs the commands of stages.
pub trait Executor: Sync {
    /// Runs all of them, from the first to the first that fails. Gives the last lines that they printed.
    ///
    /// # Errors
    /// [`Error::StageFailed`] when a command failed, [`Error::Interrupted`] when the user stopped it; in both
    /// cases nothing of it runs any more. After [`Error::JobKept`] it may.
    fn run(&self, task: &Task<'_>) -> Result<Tail, Error>;
}
