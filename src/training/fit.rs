//! The training loop.
//!
//! One screen: [`train`] runs epochs, an epoch runs steps, and after each epoch the validation images are judged and a
//! checkpoint is written. Which images, which learning rate, what random numbers: pure functions of the position, in
//! the modules beside this one. What is done between two checkpoints can therefore be done again to the same bits.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use candle_core::Tensor;

use super::ahead::ahead;
use super::checkpoint::{Folder, State};
use super::error::{Error, go_on};
use super::events::{Epoch, Event, Extent, Step, Watcher};
use super::features::Features;
use super::images::{Augmentation, Images};
use super::learner::Learner;
use super::plan::{Labelled, Plan};
use super::session::Session;
use super::{infer, sampler};
use crate::dataset::Work;
use crate::evaluation::metrics::{Confusion, Metric};
use crate::nn::{Input, Network, loss};

/// A long epoch is stored in between, so that a kill costs minutes and not hours.
const STORE_EVERY: Duration = Duration::from_secs(300);
/// Validation images in a forward pass.
const VAL_BATCH: usize = 64;
/// Metrics of the validation images that are recorded besides the watched one.
const RECORDED: [Metric; 4] = [Metric::LogLoss, Metric::Accuracy, Metric::BalancedAccuracy, Metric::MacroAuc];

/// A finished training.
pub struct Trained {
    /// With the weights of the best epoch, or of the last where none was judged.
    pub network: Network,
    /// What happened.
    pub state: State,
    /// How these weights classify the validation images; `None` without such images.
    pub val: Option<Confusion>,
    /// The checkpoints, to be removed once the network is in a safe place.
    pub checkpoints: Folder,
}

/// Trains from the session's beginning or checkpoint to the end. `features`: the folder for a frozen backbone's features.
///
/// # Errors
///
/// [`Error::Interrupted`] with a checkpoint written; [`Error::NotFinite`]; whatever reading images or writing checkpoints gives.
pub fn train(session: Session<'_>, features: &Path, watcher: &mut dyn Watcher, work: Work<'_>) -> Result<Trained, Error> {
    let (plan, checkpoints, mut learner) = session.into_parts()?;
    let data = Data::load(plan, &learner.network, features, work)?;
    watcher.event(&Event::Begun { extent: data.extent(plan, &learner.network), done: learner.state.epoch, step: learner.state.step });
    while !learner.is_done(plan) {
        let started = Instant::now();
        let images = data.train.rows.len().saturating_sub(learner.state.images);
        let lr = match train_epoch(plan, &data, &mut learner, &checkpoints, watcher, work) {
            Err(Error::Interrupted { .. }) => {
                learner.save(&checkpoints)?;
                return Err(Error::Interrupted { at: Some((learner.state.epoch + 1, learner.state.step)) });
            }
            done => done?,
        };
        let images_per_second = images as f64 / started.elapsed().as_secs_f64().max(1e-9);
        let train_loss = learner.state.loss_sum / learner.state.images.max(1) as f64;
        let record = Epoch { epoch: learner.state.epoch + 1, train_loss, lr, val: validate(plan, &data, &learner.network)? };
        let best = learner.end_epoch(plan, record, &checkpoints)?;
        if let Some(record) = learner.state.history.last() {
            watcher.event(&Event::Epoch { record, best, images_per_second });
        }
    }
    if let (true, Some(best)) = (learner.state.stopped, learner.state.best) {
        watcher.event(&Event::StoppedEarly { epoch: learner.state.epoch, best_epoch: best.epoch + 1 });
    }
    let (network, state) = learner.finish()?;
    let val = val_probabilities(plan, &data, &network)?;
    let val = val.map(|probabilities| Confusion::of(&data.val_labels(), &probabilities, plan.data.classes().len()));
    Ok(Trained { network, state, val, checkpoints })
}

/// The steps of one epoch from where the state stands; the last step's learning rate.
fn train_epoch(
    plan: &Plan<'_>,
    data: &Data<'_>,
    learner: &mut Learner,
    checkpoints: &Folder,
    watcher: &mut dyn Watcher,
    work: Work<'_>,
) -> Result<f64, Error> {
    let (epoch, first) = (learner.state.epoch, learner.state.step);
    let order = sampler::order(plan.config.seed, epoch, data.train.rows.len());
    let batches = sampler::batches(order.len(), plan.config.batch_size);
    let augmentation = Augmentation { settings: &plan.config.augment, seed: plan.config.seed, epoch };
    let mut stored = Instant::now();
    ahead(
        first..batches.len(),
        |step| data.train_inputs.batch(&order[batches[step].clone()], Some(augmentation)),
        |step, inputs| {
            go_on(work)?;
            let done = take_step(plan, learner, &inputs, &order[batches[step].clone()], batches.len())?;
            learner.state.step = step + 1;
            learner.state.images += done.images;
            learner.state.loss_sum += done.loss * done.images as f64;
            watcher.event(&Event::Step(done));
            if stored.elapsed() >= STORE_EVERY {
                learner.save(checkpoints)?;
                stored = Instant::now();
            }
            Ok(())
        },
    )?;
    Ok(plan.config.schedule.rate((epoch + 1) * batches.len() - 1, batches.len(), plan.config.epochs))
}

