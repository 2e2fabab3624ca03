//! From a network to an ONNX graph.
//!
//! IR version 8, opset 17. One input and one output, both with the symbolic batch `N`, and of a network that takes metadata a second
//! input `metadata` `[N, k]`; no shapes of inner
//! values, no shape arithmetic: readers from phones to TensorRT take that. Batch norm is folded into the
//! convolution before it, dropout is left out, padding is explicit for the exported size. Values are named
//! after the network's own nodes, initialisers after the state dict's parameters. The same network gives the same bytes.
//!
//! | node | operators |
//! | --- | --- |
//! | Conv2d (+ BatchNorm) | Conv |
//! | BatchNorm elsewhere | BatchNormalization |
//! | Relu, Relu6, Sigmoid, HardSigmoid, HardSwish | Relu, Clip, Sigmoid, HardSigmoid, HardSwish |
//! | Silu | Sigmoid, Mul |
//! | MaxPool, AvgPool, GlobalAvgPool | MaxPool, AveragePool, GlobalAveragePool |
//! | Upsample, ConvTranspose2d | Resize, ConvTranspose |
//! | Add, Gate, Concat, Flatten | Add, Mul, Concat, Flatten |
//! | Linear | Gemm |
//! | LayerNorm of vectors | LayerNormalization |
//! | ChannelConv | Reshape, Conv over the channels, Reshape |

mod operators;

use candle_core::Tensor as Candle;

use super::Error;
use super::proto::{Attribute, Element, Graph, Node, Tensor, ValueInfo};
use crate::nn::fold::{Norm, fold};
use crate::nn::graph::{BatchNorm, Bias, Conv2d, Graph as Structure, MaxPool, NodeId, Op};
use crate::nn::{Channels, Network, Preprocess};

/// What the graph reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// f32 `[N, 3, height, width]`, normalised by the caller.
    Normalised,
    /// uint8 `[N, height, width, 3]`, RGB of the right size; the graph normalises.
    Pixels,
}

/// What the graph gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// f32 `[N, classes]` before softmax (`[N, labels]` before sigmoid), or `[N, masks, height, width]` before sigmoid.
    Logits,
    /// f32 `[N, classes]`, each row summing to 1; masks `[N, masks, height, width]` each by itself.
    Probabilities,
}

/// The name of the second input, of a network that takes metadata.
pub const METADATA: &str = "metadata";

impl Input {
    /// The input's name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Input::Normalised => "input",
            Input::Pixels => "image",
        }
    }
}

impl Output {
    /// The output's name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Output::Logits => "logits",
            Output::Probabilities => "probabilities",
        }
    }
}

/// Builds the graph. `multi_label`: each of the outputs has a probability of its own.
pub fn graph(network: &Network, preprocess: &Preprocess, multi_label: bool, input: Input, output: Output) -> Result<Graph, Error> {
    let (height, width) = (preprocess.height as usize, preprocess.width as usize);
    // Shapes, and with them the padding of some convolutions, depend on the size that the model was trained at.
    let structure = network.graph_at([height, width])?;
    let mut writer = Writer { network, structure: &structure, graph: Graph::default(), names: Vec::new() };
    writer.graph.name = network.architecture().name.to_owned();
    let shape = if input == Input::Pixels { [height, width, 3] } else { [3, height, width] };
    let element = if input == Input::Pixels { Element::Uint8 } else { Element::Float };
    writer.graph.input.push(ValueInfo::batch(input.name(), element, &shape));
    let image = if input == Input::Pixels { writer.normalise(preprocess) } else { input.name().to_owned() };
    writer.names.push(image);
    for id in 1..structure.nodes().len() {
        let name = writer.node(NodeId(id))?;
        writer.names.push(name);
    }
    writer.finish(output, multi_label)
}

struct Writer<'a> {
    network: &'a Network,
    structure: &'a Structure,
    graph: Graph,
    /// The value that holds each node's result, by the node's number.
    names: Vec<String>,
}

