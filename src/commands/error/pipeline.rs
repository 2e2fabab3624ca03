//! Advice for the errors of [`crate::pipeline`].

use super::{Explain, Failure};
use crate::commands::Exit;
use crate::pipeline::problem::Problem;
use crate::pipeline::{Ended, Error, JobEnd, Tail};
use crate::text;

/// Problems that a message names after the first.
const SHOWN: usize = 20;

impl Explain for Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            Error::Workspace(error) => error.explain(),
            Error::Store(error) => error.explain(),
            Error::Definition(problems) => definition(&problems),
            Error::NoPipelines => failure
                .hint("write one: `pipelines/NAME.yaml` with `stages:`, each with `cmd`, `deps`, `params` and `outs`")
                .with_exit(Exit::Usage),
            Error::NoStages(_) => {
                failure.hint("write some: `stages:`, each with `cmd`, `deps`, `params` and `outs`").with_exit(Exit::Usage)
            }
            Error::NoFiles(_) => failure.hint("without a name every file that pipelines name is shown").with_exit(Exit::Usage),
            Error::UnknownTarget { near, .. } => match near {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint("`derm status` lists the stages"),
            }
            .with_exit(Exit::Usage),
            Error::AmbiguousTarget { stages, .. } => {
                failure.hint(format!("name the file too: {}", text::quoted_list(&stages))).with_exit(Exit::Usage)
            }
            Error::MissingDep { path, tracked, .. } => match tracked {
                true => failure.hint(format!("it is tracked: `derm checkout {path}` brings it back")),
                false => failure.hint("check the spelling in `deps:`, or put the file there"),
            },
            Error::MissingParam { near, file, .. } => match near {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint(format!("add it to `{file}`, or take it out of `params:`")),
            }
            .with_exit(Exit::Usage),
            Error::StageFailed { command, how, tail, .. } => stage_failed(failure, &command, how, &tail),
            Error::OutMissing { command, tail, .. } => with_tail(failure.cause(format!("the command was `{command}`")), &tail)
                .hint("the command must write every path under `outs:`, `metrics:` and `plots:`, relative to its `wdir`"),
            Error::FrozenOutMissing { path, .. } => {
                failure.hint("take out `frozen: true` to run it").hint(format!("or put `{path}` back by hand"))
            }
            Error::NothingToRecord { stage, path } => failure
                .hint(format!("run it: `derm repro {}`", text::shell_word(&stage)))
                .hint(format!("or bring `{path}` back first: `derm checkout {}`", text::shell_word(path.as_str()))),
            Error::CannotStart { .. } => failure.hint("check `wdir:` and `shell:` of the stage, and the variable SHELL"),
            Error::NoQueue { queue, .. } => failure
                .hint(format!("type this on a machine from which jobs are submitted to {queue}, where the repository has the same path as on its nodes"))
                .hint("or write `executor: local` in the stage to run it on this machine; that does not make it stale")
                .with_exit(Exit::Usage),
            Error::NotSubmitted { queue, .. } => failure
                .hint(format!("check `executor:` and `resources:` of the stage, and whether {queue} answers: `sinfo`"))
                .hint("nothing was recorded, and the outputs are as they were before; mend it and type `derm repro`"),
            Error::JobKept { job, .. } => failure
                .hint(format!("its old outputs stay aside; `derm repro` takes job {job} up again, or ends it when its inputs have changed"))
                .hint(format!("`scancel {job}` ends it")),
            Error::Nested { .. } => failure.hint("list what it should run as stages of their own"),
            Error::Several(errors) => several(failure, errors),
            Error::NotSaved => failure.hint("type `derm repro` again when the cause is mended"),
            Error::Interrupted => failure.with_exit(Exit::Interrupted),
        }
    }
}

/// The first problem with its picture, the others below it.
fn definition(problems: &[Problem]) -> Failure {
    let Some((first, rest)) = problems.split_first() else { return Failure::usage("a file cannot be understood") };
    let mut failure = Failure::usage(first.message.clone()).at(&first.place);
    for problem in rest.iter().take(SHOWN) {
        let hint = problem.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        failure = failure.cause(format!("also {}: {}{hint}", problem.place, problem.message));
    }
    if rest.len() > SHOWN {
        failure = failure.cause(format!("and {} more", rest.len() - SHOWN));
    }
    match &first.hint {
        Some(hint) => failure.hint(hint.clone()),
        None => failure,
    }
}

fn stage_failed(failure: Failure, command: &str, how: Ended, tail: &Tail) -> Failure {
    let failure = with_tail(failure.cause(format!("the command was `{command}`")), tail);
    match how {
        Ended::Status(127) => failure.hint("exit status 127 means that the shell did not find the program"),
        Ended::Status(126) => failure.hint("exit status 126 means that the program may not be executed"),
        Ended::Signal(9) => failure.hint("SIGKILL often means that the machine ran out of memory"),
        Ended::Timeout(_) => failure.hint("give it longer with `timeout:`"),
        Ended::Job(JobEnd::Memory) => failure.hint("give it more with `resources: {memory: 16GB}`"),
        Ended::Job(JobEnd::Time) => failure.hint("give it longer with `timeout:`, or `time:` of its `executor`"),
        _ => failure,
    }
    .hint("nothing was recorded, and the outputs are as they were before; mend it and type `derm repro`")
}

fn with_tail(failure: Failure, tail: &Tail) -> Failure {
    let lines = tail.lines.join("\n    ");
    match (tail.lines.is_empty(), tail.only_stdout) {
        (true, false) => failure,
        (true, true) => failure.cause("what it wrote to standard error stands above"),
        (false, false) => failure.cause(format!("it last printed:\n    {lines}")),
        (false, true) => failure.cause(format!("it last printed, besides what it wrote to standard error above:\n    {lines}")),
    }
}

fn several(mut failure: Failure, errors: Vec<Error>) -> Failure {
    for error in &errors {
        failure = failure.cause(error.to_string());
        if let Error::StageFailed { tail, .. } = error {
            failure = with_tail(failure, tail);
        }
    }
    failure
}
