//! A forward pass that can be gone back over.
//!
//! By the kernels: while a network runs in training, each operation is recorded with those inputs and results that its backward pass
//! will read. Going back, a step is dropped as soon as it is done, with all that it kept, and a gradient as soon as it was used: memory
//! is at its highest at the end of the forward pass and falls from there. Gradients of a value that several steps read are added in
//! the reverse order of those steps, so results do not depend on the number of threads.
//!
//! With gradient checkpointing, stretches of steps are recorded only when they are needed: see [`super::checkpoint`].
//!
//! Where operations are composed, candle's graph is the way back, and keeps every value until its end.

mod composed;
mod recorded;

pub(super) use recorded::{Step, asked};

use candle_core::{Device, Tensor};

use super::checkpoint::Segment;
use super::exec::Done;
use super::ops::{Array, Operation, Way, compose, with_views};
use super::workers::on_workers;
use super::{Error, Network, Param};

/// Where an input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The value of this number.
    Value(usize),
    /// The network's parameter of this number.
    Parameter(usize),
}

/// A training pass's way back.
#[derive(Debug)]
pub struct Tape(Form);

#[derive(Debug)]
enum Form {
    Recorded(recorded::Recorded),
    Composed(composed::Composed),
}

/// The result of `operation` on `inputs`, which are on one device; composed, it is part of candle's graph.
pub(super) fn forward(way: Way, operation: &mut dyn Operation, inputs: &[&Tensor]) -> Result<Tensor, Error> {
    if way == Way::Compositions {
        return Ok(compose(operation, inputs)?);
    }
    let Array { values, dims } = with_views(inputs, |inputs| operation.forward(inputs))??;
    Ok(Tensor::from_vec(values, dims, &Device::Cpu)?)
}

impl Tape {
    /// The way back from the value `output`, without a step yet.
    pub(super) fn new(way: Way, output: usize) -> Self {
        Self(match way {
            Way::Kernels => Form::Recorded(recorded::Recorded::new(output)),
            Way::Compositions => Form::Composed(composed::Composed::default()),
        })
    }

    /// Records what a group did; its result is the value `number`.
    pub(super) fn record(&mut self, done: Done, number: usize) {
        match &mut self.0 {
            Form::Recorded(steps) => steps.record(done.step(number)),
            Form::Composed(graph) => graph.reach(&done.result),
        }
    }

    /// Records that the next steps are those of a segment, once they are needed. Candle's graph leaves nothing out.
    pub(super) fn leave_out(&mut self, segment: Segment) {
        if let Form::Recorded(steps) = &mut self.0 {
            steps.leave_out(segment);
        }
    }

    /// Bytes of the values that are kept for the way back, each counted once.
    pub(super) fn kept_bytes(&self) -> usize {
        match &self.0 {
            Form::Recorded(steps) => steps.kept_bytes(),
            // Candle keeps count of its own graph.
            Form::Composed(_) => 0,
        }
    }

    /// Gradients of the parameters that `wanted` names, from `dy`, that of the output; frees everything on the way.
    ///
    /// `dy` has the output's shape and may be in main memory.
    pub fn backward(self, network: &Network, dy: Tensor, wanted: impl Fn(&Param) -> bool) -> Result<Gradients, Error> {
        let parameters: Vec<&Param> = network.params().collect();
        let wanted: Vec<bool> = parameters.iter().map(|param| param.is_trainable() && wanted(param)).collect();
        let dy = dy.to_device(network.device())?;
        match self.0 {
            Form::Recorded(steps) => on_workers(|| steps.backward(network, &parameters, &wanted, dy)),
            Form::Composed(graph) => graph.backward(&parameters, &wanted, &dy),
        }
    }
}

impl Tape {
    /// The gradient of the value `start` that the pass began with, from `dy`, that of the output; `None` where it had no part in it.
    pub(super) fn backward_to(self, start: usize, network: &Network, dy: Tensor) -> Result<Option<Tensor>, Error> {
        let parameters: Vec<&Param> = network.params().collect();
        match self.0 {
            Form::Recorded(steps) => steps.backward_to(start, network, &parameters, dy),
            Form::Composed(_) => Err(Error::CpuOnly { what: "gradients of values inside a network" }),
        }
    }
}

/// Gradients of a network's parameters.
#[derive(Clone, Debug, Default)]
pub struct Gradients {
    of_parameters: Vec<Option<Tensor>>,
}

impl Gradients {
    /// That of one parameter, if it was asked for and had a part in the output.
    pub fn get(&self, param: &Param) -> Option<&Tensor> {
        self.of_parameters.get(param.place)?.as_ref()
    }

    /// `share` of these and the rest of `others`, for parameters that have either.
    pub fn mixed(self, share: f64, others: &Self) -> Result<Self, Error> {
        let both = self.of_parameters.into_iter().zip(&others.of_parameters);
        let mixed = both.map(|(own, other)| {
            let scaled = |gradient: &Tensor, share: f64| gradient.affine(share, 0.0);
            Ok(match (own, other) {
                (Some(own), Some(other)) => Some((scaled(&own, share)? + scaled(other, 1.0 - share)?)?),
                (Some(own), None) => Some(scaled(&own, share)?),
                (None, Some(other)) => Some(scaled(other, 1.0 - share)?),
                (None, None) => None,
            })
        });
        Ok(Self { of_parameters: mixed.collect::<Result<_, Error>>()? })
    }
}
