//! Advice for the errors of [`crate::evaluation`].

use crate::commands::{Exit, Explain, Failure};
use crate::evaluation::labels::LabelMetric;
use crate::evaluation::metrics::Metric;
use crate::evaluation::{Error, TableProblem, ensemble};
use crate::text;

impl Explain for Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => failure.with_exit(Exit::Usage),
            Error::Io { .. } => failure,
            Error::Table { place, problem } => advise(failure.at(&place).with_exit(Exit::Usage), &problem),
            Error::Shape { .. } | Error::Probability { .. } => {
                failure.hint("the model's output is not a probability for each class: train it again")
            }
            Error::TooFewClasses { .. } => failure.with_exit(Exit::Usage),
            Error::NoLabels { .. } => {
                failure.hint("add a `label` column, or `--data DIR` to take the labels from a dataset").with_exit(Exit::Usage)
            }
            Error::Stranger { image, .. } => failure
                .hint(format!("the first predicted image is `{image}`: names are paths below the dataset's `images/`"))
                .with_exit(Exit::Usage),
            Error::ForeignClass { .. } => failure.hint("predictions and dataset must name their classes alike").with_exit(Exit::Usage),
            Error::UnknownMetric { name } => unknown_metric(failure.with_exit(Exit::Usage), &name),
            Error::UnknownLabelMetric { .. } => {
                let names = LabelMetric::ALL.map(LabelMetric::name);
                failure.cause(format!("such a model is judged by {}", text::quoted_list(&names))).with_exit(Exit::Usage)
            }
            Error::OtherTask { .. } => failure
                .hint("tables of several labels have a column `labels`, and such datasets `task: multi-label` in dataset.yaml")
                .with_exit(Exit::Usage),
            Error::Undefined { .. } => failure.hint("it needs images of at least two classes"),
            Error::NoMasks => failure.with_exit(Exit::Usage),
            Error::Interrupted => failure.with_exit(Exit::Interrupted),
        }
    }
}

impl Explain for ensemble::Error {
    fn explain(self) -> Failure {
        let failure = Failure::usage(self.to_string());
        match self {
            Self::Classes { .. } => failure.hint("tables must name the same classes, in any order"),
            Self::OtherTask { .. } => failure.hint("tables of several labels have a column `labels` instead of `label`"),
            Self::Images { .. } => failure.hint("predict the same images with every model, or give `--any`"),
            Self::Contradiction { .. } => failure.hint("were they made from the same dataset?"),
            Self::Empty => failure,
        }
    }
}

fn unknown_metric(failure: Failure, name: &str) -> Failure {
    let names = Metric::ALL.map(Metric::name);
    match text::suggest(name, names) {
        Some(near) => failure.hint(format!("is `{near}` meant?")),
        None => failure.hint(format!("known are {}", text::quoted_list(&names))),
    }
}

fn advise(failure: Failure, problem: &TableProblem) -> Failure {
    match problem {
        TableProblem::Empty => failure.hint("the first line is `image,label,p_CLASS,p_CLASS,…`"),
        TableProblem::Encoding => failure.hint("save the table as UTF-8"),
        TableProblem::MissingColumn { found, .. } if found.iter().any(|name| name.contains([';', '\t'])) => {
            failure.hint("save the table with commas between its columns")
        }
        TableProblem::MissingColumn { name, .. } => failure.hint(format!("rename the column that holds it to `{name}`")),
        TableProblem::TooFewClasses { found } if found.len() == 1 => {
            failure.hint("a table of one probability needs a second column for the other class: `p_other` = 1 - p")
        }
        TableProblem::TooFewClasses { .. } => failure.hint("name the columns of probabilities `p_CLASS`, such as `p_mel`"),
        TableProblem::RepeatedColumn { .. } => failure.hint("remove or rename one of the two"),
        TableProblem::NotANumber { text, column } => not_a_number(failure, text, column),
        TableProblem::OutOfRange { .. } => {
            failure.hint("write probabilities, not logits or percent: softmax the outputs of the network first")
        }
        TableProblem::UnknownLabel { label, classes } => match text::suggest(label, classes.iter().map(String::as_str)) {
            Some(near) => failure.hint(format!("is `{near}` meant? labels are written as in the `p_…` headings")),
            None => failure.hint("labels are class names, written as in the `p_…` headings; leave the cell empty where it is not known"),
        },
        TableProblem::Duplicate { .. } => failure.hint("each image may come once: average its predictions first"),
        TableProblem::Width { .. } | TableProblem::Csv { .. } => failure.hint("put quotes around cells that hold commas"),
        TableProblem::Labels { .. } => failure
            .hint("labels are written as in the `p_…` headings, `;` between them; empty for none of them, `?` where they are not known"),
        TableProblem::NoImage => failure.hint("name each row by its image's file name"),
    }
}

fn not_a_number(failure: Failure, text: &str, column: &str) -> Failure {
    if text.contains(',') {
        return failure.hint("write a point for the decimal sign");
    }
    if column.starts_with("p_") {
        return failure.hint("every cell of a `p_…` column is a number in [0, 1]");
    }
    failure.hint("without `p_…` headings every other column is taken for a class: name the classes' columns `p_CLASS`")
}
