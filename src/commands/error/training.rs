//! Advice for the errors of [`crate::training`].

use super::workspace::advise_io;
use super::{Explain, Failure};
use crate::commands::Exit;
use crate::text::quoted_list;
use crate::training::Error;
use crate::training::goal::MaskMetric;
use crate::training::tensors::WriteError;

/// As many images of a batch as a message names.
const SHOWN: usize = 8;

impl Explain for Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            Error::Choice(_) => failure.with_exit(Exit::Usage),
            Error::Device { kind } => {
                let word = kind.word();
                failure
                    .hint(format!("leave `--device` out, or build with `cargo build --release --features {word}`"))
                    .with_exit(Exit::Usage)
            }
            Error::NoDevice { .. } => failure.hint("`derm doctor` lists the devices that work; without `--device` the CPU is used"),
            Error::NoImages { fold: Some(_), .. } => {
                failure.hint("a split with that fold: `derm data split --folds N`").with_exit(Exit::Usage)
            }
            Error::NoImages { .. } => {
                failure.hint("make a split with images in it: `derm data split DATASET --out CSV`").with_exit(Exit::Usage)
            }
            Error::NoLabels { .. } => {
                failure.hint("the column `label` (or `labels`) of the dataset's manifest.csv must name classes").with_exit(Exit::Usage)
            }
            Error::NoMasks { .. } => failure
                .hint("the column `mask` of the dataset's manifest.csv must name mask files; a network that gives classes needs none")
                .with_exit(Exit::Usage),
            Error::NoMetadata { field, .. } => failure
                .hint(format!(
                    "the column `{}` of the dataset's manifest.csv must be there and filled; leave it out of `--metadata` otherwise",
                    field.name()
                ))
                .with_exit(Exit::Usage),
            Error::UnknownMaskMetric { .. } => {
                let names = MaskMetric::ALL.map(MaskMetric::name);
                failure.cause(format!("a network that gives masks is judged by {}", quoted_list(&names))).with_exit(Exit::Usage)
            }
            Error::SameLabels { .. } | Error::SingleClass { .. } => {
                failure.hint("take more data, or split it so that every class is in `train`").with_exit(Exit::Usage)
            }
            Error::OtherTask { .. } => failure.hint("`task` in the dataset's dataset.yaml says which it has").with_exit(Exit::Usage),
            Error::UnknownClasses { known, .. } => failure
                .cause(format!("the model knows {}", quoted_list(&known)))
                .hint("use data with the classes that the model was trained on"),
            Error::NoRoom { images, fits, .. } => failure.hint(smaller(images, fits)).with_exit(Exit::Usage),
            Error::NotFinite { images, lr, .. } => not_finite(failure, &images, lr),
            Error::Checkpoint { source: WriteError::Workspace(crate::workspace::Error::Io { source, .. }), .. } => {
                advise_io(failure, source.kind()).hint("the checkpoint before it is whole: the same command goes on from there")
            }
            Error::Checkpoint { .. } => failure.hint("the checkpoint before it is whole: the same command goes on from there"),
            Error::Busy { .. } => failure.hint("wait for it, or stop it"),
            Error::Occupied { .. } => failure.hint("name a new folder, or one that holds a bundle").with_exit(Exit::Usage),
            Error::Interrupted { at: None } => failure.hint("type the same command again").with_exit(Exit::Interrupted),
            Error::Interrupted { at: Some((epoch, step)) } => failure
                .cause(format!("a checkpoint is written: epoch {epoch}, step {step}"))
                .hint("type the same command again to go on from there; `--restart` begins anew")
                .with_exit(Exit::Interrupted),
            Error::Io { source, .. } => advise_io(failure, source.kind()),
            Error::Dataset(error) => error.explain(),
            Error::Network(error) => error.explain(),
            Error::Evaluation(error) => error.explain(),
            Error::Workspace(error) => error.explain(),
        }
    }
}

fn not_finite(failure: Failure, images: &[String], lr: f64) -> Failure {
    let shown = quoted_list(&images[..images.len().min(SHOWN)]);
    let more = match images.len().saturating_sub(SHOWN) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    failure
        .cause(format!("the batch: {shown}{more}"))
        .hint(format!("try a lower learning rate: `--lr {:e}`", lr / 10.0))
        .hint("if it happens at any rate, look at those images")
}

/// How to need less memory than a batch of `images` does.
fn smaller(images: usize, fits: Option<usize>) -> String {
    match fits {
        Some(fits) => format!(
            "a batch of {fits} should fit: `--batch-size {fits}`, with `--accumulate {}` for steps on as many; `--grad-checkpointing` keeps less",
            images.div_ceil(fits)
        ),
        None => "not even one image fits: try `--grad-checkpointing`, a smaller `--image-size` or a smaller network".to_owned(),
    }
}
