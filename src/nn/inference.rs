//! A network whose parameters stand still.
//!
//! Made once, used for many batches: batch norms are folded into the convolutions before them, and a convolution adds and
//! activates in the pass that writes its results, with weights that the first batch rearranges for all. Results differ from
//! those of the network's operations one by one by rounding only. Large blocks of convolutions are one step: see [`blocks`].
//!
//! Images do not meet in inference, so a batch need not move step by step: see [`chunks`].

mod blocks;
mod chunks;
mod step;

use std::ops::Range;

use candle_core::Tensor;
use rayon::prelude::*;

use chunks::{Stage, Traffic};
use step::Step;

use super::Error;
use super::graph::NodeId;
use super::groups::{Use, groups};
use super::input::{Entry, Input};
use super::network::Network;
use super::ops::{self, Way};

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
    /// Of images of the network's default size.
    traffic: Vec<Traffic>,
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

    /// To logits `[n, classes]`, or of masks `[n, height, width, masks]`. Of a tensor alone it is taken that it is images.
    pub fn forward<'b>(&self, input: impl Into<Input<'b>>) -> Result<Tensor, Error> {
        let mut entry = Entry::new(self.network, input.into())?;
        if entry.node != self.head.start {
            let features = self.backbone.run(self.network, &entry)?;
            entry = entry.on(self.head.start, features);
        }
        self.head.run(self.network, &entry)
    }

    /// The backbone alone: images `[n, 3, height, width]` to features `[n, f]`.
    pub fn features(&self, images: &Tensor) -> Result<Tensor, Error> {
        self.backbone.run(self.network, &Entry::new(self.network, Input::images(images))?)
    }
}

impl Stretch {
    fn new(network: &Network, start: NodeId, end: NodeId) -> Result<Self, Error> {
        let nodes = network.graph().nodes();
        let groups = groups(nodes, start, end, Use::Inference);
        let steps = match network.way() {
            Way::Kernels => blocks::steps(nodes, &groups),
            Way::Compositions => (0..groups.len()).map(|group| group..group + 1).collect(),
        };
        let steps = steps.into_iter().map(|step| Step::new(network, &groups[step])).collect::<Result<Vec<_>, Error>>()?;
        let mut last_reader = vec![0; nodes.len()];
        for (place, step) in steps.iter().enumerate() {
            step.inputs.iter().for_each(|input| last_reader[input.0] = place);
        }
        let traffic = traffic(network, start, &steps, &last_reader);
        Ok(Self { start, end, steps, last_reader, traffic })
    }

    /// Takes a batch from the first node to the last.
    fn run(&self, network: &Network, entry: &Entry) -> Result<Tensor, Error> {
        let value = &entry.value;
        let mut values = entry.values(network, self.end)?;
        let n = value.dims()[0];
        let stages = match network.way() {
            Way::Kernels => chunks::stages(&self.traffic_at(network, value), n),
            // Other devices have other caches.
            Way::Compositions => vec![Stage { steps: 0..self.steps.len(), images: n }],
        };
        for stage in stages {
            if stage.images >= n {
                self.steps(network, stage.steps, &mut values)?;
            } else {
                values = self.by_chunks(network, &stage, n, &values)?;
            }
        }
        Ok(values[self.end.0].take().unwrap_or_else(|| value.clone()))
    }

    /// Takes all images through a stage, some at a time, and puts together what is left of them.
    fn by_chunks(&self, network: &Network, stage: &Stage, n: usize, values: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>, Error> {
        let chunks: Vec<Vec<Option<Tensor>>> = (0..n.div_ceil(stage.images))
            .into_par_iter()
            .map(|chunk| {
                let (first, end) = (chunk * stage.images, n.min((chunk + 1) * stage.images));
                let own = |value: &Option<Tensor>| value.as_ref().map(|value| value.narrow(0, first, end - first)).transpose();
                let mut own = values.iter().map(own).collect::<Result<Vec<_>, _>>()?;
                self.steps(network, stage.steps.clone(), &mut own)?;
                Ok(own)
            })
            .collect::<Result<_, Error>>()?;
        let whole = |(node, before): (usize, &Option<Tensor>)| {
            let parts: Vec<&Tensor> = chunks.iter().filter_map(|chunk| chunk[node].as_ref()).collect();
            match (before, parts.is_empty()) {
                (_, true) => Ok(None),
                (Some(before), false) => Ok(Some(before.clone())),
                (None, false) => Ok(Some(ops::joined(&parts)?)),
            }
        };
        values.iter().enumerate().map(whole).collect()
    }

    /// Runs steps on the values that they read, and drops each value after its last reader.
    fn steps(&self, network: &Network, steps: Range<usize>, values: &mut [Option<Tensor>]) -> Result<(), Error> {
        for (place, step) in steps.clone().zip(&self.steps[steps]) {
            let inputs: Vec<Tensor> = step.inputs.iter().filter_map(|input| values[input.0].clone()).collect();
            assert_eq!(inputs.len(), step.inputs.len(), "a node reads across the features");
            for input in step.inputs.iter().filter(|input| self.last_reader[input.0] == place) {
                values[input.0] = None;
            }
            values[step.result().0] = Some(step.run(network, &inputs)?);
        }
        Ok(())
    }

    /// What the steps move for images of the size of this batch's, as nearly as matters: values grow with the pixels.
    fn traffic_at(&self, network: &Network, value: &Tensor) -> Vec<Traffic> {
        let usual = network.graph().node(self.start).shape.iter().product::<usize>().max(1);
        let grown = |bytes: usize| bytes * value.elem_count() / value.dims()[0].max(1) / usual;
        self.traffic.iter().map(|step| Traffic { weights: step.weights, values: grown(step.values), live: grown(step.live) }).collect()
    }
}

/// What each step moves for images of the network's default size.
fn traffic(network: &Network, start: NodeId, steps: &[Step], last_reader: &[usize]) -> Vec<Traffic> {
    let nodes = network.graph().nodes();
    let bytes = |node: NodeId| size_of::<f32>() * nodes[node.0].shape.iter().product::<usize>();
    let mut live = bytes(start);
    let of = steps.iter().enumerate().map(|(place, step)| {
        let result = bytes(step.result());
        let mut gone: Vec<NodeId> = step.inputs.iter().copied().filter(|input| last_reader[input.0] == place).collect();
        gone.dedup();
        live = (live + result).saturating_sub(gone.into_iter().map(bytes).sum());
        let parameters = step.groups.iter().flat_map(|group| network.node_params(group.node)).map(|param| param.var.elem_count());
        let weights = size_of::<f32>() * parameters.sum::<usize>();
        Traffic { weights, values: result + step.inputs.iter().copied().map(bytes).sum::<usize>(), live }
    });
    of.collect()
}
