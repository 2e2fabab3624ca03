//! Advice for the errors of [`crate::dataset`].

use crate::commands::{Exit, Explain, Failure};
use crate::dataset::{Error, ImageError, Problem};

/// As many problems of a source as are named one by one.
const SHOWN: usize = 10;

impl Explain for Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            Error::Io { ref source, .. } if source.kind() == std::io::ErrorKind::NotFound => failure.with_exit(Exit::Usage),
            Error::Io { .. } | Error::Unwritable { .. } => failure,
            Error::Write(error) => error.explain(),
            Error::NotADataset { path, exists, images } => not_a_dataset(failure, &path.display().to_string(), exists, images),
            Error::Schema { found, known, .. } => {
                let hint = if found > known { "a newer derm wrote it: update derm" } else { "ingest the source again" };
                failure.hint(hint).with_exit(Exit::Usage)
            }
            Error::Invalid { place, .. } => failure.at(&place).with_exit(Exit::Usage),
            Error::Image { source, .. } => unusable(failure, &source),
            Error::UnknownFormat { tried, .. } => {
                let failure = tried.into_iter().fold(failure, Failure::cause);
                failure.hint("name the layout with `--format`; `derm data ingest --help` describes them").with_exit(Exit::Usage)
            }
            Error::Source { problems, .. } => source_problems(failure, &problems),
            Error::Occupied { dataset: true, .. } => failure.hint("add `--force` to replace the dataset").with_exit(Exit::Usage),
            Error::Occupied { dataset: false, .. } => failure
                .cause("it holds something else than a dataset, which derm does not remove")
                .hint("name another folder with `--out`")
                .with_exit(Exit::Usage),
            Error::Settings { hint, .. } => match hint {
                Some(hint) => failure.hint(hint).with_exit(Exit::Usage),
                None => failure.with_exit(Exit::Usage),
            },
            Error::Interrupted => failure.with_exit(Exit::Interrupted),
        }
    }
}

fn not_a_dataset(failure: Failure, path: &str, exists: bool, images: bool) -> Failure {
    let failure = failure.with_exit(Exit::Usage);
    if !exists {
        return failure.cause("there is no such folder").hint("make it with `derm data ingest SOURCE --out DIR`");
    }
    let failure = failure.cause("it has no `dataset.yaml`");
    if images {
        failure.hint("it looks like a part of one: name the folder that was given to `derm data ingest --out`")
    } else {
        failure.hint(format!("bring its images into a dataset: `derm data ingest {path} --out DIR`"))
    }
}

fn unusable(failure: Failure, reason: &ImageError) -> Failure {
    match reason {
        ImageError::Truncated(_) | ImageError::Empty | ImageError::NotAnImage(_) | ImageError::Decode(_) => {
            failure.hint("fetch the file again; `derm data audit` lists all that cannot be read")
        }
        ImageError::Animated | ImageError::Pages => failure.hint("save the frame that is meant as an image of its own"),
        ImageError::TooLarge { .. } => failure.hint("shrink it, or cut the lesion out"),
        ImageError::Io(_) | ImageError::NoPixels { .. } => failure,
    }
}

/// Every problem is a cause, up to a number; then what can be done about the kinds that are there.
fn source_problems(failure: Failure, problems: &[Problem]) -> Failure {
    let mut failure = problems.iter().take(SHOWN).fold(failure, |failure, problem| failure.cause(problem.to_string()));
    if problems.len() > SHOWN {
        let more = crate::text::grouped((problems.len() - SHOWN) as u64);
        failure = failure.cause(format!("and {more} more"));
    }
    if let [Problem::Cell { place, .. }] = problems {
        failure = failure.at(place);
    }
    let mut kinds: Vec<&str> = problems.iter().filter_map(Problem::kind).map(|kind| kind.name()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    if !kinds.is_empty() {
        failure = failure.hint(format!("to go on without them: `--skip {}`", kinds.join(",")));
    }
    if problems.iter().any(|problem| matches!(problem, Problem::NoImages | Problem::SingleClass { .. })) {
        failure = failure.hint("name the folder that holds one folder a class, or the table and the images");
    }
    failure.with_exit(Exit::Usage)
}
