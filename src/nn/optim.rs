//! AdamW and SGD over a network's parameters, one pass over memory a step.
//!
//! Weight decay acts on weights alone, never on biases and norms. Backbone and head have their own learning rates;
//! a part whose rate is 0 is frozen: nothing of it moves, not even by decay. The state can be saved and restored
//! bit for bit.

use candle_core::{DType, Device, Tensor};
use indexmap::IndexMap;
use rayon::prelude::*;

use super::ops::{self, CHUNK};
use super::{Error, Gradients, Network, Param, Part, Role};

/// Adam with decoupled weight decay (Loshchilov and Hutter 2017, <https://arxiv.org/abs/1711.05101>; torch's `AdamW`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Memory of the mean gradient.
    pub beta1: f32,
    /// Memory of the mean squared gradient.
    pub beta2: f32,
    /// Added to the root of the mean square.
    pub eps: f32,
    /// Weights shrink by `rate * weight_decay` a step.
    pub weight_decay: f32,
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
    pub momentum: f32,
    /// Look ahead along the momentum (Nesterov).
    pub nesterov: bool,
    /// `weight_decay * weight` is added to a weight's gradient.
    pub weight_decay: f32,
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
}

impl Rates {
    /// One rate for all.
    pub fn all(rate: f64) -> Self {
        Self { backbone: rate, head: rate }
    }

    /// That of one parameter.
    pub fn of(&self, param: &Param) -> f64 {
        match param.part {
            Part::Backbone => self.backbone,
            Part::Head => self.head,
        }
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
        let moving: Vec<(&Param, &Tensor)> = moving(network, grads, rates).collect();
        let norm = norm(moving.iter().map(|(_, grad)| *grad))?;
        if !norm.is_finite() {
            return Ok(norm);
        }
        let scale = clip.map_or(1.0, |limit| (limit / (norm + 1e-6)).min(1.0)) as f32;
        for (param, grad) in moving {
            let memory = self.memory.entry(param.name.clone()).or_default();
            memory.steps += 1;
            let step = Step { rate: rates.of(param), scale, decays: param.role == Role::Weight };
            let mut moved = Ok(());
            ops::with(grad, |grad| {
                moved = ops::in_place(&param.var, |values| match self.rule {
                    Rule::AdamW(rule) => adamw(rule, step, memory, values, grad),
                    Rule::Sgd(rule) => sgd(rule, step, memory, values, grad),
                });
            })?;
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
        self.memory = memory;
        Ok(())
    }
}

/// L2 norm of the gradients of all parameters that would move at these rates.
pub fn grad_norm(network: &Network, grads: &Gradients, rates: Rates) -> Result<f64, Error> {
    norm(moving(network, grads, rates).map(|(_, grad)| grad))
}

fn moving<'a>(network: &'a Network, grads: &'a Gradients, rates: Rates) -> impl Iterator<Item = (&'a Param, &'a Tensor)> {
    let moves = move |param: &&Param| param.is_trainable() && rates.of(param) > 0.0;
    network.params().filter(moves).filter_map(|param| Some((param, grads.get(param)?)))
}

fn norm<'a>(grads: impl Iterator<Item = &'a Tensor>) -> Result<f64, Error> {
    let mut total = 0.0;
    for grad in grads {
        let squares: Vec<f64> = ops::with(grad, |g| g.par_chunks(CHUNK).map(|g| ops::sum(g, |v| v * v)).collect())?;
        total += squares.iter().sum::<f64>();
    }
    Ok(total.sqrt())
}

/// What one parameter's step needs beside its values.
#[derive(Clone, Copy)]
struct Step {
    rate: f64,
    scale: f32,
    decays: bool,
}

fn adamw(rule: AdamW, step: Step, memory: &mut Memory, values: &mut [f32], grad: &[f32]) {
    memory.first.resize(values.len(), 0.0);
    memory.second.resize(values.len(), 0.0);
    let power = i32::try_from(memory.steps).unwrap_or(i32::MAX);
    let unbias = |beta: f32| 1.0 - f64::from(beta).powi(power);
    let rate = (step.rate / unbias(rule.beta1)) as f32;
    let root = unbias(rule.beta2).sqrt().recip() as f32;
    let keep = if step.decays { (1.0 - step.rate * f64::from(rule.weight_decay)) as f32 } else { 1.0 };
    let slots = memory.first.par_chunks_mut(CHUNK).zip(memory.second.par_chunks_mut(CHUNK));
    values.par_chunks_mut(CHUNK).zip(grad.par_chunks(CHUNK)).zip(slots).for_each(|((values, grad), (first, second))| {
        for (((value, &grad), first), second) in values.iter_mut().zip(grad).zip(first).zip(second) {
            let grad = grad * step.scale;
            *first += (1.0 - rule.beta1) * (grad - *first);
            *second = rule.beta2 * *second + (1.0 - rule.beta2) * grad * grad;
            *value = *value * keep - rate * *first / (second.sqrt() * root + rule.eps);
        }
    });
}

fn sgd(rule: Sgd, step: Step, memory: &mut Memory, values: &mut [f32], grad: &[f32]) {
    let rate = step.rate as f32;
    let decay = if step.decays { rule.weight_decay } else { 0.0 };
    if rule.momentum == 0.0 {
        values.par_chunks_mut(CHUNK).zip(grad.par_chunks(CHUNK)).for_each(|(values, grad)| {
            for (value, &grad) in values.iter_mut().zip(grad) {
                *value -= rate * (grad * step.scale + decay * *value);
            }
        });
        return;
    }
    memory.first.resize(values.len(), 0.0);
    let slots = memory.first.par_chunks_mut(CHUNK);
    values.par_chunks_mut(CHUNK).zip(grad.par_chunks(CHUNK)).zip(slots).for_each(|((values, grad), momentum)| {
        for ((value, &grad), momentum) in values.iter_mut().zip(grad).zip(momentum) {
            let grad = grad * step.scale + decay * *value;
            *momentum = rule.momentum * *momentum + grad;
            *value -= rate * if rule.nesterov { grad + rule.momentum * *momentum } else { *momentum };
        }
    });
}

#[cfg(test)]
mod tests;
