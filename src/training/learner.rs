//! What changes during a training: the network, the optimizer, and the record of what happened.

use std::collections::HashMap;

use candle_core::Tensor;

use super::checkpoint::{Folder, Saved, State};
use super::config::{Config, OptimizerKind};
use super::error::Error;
use super::events::Epoch;
use super::plan::Plan;
use super::stopping::{Best, judge};
use super::tensors::Named;
use crate::nn::optim::{AdamW, Optimizer, Rule, Sgd};
use crate::nn::{Average, Network, Param, Part};

/// The moving parts; what a checkpoint stores.
pub struct Learner {
    pub network: Network,
    pub optimizer: Optimizer,
    pub state: State,
    average: Option<Average>,
    best: Option<Named>,
    frozen: bool,
}

impl Learner {
    /// At the beginning, or where the checkpoint left off.
    pub fn new(plan: &Plan<'_>, network: Network, saved: Option<Saved>) -> Result<Self, Error> {
        let optimizer = Optimizer::new(rule(plan.config));
        let state = State { schema: State::SCHEMA, ..State::default() };
        let average = Some(plan.config.ema).filter(|decay| *decay > 0.0).map(|decay| Average::new(&network, decay)).transpose()?;
        let mut learner = Self { network, optimizer, state, average, best: None, frozen: plan.frozen() };
        if let Some(saved) = saved {
            set(&learner.network, &saved.model)?;
            if let Some(average) = &learner.average {
                set(&average.network, &saved.average)?;
            }
            let remembered = saved.optimizer.iter().map(|(name, tensor)| (name.as_str(), tensor));
            learner.optimizer.restore(&learner.network, remembered)?;
            learner.best = saved.best;
            learner.state = saved.state;
        }
        Ok(learner)
    }

    /// Whether no epoch is left to train.
    pub fn is_done(&self, plan: &Plan<'_>) -> bool {
        self.state.stopped || self.state.epoch >= plan.config.epochs
    }

    /// Ends the epoch: decides whether it is the best and whether to stop, and writes the checkpoint. True: it is the best so far.
    pub fn end_epoch(&mut self, plan: &Plan<'_>, record: Epoch, folder: &Folder) -> Result<bool, Error> {
        let epoch = self.state.epoch;
        let value = record.val.get(plan.goal.metric()).copied().flatten();
        let verdict = judge(plan.goal.direction(), plan.config.patience, self.state.best, epoch, value.unwrap_or(f64::NAN));
        if let (true, Some(value)) = (verdict.keep, value) {
            let tensors = self.snapshot()?;
            folder.write_best(epoch, &tensors)?;
            self.best = Some(tensors);
            self.state.best = Some(Best { epoch, value });
        }
        self.state.history.push(record);
        self.state.stopped = verdict.stop;
        self.state.epoch = epoch + 1;
        self.state.step = 0;
        self.state.loss_sum = 0.0;
        self.state.images = 0;
        self.save(folder)?;
        Ok(verdict.keep)
    }

    /// Writes a checkpoint of this very step.
    pub fn save(&self, folder: &Folder) -> Result<(), Error> {
        let named = |network| self.changing(network).map(|param| (param.name.clone(), param.var.as_detached_tensor())).collect();
        let average = self.average.as_ref().map(|average| named(&average.network)).unwrap_or_default();
        folder.write(&self.state, named(&self.network), average, self.optimizer.state()?)
    }

    /// The network that is judged and kept: the average of the weights where there is one.
    pub fn judged(&self) -> &Network {
        self.average.as_ref().map_or(&self.network, |average| &average.network)
    }

    /// Lets the average follow after the `step`th step of all.
    pub fn average(&self, step: usize) -> Result<(), Error> {
        let moves = |param: &Param| !self.frozen || param.part == Part::Head;
        Ok(self.average.as_ref().map_or(Ok(()), |average| average.update(&self.network, step, moves))?)
    }

    /// How often the rate of a schedule that waits for plateaus has fallen.
    pub fn stairs(&self, plan: &Plan<'_>) -> usize {
        let value = |epoch: &Epoch| epoch.val.get(plan.goal.metric()).copied().flatten().unwrap_or(f64::NAN);
        plan.config.schedule.stairs(self.state.history.iter().map(value), plan.goal.direction())
    }

    /// The network with the weights of the best epoch, or of the last where none was judged.
    pub fn finish(self) -> Result<(Network, State), Error> {
        let network = self.average.map_or(self.network, |average| average.network);
        if let Some(best) = &self.best {
            set(&network, best)?;
        }
        Ok((network.without_side_heads()?, self.state))
    }

    /// Copies of all that training changes in the network that is judged, which it does in place.
    fn snapshot(&self) -> Result<Named, Error> {
        self.changing(self.judged()).map(|param| Ok((param.name.clone(), param.var.as_detached_tensor().copy()?))).collect()
    }

    /// Parameters and running statistics that training changes.
    fn changing<'a>(&self, network: &'a Network) -> impl Iterator<Item = &'a Param> + use<'a> {
        let frozen = self.frozen;
        network.params().filter(move |param| !frozen || param.part == Part::Head)
    }
}

/// Gives parameters the values of `tensors`; names and shapes were held to be right by the training key and a checksum.
fn set(network: &Network, tensors: &Named) -> Result<(), Error> {
    let by_name: HashMap<&str, &Tensor> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    for param in network.params() {
        if let Some(tensor) = by_name.get(param.name.as_str()) {
            param.var.set(&tensor.to_device(param.var.device())?)?;
        }
    }
    Ok(())
}

fn rule(config: &Config) -> Rule {
    let weight_decay = config.weight_decay;
    match config.optimizer {
        OptimizerKind::AdamW => Rule::AdamW(AdamW { weight_decay, ..AdamW::default() }),
        OptimizerKind::Sgd => Rule::Sgd(Sgd { momentum: config.momentum, nesterov: config.nesterov, weight_decay }),
    }
}
