//! What can go wrong with pipelines.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::problem::Problem;
use crate::relpath::RelPath;
use crate::{store, text, workspace};

/// An error of [`crate::pipeline`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// From the workspace.
    #[error(transparent)]
    Workspace(#[from] workspace::Error),
    /// From the store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Files that cannot be understood: pipelines, locks, parameters, metrics. Never empty.
    #[error("{}", first(.0))]
    Definition(Vec<Problem>),
    /// There is nothing to run.
    #[error("there are no pipelines in this repository")]
    NoPipelines,
    /// There are pipeline files, but no stage in any.
    #[error("{} {} no stages", text::quoted_list(.0), if .0.len() == 1 { "has" } else { "have" })]
    NoStages(Vec<String>),
    /// Files that a user named for showing are not there.
    #[error("{} {} not exist", text::quoted_list(.0), if .0.len() == 1 { "does" } else { "do" })]
    NoFiles(Vec<String>),
    /// No stage, file or output has that name.
    #[error("no stage, pipeline file or output is called `{target}`")]
    UnknownTarget {
        /// As typed.
        target: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// Several pipelines have a stage of that name.
    #[error("`{target}` is a stage of several pipelines")]
    AmbiguousTarget {
        /// As typed.
        target: String,
        /// The full names.
        stages: Vec<String>,
    },
    /// An input that no stage makes is not there.
    #[error("stage `{stage}` depends on `{path}`, which does not exist")]
    MissingDep {
        /// The stage.
        stage: String,
        /// The dependency.
        path: RelPath,
        /// Whether a pointer file could bring it back.
        tracked: bool,
    },
    /// A listed parameter is not in its file.
    #[error("stage `{stage}` reads parameter `{key}`, which `{file}` does not hold")]
    MissingParam {
        /// The stage.
        stage: String,
        /// The file.
        file: RelPath,
        /// The dotted key.
        key: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// A command ended badly.
    #[error("stage `{stage}` failed: {how}")]
    StageFailed {
        /// The stage.
        stage: String,
        /// The command that failed.
        command: String,
        /// How.
        how: Ended,
        /// The last lines that it printed.
        tail: Tail,
    },
    /// The commands succeeded, but outputs are missing.
    #[error("stage `{stage}` succeeded but did not make {}", text::quoted_list(.paths))]
    OutMissing {
        /// The stage.
        stage: String,
        /// Its commands.
        command: String,
        /// The outputs.
        paths: Vec<String>,
        /// The last lines that it printed.
        tail: Tail,
    },
    /// A frozen stage is never run, but its output is not there.
    #[error("stage `{stage}` is frozen and its output `{path}` does not exist")]
    FrozenOutMissing {
        /// The stage.
        stage: String,
        /// The output.
        path: RelPath,
    },
    /// A stage cannot be recorded without running it: nothing is at the place of its output.
    #[error("stage `{stage}` cannot be recorded: its output `{path}` does not exist")]
    NothingToRecord {
        /// The stage.
        stage: String,
        /// The output.
        path: RelPath,
    },
    /// The shell or the working folder is not there.
    #[error("cannot start stage `{stage}` in `{}` with `{shell}`", folder.display())]
    CannotStart {
        /// The stage.
        stage: String,
        /// The shell.
        shell: String,
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A stage is to run elsewhere, and a program for that is missing.
    #[error("stage `{stage}` runs on {queue}, but there is no `{program}` on this machine")]
    NoQueue {
        /// The stage.
        stage: String,
        /// The queueing system.
        queue: &'static str,
        /// The program.
        program: &'static str,
    },
    /// The queueing system did not take a job.
    #[error("{queue} did not take stage `{stage}`: {said}")]
    NotSubmitted {
        /// The stage.
        stage: String,
        /// The queueing system.
        queue: &'static str,
        /// Its words.
        said: String,
    },
    /// A job could not be ended.
    #[error("{queue} did not confirm that job {job} of stage `{stage}` has ended: {said}")]
    JobKept {
        /// The stage.
        stage: String,
        /// The queueing system.
        queue: &'static str,
        /// Its id, or its name.
        job: String,
        /// The queueing system's words.
        said: String,
    },
    /// `derm repro` was started by a stage of a `derm repro`.
    #[error("`derm repro` cannot run inside stage `{stage}` of the same repository")]
    Nested {
        /// The outer stage.
        stage: String,
    },
    /// Several stages failed, in order; never empty.
    #[error("{}", text::count(.0.len(), "stage failed", "stages failed"))]
    Several(Vec<Error>),
    /// It could not be written down, for the reason that another stage gives.
    #[error("what the stage made could not be written down")]
    NotSaved,
    /// Stopped by the user.
    #[error("interrupted")]
    Interrupted,
}

/// The last lines that a command printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The lines.
    pub lines: Vec<String>,
    /// Those of standard output only: what it wrote to standard error went to the terminal itself.
    pub only_stdout: bool,
}

/// How a command ended that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With this exit status.
    Status(i32),
    /// Killed by this signal.
    Signal(i32),
    /// It ran longer than its `timeout`.
    Timeout(Duration),
    /// Its job ended without saying how the command did.
    Job(JobEnd),
}

/// How a job ended, in the words of its queueing system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// As it should.
    Completed,
    /// With this exit status.
    Failed(i32),
    /// It wanted more memory than it had asked for.
    Memory,
    /// It reached its time limit.
    Time,
    /// Somebody cancelled it.
    Cancelled,
    /// Other jobs took its place, and it was not started again.
    Preempted,
    /// Its node failed, and it was not started again.
    Node,
    /// Nobody knows: the queue has forgotten it.
    Gone,
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ended::Status(code) => write!(f, "exit status {code}"),
            Ended::Signal(signal) => match name(*signal) {
                Some(name) => write!(f, "killed by signal {signal} ({name})"),
                None => write!(f, "killed by signal {signal}"),
            },
            Ended::Timeout(limit) => write!(f, "stopped after its timeout of {}", text::duration(limit.as_secs_f64())),
            Ended::Job(end) => match end {
                JobEnd::Completed => f.write_str("its job left no exit status"),
                JobEnd::Failed(code) => write!(f, "its job failed with status {code} outside of its commands"),
                JobEnd::Memory => f.write_str("its job ran out of memory"),
                JobEnd::Time => f.write_str("its job was ended at its time limit"),
                JobEnd::Cancelled => f.write_str("its job was cancelled"),
                JobEnd::Preempted => f.write_str("its job was preempted and not started again"),
                JobEnd::Node => f.write_str("the node of its job failed, and it was not started again"),
                JobEnd::Gone => f.write_str("its job is gone and left no exit status"),
            },
        }
    }
}

/// Names of the signals that end programs in practice (POSIX).
fn name(signal: i32) -> Option<&'static str> {
    [(1, "SIGHUP"), (2, "SIGINT"), (3, "SIGQUIT"), (4, "SIGILL"), (6, "SIGABRT"), (8, "SIGFPE"), (9, "SIGKILL"), (11, "SIGSEGV")]
        .into_iter()
        .chain([(13, "SIGPIPE"), (15, "SIGTERM")])
        .find(|(number, _)| *number == signal)
        .map(|(_, name)| name)
}

fn first(problems: &[Problem]) -> String {
    problems.first().map_or_else(|| "a file cannot be understood".to_owned(), |problem| problem.message.clone())
}

impl From<Vec<Problem>> for Error {
    fn from(problems: Vec<Problem>) -> Self {
        Error::Definition(problems)
    }
}

impl Error {
    /// For `map_err`: adds the operation and the path to an I/O error.
    pub fn io(operation: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Workspace(workspace::Error::Io { operation, path, source })
    }

    /// Whether the user asked to stop.
    pub fn is_interrupt(&self) -> bool {
        matches!(self, Error::Interrupted | Error::Store(store::Error::Interrupted) | Error::Workspace(workspace::Error::Interrupted))
    }
}
