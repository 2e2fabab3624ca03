//! Training and prediction: data and a network in, a better network or probabilities out.
//!
//! | part | what it holds |
//! | --- | --- |
//! | [`config`] | what was said, and what holds after every default is filled in |
//! | [`goal`], [`examples`] | what is learnt, classes or masks, and the images that can be learnt from |
//! | [`plan`] | everything a training works on, and the key that names everything that decides its result |
//! | [`session`], [`checkpoint`] | the locked folder of a training, and what it needs to go on |
//! | [`fit`] | the loop |
//! | [`schedule`], [`sampler`], [`augment`], [`stopping`], [`random`] | pure functions of seed and position |
//! | [`images`] | the images of a subset as batches, augmented, and where they come from |
//! | [`metadata`] | what is known beside the images |
//! | [`features`] | a frozen backbone's features, computed once |
//! | [`destination`] | the folder for the bundle, made sure of beforehand |
//! | [`publish`] | the bundle with its model card and provenance |
//! | [`infer`] | probabilities for images |
//! | `memory` | whether it fits |
//! | [`rehearsal`] | a few steps of it, to see what it will take and which learning rate it bears |
//! | [`events`] | what a terminal, a run's files or a test may watch |
//!
//! Promises: the same plan gives the same weights bit for bit on the same kind of processor, whatever the number of
//! threads, and however often it was stopped or killed and started again. A checkpoint is written after every epoch,
//! when a stop is asked for, and every few minutes of a long epoch. Nothing here prints, records a run, or stops because somebody
//! who watches failed.

mod ahead;
pub mod augment;
pub mod checkpoint;
pub mod config;
pub mod destination;
mod device;
mod error;
pub mod events;
pub mod examples;
pub mod features;
pub mod fit;
pub mod goal;
pub mod images;
pub mod infer;
mod inputs;
mod learner;
mod masks;
mod memory;
pub mod metadata;
mod mixing;
pub mod plan;
pub mod publish;
pub mod random;
pub mod rehearsal;
mod restored;
pub mod sampler;
pub mod schedule;
pub mod session;
mod step;
pub mod stopping;
pub mod tensors;
mod validation;

pub use config::{Choices, Config};
pub use destination::Destination;
pub use error::Error;
pub use events::{Event, Watcher};
pub use fit::{Trained, train};
pub use images::geometry;
pub use infer::{MaskProbabilities, Views, predict, predict_files, predict_masks};
pub use plan::Plan;
pub use session::Session;
