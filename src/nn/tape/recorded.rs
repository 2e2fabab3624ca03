//! Steps that were recorded with what their backward passes will read, for the kernels.

use candle_core::{Device, Tensor};

use super::{Gradients, Source};
use crate::nn::checkpoint::Segment;
use crate::nn::ops::{Gradient, Operation, View, add_values, with_views};
use crate::nn::{Error, Network, Param};

/// The steps of a forward pass, in order.
pub struct Recorded {
    parts: Vec<Part>,
    output: usize,
}

/// A step, or some that come when they are needed.
enum Part {
    Step(Step),
    Segment(Segment),
}

/// What the way back over one operation needs.
pub struct Step {
    operation: Box<dyn Operation>,
    inputs: Vec<Input>,
    result: Kept,
    /// The number of the result.
    number: usize,
}

struct Input {
    source: Source,
    kept: Kept,
}

/// A tensor's shape and, if it is still needed, the tensor. Parameters are not kept: the network has them.
struct Kept {
    dims: Vec<usize>,
    tensor: Option<Tensor>,
}

impl Kept {
    fn new(tensor: &Tensor, keep: bool) -> Self {
        Self { dims: tensor.dims().to_vec(), tensor: keep.then(|| tensor.clone()) }
    }
}

impl std::fmt::Debug for Recorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |part: &Part| match part {
            Part::Step(step) => step.operation.name(),
            Part::Segment(_) => "segment",
        };
        f.debug_list().entries(self.parts.iter().map(name)).finish()
    }
}

impl Recorded {
    /// The way back from the value `output`, without a step yet.
    pub fn new(output: usize) -> Self {
        Self { parts: Vec::new(), output }
    }

    /// Records the next step.
    pub fn record(&mut self, step: Step) {
        self.parts.push(Part::Step(step));
    }

    /// Records that the next steps are those of a segment, once they are needed.
    pub fn leave_out(&mut self, segment: Segment) {
        self.parts.push(Part::Segment(segment));
    }

    /// Gradients of the parameters that `wanted` names, from `dy`, that of the output; frees everything on the way.
    pub fn backward(self, network: &Network, parameters: &[&Param], wanted: &[bool], dy: Tensor) -> Result<Gradients, Error> {
        let needed = self.needed(wanted, None);
        Ok(self.go_back(network, parameters, wanted, needed, dy)?.0)
    }

    /// The gradient of the value `start`, from `dy`, that of the output; `None` where it had no part in it.
    pub fn backward_to(self, start: usize, network: &Network, parameters: &[&Param], dy: Tensor) -> Result<Option<Tensor>, Error> {
        let wanted = vec![false; parameters.len()];
        let needed = self.needed(&wanted, Some(start));
        Ok(self.go_back(network, parameters, &wanted, needed, dy)?.1.swap_remove(start))
    }

    /// Gradients of parameters that are wanted, and of values that are needed and that no step made.
    fn go_back(
        mut self,
        network: &Network,
        parameters: &[&Param],
        wanted: &[bool],
        needed: Vec<bool>,
        dy: Tensor,
    ) -> Result<(Gradients, Vec<Option<Tensor>>), Error> {
        let mut of_values: Vec<Option<Tensor>> = vec![None; needed.len()];
        let mut gradients = Gradients { of_parameters: vec![None; parameters.len()] };
        of_values[self.output] = Some(dy);
        while let Some(part) = self.parts.pop() {
            let step = match part {
                Part::Step(step) => step,
                Part::Segment(segment) => {
                    if segment.is_needed(wanted, &needed) {
                        self.parts.extend(segment.replay(network)?.into_iter().map(Part::Step));
                    }
                    continue;
                }
            };
            let Some(dy) = of_values[step.number].take() else { continue };
            let want: Vec<bool> = step.inputs.iter().map(|input| asked(input.source, wanted, &needed)).collect();
            if want.contains(&true) {
                for (source, gradient) in step.backward(parameters, &dy, &want)? {
                    let slot = match source {
                        Source::Value(number) => &mut of_values[number],
                        Source::Parameter(number) => &mut gradients.of_parameters[number],
                    };
                    *slot = Some(match slot.take() {
                        Some(before) => add_values(&before, &gradient)?,
                        None => gradient,
                    });
                }
            }
        }
        Ok((gradients, of_values))
    }

