//! Runs a stretch of a graph on tensors.
//!
//! Between the input and the features, images are `[n, height, width, channels]`: the order in memory that the kernels take.
//! A value is dropped as soon as no later node reads it; in training the [`Tape`] keeps what the way back will read.

use candle_core::Tensor;

use super::Error;
use super::graph::{BatchNorm, NodeId, Op};
use super::groups::{Group, groups, last_readers};
use super::network::{Network, Norms, Pass};
use super::ops::{self, Activation, Operation};
use super::tape::{Source, Tape, forward};

/// Values of the nodes after `start` up to `end`, given `start`'s; returns `end`'s.
pub(super) fn run(network: &Network, start: NodeId, value: &Tensor, end: NodeId) -> Result<Tensor, Error> {
    Runner { network, training: None, tape: None }.run(start, value, end)
}

/// The same in training, with the way back.
pub(super) fn record(network: &Network, start: NodeId, value: &Tensor, end: NodeId, pass: Pass) -> Result<(Tensor, Tape), Error> {
    let mut tape = Tape::default();
    let result = Runner { network, training: Some(pass), tape: Some(&mut tape) }.run(start, value, end)?;
    Ok((result, tape))
}

struct Runner<'a> {
    network: &'a Network,
    /// None for inference.
    training: Option<Pass>,
    tape: Option<&'a mut Tape>,
}

impl Runner<'_> {
    fn run(&mut self, start: NodeId, value: &Tensor, end: NodeId) -> Result<Tensor, Error> {
        let nodes = self.network.graph().nodes();
        let groups = groups(nodes, start, end);
        let last_reader = last_readers(nodes, &groups);
        let mut values: Vec<Option<Tensor>> = vec![None; end.0 + 1];
        values[start.0] = Some(value.clone());
        for (place, group) in groups.iter().enumerate() {
            let node = &nodes[group.node.0];
            let sources: Vec<NodeId> = group.inputs(nodes).collect();
            let inputs: Vec<Tensor> = sources.iter().filter_map(|input| values[input.0].clone()).collect();
            assert_eq!(inputs.len(), sources.len(), "`{}` reads across the features", node.name);
            for source in &sources {
                if last_reader[source.0] == place {
                    values[source.0] = None;
                }
            }
            values[group.result.0] = Some(self.step(group, &sources, inputs)?);
        }
        Ok(values[end.0].take().unwrap_or_else(|| value.clone()))
    }

    /// One group's value.
    fn step(&mut self, group: &Group, sources: &[NodeId], inputs: Vec<Tensor>) -> Result<Tensor, Error> {
        let Some(mut operation) = self.operation(group)? else { return Ok(inputs[0].clone()) };
        let mut all: Vec<(Source, &Tensor)> = sources.iter().map(|source| Source::Value(source.0)).zip(&inputs).collect();
        // Parameters come after the first input, running statistics are no inputs, and what is added comes last.
        let parameters = self.network.node_params(group.node).filter(|param| param.is_trainable());
        let parameters = parameters.map(|param| (Source::Parameter(param.place), param.var.as_tensor()));
        all.splice(1..1, parameters.collect::<Vec<_>>());
        let tensors: Vec<&Tensor> = all.iter().map(|(_, tensor)| *tensor).collect();
        let result = match &mut operation {
            Made::Norm(norm, settings) => {
                let result = forward(norm, &tensors)?;
                if let Some(batch) = norm.statistics() {
                    move_statistics(self.network, group.node, settings, batch)?;
                }
                result
            }
            Made::Other(operation) => forward(&mut **operation, &tensors)?,
        };
        if let Some(tape) = &mut self.tape {
            tape.record(operation.boxed(), &all, group.result.0, &result);
        }
        Ok(result)
    }

    /// What the group computes; none where its value is its input's.
    fn operation(&self, group: &Group) -> Result<Option<Made>, Error> {
        Ok(Some(match &self.network.graph().node(group.node).op {
            Op::Input => return Ok(None),
            Op::Conv2d(settings) => Made::new(ops::Conv::new(settings)),
            Op::BatchNorm(settings) => Made::Norm(self.norm(group, settings)?, *settings),
            Op::Relu => Made::new(ops::Apply(Activation::Relu)),
            Op::Relu6 => Made::new(ops::Apply(Activation::Relu6)),
            Op::Sigmoid => Made::new(ops::Apply(Activation::Sigmoid)),
            Op::MaxPool(settings) => Made::new(ops::Max::new(*settings)),
            Op::GlobalAvgPool => Made::new(ops::GlobalAverage),
            Op::Add => Made::new(ops::Sum { relu: group.after == ops::After::Relu }),
            Op::Gate => Made::new(ops::Gate),
            Op::Concat => Made::new(ops::Concat),
            Op::Flatten => Made::new(ops::Flatten),
            Op::Linear(_) => Made::new(ops::Linear),
            Op::Dropout { p } => match self.training {
                Some(pass) if *p > 0.0 => Made::new(ops::Dropout::new(*p, pass.key, group.node.0 as u64)),
                _ => return Ok(None),
            },
            Op::ChannelConv { .. } => Made::new(ops::ChannelConv),
        }))
    }

    /// By the batch's statistics in training, else by the running ones.
    fn norm(&self, group: &Group, settings: &BatchNorm) -> Result<ops::BatchNorm, Error> {
        if matches!(self.training, Some(Pass { norms: Norms::Batch, .. })) {
            return Ok(ops::BatchNorm::own(settings.eps, group.after));
        }
        let running: Vec<&Tensor> = self.network.node_params(group.node).skip(2).map(|param| param.var.as_tensor()).collect();
        let given = |views: &[ops::View<'_>]| ops::BatchNorm::given(views[0].values, views[1].values, settings.eps, group.after);
        Ok(ops::with_views(&running, given)?)
    }
}

/// An operation of a group.
enum Made {
    Norm(ops::BatchNorm, BatchNorm),
    Other(Box<dyn Operation>),
}

impl Made {
    fn new(operation: impl Operation + 'static) -> Self {
        Self::Other(Box::new(operation))
    }

    fn boxed(self) -> Box<dyn Operation> {
        match self {
            Self::Norm(norm, _) => Box::new(norm),
            Self::Other(operation) => operation,
        }
    }
}

/// Moves a batch norm's running statistics towards the batch's.
fn move_statistics(network: &Network, node: NodeId, settings: &BatchNorm, batch: &ops::Statistics) -> Result<(), Error> {
    for (buffer, statistics) in network.node_params(node).skip(2).zip([&batch.mean, &batch.unbiased_var]) {
        ops::move_towards(&buffer.var, statistics, settings.momentum)?;
    }
    Ok(())
}
