//! What a training's two subsets give the network, and what it should make of it.

use std::path::Path;

use candle_core::Tensor;

use super::error::Error;
use super::events::Extent;
use super::examples::Examples;
use super::features::{self, Features};
use super::goal::{Targets, shares_of};
use super::images::{Augmentation, Images};
use super::masks::Masks;
use super::metadata::Metadata;
use super::mixing::Mix;
use super::plan::Plan;
use crate::dataset::Work;
use crate::dataset::pixels::{self, Source};
use crate::nn::{Input, Network, Part};

/// Both subsets.
pub struct Data<'a> {
    pub train: Material<'a>,
    pub val: Material<'a>,
}

/// One subset.
pub struct Material<'a> {
    pub examples: &'a Examples,
    inputs: Inputs,
    /// Where the network reads metadata.
    metadata: Option<Metadata<'a>>,
    /// Where masks are learnt.
    masks: Option<Masks<'a>>,
    /// How many labels there are, where an image has any number of them.
    labels: Option<usize>,
    size: [usize; 2],
}

/// Where a subset's inputs come from: images, or the features that a frozen backbone makes of them.
enum Inputs {
    Images(Images),
    Features(Features),
}

impl Inputs {
    /// The inputs at these positions; features are neither augmented nor mixed.
    fn batch(&self, positions: &[usize], augmentation: Option<Augmentation<'_>>, mix: Option<&Mix>) -> Result<Tensor, Error> {
        match self {
            Inputs::Images(images) => images.batch(positions, augmentation, mix),
            Inputs::Features(features) => features.batch(positions),
        }
    }
}

/// Images that pass the network together.
pub struct Batch {
    inputs: Tensor,
    /// What `inputs` are.
    features: bool,
    metadata: Option<Tensor>,
    pub targets: Targets,
    pub images: usize,
}

impl Batch {
    /// What the network reads.
    pub fn input(&self) -> Input<'_> {
        let inputs = if self.features { Input::features(&self.inputs) } else { Input::images(&self.inputs) };
        inputs.with(self.metadata.as_ref())
    }
}

impl Material<'_> {
    /// The images at these positions, augmented and mixed like this, with all that belongs to them.
    pub fn batch(&self, positions: &[usize], augmentation: Option<Augmentation<'_>>, mix: Option<&Mix>) -> Result<Batch, Error> {
        let own = mix.map(|mix| mix.share(self.size));
        Ok(Batch {
            inputs: self.inputs.batch(positions, augmentation, mix)?,
            features: matches!(self.inputs, Inputs::Features(_)),
            metadata: self.metadata.as_ref().map(|metadata| metadata.batch(positions, augmentation, own)).transpose()?,
            targets: self.targets(positions, augmentation, mix)?,
            images: positions.len(),
        })
    }

    /// What the images at these positions show, where they are augmented and mixed like this.
    fn targets(&self, positions: &[usize], augmentation: Option<Augmentation<'_>>, mix: Option<&Mix>) -> Result<Targets, Error> {
        let own = mix.map(|mix| mix.share(self.size));
        Ok(match (&self.masks, self.labels) {
            (Some(masks), _) => Targets::Masks(masks.batch(positions, augmentation)?),
            (None, Some(labels)) => {
                let sets: Vec<&[usize]> = positions.iter().map(|&position| self.examples.sets[position].as_slice()).collect();
                Targets::Labels(shares_of(&sets, labels, own.unwrap_or(1.0)))
            }
            (None, None) => Targets::Classes { labels: positions.iter().map(|&position| self.examples.labels[position]).collect(), own },
        })
    }
}

impl<'a> Data<'a> {
    /// Decodes images and masks, or works out a frozen backbone's features of images, and keeps both below `folder`.
    pub fn load(plan: &'a Plan<'_>, network: &Network, folder: &Path, work: Work<'_>) -> Result<Self, Error> {
        let load = |examples: &'a Examples| {
            let (rows, kept) = (&examples.rows, folder.join(pixels::FOLDER));
            let inputs = match plan.frozen() {
                true => Inputs::Features(Features::load(plan, examples, network, &folder.join(features::FOLDER), work)?),
                false => Inputs::Images(Images::load(Source::of_rows(plan.data, rows)?, plan.preprocess, Some(&kept), work)?),
            };
            let masks = || Masks::load(plan.data, rows, plan.preprocess, plan.goal.outputs().len(), work);
            let masks = plan.goal.is_masks().then(masks).transpose()?;
            let (metadata, labels) = (plan.metadata(examples), plan.goal.is_multi_label().then(|| plan.goal.outputs().len()));
            Ok::<_, Error>(Material { examples, inputs, metadata, masks, labels, size: plan.image_size() })
        };
        Ok(Self { train: load(&plan.train)?, val: load(&plan.val)? })
    }

    /// As [`load`](Self::load), but images and masks are read whenever a batch needs them.
    pub fn streamed(plan: &'a Plan<'_>, network: &Network, folder: &Path, work: Work<'_>) -> Result<Self, Error> {
        let load = |examples: &'a Examples| {
            let inputs = match plan.frozen() {
                true => Inputs::Features(Features::load(plan, examples, network, &folder.join(features::FOLDER), work)?),
                false => Inputs::Images(Images::streamed(Source::of_rows(plan.data, &examples.rows)?, plan.preprocess)),
            };
            let masks = || Masks::streamed(plan.data, &examples.rows, plan.preprocess, plan.goal.outputs().len());
            let masks = plan.goal.is_masks().then(masks);
            let (metadata, labels) = (plan.metadata(examples), plan.goal.is_multi_label().then(|| plan.goal.outputs().len()));
            Ok::<_, Error>(Material { examples, inputs, metadata, masks, labels, size: plan.image_size() })
        };
        Ok(Self { train: load(&plan.train)?, val: load(&plan.val)? })
    }

    /// How much there is to do.
    pub fn extent(&self, plan: &Plan<'_>, network: &Network) -> Extent {
        let moved = network.params().filter(|param| param.is_trainable() && (!plan.frozen() || param.part == Part::Head));
        Extent {
            epochs: plan.config.epochs,
            steps_per_epoch: plan.steps().len(),
            train_images: self.train.examples.rows.len(),
            val_images: self.val.examples.rows.len(),
            trainable: moved.map(|param| param.var.elem_count()).sum(),
        }
    }
}