    /// For each value, whether a wanted parameter, or the value `start`, had a part in it.
    fn needed(&self, wanted: &[bool], start: Option<usize>) -> Vec<bool> {
        // Values are numbered in running order, so none has a larger number than the output.
        let mut needed = vec![false; self.output + 1];
        if let Some(start) = start {
            needed[start] = true;
        }
        for part in &self.parts {
            match part {
                Part::Step(step) => {
                    needed[step.number] = step.inputs.iter().any(|input| asked(input.source, wanted, &needed));
                }
                Part::Segment(segment) => {
                    for (sources, number) in &segment.outline {
                        needed[*number] = sources.iter().any(|&source| asked(source, wanted, &needed));
                    }
                }
            }
        }
        needed
    }

    /// Bytes of the values that are kept for the way back, each counted once.
    pub fn kept_bytes(&self) -> usize {
        let of_part = |part: &Part| -> Vec<Tensor> {
            match part {
                Part::Step(step) => {
                    step.inputs.iter().map(|input| &input.kept).chain([&step.result]).filter_map(|kept| kept.tensor.clone()).collect()
                }
                Part::Segment(segment) => segment.inputs.iter().map(|(_, tensor)| tensor.clone()).collect(),
            }
        };
        let mut seen = std::collections::HashSet::new();
        let kept = self.parts.iter().flat_map(of_part).filter(|tensor| seen.insert(tensor.id()));
        kept.map(|tensor| 4 * tensor.elem_count()).sum()
    }
}

/// Whether the gradient of a source is asked for.
pub fn asked(source: Source, wanted: &[bool], needed: &[bool]) -> bool {
    match source {
        Source::Value(number) => needed[number],
        Source::Parameter(number) => wanted[number],
    }
}

impl Input {
    /// The tensor, if the backward pass may read it.
    fn tensor<'a>(&'a self, parameters: &[&'a Param]) -> Option<&'a Tensor> {
        match self.source {
            Source::Value(_) => self.kept.tensor.as_ref(),
            Source::Parameter(number) => Some(parameters[number].var.as_tensor()),
        }
    }
}

impl Step {
    /// Of `operation`, which made the value `number`, `result`, from `inputs`; keeps of them what it will read.
    pub fn new(operation: Box<dyn Operation>, inputs: &[(Source, Tensor)], number: usize, result: &Tensor) -> Self {
        let inputs = inputs.iter().enumerate().map(|(i, (source, tensor))| {
            let keep = matches!(source, Source::Value(_)) && operation.reads_input(i);
            Input { source: *source, kept: Kept::new(tensor, keep) }
        });
        let (inputs, result) = (inputs.collect(), Kept::new(result, operation.reads_result()));
        Self { operation, inputs, result, number }
    }

    /// The gradient of each input that is wanted.
    fn backward(&self, parameters: &[&Param], dy: &Tensor, want: &[bool]) -> Result<Vec<(Source, Tensor)>, Error> {
        let inputs = self.inputs.iter().map(|input| (&input.kept.dims, input.tensor(parameters)));
        let all: Vec<_> = inputs.chain([(&self.result.dims, self.result.tensor.as_ref()), (&self.result.dims, Some(dy))]).collect();
        let present: Vec<&Tensor> = all.iter().filter_map(|(_, tensor)| *tensor).collect();
        let gradients = with_views(&present, |present| {
            let mut present = present.iter();
            let mut views: Vec<View<'_>> = Vec::with_capacity(all.len());
            for (dims, tensor) in &all {
                let values = tensor.and_then(|_| present.next()).map_or(&[][..], |view| view.values);
                views.push(View { values, dims });
            }
            let (inputs, [result, dy]) = views.split_at(self.inputs.len()) else { unreachable!("result and gradient come last") };
            self.operation.backward(inputs, *result, dy.values, want)
        })?;
        let mut tensors: Vec<Option<Tensor>> = Vec::with_capacity(gradients.len());
        for (gradient, (dims, _)) in gradients.into_iter().zip(&all) {
            tensors.push(match gradient {
                Gradient::Unwanted => None,
                Gradient::Values(values) => Some(Tensor::from_vec(values, dims.as_slice(), &Device::Cpu)?),
                Gradient::Passed => Some(dy.reshape(dims.as_slice())?),
                Gradient::Like(earlier) => tensors[earlier].clone(),
            });
        }
        let asked = self.inputs.iter().zip(tensors).zip(want).filter(|(_, want)| **want);
        Ok(asked.filter_map(|((input, gradient), _)| Some((input.source, gradient?))).collect())
    }
}
