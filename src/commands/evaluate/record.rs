//! The evaluation as a run.

use std::collections::BTreeMap;
use std::path::Path;

use super::source::Source;
use crate::cli::evaluate::EvaluateArgs;
use crate::commands::{Context, Exit, Failure};
use crate::tracking::{RunWriter, Start, Status};
use crate::workspace::Workspace;

/// A run being recorded; its problems become warnings and never stop the evaluation.
pub struct Recording(RunWriter);

impl Recording {
    pub fn start(workspace: &Workspace, args: &EvaluateArgs, source: &Source, resamples: usize, seed: u64) -> Self {
        Self(RunWriter::start(
            workspace,
            Start {
                experiment: args.experiment.clone(),
                name: Some(source.name()),
                command: std::env::args().collect(),
                params: BTreeMap::from([("resamples".to_owned(), resamples.into()), ("seed".to_owned(), seed.into())]),
                datasets: source.datasets(),
                tags: source.tags().into_iter().chain([("kind".to_owned(), "evaluation".to_owned())]).collect(),
                parent: None,
            },
        ))
    }

    /// Ends the run with its numbers and files; gives its id.
    pub fn finish(self, context: &Context, numbers: &[(String, f64)], files: &[&str], out: &Path) -> String {
        let numbers: Vec<(&str, f64)> = numbers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        self.0.metrics(0, &numbers);
        for name in files {
            self.0.artifact(name, &out.join(name));
        }
        self.end(context, Status::Finished, None)
    }

    /// Ends the run of a failed evaluation.
    pub fn fail(self, context: &Context, failure: &Failure) {
        let status = if failure.exit() == Exit::Interrupted { Status::Interrupted } else { Status::Failed };
        self.end(context, status, Some(failure.shown().message));
    }

    fn end(self, context: &Context, status: Status, message: Option<&str>) -> String {
        self.0.finish(status, message);
        for problem in self.0.problems() {
            context.ui.warn(problem);
        }
        self.0.id().to_string()
    }
}
