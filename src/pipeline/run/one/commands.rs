//! A stage's commands, with what they must have for themselves.

use super::super::aside::Aside;
use super::super::claim::{self, Claim, Passing};
use super::super::orphans;
use super::super::shell::{Failed, Shell};
use super::One;
use crate::pipeline::Error;
use crate::pipeline::error::Tail;

impl One<'_> {
    /// Runs the commands, again after a failure if the stage says so. Returns the last lines they printed.
    pub(super) fn run_commands(&self, aside: &Aside, claim: &Claim) -> Result<Tail, Error> {
        let shared = self.run.options.share_terminal && self.run.options.jobs <= 1;
        let mut shell = Shell::new(self.stage, self.label(), self.workspace(), shared);
        shell.default_env(orphans::TRY, aside.id());
        if !self.gpus.is_empty() {
            shell.default_env("CUDA_VISIBLE_DEVICES", &self.gpus.join(","));
        }
        let tries = self.stage.how.retry;
        let mut tried = 0;
        loop {
            let failed = match self.attempt(&shell, claim) {
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

    fn attempt(&self, shell: &Shell, claim: &Claim) -> Result<Tail, Error> {
        let deadline = shell.deadline();
        let mut tail = Tail::default();
        for line in self.stage.cmd.lines() {
            self.run.listener.command(self.index, line);
            let hear = |text: &str| self.run.listener.output(self.index, text);
            let stage = || self.label().to_owned();
            tail = shell.run(line, deadline, self.work().interrupt, &hear, claim).map_err(|failed| match failed {
                Failed::Interrupted => Error::Interrupted,
                Failed::Ended(how, tail) => Error::StageFailed { stage: stage(), command: line.to_owned(), how, tail },
                Failed::Start(source) => {
                    Error::CannotStart { stage: stage(), shell: shell.program(), folder: shell.folder().to_owned(), source }
                }
            })?;
        }
        Ok(tail)
    }
}
