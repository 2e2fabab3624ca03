//! A graph with parameters.

use candle_core::{Device, Tensor, Var};
use indexmap::IndexMap;

use super::depth::depths;
use super::graph::{Fusion, Graph, NodeId, ParamSpec};
use super::input::{Entry, Input, check};
use super::ops::{self, Way};
use super::tape::Tape;
use super::weights::{Loading, Weights};
use super::workers::on_workers;
use super::zoo::Architecture;
use super::{Error, Inference, Precision, exec, init};

/// What a parameter is for. Optimisers decay weights only and never touch buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Of a convolution or a linear layer.
    Weight,
    /// Added to a convolution's or linear layer's output.
    Bias,
    /// Scale or shift of a norm, or a layer scale.
    Norm,
    /// A learnt token, a table of positions or what makes one, the temperature of an attention.
    Table,
    /// A running statistic: written by training's forward pass, without a gradient.
    Buffer,
}

/// Which side of the features a parameter is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Up to the features.
    Backbone,
    /// From the features to the logits.
    Head,
}

/// A named tensor of a network.
#[derive(Clone, Debug)]
pub struct Param {
    /// Name in the state dict.
    pub name: String,
    /// The value; f32 on the network's device.
    pub var: Var,
    /// What it is for.
    pub role: Role,
    /// Which side of the features it is on.
    pub part: Part,
    /// Blocks between it and the logits; 0 for the head's.
    pub depth: usize,
    /// Its place in state-dict order.
    pub(super) place: usize,
}

impl Param {
    /// Whether an optimiser may move it.
    pub fn is_trainable(&self) -> bool {
        self.role != Role::Buffer
    }
}

/// How batch norms behave in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norms {
    /// Normalise by the batch's statistics and move the running ones.
    Batch,
    /// Normalise by the running statistics and leave them: for small batches. Scale and shift still learn.
    Frozen,
}

/// How a training pass runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Seed of this step's dropout, from a counter-based stream; it should differ for every step.
    pub key: u64,
    /// What batch norms do.
    pub norms: Norms,
    /// Whether values and branches are left out at random where the architecture says so.
    pub dropout: bool,
    /// Keep less for the way back and run parts of the network twice; results are the same to the bit.
    pub grad_checkpointing: bool,
    /// Of the factors of matrix products.
    pub precision: Precision,
}

impl Pass {
    /// With the batch's statistics.
    pub fn new(key: u64) -> Self {
        Self { key, norms: Norms::Batch, dropout: true, grad_checkpointing: false, precision: Precision::F32 }
    }
}

/// What to do with the head when weights are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadRule {
    /// Load it: every parameter of the network must be in the file with its shape, and nothing else but what other libraries add.
    Keep,
    /// Leave the network's fresh head and ignore the file's: for another set of classes. Input channels and tables of places may differ.
    Replace,
}

/// A network that can run. Cheap to share between threads by reference; [`Network::train`] updates running statistics in
/// place, so train from one thread.
#[derive(Debug)]
pub struct Network {
    architecture: &'static Architecture,
    classes: usize,
    graph: Graph,
    params: IndexMap<String, Param>,
    slots: Vec<Vec<usize>>,
    device: Device,
    way: Way,
}

impl Network {
    /// Fresh parameters for the default input size: a pure function of architecture, classes and seed.
    pub fn new(architecture: &'static Architecture, classes: usize, seed: u64, device: &Device) -> Result<Self, Error> {
        Self::at(architecture, classes, architecture.graph(classes).input_size(), seed, device)
    }

    /// As [`new`](Self::new) for images of another height and width: tables of places are of that size.
    pub fn at(architecture: &'static Architecture, classes: usize, size: [usize; 2], seed: u64, device: &Device) -> Result<Self, Error> {
        Self::fused(architecture, classes, None, size, seed, device)
    }

