//! Runs a stretch of a graph in training and records the way back.
//!
//! Between the input and the features, images are `[n, height, width, channels]`: the order in memory that the kernels take.
//! A value is dropped as soon as no later node reads it, unless the [`Tape`] will.

use candle_core::Tensor;

use super::Error;
use super::graph::{BatchNorm, NodeId, Op};
use super::groups::{Group, Use, groups, last_readers};
use super::lower;
use super::network::{Network, Norms, Pass};
use super::ops::{self, Operation};
use super::tape::{Source, Tape, forward};

/// Values of the nodes after `start` up to `end`, given `start`'s; returns `end`'s and the way back to the parameters.
pub(super) fn record(network: &Network, start: NodeId, value: &Tensor, end: NodeId, pass: Pass) -> Result<(Tensor, Tape), Error> {
    let nodes = network.graph().nodes();
    let groups = groups(nodes, start, end, Use::Training);
    let last_reader = last_readers(nodes, &groups);
    let mut values: Vec<Option<Tensor>> = vec![None; end.0 + 1];
    values[start.0] = Some(value.clone());
    let mut recorder = Recorder { network, pass, tape: Tape::new(network.way()) };
    for (place, group) in groups.iter().enumerate() {
        let sources: Vec<NodeId> = group.inputs(nodes).collect();
        let inputs: Vec<Tensor> = sources.iter().filter_map(|input| values[input.0].clone()).collect();
        assert_eq!(inputs.len(), sources.len(), "`{}` reads across the features", nodes[group.node.0].name);
        for source in sources.iter().filter(|source| last_reader[source.0] == place) {
            values[source.0] = None;
        }
        values[group.result.0] = Some(recorder.step(group, &sources, &inputs)?);
    }
    let result = values[end.0].take().unwrap_or_else(|| value.clone());
    Ok((result, recorder.tape))
}

struct Recorder<'a> {
    network: &'a Network,
    pass: Pass,
    tape: Tape,
}

impl Recorder<'_> {
    /// One group's value.
    fn step(&mut self, group: &Group, sources: &[NodeId], inputs: &[Tensor]) -> Result<Tensor, Error> {
        let op = &self.network.graph().node(group.node).op;
        let mut all: Vec<(Source, &Tensor)> = sources.iter().map(|source| Source::Value(source.0)).zip(inputs).collect();
        // Running statistics are no inputs.
        let parameters = self.network.node_params(group.node).filter(|param| param.is_trainable());
        let parameters: Vec<_> = parameters.map(|param| (Source::Parameter(param.place), param.var.as_tensor())).collect();
        let first = lower::values_first(op);
        all.splice(first..first, parameters);
        let tensors: Vec<&Tensor> = all.iter().map(|(_, tensor)| *tensor).collect();
        let (operation, result) = match op {
            Op::BatchNorm(settings) => self.norm(group, settings, &tensors)?,
            op => match lower::operation(op, group, Some(self.pass)) {
                Some(mut operation) => {
                    let result = forward(self.network.way(), &mut *operation, &tensors)?;
                    (operation, result)
                }
                // The same value under another number, so that the way back finds it.
                None => (Box::new(ops::Same) as Box<dyn Operation>, inputs[0].clone()),
            },
        };
        self.tape.record(operation, &all, group.result.0, &result);
        Ok(result)
    }

    /// By the batch's statistics, towards which the running ones then move, or by the running ones.
    fn norm(&self, group: &Group, settings: &BatchNorm, inputs: &[&Tensor]) -> Result<(Box<dyn Operation>, Tensor), Error> {
        let running: Vec<_> = self.network.node_params(group.node).skip(2).map(|param| &param.var).collect();
        let after = lower::after(group.activation);
        let mut norm = match self.pass.norms {
            Norms::Batch => ops::BatchNorm::own(settings.eps, after),
            Norms::Frozen => {
                let given = |views: &[ops::View<'_>]| ops::BatchNorm::given(views[0].values, views[1].values, settings.eps, after);
                ops::with_views(&[running[0].as_tensor(), running[1].as_tensor()], given)?
            }
        };
        let result = forward(self.network.way(), &mut norm, inputs)?;
        norm.move_running([running[0], running[1]], settings.momentum)?;
        Ok((Box::new(norm), result))
    }
}