impl<'a> Writer<'a> {
    /// Writes one node and gives the name of its value.
    fn node(&mut self, id: NodeId) -> Result<String, Error> {
        let node = self.structure.node(id);
        let inputs: Vec<String> = node.inputs.iter().map(|input| self.names[input.0].clone()).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        Ok(match &node.op {
            Op::Input => inputs.first().map(|name| (*name).to_owned()).unwrap_or_default(),
            Op::Metadata { count } => {
                self.graph.input.push(ValueInfo::batch(METADATA, Element::Float, &[*count]));
                METADATA.to_owned()
            }
            Op::Conv2d(settings) => return self.conv(id, settings, &inputs),
            Op::BatchNorm(settings) => return self.norm(id, settings, &inputs),
            Op::Activation(activation) => return self.activation(node, *activation, inputs[0]),
            Op::AvgPool(settings) => return self.avg_pool(node, settings, inputs[0]),
            Op::Upsample { factor, rule } => return self.upsample(node, *factor, *rule, inputs[0]),
            Op::ConvTranspose2d(settings) => return self.up_conv(node, settings, inputs[0]),
            Op::MaxPool(settings) => {
                let attributes = self.pool_attributes(settings, node.inputs[0]);
                self.push("MaxPool", &node.name, &inputs, attributes)
            }
            Op::GlobalAvgPool => self.push("GlobalAveragePool", &node.name, &inputs, vec![]),
            Op::Add => self.push("Add", &node.name, &inputs, vec![]),
            Op::Gate => self.push("Mul", &node.name, &inputs, vec![]),
            Op::Concat => self.push("Concat", &node.name, &inputs, vec![Attribute::int("axis", 1)]),
            Op::Flatten => self.push("Flatten", &node.name, &inputs, vec![Attribute::int("axis", 1)]),
            Op::Linear(settings) if settings.bias == Bias::Whole && node.shape.len() == 1 => {
                let weight = self.parameter(&node.name, "weight", &[settings.outputs, settings.inputs])?;
                let bias = self.parameter(&node.name, "bias", &[settings.outputs])?;
                self.push("Gemm", &node.name, &[inputs[0], &weight, &bias], vec![Attribute::int("transB", 1)])
            }
            Op::LayerNorm(settings) if node.shape.len() == 1 => {
                let scale = self.parameter(&node.name, "weight", &[settings.channels])?;
                let shift = self.parameter(&node.name, "bias", &[settings.channels])?;
                let attributes = vec![Attribute::int("axis", -1), Attribute::float("epsilon", settings.eps)];
                self.push("LayerNormalization", &node.name, &[inputs[0], &scale, &shift], attributes)
            }
            Op::Dropout { .. } => inputs[0].to_owned(),
            Op::ChannelConv { kernel } => return self.channel_conv(&node.name, *kernel, inputs[0]),
            Op::LayerNorm(_)
            | Op::Linear(_)
            | Op::Branch(_)
            | Op::Tokens
            | Op::PrefixTokens { .. }
            | Op::Positions { .. }
            | Op::FirstToken
            | Op::MeanTokens { .. }
            | Op::Attention { .. }
            | Op::Rotary(_)
            | Op::Cosine { .. }
            | Op::WindowAttention(_)
            | Op::ToWindows(_)
            | Op::FromWindows(_)
            | Op::TwoByTwo
            | Op::ResponseNorm { .. }
            | Op::CrossCovariance { .. }
            | Op::FourierPositions { .. }
            | Op::SomeChannels { .. }
            | Op::SwiGlu => return Err(operators::refused(node)),
        })
    }