    /// As [`at`](Self::at), with metadata as a second input where there is a fusion.
    ///
    /// # Errors
    ///
    /// Too few classes or pixels; [`Error::NoFusion`] of networks that give masks.
    pub fn fused(
        architecture: &'static Architecture,
        classes: usize,
        fusion: Option<Fusion>,
        size: [usize; 2],
        seed: u64,
        device: &Device,
    ) -> Result<Self, Error> {
        let graph = architecture.fused_graph(classes, fusion, size)?;
        if classes < graph.fewest_outputs() {
            return Err(Error::Classes(classes));
        }
        Self::assemble(architecture, classes, graph, device, fresh(seed))
    }

    /// Another network of the same structure, with fresh parameters.
    pub fn anew(&self, seed: u64) -> Result<Self, Error> {
        Self::assemble(self.architecture, self.classes, self.graph.clone(), &self.device, fresh(seed))
    }

    fn assemble(
        architecture: &'static Architecture,
        classes: usize,
        graph: Graph,
        device: &Device,
        value: impl Fn(&ParamSpec, &Graph) -> Result<Vec<f32>, Error>,
    ) -> Result<Self, Error> {
        let mut params = IndexMap::new();
        let mut slots = Vec::with_capacity(graph.nodes().len());
        let depths = depths(&graph.params());
        for id in 0..graph.nodes().len() {
            let mut own = Vec::new();
            for spec in graph.node_params(NodeId(id)) {
                let var = Var::from_vec(value(&spec, &graph)?, spec.shape.as_slice(), device)?;
                let param = Param {
                    name: spec.name.clone(),
                    var,
                    role: spec.role,
                    part: spec.part,
                    depth: depths[params.len()],
                    place: params.len(),
                };
                own.push(params.insert_full(spec.name, param).0);
            }
            slots.push(own);
        }
        Ok(Self { architecture, classes, graph, params, slots, device: device.clone(), way: Way::on(device) })
    }

    /// Leaves residual branches out in training, in the last block with this probability ([`Graph::set_drop_path`]).
    pub fn set_drop_path(&mut self, rate: f32) {
        self.graph.set_drop_path(rate);
    }

    /// The same values with fresh side heads for training ([`Graph::with_side_heads`]): [`train`](Self::train) gives
    /// `[n, height, width, (1 + sides) * masks]`, everything else is as before.
    ///
    /// # Errors
    ///
    /// [`Error::NoSideHeads`] where the network has no place for them.
    pub fn with_side_heads(&self, seed: u64) -> Result<Self, Error> {
        let graph = self.graph.with_side_heads().ok_or(Error::NoSideHeads { architecture: self.architecture.name })?;
        Self::assemble(self.architecture, self.classes, graph, &self.device, |spec, graph| match self.params.get(&spec.name) {
            Some(param) => Ok(ops::with(&param.var, <[f32]>::to_vec)?),
            None => Ok(init::fresh(spec, graph.node(spec.node), seed)),
        })
    }

    /// The same values without side heads; the network itself where it has none.
    pub fn without_side_heads(self) -> Result<Self, Error> {
        if self.graph.output() == self.graph.training_output() {
            return Ok(self);
        }
        self.with_graph(self.graph.without_side_heads())
    }

