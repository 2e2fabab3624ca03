//! What happens during a training, as values.
//!
//! The terminal, the run's files and tests each watch the same events. The engine neither prints nor
//! writes a run, and never stops because a watcher could not use an event.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One finished epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// From 1, as people count.
    pub epoch: usize,
    /// Mean loss over the images as they were trained on: augmented, weighted, with dropout.
    pub train_loss: f64,
    /// The learning rate of the last step.
    pub lr: f64,
    /// Metrics of the validation images by name; without a value where undefined (AUC of a single class). Empty without validation images.
    pub val: BTreeMap<String, Option<f64>>,
}

/// One step of the optimizer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Steps since the training's start, from 1.
    pub step: usize,
    /// Images in this step.
    pub images: usize,
    /// Mean loss of these images before the step.
    pub loss: f64,
    /// The head's learning rate.
    pub lr: f64,
    /// Norm of all gradients together, before clipping.
    pub grad_norm: f64,
}

/// How much there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub epochs: usize,
    pub steps_per_epoch: usize,
    pub train_images: usize,
    pub val_images: usize,
    /// Numbers that training may move.
    pub trainable: usize,
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Data and network are ready. `done` epochs and `step` steps of the next lie behind.
    Begun { extent: Extent, done: usize, step: usize },
    /// A step is done.
    Step(Step),
    /// An epoch is done and its checkpoint written. `best`: no epoch before was better.
    Epoch { record: &'a Epoch, best: bool, images_per_second: f64 },
    /// No better epoch came for the agreed number of epochs.
    StoppedEarly { epoch: usize, best_epoch: usize },
}

/// Receives events, in order, from the thread that trains.
pub trait Watcher {
    /// Takes notice.
    fn event(&mut self, event: &Event<'_>);
}

/// Takes no notice.
pub struct Unwatched;

impl Watcher for Unwatched {
    fn event(&mut self, _: &Event<'_>) {}
}
