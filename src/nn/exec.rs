//! Runs a stretch of a graph in training and records the way back.
//!
//! Between the input and the features, images are `[n, height, width, channels]`: the order in memory that the kernels take.
//! A value is dropped as soon as no later node reads it, unless the [`Tape`] will. With gradient checkpointing only the last segment
//! of the graph is recorded, and of the others what they need to run again: see [`super::checkpoint`].

use candle_core::Tensor;

use super::Error;
use super::checkpoint::{Segment, segments};
use super::graph::{BatchNorm, NodeId, Op};
use super::groups::{Group, Use, groups, last_readers};
use super::input::Entry;
use super::lower;
use super::network::{Network, Norms, Pass};
use super::ops::{self, Operation, Way};
use super::tape::{Source, Step, Tape, forward};

/// Values of the nodes after the entry up to `end`; returns `end`'s and the way back to the parameters.
pub(super) fn record(network: &Network, entry: &Entry, end: NodeId, pass: Pass) -> Result<(Tensor, Tape), Error> {
    let nodes = network.graph().nodes();
    let groups = groups(nodes, entry.node, end, Use::Training);
    let last_reader = last_readers(nodes, &groups);
    let mut values = entry.values(network, end)?;
    let mut tape = Tape::new(network.way(), end.0);
    let ranges = if pass.grad_checkpointing && network.way() == Way::Kernels {
        segments(nodes, &groups)
    } else {
        std::iter::once(0..groups.len()).collect()
    };
    for range in ranges {
        let again = range.end < groups.len();
        let mut segment = Segment { groups: groups[range.clone()].to_vec(), pass, inputs: Vec::new(), outline: Vec::new() };
        if again {
            segment.inputs = inputs_of(network, &segment.groups, &values);
        }
        for (place, group) in range.clone().zip(&groups[range]) {
            let done = run(network, group, pass, true, &values)?;
            group.inputs(nodes).filter(|source| last_reader[source.0] == place).for_each(|source| values[source.0] = None);
            values[group.result.0] = Some(done.result.clone());
            if again {
                segment.outline.push((done.inputs.iter().map(|(source, _)| *source).collect(), group.result.0));
            } else {
                tape.record(done, group.result.0);
            }
        }
        if again {
            tape.leave_out(segment);
        }
    }
    let result = values[end.0].take().unwrap_or_else(|| entry.value.clone());
    Ok((result, tape))
}

/// The values of the nodes in `wanted`, which end groups, on the way from the entry to `end`.
pub(super) fn values(network: &Network, entry: &Entry, end: NodeId, pass: Pass, wanted: &[NodeId]) -> Result<Vec<Tensor>, Error> {
    let nodes = network.graph().nodes();
    let groups = groups(nodes, entry.node, end, Use::Training);
    let last_reader = last_readers(nodes, &groups);
    let mut values = entry.values(network, end)?;
    for (place, group) in groups.iter().enumerate() {
        let result = run(network, group, pass, false, &values)?.result;
        let done = group.inputs(nodes).filter(|source| last_reader[source.0] == place && !wanted.contains(source));
        done.for_each(|source| values[source.0] = None);
        values[group.result.0] = Some(result);
    }
    let kept = |node: &NodeId| values[node.0].clone().ok_or_else(|| Error::InsideGroup { node: nodes[node.0].name.clone() });
    wanted.iter().map(kept).collect()
}

/// The values that groups read and none of them makes, each once.
fn inputs_of(network: &Network, groups: &[Group], values: &[Option<Tensor>]) -> Vec<(NodeId, Tensor)> {
    let mut sources: Vec<NodeId> = groups.iter().flat_map(|group| group.inputs(network.graph().nodes())).collect();
    sources.sort_unstable();
    sources.dedup();
    sources.into_iter().filter_map(|source| Some((source, values[source.0].clone()?))).collect()
}

/// A group that has run.
pub(super) struct Done {
    pub result: Tensor,
    operation: Box<dyn Operation>,
    inputs: Vec<(Source, Tensor)>,
}

impl Done {
    /// What the way back needs of it; the result is the value `number`.
    pub fn step(self, number: usize) -> Step {
        Step::new(self.operation, &self.inputs, number, &self.result)
    }
}

/// Runs one group; running statistics move if `moves`.
pub(super) fn run(network: &Network, group: &Group, pass: Pass, moves: bool, values: &[Option<Tensor>]) -> Result<Done, Error> {
    let nodes = network.graph().nodes();
    let op = &nodes[group.node.0].op;
    let name = || &nodes[group.node.0].name;
    let read = |source: NodeId| {
        let value = values[source.0].clone().unwrap_or_else(|| panic!("`{}` reads across the features", name()));
        (Source::Value(source.0), value)
    };
    let mut inputs: Vec<(Source, Tensor)> = group.inputs(nodes).map(read).collect();
    // Running statistics are no inputs.
    let parameters = network.node_params(group.node).filter(|param| param.is_trainable());
    let parameters: Vec<_> = parameters.map(|param| (Source::Parameter(param.place), param.var.as_tensor().clone())).collect();
    let first = lower::values_first(op);
    inputs.splice(first..first, parameters);
    let tensors: Vec<&Tensor> = inputs.iter().map(|(_, tensor)| tensor).collect();
    let (operation, result) = match op {
        Op::BatchNorm(settings) => norm(network, group, settings, pass, moves, &tensors)?,
        op => match lower::operation(op, group, Some(pass)) {
            Some(mut operation) => {
                let result = forward(network.way(), &mut *operation, &tensors)?;
                (operation, result)
            }
            // The same value under another number, so that the way back finds it.
            None => (Box::new(ops::Same) as Box<dyn Operation>, tensors[0].clone()),
        },
    };
    Ok(Done { result, operation, inputs })
}

/// By the batch's statistics, towards which the running ones then move, or by the running ones.
fn norm(
    network: &Network,
    group: &Group,
    settings: &BatchNorm,
    pass: Pass,
    moves: bool,
    inputs: &[&Tensor],
) -> Result<(Box<dyn Operation>, Tensor), Error> {
    let running: Vec<_> = network.node_params(group.node).skip(2).map(|param| &param.var).collect();
    let after = lower::after(group.activation);
    let mut norm = match pass.norms {
        Norms::Batch => ops::BatchNorm::own(settings.eps, after),
        Norms::Frozen => {
            let given = |views: &[ops::View<'_>]| ops::BatchNorm::given(views[0].values, views[1].values, settings.eps, after);
            ops::with_views(&[running[0].as_tensor(), running[1].as_tensor()], given)?
        }
    };
    let result = forward(network.way(), &mut norm, inputs)?;
    if moves {
        norm.move_running([running[0], running[1]], settings.momentum)?;
    }
    Ok((Box::new(norm), result))
}