    /// The network as it is now, ready for many batches.
    pub fn frozen(&self) -> Result<Inference<'_>, Error> {
        Inference::new(self)
    }

    /// To logits `[n, classes]`: running statistics, no dropout. Of a tensor alone it is taken that it is images.
    ///
    /// For more than one batch, [`frozen`](Self::frozen) prepares the weights once.
    ///
    /// Height and width may differ from those that the network was made for as long as something is left at every layer and it has
    /// no table of places.
    pub fn forward<'a>(&self, input: impl Into<Input<'a>>) -> Result<Tensor, Error> {
        self.frozen()?.forward(input)
    }

    /// The backbone alone: images `[n, 3, height, width]` to features `[n, f]`.
    pub fn features(&self, images: &Tensor) -> Result<Tensor, Error> {
        self.frozen()?.features(images)
    }

    /// Logits `[n, classes]`, or of masks `[n, height, width, masks]` with those of side heads after them, in training, and the way back to the gradients:
    /// dropout, and batch norms as `pass` says.
    pub fn train<'a>(&self, input: impl Into<Input<'a>>, pass: Pass) -> Result<(Tensor, Tape), Error> {
        let entry = Entry::new(self, input.into())?;
        on_workers(|| exec::record(self, &entry, self.graph.training_output(), pass))
    }

    pub(super) fn check_images(&self, images: &Tensor) -> Result<(), Error> {
        let fits = matches!(images.dims(), [n, 3, _, _] if *n > 0);
        check("images", images, fits, || "f32 [n, 3, height, width]".into())?;
        let (height, width) = (images.dims()[2], images.dims()[3]);
        if [height, width] != self.graph.input_size() {
            let other = self.graph_at([height, width])?;
            if !self.graph.runs_as(&other) {
                let architecture = self.architecture.name;
                return Err(Error::InputSize { architecture, made: self.graph.input_size(), got: [height, width] });
            }
        }
        Ok(())
    }

    /// Its structure for images of another height and width.
    pub fn graph_at(&self, size: [usize; 2]) -> Result<Graph, Error> {
        self.architecture.fused_graph(self.classes, self.graph.fusion(), size)
    }

    /// Every parameter and buffer in state-dict order.
    pub fn params(&self) -> impl Iterator<Item = &Param> {
        self.params.values()
    }

    /// One parameter by its name.
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.get(name)
    }

    /// Values that training moves.
    pub fn trainable_count(&self) -> usize {
        self.params().filter(|p| p.is_trainable()).map(|p| p.var.elem_count()).sum()
    }

    /// Its architecture.
    pub fn architecture(&self) -> &'static Architecture {
        self.architecture
    }

    /// Its structure at the input size that it was made for.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Where its parameters are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// How its operations are carried out.
    pub(super) fn way(&self) -> Way {
        self.way
    }

    pub(super) fn node_params(&self, id: NodeId) -> impl Iterator<Item = &Param> {
        self.slots[id.0].iter().map(|&slot| &self.params[slot])
    }

    /// Takes over parameters, under whose names they are known, and says what became of each. Nothing is changed unless everything
    /// that is needed is there.
    ///
    /// Counters of batch norms (`num_batches_tracked`) in the file are ignored.
    pub fn load(&self, weights: &Weights, head: HeadRule) -> Result<Loading, Error> {
        let fit = weights.fit(self.architecture, &self.graph, head)?;
        let tensors = fit.tensors().collect::<Result<Vec<_>, Error>>()?;
        for (name, tensor) in tensors {
            if let Some(param) = self.param(name) {
                param.var.set(&tensor.to_device(&self.device)?)?;
            }
        }
        Ok(fit.loading())
    }

    /// Another network with the same values, which go their own way from here on.
    pub fn copy(&self) -> Result<Self, Error> {
        self.with_graph(self.graph.clone())
    }

    /// A copy of this network's values for a graph that needs no others.
    fn with_graph(&self, graph: Graph) -> Result<Self, Error> {
        let value = |spec: &ParamSpec, _: &Graph| Ok(ops::with(&self.params[&spec.name].var, <[f32]>::to_vec)?);
        Self::assemble(self.architecture, self.classes, graph, &self.device, value)
    }

    /// Copies of all values by name, in state-dict order: a snapshot that later training does not change.
    pub fn tensors(&self) -> Result<Vec<(String, Tensor)>, Error> {
        self.params().map(|p| Ok((p.name.clone(), p.var.as_detached_tensor().copy()?))).collect()
    }
}

fn fresh(seed: u64) -> impl Fn(&ParamSpec, &Graph) -> Result<Vec<f32>, Error> {
    move |spec, graph| Ok(init::fresh(spec, graph.node(spec.node), seed))
}
