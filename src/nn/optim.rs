//! AdamW and SGD over a network's parameters, one pass over memory a step where that is main memory.
//!
//! Weight decay acts on weights alone, never on biases and norms. Backbone and head have their own learning rates;
//! a part whose rate is 0 is frozen: nothing of it moves, not even by decay. The state can be saved and restored
//! bit for bit.

mod composed;

use candle_core::{DType, Device, Tensor};
use indexmap::IndexMap;

use super::ops::{self, Way};
use super::workers::on_workers;
use super::{Error, Gradients, Network, Param, Part, Role};
use derm_kernels::optimiser as kernel;

/// Adam with decoupled weight decay (Loshchilov and Hutter 2017, <https://arxiv.org/abs/1711.05101>; torch's `AdamW`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Memory of the mean gradient.
    pub beta1: f64,
    /// Memory of the mean squared gradient.
    pub beta2: f64,
    /// Added to the root of the mean square.
    pub eps: f64,
    /// Weights shrink by `rate * weight_decay` a step.
    pub weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.05 }
    }
}

/// Stochastic gradient descent (torch's `SGD`: decay is added to the gradient, no dampening).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Memory of past gradients; 0 for none.
    pub momentum: f64,
    /// Look ahead along the momentum (Nesterov).
    pub nesterov: bool,
    /// `weight_decay * weight` is added to a weight's gradient.
    pub weight_decay: f64,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { momentum: 0.9, nesterov: false, weight_decay: 1e-4 }
    }
}

/// Which rule moves the parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// See [`AdamW`].
    AdamW(AdamW),
    /// See [`Sgd`].
    Sgd(Sgd),
}

/// Learning rates of one step. 0 freezes a part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Of the parameters up to the features.
    pub backbone: f64,
    /// Of the parameters after them.
    pub head: f64,
    /// What a block's rate is of that of the block after it; 1 for all alike.
    pub layer_decay: f64,
}

impl Rates {
    /// One rate for all.
    pub fn all(rate: f64) -> Self {
        Self { backbone: rate, head: rate, layer_decay: 1.0 }
    }

    /// That of one parameter.
    pub fn of(&self, param: &Param) -> f64 {
        let rate = match param.part {
            Part::Backbone => self.backbone,
            Part::Head => self.head,
        };
        rate * self.layer_decay.powi(param.depth as i32)
    }
}

/// A rule with what it remembers of each parameter.
#[derive(Clone, Debug)]
pub struct Optimizer {
    rule: Rule,
    memory: IndexMap<String, Memory>,
}

#[derive(Clone, Debug, Default)]
struct Memory {
    /// Steps this parameter has taken.
    steps: u64,
    /// Mean gradient, or momentum.
    first: Vec<f32>,
    /// Mean squared gradient; empty for SGD.
    second: Vec<f32>,
    /// Both where the parameter is on a device.
    there: composed::Memory,
}

impl Optimizer {
    /// Remembers nothing yet.
    pub fn new(rule: Rule) -> Self {
        Self { rule, memory: IndexMap::new() }
    }

    /// Moves every parameter that has a gradient and a rate above 0; gives the gradients' norm before clipping.
    ///
    /// `clip` bounds the norm of all those gradients together: above it they are scaled down (torch's
    /// `clip_grad_norm_`). A norm that is not finite is returned without moving anything.
    pub fn step(&mut self, network: &Network, grads: &Gradients, rates: Rates, clip: Option<f64>) -> Result<f64, Error> {
        on_workers(|| self.move_parameters(network, grads, rates, clip))
    }

    fn move_parameters(&mut self, network: &Network, grads: &Gradients, rates: Rates, clip: Option<f64>) -> Result<f64, Error> {
        let moving: Vec<(&Param, &Tensor)> = moving(network, grads, rates).collect();
        let norm = norm(network.way(), moving.iter().map(|(_, grad)| *grad))?;
        if !norm.is_finite() {
            return Ok(norm);
        }
        let scale = clip.map_or(1.0, |limit| (limit / (norm + 1e-6)).min(1.0)) as f32;
        for (param, grad) in moving {
            let memory = self.memory.entry(param.name.clone()).or_default();
            memory.steps += 1;
            let step = Step { rate: rates.of(param), scale, decays: param.role == Role::Weight };
            if network.way() == Way::Compositions {
                composed::take(self.rule, step, memory.steps, &mut memory.there, &param.var, grad)?;
                continue;
            }
            let mut moved = Ok(());
            ops::with(grad, |grad| moved = ops::in_place(&param.var, |values| step.take(self.rule, memory, values, grad)))?;
            moved?;
        }
        Ok(norm)
    }

    /// Everything it remembers, as named tensors: `first.NAME` and `second.NAME` (f32), `steps.NAME` (i64, one element).
    pub fn state(&self) -> Result<Vec<(String, Tensor)>, Error> {
        let mut state = Vec::new();
        for (name, memory) in &self.memory {
            let steps = Tensor::new(&[memory.steps as i64], &Device::Cpu)?;
            state.push((format!("steps.{name}"), steps));
            for (kind, values) in [("first", &memory.first), ("second", &memory.second)] {
                if !values.is_empty() {
                    state.push((format!("{kind}.{name}"), Tensor::new(values.as_slice(), &Device::Cpu)?));
                }
            }
            for (kind, values) in [("first", &memory.there.first), ("second", &memory.there.second)] {
                if let Some(values) = values {
                    state.push((format!("{kind}.{name}"), values.flatten_all()?.to_device(&Device::Cpu)?));
                }
            }
        }
        Ok(state)
    }

