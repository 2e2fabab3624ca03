//! What a training's two subsets give the network: images, or the features that a frozen backbone makes of them.

use std::path::Path;

use candle_core::Tensor;

use super::error::Error;
use super::events::Extent;
use super::features::{self, Features};
use super::images::{Augmentation, Images};
use super::mixing::Mix;
use super::plan::{Labelled, Plan};
use crate::dataset::{Work, pixels};
use crate::nn::{Network, Part};

/// Both subsets and where their inputs come from.
pub struct Data<'a> {
    pub train: &'a Labelled,
    pub val: &'a Labelled,
    pub train_inputs: Inputs,
    pub val_inputs: Inputs,
}

/// Where a subset's inputs come from.
pub enum Inputs {
    Images(Images),
    Features(Features),
}

impl Inputs {
    /// The inputs at these positions; features are neither augmented nor mixed.
    pub fn batch(&self, positions: &[usize], augmentation: Option<Augmentation<'_>>, mix: Option<&Mix>) -> Result<Tensor, Error> {
        match self {
            Inputs::Images(images) => images.batch(positions, augmentation, mix),
            Inputs::Features(features) => features.batch(positions),
        }
    }
}

impl<'a> Data<'a> {
    /// Decodes images, or works out a frozen backbone's features of them; both are kept below `folder`.
    pub fn load(plan: &'a Plan<'_>, network: &Network, folder: &Path, work: Work<'_>) -> Result<Self, Error> {
        let load = |subset: &'a Labelled| {
            Ok::<_, Error>(match plan.frozen() {
                true => Inputs::Features(Features::load(plan, subset, network, &folder.join(features::FOLDER), work)?),
                false => Inputs::Images(Images::load(plan.data, &subset.rows, plan.preprocess, Some(&folder.join(pixels::FOLDER)), work)?),
            })
        };
        Ok(Self { train: &plan.train, val: &plan.val, train_inputs: load(&plan.train)?, val_inputs: load(&plan.val)? })
    }

    /// The classes of the validation images.
    pub fn val_labels(&self) -> Vec<usize> {
        self.val.labels.iter().map(|&label| label as usize).collect()
    }

    /// How much there is to do.
    pub fn extent(&self, plan: &Plan<'_>, network: &Network) -> Extent {
        let moved = network.params().filter(|param| param.is_trainable() && (!plan.frozen() || param.part == Part::Head));
        Extent {
            epochs: plan.config.epochs,
            steps_per_epoch: plan.steps().len(),
            train_images: self.train.rows.len(),
            val_images: self.val.rows.len(),
            trainable: moved.map(|param| param.var.elem_count()).sum(),
        }
    }
}
