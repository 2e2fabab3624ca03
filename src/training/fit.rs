//! The training loop.
//!
//! One screen: [`train`] runs epochs, an epoch runs steps, and after each epoch the validation images are judged and a
//! checkpoint is written. Which images, which learning rate, what random numbers: pure functions of the position, in
//! the modules beside this one. What is done between two checkpoints can therefore be done again to the same bits.

use std::path::Path;
use std::time::{Duration, Instant};

use super::ahead::ahead;
use super::checkpoint::{Folder, State};
use super::error::{Error, go_on};
use super::events::{Epoch, Event, Watcher};
use super::goal::Judgement;
use super::inputs::Data;
use super::learner::Learner;
use super::memory;
use super::plan::Plan;
use super::session::Session;
use super::step;
use super::validation::validate;
use crate::dataset::Work;
use crate::nn::Network;

/// A long epoch is stored in between, so that a kill costs minutes and not hours.
const STORE_EVERY: Duration = Duration::from_secs(300);

/// A finished training.
pub struct Trained {
    /// With the weights of the best epoch, or of the last where none was judged.
    pub network: Network,
    /// What happened.
    pub state: State,
    /// How well these weights tell the validation images; `None` without such images.
    pub val: Option<Judgement>,
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
    memory::check(plan, &learner.network)?;
    let data = Data::load(plan, &learner.network, folder, work)?;
    watcher.event(&Event::Begun { extent: data.extent(plan, &learner.network), done: learner.state.epoch, step: learner.state.step });
    while !learner.is_done(plan) {
        let started = Instant::now();
        let images = data.train.examples.rows.len().saturating_sub(learner.state.images);
        let lr = match train_epoch(plan, &data, &mut learner, &checkpoints, watcher, work) {
            Err(Error::Interrupted { .. }) => {
                learner.save(&checkpoints)?;
                return Err(Error::Interrupted { at: Some((learner.state.epoch + 1, learner.state.step)) });
            }
            done => done?,
        };
        let images_per_second = images as f64 / started.elapsed().as_secs_f64().max(1e-9);
        let train_loss = learner.state.loss_sum / learner.state.images.max(1) as f64;
        let val = validate(plan, &data, learner.judged())?.unwrap_or_default().metrics;
        let record = Epoch { epoch: learner.state.epoch + 1, train_loss, lr, val };
        let best = learner.end_epoch(plan, record, &checkpoints)?;
        if let Some(record) = learner.state.history.last() {
            watcher.event(&Event::Epoch { record, best, images_per_second });
        }
    }
    if let (true, Some(best)) = (learner.state.stopped, learner.state.best) {
        watcher.event(&Event::StoppedEarly { epoch: learner.state.epoch, best_epoch: best.epoch + 1 });
    }
    let (network, state) = learner.finish()?;
    let val = validate(plan, &data, &network)?;
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
        |at| step::batches(plan, &data.train, epoch, at, &order[steps[at].clone()]),
        |at, batches| {
            go_on(work)?;
            let number = epoch * steps.len() + at;
            let rate = plan.config.schedule.rate(number, steps.len(), plan.config.epochs, learner.stairs(plan));
            let done = step::take(plan, learner, batches, &order[steps[at].clone()], step::At { number, rate })
                .map_err(|error| memory::explained(plan, error))?;
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
