//! Commands as processes of this machine.

use super::{Executor, Task};
use crate::pipeline::Error;
use crate::pipeline::error::Tail;
use crate::pipeline::run::orphans;
use crate::pipeline::run::shell::{Failed, Shell};

/// Runs stages here.
pub struct Local;

impl Executor for Local {
    fn run(&self, task: &Task<'_>) -> Result<Tail, Error> {
        let mut shell = Shell::new(task.stage(), task.label(), &task.project.workspace, task.shared);
        shell.default_env(orphans::TRY, task.aside.id());
        if !task.gpus.is_empty() {
            shell.default_env("CUDA_VISIBLE_DEVICES", &task.gpus.join(","));
        }
        let deadline = shell.deadline();
        let mut tail = Tail::default();
        for line in task.stage().cmd.lines() {
            task.listener.command(task.index, line);
            let hear = |text: &str| task.listener.output(task.index, text);
            let stage = || task.label().to_owned();
            tail = shell.run(line, deadline, task.work.interrupt, &hear, task.claim).map_err(|failed| match failed {
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
