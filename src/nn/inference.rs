//! A network whose parameters stand still.
//!
//! Made once, used for many batches: batch norms are folded into the convolutions before them, and a convolution adds and
//! activates in the pass that writes its results, with weights that the first batch rearranges for all. Results differ from
//! those of the network's operations one by one by rounding only.

use candle_core::{Device, Tensor};

use super::Error;
use super::fold::{Norm, fold};
use super::graph::{BatchNorm, Conv2d, NodeId, Op};
use super::groups::{Group, Use, groups, last_readers};
use super::lower;
use super::network::{Input, Network};
use super::ops::{self, Array, PackedConv, PackedLinear, Way, compose};
use super::tape::forward;

/// A network's values at one moment, ready to run. Later changes of the network do not show. Any number of threads may use it.
pub struct Inference<'a> {
    network: &'a Network,
    backbone: Stretch,
    head: Stretch,
}

/// From one node to another.
struct Stretch {
    start: NodeId,
    end: NodeId,
    steps: Vec<Step>,
    /// For each node the last step that reads it.
    last_reader: Vec<usize>,
}

struct Step {
    group: Group,
    inputs: Vec<NodeId>,
    kind: Kind,
}

enum Kind {
    /// A convolution or a linear layer with what follows it, composed: its folded parameters.
    Composed(Vec<Tensor>),
    Conv(Box<PackedConv>),
    Linear(Box<PackedLinear>),
    /// A norm that stands alone: means, variances, scale, shift.
    Norm(BatchNorm, [Tensor; 4]),
    /// Any other node, with its parameters.
    Other(Vec<Tensor>),
}

impl std::fmt::Debug for Inference<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inference").field("architecture", &self.network.architecture().name).finish_non_exhaustive()
    }
}

impl<'a> Inference<'a> {
    /// Copies and folds the network's values.
    pub(super) fn new(network: &'a Network) -> Result<Self, Error> {
        let (features, output) = (network.graph().features(), network.graph().output());
        Ok(Self { network, backbone: Stretch::new(network, NodeId(0), features)?, head: Stretch::new(network, features, output)? })
    }

    /// From normalised images, f32 `[n, 3, height, width]`, to logits `[n, classes]`.
    pub fn forward(&self, images: &Tensor) -> Result<Tensor, Error> {
        self.head.run(self.network, &self.features(images)?)
    }

    /// The backbone alone: images `[n, 3, height, width]` to features `[n, f]`.
    pub fn features(&self, images: &Tensor) -> Result<Tensor, Error> {
        self.backbone.run(self.network, &self.network.start(Input::Images(images))?.1)
    }

    /// The head alone: features `[n, f]` to logits `[n, classes]`.
    pub fn head(&self, features: &Tensor) -> Result<Tensor, Error> {
        self.head.run(self.network, &self.network.start(Input::Features(features))?.1)
    }
}

impl Stretch {
    fn new(network: &Network, start: NodeId, end: NodeId) -> Result<Self, Error> {
        let nodes = network.graph().nodes();
        let groups = groups(nodes, start, end, Use::Inference);
        let last_reader = last_readers(nodes, &groups);
        let steps = groups.into_iter().map(|group| {
            let inputs = group.inputs(nodes).collect();
            Ok(Step { kind: kind(network, &group)?, group, inputs })
        });
        Ok(Self { start, end, steps: steps.collect::<Result<_, Error>>()?, last_reader })
    }

    fn run(&self, network: &Network, value: &Tensor) -> Result<Tensor, Error> {
        let mut values: Vec<Option<Tensor>> = vec![None; self.end.0 + 1];
        values[self.start.0] = Some(value.clone());
        for (place, step) in self.steps.iter().enumerate() {
            let inputs: Vec<Tensor> = step.inputs.iter().filter_map(|input| values[input.0].clone()).collect();
            assert_eq!(inputs.len(), step.inputs.len(), "a node reads across the features");
            for input in step.inputs.iter().filter(|input| self.last_reader[input.0] == place) {
                values[input.0] = None;
            }
            values[step.group.result.0] = Some(step.run(network, &inputs)?);
        }
        Ok(values[self.end.0].take().unwrap_or_else(|| value.clone()))
    }
}