/// One step of the optimizer on the images at `positions` of the training subset.
fn take_step(plan: &Plan<'_>, learner: &mut Learner, inputs: &Tensor, positions: &[usize], steps_per_epoch: usize) -> Result<Step, Error> {
    let (epoch, step) = (learner.state.epoch, learner.state.step);
    let global = epoch * steps_per_epoch + step;
    let lr = plan.config.schedule.rate(global, steps_per_epoch, plan.config.epochs);
    let targets: Vec<u32> = positions.iter().map(|&position| plan.train.labels[position]).collect();
    let input = if plan.frozen() { Input::Features(inputs) } else { Input::Images(inputs) };
    let (logits, tape) = learner.network.train(input, plan.pass(epoch, step))?;
    let loss = loss::cross_entropy(&logits, &targets, plan.class_weights.as_deref(), plan.config.label_smoothing as f32)?;
    let value = f64::from(loss.value);
    let not_finite = |what, value| Error::NotFinite { what, value, step: global + 1, epoch: epoch + 1, lr, images: names(plan, positions) };
    if !value.is_finite() {
        return Err(not_finite("loss", value));
    }
    let rates = plan.rates(lr);
    let gradients = tape.backward(&learner.network, loss.gradient, |param| rates.of(param) > 0.0)?;
    let clip = Some(plan.config.grad_clip).filter(|limit| *limit > 0.0);
    // Moves nothing when the norm is not finite.
    let grad_norm = learner.optimizer.step(&learner.network, &gradients, rates, clip)?;
    if !grad_norm.is_finite() {
        return Err(not_finite("norm of the gradients", grad_norm));
    }
    Ok(Step { step: global + 1, images: positions.len(), loss: value, lr, grad_norm })
}

/// Metrics of the validation images by name; empty without such images.
fn validate(plan: &Plan<'_>, data: &Data<'_>, network: &Network) -> Result<BTreeMap<String, Option<f64>>, Error> {
    let Some(probabilities) = val_probabilities(plan, data, network)? else { return Ok(BTreeMap::new()) };
    let (labels, classes) = (data.val_labels(), plan.data.classes().len());
    let finite = |metric: Metric| metric.compute(&labels, &probabilities, classes).filter(|value| value.is_finite());
    let metrics = RECORDED.into_iter().chain([plan.metric]);
    Ok(metrics.map(|metric| (metric.name().to_owned(), finite(metric))).collect())
}

/// Probabilities of the validation images, one row an image; `None` without such images.
fn val_probabilities(plan: &Plan<'_>, data: &Data<'_>, network: &Network) -> Result<Option<Vec<Vec<f64>>>, Error> {
    let positions: Vec<usize> = (0..data.val.rows.len()).collect();
    let batches: Vec<&[usize]> = positions.chunks(VAL_BATCH).collect();
    let frozen = network.frozen()?;
    let mut probabilities = Vec::with_capacity(positions.len());
    ahead(
        0..batches.len(),
        |i| data.val_inputs.batch(batches[i], None),
        |_, inputs| {
            probabilities.extend(infer::softmax(&if plan.frozen() { frozen.head(&inputs)? } else { frozen.forward(&inputs)? })?);
            Ok::<(), Error>(())
        },
    )?;
    Ok((!positions.is_empty()).then_some(probabilities))
}

fn names(plan: &Plan<'_>, positions: &[usize]) -> Vec<String> {
    let rows = positions.iter().filter_map(|&position| plan.data.rows.get(*plan.train.rows.get(position)?));
    rows.map(|row| row.image.clone()).collect()
}

/// Both subsets and where their inputs come from.
struct Data<'a> {
    train: &'a Labelled,
    val: &'a Labelled,
    train_inputs: Inputs<'a>,
    val_inputs: Inputs<'a>,
}

enum Inputs<'a> {
    Images(Images<'a>),
    Features(Features),
}

impl Inputs<'_> {
    fn batch(&self, positions: &[usize], augmentation: Option<Augmentation<'_>>) -> Result<Tensor, Error> {
        match self {
            Inputs::Images(images) => images.batch(positions, augmentation),
            Inputs::Features(features) => features.batch(positions),
        }
    }
}

impl<'a> Data<'a> {
    fn load(plan: &'a Plan<'_>, network: &Network, folder: &Path, work: Work<'_>) -> Result<Self, Error> {
        let load = |subset: &'a Labelled| {
            Ok::<_, Error>(match plan.frozen() {
                true => Inputs::Features(Features::load(plan, subset, network, folder, work)?),
                false => Inputs::Images(Images::load(plan.data, &subset.rows, plan.preprocess, work)?),
            })
        };
        Ok(Self { train: &plan.train, val: &plan.val, train_inputs: load(&plan.train)?, val_inputs: load(&plan.val)? })
    }

    fn val_labels(&self) -> Vec<usize> {
        self.val.labels.iter().map(|&label| label as usize).collect()
    }

    fn extent(&self, plan: &Plan<'_>, network: &Network) -> Extent {
        let moved = network.params().filter(|param| param.is_trainable() && (!plan.frozen() || param.part == crate::nn::Part::Head));
        Extent {
            epochs: plan.config.epochs,
            steps_per_epoch: sampler::batches(self.train.rows.len(), plan.config.batch_size).len(),
            train_images: self.train.rows.len(),
            val_images: self.val.rows.len(),
            trainable: moved.map(|param| param.var.elem_count()).sum(),
        }
    }
}
