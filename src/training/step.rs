//! One step of the optimizer: its batches, their losses, and the mean of their gradients.

use candle_core::Tensor;

use super::error::Error;
use super::events::Step;
use super::images::Augmentation;
use super::inputs::Inputs;
use super::learner::Learner;
use super::mixing::{Mix, mixed_targets};
use super::plan::Plan;
use super::sampler;
use crate::nn::loss::{self, Loss};
use crate::nn::{Gradients, Input};

/// Images that pass the network together.
pub struct Batch {
    inputs: Tensor,
    labels: Vec<u32>,
    /// How much of each image is its own, where they are mixed in pairs.
    own: Option<f32>,
}

/// The batches of one step: the training images at `positions`, as `inputs` has them.
pub fn batches(plan: &Plan<'_>, inputs: &Inputs, epoch: usize, step: usize, positions: &[usize]) -> Result<Vec<Batch>, Error> {
    let augmentation = Augmentation { settings: &plan.config.augment, seed: plan.config.seed, epoch };
    let batch = |(place, range): (usize, std::ops::Range<usize>)| {
        let (positions, mix) = (&positions[range], plan.mix(epoch, number(plan, step, place)));
        let inputs = inputs.batch(positions, Some(augmentation), mix.as_ref())?;
        let labels = positions.iter().map(|&position| plan.train.labels[position]).collect();
        Ok(Batch { inputs, labels, own: mix.map(|mix: Mix| mix.share(plan.image_size())) })
    };
    sampler::batches(positions.len(), plan.config.batch_size).into_iter().enumerate().map(batch).collect()
}

/// The number of a batch in its epoch, which names its random draws.
fn number(plan: &Plan<'_>, step: usize, place: usize) -> usize {
    step * plan.config.accumulate + place
}

impl Batch {
    fn loss(&self, plan: &Plan<'_>, logits: &Tensor) -> Result<Loss, Error> {
        let (config, weights) = (plan.config, plan.class_weights.as_deref());
        let smoothing = config.label_smoothing as f32;
        Ok(match self.own {
            Some(own) => {
                loss::cross_entropy_of_shares(logits, &mixed_targets(&self.labels, plan.data.classes().len(), own), weights, smoothing)?
            }
            None if config.focal_gamma > 0.0 => loss::focal(logits, &self.labels, weights, config.focal_gamma as f32)?,
            None => loss::cross_entropy(logits, &self.labels, weights, smoothing)?,
        })
    }
}

/// Takes the learner one step further, on the batches of the images at `positions` of the training subset.
///
/// # Errors
///
/// [`Error::NotFinite`] where the loss or the norm of the gradients is no number: nothing has moved then.
pub fn take(
    plan: &Plan<'_>,
    learner: &mut Learner,
    batches: Vec<Batch>,
    positions: &[usize],
    steps_per_epoch: usize,
) -> Result<Step, Error> {
    let (epoch, step) = (learner.state.epoch, learner.state.step);
    let global = epoch * steps_per_epoch + step;
    let lr = plan.config.schedule.rate(global, steps_per_epoch, plan.config.epochs, learner.stairs(plan));
    let rates = plan.rates(lr, epoch);
    let not_finite = |what, value| Error::NotFinite { what, value, step: global + 1, epoch: epoch + 1, lr, images: plan.names(positions) };
    let (mut images, mut sum, mut gradients) = (0, 0.0, None);
    for (place, batch) in batches.into_iter().enumerate() {
        let input = if plan.frozen() { Input::Features(&batch.inputs) } else { Input::Images(&batch.inputs) };
        let (logits, tape) = learner.network.train(input, plan.pass(epoch, number(plan, step, place)))?;
        let loss = batch.loss(plan, &logits)?;
        let value = f64::from(loss.value);
        if !value.is_finite() {
            return Err(not_finite("loss", value));
        }
        let own = tape.backward(&learner.network, loss.gradient, |param| rates.of(param) > 0.0)?;
        let count = batch.labels.len();
        gradients = Some(match gradients {
            None => own,
            Some(before) => Gradients::mixed(before, images as f64 / (images + count) as f64, &own)?,
        });
        images += count;
        sum += value * count as f64;
    }
    let clip = Some(plan.config.grad_clip).filter(|limit| *limit > 0.0);
    // Moves nothing when the norm is not finite.
    let grad_norm = learner.optimizer.step(&learner.network, &gradients.unwrap_or_default(), rates, clip)?;
    if !grad_norm.is_finite() {
        return Err(not_finite("norm of the gradients", grad_norm));
    }
    learner.average(global + 1)?;
    Ok(Step { step: global + 1, images, loss: sum / images.max(1) as f64, lr, grad_norm })
}
