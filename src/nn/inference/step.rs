//! One step of an inference: nodes with their parameters, folded and packed.

use candle_core::{Device, Tensor};

use super::super::Error;
use super::super::fold::{Norm, fold};
use super::super::graph::{BatchNorm, Conv2d, NodeId, Op};
use super::super::groups::Group;
use super::super::lower;
use super::super::network::Network;
use super::super::ops::{self, Array, PackedConv, PackedInverted, PackedLinear, View, Way, compose};
use super::super::tape::forward;

/// A group, or several that are one pass, ready to run.
pub struct Step {
    pub groups: Vec<Group>,
    /// The nodes that it reads.
    pub inputs: Vec<NodeId>,
    kind: Kind,
}

enum Kind {
    /// A convolution or a linear layer with what follows it, composed: its folded parameters.
    Composed(Vec<Tensor>),
    Conv(Box<PackedConv>),
    /// Several groups.
    Inverted(Box<PackedInverted>),
    Linear(Box<PackedLinear>),
    /// A norm that stands alone: means, variances, scale, shift.
    Norm(BatchNorm, [Tensor; 4]),
    /// Any other node, with its parameters.
    Other(Vec<Tensor>),
}

impl Step {
    /// Copies what the groups, at least one, need of the network.
    pub fn new(network: &Network, groups: &[Group]) -> Result<Self, Error> {
        let nodes = network.graph().nodes();
        let kind = match groups {
            [group] => kind(network, group)?,
            _ => {
                let convs = groups.iter().map(|group| match &nodes[group.node.0].op {
                    Op::Conv2d(settings) => conv(network, group, settings),
                    op => unreachable!("{op:?} is no part of a block"),
                });
                Kind::Inverted(Box::new(PackedInverted::new(convs.collect::<Result<_, Error>>()?)))
            }
        };
        let inner = |node: &NodeId| groups.iter().any(|group| group.result == *node);
        let inputs = groups.iter().flat_map(|group| group.inputs(nodes)).filter(|node| !inner(node)).collect();
        Ok(Self { kind, groups: groups.to_vec(), inputs })
    }

    /// The node whose value it gives.
    pub fn result(&self) -> NodeId {
        self.groups[self.groups.len() - 1].result
    }

    /// The value from those of the inputs.
    pub fn run(&self, network: &Network, inputs: &[Tensor]) -> Result<Tensor, Error> {
        let group = &self.groups[0];
        let op = &network.graph().node(group.node).op;
        match &self.kind {
            Kind::Composed(parameters) => composed(op, group, inputs, parameters),
            Kind::Conv(conv) => packed(inputs, |x, added| conv.forward(x, added)),
            Kind::Inverted(block) => packed(inputs, |x, added| block.forward(x, added)),
            Kind::Linear(linear) => packed(inputs, |x, added| linear.forward(x, added)),
            Kind::Norm(settings, [scale, shift, mean, variance]) => {
                let after = lower::after(group.activation);
                let given = |views: &[ops::View<'_>]| ops::BatchNorm::given(views[0].values, views[1].values, settings.eps, after);
                let mut norm = ops::with_views(&[mean, variance], given)?;
                let all: Vec<&Tensor> = [&inputs[0], scale, shift].into_iter().chain(inputs.get(1)).collect();
                forward(network.way(), &mut norm, &all)
            }
            Kind::Other(parameters) => {
                let Some(mut operation) = lower::operation(op, group, None) else { return Ok(inputs[0].clone()) };
                let mut all: Vec<&Tensor> = inputs.iter().collect();
                let first = lower::values_first(op).min(all.len());
                all.splice(first..first, parameters);
                forward(network.way(), &mut *operation, &all)
            }
        }
    }
}

/// What a kernel makes of the first input and, if there is one, the second, which is added.
fn packed(inputs: &[Tensor], forward: impl FnOnce(View<'_>, Option<View<'_>>) -> Result<Array, ops::Error>) -> Result<Tensor, Error> {
    let tensors: Vec<&Tensor> = inputs.iter().collect();
    let Array { values, dims } = ops::with_views(&tensors, |views| forward(views[0], views.get(1).copied()))??;
    Ok(Tensor::from_vec(values, dims, &Device::Cpu)?)
}

/// A convolution or a linear layer of the first input, plus the second if there is one, and what is applied to that.
fn composed(op: &Op, group: &Group, inputs: &[Tensor], parameters: &[Tensor]) -> Result<Tensor, Error> {
    let Some(mut operation) = lower::operation(op, group, None) else { unreachable!("a convolution is an operation") };
    let all: Vec<&Tensor> = inputs.iter().take(1).chain(parameters).collect();
    let mut y = compose(&mut *operation, &all)?;
    if let Some(added) = inputs.get(1) {
        y = compose(&mut ops::Sum { relu: false }, &[&y, added])?;
    }
    if let Some(activation) = group.activation {
        y = compose(&mut ops::Apply(activation), &[&y])?;
    }
    Ok(y)
}

/// Copies what a group needs.
fn kind(network: &Network, group: &Group) -> Result<Kind, Error> {
    let copies = |node: NodeId| network.node_params(node).map(|param| param.var.as_detached_tensor().copy()).collect::<Result<Vec<_>, _>>();
    Ok(match &network.graph().node(group.node).op {
        Op::Conv2d(settings) if network.way() == Way::Compositions => {
            let (weight, bias) = folded(network, group)?;
            let Conv2d { in_channels, out_channels, kernel: [rows, columns], groups, .. } = *settings;
            let weight = Tensor::from_vec(weight, (out_channels, in_channels / groups, rows, columns), network.device())?;
            let bias = bias.map(|bias| Tensor::from_vec(bias, out_channels, network.device())).transpose()?;
            Kind::Composed([weight].into_iter().chain(bias).collect())
        }
        Op::Conv2d(settings) => Kind::Conv(Box::new(conv(network, group, settings)?)),
        Op::Linear(_) if network.way() == Way::Compositions => Kind::Composed(copies(group.node)?),
        Op::Linear(settings) => {
            let own = network.node_params(group.node).map(|param| ops::with(&param.var, <[f32]>::to_vec));
            let mut own = own.collect::<Result<Vec<_>, _>>()?;
            let weight = own.remove(0);
            Kind::Linear(Box::new(PackedLinear::new([settings.inputs, settings.outputs], weight, &own, group.activation)))
        }
        Op::BatchNorm(settings) => match copies(group.node)?.try_into() {
            Ok(parameters) => Kind::Norm(*settings, parameters),
            Err(_) => unreachable!("a batch norm has four parameters"),
        },
        _ => Kind::Other(copies(group.node)?),
    })
}

/// A convolution with what follows it.
fn conv(network: &Network, group: &Group, settings: &Conv2d) -> Result<PackedConv, Error> {
    let (weight, bias) = folded(network, group)?;
    Ok(PackedConv::new(settings, weight, bias, group.activation))
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
