//! Runs a stretch of a graph on tensors.
//!
//! Between the input and the features, images are `[n, height, width, channels]`: the order in memory that the kernels take.

use candle_core::Tensor;

use super::Error;
use super::graph::{BatchNorm, Node, NodeId, Op};
use super::network::{Mode, Network, Norms};
use super::ops::{self, After};

/// Values of the nodes after `start` up to `end`, given `start`'s; returns `end`'s.
///
/// A value is dropped as soon as no later node reads it. A batch norm or an addition whose only reader is the activation
/// right after it is worked out together with it.
pub(super) fn run(network: &Network, start: NodeId, value: &Tensor, end: NodeId, mode: Mode) -> Result<Tensor, Error> {
    let nodes = network.graph().nodes();
    let last_use = last_uses(&nodes[..=end.0]);
    let mut values: Vec<Option<Tensor>> = vec![None; end.0 + 1];
    values[start.0] = Some(value.clone());
    let mut id = start.0 + 1;
    while id <= end.0 {
        let node = &nodes[id];
        let inputs: Vec<Tensor> = node.inputs.iter().filter_map(|input| values[input.0].clone()).collect();
        assert_eq!(inputs.len(), node.inputs.len(), "`{}` reads across the features", node.name);
        for input in &node.inputs {
            if last_use[input.0] == id {
                values[input.0] = None;
            }
        }
        let after = if id < end.0 { fusable(nodes, id, last_use[id]) } else { After::Nothing };
        let result = step(network, NodeId(id), inputs, after, mode)?;
        id += usize::from(after != After::Nothing);
        values[id] = Some(result);
        id += 1;
    }
    Ok(values[end.0].take().unwrap_or_else(|| value.clone()))
}

/// The activation after node `id`, where both can be done in one pass: nodes stand in running order, so a last reader
/// that comes right after is the only one.
fn fusable(nodes: &[Node], id: usize, last_use: usize) -> After {
    if last_use != id + 1 {
        return After::Nothing;
    }
    match (&nodes[id].op, &nodes[id + 1].op) {
        (Op::BatchNorm(_) | Op::Add, Op::Relu) => After::Relu,
        (Op::BatchNorm(_), Op::Relu6) => After::Relu6,
        _ => After::Nothing,
    }
}

/// For each node, the last node that reads it.
fn last_uses(nodes: &[Node]) -> Vec<usize> {
    let mut last = vec![0; nodes.len()];
    for (id, node) in nodes.iter().enumerate() {
        for input in &node.inputs {
            last[input.0] = id;
        }
    }
    last
}

/// One node's value, with `after` applied to it where the node is a batch norm or an addition.
fn step(network: &Network, id: NodeId, inputs: Vec<Tensor>, after: After, mode: Mode) -> Result<Tensor, Error> {
    // Without gradients, detached values keep nothing of the graph alive.
    let parameters: Vec<Tensor> = network
        .node_params(id)
        .map(|param| match mode {
            Mode::Eval => param.var.as_detached_tensor(),
            Mode::Train { .. } => param.var.as_tensor().clone(),
        })
        .collect();
    let x = &inputs[0];
    let result = match &network.graph().node(id).op {
        Op::Input => x.clone(),
        Op::Conv2d(settings) => ops::conv2d(x, &parameters[0], parameters.get(1), settings)?,
        Op::BatchNorm(settings) => return norm(network, id, x, &parameters, (settings, after), mode),
        Op::Relu => ops::relu(x)?,
        Op::Relu6 => ops::relu6(x)?,
        Op::Sigmoid => ops::sigmoid(x)?,
        Op::MaxPool(settings) => ops::max_pool(x, *settings)?,
        Op::GlobalAvgPool => ops::global_avg_pool(x)?,
        Op::Add if after == After::Relu => ops::add_relu(x, &inputs[1])?,
        Op::Add => ops::add(x, &inputs[1])?,
        Op::Gate => ops::gate(x, &inputs[1])?,
        Op::Concat => inputs[1..].iter().try_fold(x.clone(), |all, next| ops::concat(&all, next))?,
        Op::Flatten => flat(x)?,
        Op::Linear(_) => ops::linear(x, &parameters[0], &parameters[1])?,
        Op::Dropout { p } => match mode {
            Mode::Eval => x.clone(),
            Mode::Train { key, .. } => ops::dropout(x, *p, key, id.0 as u64)?,
        },
        Op::ChannelConv { .. } => ops::channel_conv(x, &parameters[0])?,
    };
    Ok(result)
}

/// `[n, h, w, c]` to `[n, c * h * w]`: the order that published heads have learnt.
fn flat(x: &Tensor) -> candle_core::Result<Tensor> {
    let (_, h, w, _) = x.dims4()?;
    if h * w == 1 { x.flatten_from(1) } else { x.permute((0, 3, 1, 2))?.contiguous()?.flatten_from(1) }
}

/// Batch norm; in training it also moves the running statistics.
fn norm(
    network: &Network,
    id: NodeId,
    x: &Tensor,
    parameters: &[Tensor],
    (settings, after): (&BatchNorm, After),
    mode: Mode,
) -> Result<Tensor, Error> {
    let [scale, shift, mean, var] = parameters else { unreachable!("a batch norm has four parameters") };
    if let Mode::Train { norms: Norms::Batch, .. } = mode {
        let (y, batch) = ops::batch_norm_train(x, scale, shift, settings.eps, after)?;
        let mut buffers = network.node_params(id).skip(2);
        for statistics in [&batch.mean, &batch.unbiased_var] {
            if let Some(buffer) = buffers.next() {
                ops::move_towards(&buffer.var, statistics, settings.momentum)?;
            }
        }
        return Ok(y);
    }
    Ok(ops::batch_norm_eval(x, scale, shift, [&mean.detach(), &var.detach()], settings.eps, after)?)
}
