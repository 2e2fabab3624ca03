//! What a queueing system must be able to do.

use std::path::Path;
use std::time::Duration;

use crate::observer::Interrupt;
use crate::pipeline::error::JobEnd;
use crate::pipeline::stage::Stage;

/// What the queue's program said instead of doing what it was asked for, in its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble(pub String);

/// Where a job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits to be started, for the first time or again; why.
    Waiting(String),
    /// It runs, or is about to end.
    Running,
    /// It has ended and will not be started again.
    Ended(JobEnd),
    /// The queue does not know it (any more).
    Unknown,
}

impl State {
    /// Whether the job may still do something.
    pub fn is_live(&self) -> bool {
        matches!(self, State::Waiting(_) | State::Running)
    }
}

/// What is handed to the queue.
pub struct Submission<'a> {
    /// Its name, unique for all time.
    pub name: &'a str,
    /// Its folder.
    pub folder: &'a Path,
    /// The repository's root.
    pub root: &'a Path,
    /// How many tasks it has: `folder/0`, `folder/1`, …
    pub tasks: usize,
    /// Whether the tasks are an array, so that the id of task N is that of the array and N.
    pub array: bool,
    /// What [`Queue::terms`] said of all its stages.
    pub terms: &'a [String],
}

/// A system that runs jobs.
pub trait Queue: Send + Sync {
    /// Its name for people.
    fn name(&self) -> &'static str;

    /// A program that it needs and this machine lacks.
    fn lacks(&self) -> Option<&'static str>;

    /// What it is asked for on behalf of a stage, in its own words: resources, limits, options.
    fn terms(&self, stage: &Stage) -> Vec<String>;

    /// Submits a job whose id is then in the file `id` of the submission's folder, even if this process is killed meanwhile.
    fn submit(&self, submission: &Submission<'_>, interrupt: &Interrupt) -> Result<(), Trouble>;

    /// The id of a submission that was made under this name.
    fn find(&self, name: &str) -> Result<Option<String>, Trouble>;

    /// Where the job with this id stands; the answer may be as old as `age`.
    fn state(&self, id: &str, age: Duration) -> Result<State, Trouble>;

    /// Asks for its end. Whether it came is for [`Queue::state`] to say.
    fn cancel(&self, id: &str) -> Result<(), Trouble>;
}