    /// A convolution, with the norm that alone reads it folded in.
    fn conv(&mut self, id: NodeId, settings: &Conv2d, inputs: &[&str]) -> Result<String, Error> {
        let node = self.structure.node(id);
        let mut weight = self.values(&format!("{}.weight", node.name))?;
        let mut bias = if settings.bias { Some(self.values(&format!("{}.bias", node.name))?) } else { None };
        if let Some((norm, eps)) = self.norm_after(id) {
            let (folded, offsets) = fold(&weight, bias.as_deref(), &self.norm_values(&norm, eps)?);
            (weight, bias) = (folded, Some(offsets));
        }
        let [kh, kw] = settings.kernel;
        let dims = [settings.out_channels, settings.in_channels / settings.groups.max(1), kh, kw];
        let mut all = vec![inputs[0].to_owned(), self.constant(Tensor::floats(format!("{}.weight", node.name), &dims, &weight))];
        if let Some(bias) = bias {
            all.push(self.constant(Tensor::floats(format!("{}.bias", node.name), &[bias.len()], &bias)));
        }
        let input = self.plane(node.inputs[0]);
        let attributes = vec![
            Attribute::ints("dilations", &settings.dilation),
            Attribute::int("group", settings.groups as i64),
            Attribute::ints("kernel_shape", &settings.kernel),
            Attribute::ints("pads", &settings.pads(input)),
            Attribute::ints("strides", &settings.stride),
        ];
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        Ok(self.push("Conv", &node.name, &all, attributes))
    }

    /// A norm that was folded is its convolution's value; another one is written out.
    fn norm(&mut self, id: NodeId, settings: &BatchNorm, inputs: &[&str]) -> Result<String, Error> {
        let node = self.structure.node(id);
        let before = node.inputs[0];
        if matches!(self.structure.node(before).op, Op::Conv2d(_)) && self.norm_after(before).is_some() {
            return Ok(inputs[0].to_owned());
        }
        let mut all = vec![inputs[0].to_owned()];
        for part in ["weight", "bias", "running_mean", "running_var"] {
            all.push(self.parameter(&node.name, part, &[settings.channels])?);
        }
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        Ok(self.push("BatchNormalization", &node.name, &all, vec![Attribute::float("epsilon", settings.eps)]))
    }

    /// The norm that reads this node, if nothing else does: its name and epsilon.
    fn norm_after(&self, id: NodeId) -> Option<(String, f32)> {
        let graph = self.structure;
        let mut readers = graph.nodes().iter().filter(|node| node.inputs.contains(&id));
        match (readers.next(), readers.next()) {
            (Some(node), None) => match &node.op {
                Op::BatchNorm(settings) => Some((node.name.clone(), settings.eps)),
                _ => None,
            },
            _ => None,
        }
    }

    fn norm_values(&self, name: &str, eps: f32) -> Result<Norm, Error> {
        let part = |part: &str| self.values(&format!("{name}.{part}"));
        Ok(Norm { weight: part("weight")?, bias: part("bias")?, mean: part("running_mean")?, variance: part("running_var")?, eps })
    }

    /// ECA: `[N, c, 1, 1]` seen as one channel of length c, convolved along it, and back.
    fn channel_conv(&mut self, name: &str, kernel: usize, x: &str) -> Result<String, Error> {
        let weight = self.parameter(name, "weight", &[1, 1, kernel])?;
        // 0 keeps the batch, -1 takes what is left.
        let line = self.constant(Tensor::integers("shape_line", &[0, 1, -1]));
        let image = self.constant(Tensor::integers("shape_image", &[0, -1, 1, 1]));
        let flat = self.push("Reshape", &format!("{name}.line"), &[x, &line], vec![]);
        let pads = [kernel / 2, kernel / 2];
        let attributes = vec![Attribute::ints("kernel_shape", &[kernel]), Attribute::ints("pads", &pads)];
        let mixed = self.push("Conv", &format!("{name}.mix"), &[&flat, &weight], attributes);
        Ok(self.push("Reshape", name, &[&mixed, &image], vec![]))
    }

    /// A pool that rounds up gets the missing rows and columns as padding, which means the same to every reader.
    fn pool_attributes(&self, settings: &MaxPool, input: NodeId) -> Vec<Attribute> {
        let end = |length: usize| {
            let covered = (settings.output(length).max(1) - 1) * settings.stride + settings.kernel;
            settings.padding.max(covered.saturating_sub(length + settings.padding))
        };
        let [height, width] = self.plane(input);
        let pads = [settings.padding, settings.padding, end(height), end(width)];
        vec![
            Attribute::ints("kernel_shape", &[settings.kernel; 2]),
            Attribute::ints("pads", &pads),
            Attribute::ints("strides", &[settings.stride; 2]),
        ]
    }