/// Copies what a group needs.
fn kind(network: &Network, group: &Group) -> Result<Kind, Error> {
    let copies = |node: NodeId| network.node_params(node).map(|param| param.var.as_detached_tensor().copy()).collect::<Result<Vec<_>, _>>();
    Ok(match &network.graph().node(group.node).op {
        Op::Conv2d(settings) => {
            let (weight, bias) = folded(network, group)?;
            match network.way() {
                Way::Kernels => Kind::Conv(Box::new(PackedConv::new(settings, weight, bias, group.activation))),
                Way::Compositions => {
                    let Conv2d { in_channels, out_channels, kernel: [rows, columns], groups, .. } = *settings;
                    let weight = Tensor::from_vec(weight, (out_channels, in_channels / groups, rows, columns), network.device())?;
                    let bias = bias.map(|bias| Tensor::from_vec(bias, out_channels, network.device())).transpose()?;
                    Kind::Composed([weight].into_iter().chain(bias).collect())
                }
            }
        }
        Op::Linear(_) if network.way() == Way::Compositions => Kind::Composed(copies(group.node)?),
        Op::Linear(settings) => {
            let mut own = network.node_params(group.node).map(|param| ops::with(&param.var, <[f32]>::to_vec));
            let mut next = || own.next().transpose().map(Option::unwrap_or_default);
            let (weight, bias) = (next()?, next()?);
            Kind::Linear(Box::new(PackedLinear::new([settings.inputs, settings.outputs], weight, bias, group.activation)))
        }
        Op::BatchNorm(settings) => match copies(group.node)?.try_into() {
            Ok(parameters) => Kind::Norm(*settings, parameters),
            Err(_) => unreachable!("a batch norm has four parameters"),
        },
        _ => Kind::Other(copies(group.node)?),
    })
}

/// Weight and bias of a convolution with the norm after it folded in.
fn folded(network: &Network, group: &Group) -> Result<(Vec<f32>, Option<Vec<f32>>), Error> {
    let values =
        |node: NodeId| network.node_params(node).map(|param| ops::with(&param.var, <[f32]>::to_vec)).collect::<Result<Vec<_>, _>>();
    let mut own = values(group.node)?.into_iter();
    let (mut weight, mut bias) = (own.next().unwrap_or_default(), own.next());
    if let Some(norm) = group.norm
        && let Op::BatchNorm(after) = &network.graph().node(norm).op
        && let Ok([scale, shift, mean, variance]) = <[Vec<f32>; 4]>::try_from(values(norm)?)
    {
        let norm = Norm { weight: scale, bias: shift, mean, variance, eps: after.eps };
        let (folded, offsets) = fold(&weight, bias.as_deref(), &norm);
        (weight, bias) = (folded, Some(offsets));
    }
    Ok((weight, bias))
}

impl Step {
    fn run(&self, network: &Network, inputs: &[Tensor]) -> Result<Tensor, Error> {
        let op = &network.graph().node(self.group.node).op;
        match &self.kind {
            Kind::Composed(parameters) => self.composed(op, inputs, parameters),
            Kind::Conv(conv) => {
                let tensors: Vec<&Tensor> = inputs.iter().collect();
                let Array { values, dims } = ops::with_views(&tensors, |views| conv.forward(views[0], views.get(1).copied()))??;
                Ok(Tensor::from_vec(values, dims, &Device::Cpu)?)
            }
            Kind::Linear(linear) => {
                let tensors: Vec<&Tensor> = inputs.iter().collect();
                let Array { values, dims } = ops::with_views(&tensors, |views| linear.forward(views[0], views.get(1).copied()))??;
                Ok(Tensor::from_vec(values, dims, &Device::Cpu)?)
            }
            Kind::Norm(settings, [scale, shift, mean, variance]) => {
                let after = lower::after(self.group.activation);
                let given = |views: &[ops::View<'_>]| ops::BatchNorm::given(views[0].values, views[1].values, settings.eps, after);
                let mut norm = ops::with_views(&[mean, variance], given)?;
                let all: Vec<&Tensor> = [&inputs[0], scale, shift].into_iter().chain(inputs.get(1)).collect();
                forward(network.way(), &mut norm, &all)
            }
            Kind::Other(parameters) => {
                let Some(mut operation) = lower::operation(op, &self.group, None) else { return Ok(inputs[0].clone()) };
                let mut all: Vec<&Tensor> = inputs.iter().collect();
                let first = lower::values_first(op).min(all.len());
                all.splice(first..first, parameters);
                forward(network.way(), &mut *operation, &all)
            }
        }
    }

    /// A convolution or a linear layer of the first input, plus the second if there is one, and what is applied to that.
    fn composed(&self, op: &Op, inputs: &[Tensor], parameters: &[Tensor]) -> Result<Tensor, Error> {
        let Some(mut operation) = lower::operation(op, &self.group, None) else { unreachable!("a convolution is an operation") };
        let all: Vec<&Tensor> = inputs.iter().take(1).chain(parameters).collect();
        let mut y = compose(&mut *operation, &all)?;
        if let Some(added) = inputs.get(1) {
            y = compose(&mut ops::Sum { relu: false }, &[&y, added])?;
        }
        if let Some(activation) = self.group.activation {
            y = compose(&mut ops::Apply(activation), &[&y])?;
        }
        Ok(y)
    }
}
