//! A stage's commands, with what they must have for themselves.

use super::super::aside::Aside;
use super::super::claim::{self, Claim, Passing};
use super::One;
use crate::digest::ObjectId;
use crate::pipeline::Error;
use crate::pipeline::error::Tail;
use crate::pipeline::executor::local::Local;
use crate::pipeline::executor::{Executor, Task};
use crate::pipeline::stage::Place;

impl One<'_> {
    /// Runs the commands, again after a failure if the stage says so. Returns the last lines they printed.
    pub(super) fn run_commands(&self, inputs: &ObjectId, aside: &Aside, claim: &Claim) -> Result<Tail, Error> {
        let alone = self.run.options.jobs <= 1;
        let task = Task {
            project: self.run.project,
            index: self.index,
            inputs,
            aside,
            claim,
            gpus: &self.gpus,
            listener: self.run.listener,
            work: self.work(),
            alone,
            shared: self.run.options.share_terminal && alone,
        };
        let executor: &dyn Executor = match self.stage.how.executor {
            Place::Local => &Local,
            Place::Slurm(_) => &self.run.jobs,
        };
        let tries = self.stage.how.retry;
        let mut tried = 0;
        loop {
            let failed = match executor.run(&task) {
                Ok(tail) => return Ok(tail),
                Err(error @ Error::StageFailed { .. }) if tried < tries => error,
                Err(error) => return Err(error),
            };
            tried += 1;
            self.work().observer.warn(&format!("{failed}; trying again ({tried} of {tries})"));
            aside.clear()?;
        }
    }

    /// The stage's mutexes, in the order of their names: nobody waits in a circle.
    pub(super) fn mutexes(&self) -> Result<Vec<Passing>, Error> {
        let take = |name: &String| {
            Passing::take(&claim::of_mutex(self.workspace(), name), &|| self.run.stopped(), &|who| {
                self.work().observer.note(&format!("`{}` waits for the mutex `{name}`, which {who} holds", self.label()));
            })
        };
        self.stage.how.mutex.iter().map(take).collect()
    }
}