    /// uint8 `[N, h, w, 3]` to `(value - 255 mean) / (255 std)` as `[N, 3, h, w]`, planes in the network's order.
    fn normalise(&mut self, preprocess: &Preprocess) -> String {
        let planes = self.push("Transpose", "planes", &[Input::Pixels.name()], vec![transpose()]);
        let mut x = self.push("Cast", "levels", &[&planes], vec![Attribute::int("to", i32::from(Element::Float).into())]);
        if preprocess.channels == Channels::Bgr {
            let order = self.constant(Tensor::integers("bgr", &[2, 1, 0]));
            x = self.push("Gather", "ordered", &[&x, &order], vec![Attribute::int("axis", 1)]);
        }
        let levels = |values: [f32; 3], rule: fn(f64) -> f64| values.map(|value| rule(f64::from(value) * 255.0) as f32);
        let mean = self.constant(Tensor::floats("mean", &[1, 3, 1, 1], &levels(preprocess.mean, |v| v)));
        let scale = self.constant(Tensor::floats("scale", &[1, 3, 1, 1], &levels(preprocess.std, f64::recip)));
        let centred = self.push("Sub", "centred", &[&x, &mean], vec![]);
        self.push("Mul", "normalised", &[&centred, &scale], vec![])
    }

    fn finish(mut self, output: Output, multi_label: bool) -> Result<Graph, Error> {
        let logits = self.names.last().cloned().unwrap_or_default();
        if output == Output::Probabilities {
            let (rule, axis) = match multi_label || self.structure.gives_masks() {
                true => ("Sigmoid", vec![]),
                false => ("Softmax", vec![Attribute::int("axis", 1)]),
            };
            self.push(rule, Output::Probabilities.name(), &[&logits], axis);
        } else if let Some(node) = self.graph.node.last_mut() {
            // The last node's value takes the output's name.
            node.output = vec![Output::Logits.name().to_owned()];
        }
        self.graph.output.push(ValueInfo::batch(output.name(), Element::Float, &self.structure.node(self.structure.output()).shape));
        Ok(self.graph)
    }

    fn push(&mut self, op: &str, name: &str, inputs: &[&str], attribute: Vec<Attribute>) -> String {
        let input = inputs.iter().map(|name| (*name).to_owned()).collect();
        self.graph.node.push(Node { input, output: vec![name.to_owned()], name: name.to_owned(), op_type: op.to_owned(), attribute });
        name.to_owned()
    }

    /// Adds a constant once and gives its name.
    fn constant(&mut self, tensor: Tensor) -> String {
        let name = tensor.name.clone();
        if !self.graph.initializer.iter().any(|known| known.name == name) {
            self.graph.initializer.push(tensor);
        }
        name
    }

    fn scalar(&mut self, name: &str, value: f32) -> String {
        self.constant(Tensor::floats(name, &[], &[value]))
    }

    fn parameter(&mut self, node: &str, part: &str, dims: &[usize]) -> Result<String, Error> {
        let name = format!("{node}.{part}");
        let values = self.values(&name)?;
        Ok(self.constant(Tensor::floats(name, dims, &values)))
    }

    fn values(&self, name: &str) -> Result<Vec<f32>, Error> {
        let param = self.network.param(name).ok_or_else(|| Error::NoParameter(name.to_owned()))?;
        let flat: Candle = param.var.as_tensor().flatten_all().map_err(crate::nn::Error::from)?;
        let values = flat.to_vec1::<f32>().map_err(crate::nn::Error::from)?;
        if values.iter().all(|value| value.is_finite()) { Ok(values) } else { Err(Error::NotFinite(name.to_owned())) }
    }

    /// Height and width of a node's value.
    fn plane(&self, id: NodeId) -> [usize; 2] {
        match self.structure.node(id).shape.as_slice() {
            [_, height, width] => [*height, *width],
            _ => [1, 1],
        }
    }
}

fn transpose() -> Attribute {
    Attribute::ints("perm", &[0, 3, 1, 2])
}
