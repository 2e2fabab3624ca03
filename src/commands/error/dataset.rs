//! Advice for the errors of [`crate::dataset`].

use std::io::ErrorKind;

use crate::commands::{Exit, Explain, Failure};
use crate::dataset::ingest::Skip;
use crate::dataset::{Error, ImageError, Problem};
use crate::text;

/// As many problems of a source as are named one by one.
const SHOWN: usize = 10;

impl Explain for Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            Error::Io { ref source, .. } if source.kind() == ErrorKind::NotFound => failure.with_exit(Exit::Usage),
            Error::Io { .. } | Error::Unwritable { .. } => failure,
            Error::Write(error) => error.explain(),
            Error::Output { source, .. } => match source.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
                    failure.hint("no folder can be made there: name another one with `--out`")
                }
                kind => super::workspace::advise_io(failure, kind),
            },
            Error::NotADataset { path, exists, images } => not_a_dataset(failure, &path.display().to_string(), exists, images),
            Error::Schema { found, known, .. } => {
                let hint = if found > known { "a newer derm wrote it: update derm" } else { "ingest the source again" };
                failure.hint(hint).with_exit(Exit::Usage)
            }
            Error::Invalid { place, .. } => failure.at(&place).with_exit(Exit::Usage),
            Error::Strangers { place, images, rows } => strangers(failure.at(&place).with_exit(Exit::Usage), &images, rows),
            Error::Image { source, .. } => unusable(failure, &source),
            Error::NoMask { .. } => failure
                .hint("every image that is used needs a mask: choose a subset, or ingest the masks with the images")
                .with_exit(Exit::Usage),
            Error::UnknownFormat { tried, .. } => {
                let failure = tried.into_iter().fold(failure, Failure::cause);
                failure.hint("name the layout with `--format`; `derm data ingest --help` describes them").with_exit(Exit::Usage)
            }
            Error::Source { problems, skip, .. } => source_problems(failure, &problems, &skip),
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

/// A split's unknown images, and whether it can be meant for this dataset at all.
fn strangers(failure: Failure, images: &[String], rows: usize) -> Failure {
    let failure = failure.cause(format!("it has no image {}", text::some_of(images, SHOWN)));
    if images.len() == rows {
        failure.hint("all its images are unknown: name the dataset that the split was made for")
    } else {
        failure.hint("remove these rows, or make a new split: `derm data split DATASET --out CSV`")
    }
}

fn unusable(failure: Failure, reason: &ImageError) -> Failure {
    match reason {
        ImageError::Truncated(_) | ImageError::Empty | ImageError::NotAnImage(_) | ImageError::Decode(_) => {
            failure.hint("fetch the file again; `derm data audit` lists all that cannot be read")
        }
        ImageError::Animated | ImageError::Pages => failure.hint("save the frame that is meant as an image of its own"),
        ImageError::TooLarge { .. } => failure.hint("shrink it, or cut the lesion out"),
        ImageError::NotAMask(_) => failure.hint("save it as a PNG of 0 and 255, without smoothing and not as JPEG"),
        ImageError::Io(_) | ImageError::NoPixels { .. } => failure,
    }
}

/// Every problem is a cause, up to a number, those that cannot be skipped first; then what can be done about the kinds that are there.
fn source_problems(failure: Failure, problems: &[Problem], skip: &[Skip]) -> Failure {
    let mut failure = match problems {
        // The place stands before the message, with a picture of the line.
        [Problem::Cell { place, message, .. }] => failure.cause(message.clone()).at(place),
        _ => listed(failure, problems),
    };
    for hint in mending(problems) {
        failure = failure.hint(hint);
    }
    let kinds: Vec<Skip> = problems.iter().filter_map(Problem::kind).collect();
    if !kinds.is_empty() {
        let all: std::collections::BTreeSet<&str> = kinds.iter().chain(skip).map(|kind| kind.name()).collect();
        let flag = format!("`--skip {}`", all.into_iter().collect::<Vec<_>>().join(","));
        failure = failure.hint(if kinds.len() == problems.len() {
            format!("to go on without them: {flag}")
        } else {
            format!("{} of these can be left out with {flag}; the others must be mended", crate::text::grouped(kinds.len() as u64))
        });
    }
    failure.with_exit(Exit::Usage)
}

fn listed(failure: Failure, problems: &[Problem]) -> Failure {
    let (fixed, skippable): (Vec<&Problem>, Vec<&Problem>) = problems.iter().partition(|problem| problem.kind().is_none());
    let shown = fixed.into_iter().chain(skippable).take(SHOWN);
    let failure = shown.fold(failure, |failure, problem| failure.cause(problem.to_string()));
    match problems.len().saturating_sub(SHOWN) {
        0 => failure,
        more => failure.cause(format!("and {} more", crate::text::grouped(more as u64))),
    }
}

/// What to do about problems that cannot be skipped: each advice once.
fn mending(problems: &[Problem]) -> Vec<String> {
    let mut hints = Vec::new();
    let mut duplicate = false;
    for problem in problems {
        let hint = match problem {
            Problem::DuplicateId { first, second, .. } if !duplicate => {
                duplicate = true;
                format!("an id stands for one image: rename or remove {first} or {second}")
            }
            Problem::Cell { hint, .. } => hint.clone(),
            Problem::NoMask { .. } => {
                "a mask is called like its image with `_mask`, `_segmentation`, `_label` or `_gt` after it, or lies in a folder called so; \
                 `--masks DIR` names another folder"
                    .to_owned()
            }
            Problem::NoImages | Problem::SingleClass { .. } => {
                "name the folder that holds one folder a class, or the table and the images".to_owned()
            }
            _ => continue,
        };
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    hints
}