    /// Takes over a state from [`state`](Self::state); an error where it does not belong to this network and rule.
    pub fn restore<'a>(&mut self, network: &Network, state: impl IntoIterator<Item = (&'a str, &'a Tensor)>) -> Result<(), Error> {
        let mut memory: IndexMap<String, Memory> = IndexMap::new();
        for (key, tensor) in state {
            let foreign = || Error::OptimiserState(format!("`{key}` {:?} {:?} is not expected", tensor.dtype(), tensor.dims()));
            let (kind, name) = key.split_once('.').ok_or_else(foreign)?;
            let param = network.param(name).filter(|p| p.is_trainable()).ok_or_else(foreign)?;
            let slot = memory.entry(name.to_owned()).or_default();
            let fits = tensor.dtype() == DType::F32 && tensor.elem_count() == param.var.elem_count();
            match kind {
                "steps" if tensor.dims() == [1] && tensor.dtype() == DType::I64 => slot.steps = tensor.to_vec1::<i64>()?[0].max(0) as u64,
                "first" if fits => slot.first = tensor.flatten_all()?.to_vec1()?,
                "second" if fits && matches!(self.rule, Rule::AdamW(_)) => slot.second = tensor.flatten_all()?.to_vec1()?,
                _ => return Err(foreign()),
            }
        }
        for (name, slot) in &memory {
            let whole = match self.rule {
                Rule::AdamW(_) => !slot.first.is_empty() && !slot.second.is_empty(),
                Rule::Sgd(rule) => rule.momentum == 0.0 || !slot.first.is_empty(),
            };
            if slot.steps == 0 || !whole {
                return Err(Error::OptimiserState(format!("`{name}` is incomplete")));
            }
        }
        if network.way() == Way::Compositions {
            for (name, slot) in &mut memory {
                let Some(param) = network.param(name) else { continue };
                let moved = |values: Vec<f32>| match values.is_empty() {
                    true => Ok(None),
                    false => Tensor::from_vec(values, param.var.shape(), param.var.device()).map(Some),
                };
                let (first, second) = (std::mem::take(&mut slot.first), std::mem::take(&mut slot.second));
                slot.there = composed::Memory { first: moved(first)?, second: moved(second)? };
            }
        }
        self.memory = memory;
        Ok(())
    }
}

/// L2 norm of the gradients of all parameters that would move at these rates.
pub fn grad_norm(network: &Network, grads: &Gradients, rates: Rates) -> Result<f64, Error> {
    norm(network.way(), moving(network, grads, rates).map(|(_, grad)| grad))
}

fn moving<'a>(network: &'a Network, grads: &'a Gradients, rates: Rates) -> impl Iterator<Item = (&'a Param, &'a Tensor)> {
    let moves = move |param: &&Param| param.is_trainable() && rates.of(param) > 0.0;
    network.params().filter(moves).filter_map(|param| Some((param, grads.get(param)?)))
}

fn norm<'a>(way: Way, grads: impl Iterator<Item = &'a Tensor>) -> Result<f64, Error> {
    let grads: Vec<&Tensor> = grads.collect();
    if way == Way::Compositions {
        return Ok(composed::sum_of_squares(&grads)?.sqrt());
    }
    let squares = ops::with_views(&grads, |views| {
        let values: Vec<&[f32]> = views.iter().map(|view| view.values).collect();
        kernel::sum_of_squares(&values)
    })?;
    Ok(squares.sqrt())
}

/// What one parameter's step needs beside its values.
#[derive(Clone, Copy)]
struct Step {
    rate: f64,
    scale: f32,
    decays: bool,
}

impl Step {
    /// What acts on this parameter of the rule's decay.
    fn decay(self, weight_decay: f64) -> f64 {
        if self.decays { weight_decay } else { 0.0 }
    }

    fn take(self, rule: Rule, memory: &mut Memory, values: &mut [f32], gradient: &[f32]) {
        let Self { rate, scale, .. } = self;
        let decay = |weight_decay| self.decay(weight_decay);
        memory.first.resize(values.len(), 0.0);
        match rule {
            Rule::AdamW(AdamW { beta1, beta2, eps, weight_decay }) => {
                memory.second.resize(values.len(), 0.0);
                let rule = kernel::AdamW { rate, beta1, beta2, eps, weight_decay: decay(weight_decay), scale };
                let (mean, square) = (&mut memory.first, &mut memory.second);
                kernel::adamw(&mut [kernel::AdamWParameter { rule, step: memory.steps, values, gradient, mean, square }]);
            }
            Rule::Sgd(Sgd { momentum, nesterov, weight_decay }) => {
                if momentum == 0.0 {
                    memory.first.clear();
                }
                let rule = kernel::Sgd { rate, momentum, nesterov, weight_decay: decay(weight_decay), scale };
                kernel::sgd(&mut [kernel::SgdParameter { rule, values, gradient, velocity: &mut memory.first }]);
            }
        }
    }
}

#[cfg(test)]
mod tests;
