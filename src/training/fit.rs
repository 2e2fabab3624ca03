//! The training loop.
//!
//! One screen: [`train`] runs epochs, an epoch runs steps, and after each epoch the validation images are judged and a
//! checkpoint is written. Which images, which learning rate, what random numbers: pure functions of the position, in
//! the modules beside this one. What is done between two checkpoints can therefore be done again to the same bits.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::ahead::ahead;
use super::checkpoint::{Folder, State};
use super::error::{Error, go_on};
use super::events::{Epoch, Event, Watcher};
use super::inputs::Data;
use super::learner::Learner;
use super::plan::Plan;
use super::session::Session;
use super::{infer, step};
use crate::dataset::Work;
use crate::evaluation::metrics::{Confusion, Metric};
use crate::nn::Network;

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

/// Trains from the session's beginning or checkpoint to the end. `folder`: for decoded images and a frozen backbone's features.
///
/// # Errors
///
/// [`Error::Interrupted`] with a checkpoint written; [`Error::NotFinite`]; whatever reading images or writing checkpoints gives.
pub fn train(session: Session<'_>, folder: &Path, watcher: &mut dyn Watcher, work: Work<'_>) -> Result<Trained, Error> {
    let (plan, checkpoints, mut learner) = session.into_parts()?;
    let data = Data::load(plan, &learner.network, folder, work)?;
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
        let record = Epoch { epoch: learner.state.epoch + 1, train_loss, lr, val: validate(plan, &data, learner.judged())? };
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
    let order = plan.order(epoch);
    let steps = plan.steps();
    let mut stored = Instant::now();
    ahead(
        first..steps.len(),
        |at| step::batches(plan, &data.train_inputs, epoch, at, &order[steps[at].clone()]),
        |at, batches| {
            go_on(work)?;
            let done = step::take(plan, learner, batches, &order[steps[at].clone()], steps.len())?;
            learner.state.step = at + 1;
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
    Ok(plan.config.schedule.rate((epoch + 1) * steps.len() - 1, steps.len(), plan.config.epochs, learner.stairs(plan)))
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
        |i| data.val_inputs.batch(batches[i], None, None),
        |_, inputs| {
            probabilities.extend(infer::softmax(&if plan.frozen() { frozen.head(&inputs)? } else { frozen.forward(&inputs)? })?);
            Ok::<(), Error>(())
        },
    )?;
    Ok((!positions.is_empty()).then_some(probabilities))
}
