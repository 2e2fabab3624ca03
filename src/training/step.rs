//! One step of the optimizer: its batches, their losses, and the mean of their gradients.

use super::error::Error;
use super::events::Step;
use super::images::Augmentation;
use super::inputs::{Batch, Material};
use super::learner::Learner;
use super::plan::Plan;
use super::sampler;
use crate::nn::Gradients;

/// The batches of one step: the training images at `positions`.
pub fn batches(plan: &Plan<'_>, train: &Material<'_>, epoch: usize, step: usize, positions: &[usize]) -> Result<Vec<Batch>, Error> {
    let augmentation = Some(Augmentation { settings: &plan.config.augment, seed: plan.config.seed, epoch });
    let batch = |(place, range): (usize, std::ops::Range<usize>)| {
        let (positions, mix) = (&positions[range], plan.mix(epoch, number(plan, step, place)));
        train.batch(positions, augmentation, mix.as_ref())
    };
    sampler::batches(positions.len(), plan.config.batch_size).into_iter().enumerate().map(batch).collect()
}

/// The number of a batch in its epoch, which names its random draws.
fn number(plan: &Plan<'_>, step: usize, place: usize) -> usize {
    step * plan.config.accumulate + place
}

/// Which step it is, and how far it goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct At {
    /// Steps before it, since the training's start.
    pub number: usize,
    /// The head's learning rate.
    pub rate: f64,
}

/// Takes the learner one step further, on the batches of the images at `positions` of the training subset.
///
/// # Errors
///
/// [`Error::NotFinite`] where the loss or the norm of the gradients is no number: nothing has moved then.
pub fn take(plan: &Plan<'_>, learner: &mut Learner, batches: Vec<Batch>, positions: &[usize], at: At) -> Result<Step, Error> {
    let (epoch, step, lr) = (learner.state.epoch, learner.state.step, at.rate);
    let rates = plan.rates(lr, epoch);
    let not_finite =
        |what, value| Error::NotFinite { what, value, step: at.number + 1, epoch: epoch + 1, lr, images: plan.names(positions) };
    let (mut images, mut sum, mut gradients) = (0, 0.0, None);
    for (place, batch) in batches.into_iter().enumerate() {
        let (logits, tape) = learner.network.train(batch.input(), plan.pass(epoch, number(plan, step, place)))?;
        let loss = plan.goal.loss(plan.config, &logits, &batch.targets)?;
        let value = f64::from(loss.value);
        if !value.is_finite() {
            return Err(not_finite("loss", value));
        }
        let own = tape.backward(&learner.network, loss.gradient, |param| rates.of(param) > 0.0)?;
        let count = batch.images;
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
    learner.average(at.number + 1)?;
    Ok(Step { step: at.number + 1, images, loss: sum / images.max(1) as f64, lr, grad_norm })
}
