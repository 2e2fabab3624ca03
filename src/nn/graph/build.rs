//! Builds a graph node by node and works out shapes.

use super::first::first_tokens_early;
use super::{AvgPool, BatchNorm, Branch, Conv2d, ConvTranspose2d, Graph, LayerNorm, Linear, MaxPool, Node, NodeId, Op};
use crate::nn::ops::{Activation, Rule, Transposed};

/// Collects nodes; every method returns the new node, so an architecture reads like its forward pass.
///
/// Shapes that do not fit each other are mistakes of the architecture's author and panic; an input too
/// small for the network gives empty shapes instead, which [`Graph::empty_node`] finds.
pub struct Builder {
    nodes: Vec<Node>,
    features: Option<NodeId>,
    /// What names begin with.
    prefix: String,
    multiple: usize,
}

impl Builder {
    /// Starts with an image of 3 channels and this height and width.
    pub fn new(size: [usize; 2]) -> Self {
        let input = Node { name: "input".into(), op: Op::Input, inputs: Vec::new(), shape: vec![3, size[0], size[1]] };
        Self { nodes: vec![input], features: None, prefix: String::new(), multiple: 1 }
    }

    /// Says that height and width must be multiples of `multiple`; those of others are taken to be the next ones, and
    /// [`Graph::multiple`] tells. To be said before any node is added.
    pub fn needs_multiples_of(&mut self, multiple: usize) {
        assert_eq!(self.nodes.len(), 1, "shapes follow from the input's");
        self.nodes[0].shape[1..].iter_mut().for_each(|side| *side = side.next_multiple_of(multiple));
        self.multiple = multiple;
    }

    /// Adds what `part` adds, under names that begin with `prefix`.
    pub fn within<T>(&mut self, prefix: &str, part: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.prefix.len();
        self.prefix.push_str(prefix);
        let result = part(self);
        self.prefix.truncate(outer);
        result
    }

    /// The image.
    pub fn input(&self) -> NodeId {
        NodeId(0)
    }

    /// A convolution called `name`.
    pub fn conv(&mut self, name: impl Into<String>, x: NodeId, settings: Conv2d) -> NodeId {
        let [channels, height, width] = self.image(x);
        let settings = Conv2d { in_channels: channels, ..settings };
        assert!(
            channels.is_multiple_of(settings.groups) && settings.out_channels.is_multiple_of(settings.groups),
            "groups divide the channels"
        );
        let [height, width] = settings.output([height, width]);
        let shape = vec![settings.out_channels, height, width];
        self.push(Some(name.into()), Op::Conv2d(settings), vec![x], shape)
    }

    /// A batch norm called `name`; momentum 0.1 as torch's default.
    pub fn batch_norm(&mut self, name: impl Into<String>, x: NodeId, eps: f32) -> NodeId {
        self.norm(name, x, eps, 1.0)
    }

    /// A batch norm whose scale starts at 0, so that a residual branch starts as nothing.
    pub fn batch_norm_zero(&mut self, name: impl Into<String>, x: NodeId, eps: f32) -> NodeId {
        self.norm(name, x, eps, 0.0)
    }

    fn norm(&mut self, name: impl Into<String>, x: NodeId, eps: f32, scale: f32) -> NodeId {
        let channels = self.image(x)[0];
        self.push(Some(name.into()), Op::BatchNorm(BatchNorm { channels, eps, momentum: 0.1, scale }), vec![x], self.shape(x))
    }

    /// `max(x, 0)`.
    pub fn relu(&mut self, x: NodeId) -> NodeId {
        self.activation(x, Activation::Relu)
    }

    /// `min(max(x, 0), 6)`.
    pub fn relu6(&mut self, x: NodeId) -> NodeId {
        self.activation(x, Activation::Relu6)
    }

    /// The logistic function.
    pub fn sigmoid(&mut self, x: NodeId) -> NodeId {
        self.activation(x, Activation::Sigmoid)
    }

    /// A function of each value.
    pub fn activation(&mut self, x: NodeId, activation: Activation) -> NodeId {
        self.push(None, Op::Activation(activation), vec![x], self.shape(x))
    }

    /// A layer norm called `name`, over the channels of each pixel or token.
    pub fn layer_norm(&mut self, name: impl Into<String>, x: NodeId, eps: f32) -> NodeId {
        let shape = self.shape(x);
        let channels = if shape.len() == 3 { shape[0] } else { shape[shape.len() - 1] };
        self.push(Some(name.into()), Op::LayerNorm(LayerNorm { channels, eps }), vec![x], shape)
    }

    /// An average pool.
    pub fn avg_pool(&mut self, x: NodeId, settings: AvgPool) -> NodeId {
        let [channels, height, width] = self.image(x);
        let shape = vec![channels, settings.window.output(height), settings.window.output(width)];
        self.push(None, Op::AvgPool(settings), vec![x], shape)
    }

    /// `factor` times the height and width.
    pub fn upsample(&mut self, x: NodeId, factor: usize, rule: Rule) -> NodeId {
        let [channels, height, width] = self.image(x);
        self.push(None, Op::Upsample { factor, rule }, vec![x], vec![channels, height * factor, width * factor])
    }

    /// A transposed convolution with a bias called `name`, whose kernel is its stride: it doubles (or more) height and width.
    pub fn up_conv(&mut self, name: impl Into<String>, x: NodeId, out_channels: usize, factor: usize) -> NodeId {
        let [in_channels, height, width] = self.image(x);
        let settings = Transposed { stride: [factor; 2], ..Transposed::default() };
        let op = Op::ConvTranspose2d(ConvTranspose2d { in_channels, out_channels, kernel: [factor; 2], settings, bias: true });
        self.push(Some(name.into()), op, vec![x], vec![out_channels, height * factor, width * factor])
    }

    /// `trunk` plus the branch `x` with probability `1 - drop`; with `scale`, each of its channels has a factor, called `name`,
    /// that starts there.
    pub fn branch(&mut self, name: impl Into<String>, trunk: NodeId, x: NodeId, scale: Option<f32>, drop: f32) -> NodeId {
        let shape = self.shape(trunk);
        assert_eq!(shape, self.shape(x), "a branch is like its trunk");
        let channels = if shape.len() == 3 { shape[0] } else { shape[shape.len() - 1] };
        self.push(Some(name.into()), Op::Branch(Branch { channels, scale, drop }), vec![trunk, x], shape)
    }

    /// An image's pixels as tokens, `[c, h, w]` to `[h * w, c]`.
    pub fn tokens(&mut self, x: NodeId) -> NodeId {
        let [channels, height, width] = self.image(x);
        self.push(None, Op::Tokens, vec![x], vec![height * width, channels])
    }

    /// A learnt token, called `name`, before the others.
    pub fn class_token(&mut self, name: impl Into<String>, x: NodeId) -> NodeId {
        let [tokens, channels] = self.matrix(x);
        self.push(Some(name.into()), Op::ClassToken { channels }, vec![x], vec![tokens + 1, channels])
    }

    /// Adds a learnt table called `name`.
    pub fn positions(&mut self, name: impl Into<String>, x: NodeId) -> NodeId {
        let [tokens, channels] = self.matrix(x);
        self.push(Some(name.into()), Op::Positions { tokens, channels }, vec![x], vec![tokens, channels])
    }

    /// The first token.
    pub fn first_token(&mut self, x: NodeId) -> NodeId {
        let [_, channels] = self.matrix(x);
        self.push(None, Op::FirstToken, vec![x], vec![channels])
    }

    /// Attention over packed queries, keys and values.
    pub fn attention(&mut self, qkv: NodeId, heads: usize) -> NodeId {
        let [tokens, packed] = self.matrix(qkv);
        assert!(packed.is_multiple_of(3 * heads), "heads divide the channels");
        self.push(None, Op::Attention { heads }, vec![qkv], vec![tokens, packed / 3])
    }

    /// A max pool.
    pub fn max_pool(&mut self, x: NodeId, settings: MaxPool) -> NodeId {
        let [channels, height, width] = self.image(x);
        let shape = vec![channels, settings.output(height), settings.output(width)];
        self.push(None, Op::MaxPool(settings), vec![x], shape)
    }

    /// Mean over height and width, `[c, 1, 1]`.
    pub fn global_avg_pool(&mut self, x: NodeId) -> NodeId {
        let channels = self.image(x)[0];
        self.push(None, Op::GlobalAvgPool, vec![x], vec![channels, 1, 1])
    }

    /// `x + y`.
    pub fn add(&mut self, x: NodeId, y: NodeId) -> NodeId {
        assert_eq!(self.shape(x), self.shape(y), "both sides of an addition have one shape");
        self.push(None, Op::Add, vec![x, y], self.shape(x))
    }

    /// `x` times `gate`, one factor a channel.
    pub fn gate(&mut self, x: NodeId, gate: NodeId) -> NodeId {
        assert_eq!(self.shape(gate), [self.image(x)[0], 1, 1], "a gate has one value a channel");
        self.push(None, Op::Gate, vec![x, gate], self.shape(x))
    }

    /// All `parts` after each other along the channels.
    pub fn concat(&mut self, parts: &[NodeId]) -> NodeId {
        let images: Vec<_> = parts.iter().map(|&x| self.image(x)).collect();
        assert!(images.iter().all(|i| i[1..] == images[0][1..]), "all parts have one height and width");
        let shape = vec![images.iter().map(|i| i[0]).sum(), images[0][1], images[0][2]];
        self.push(None, Op::Concat, parts.to_vec(), shape)
    }

    /// `[c, h, w]` to `[c * h * w]`.
    pub fn flatten(&mut self, x: NodeId) -> NodeId {
        let length = self.shape(x).iter().product();
        self.push(None, Op::Flatten, vec![x], vec![length])
    }

    /// A linear layer called `name`.
    pub fn linear(&mut self, name: impl Into<String>, x: NodeId, outputs: usize) -> NodeId {
        self.dense(name, x, outputs, false)
    }

    /// A linear layer whose weight is stored as a 1x1 convolution's.
    pub fn linear_as_conv(&mut self, name: impl Into<String>, x: NodeId, outputs: usize) -> NodeId {
        self.dense(name, x, outputs, true)
    }

    fn dense(&mut self, name: impl Into<String>, x: NodeId, outputs: usize, as_conv: bool) -> NodeId {
        let mut shape = self.shape(x);
        assert!(shape.len() < 3, "a linear layer reads tokens or features");
        let inputs = shape.pop().unwrap_or_default();
        shape.push(outputs);
        self.push(Some(name.into()), Op::Linear(Linear { inputs, outputs, as_conv }), vec![x], shape)
    }

    /// Dropout with probability `p`.
    pub fn dropout(&mut self, x: NodeId, p: f32) -> NodeId {
        self.push(None, Op::Dropout { p }, vec![x], self.shape(x))
    }

    /// ECA's convolution along the channels, called `name`.
    pub fn channel_conv(&mut self, name: impl Into<String>, x: NodeId, kernel: usize) -> NodeId {
        assert!(kernel % 2 == 1, "ECA's kernel is odd");
        self.push(Some(name.into()), Op::ChannelConv { kernel }, vec![x], self.shape(x))
    }

    /// Marks `x` as the features: one axis, or the image that masks are made of.
    pub fn features(&mut self, x: NodeId) -> NodeId {
        assert_ne!(self.shape(x).len(), 2, "features have one axis, or are an image");
        self.features = Some(x);
        x
    }

    /// Number of channels of an image node.
    pub fn channels(&self, x: NodeId) -> usize {
        self.image(x)[0]
    }

    /// Number of channels of each token.
    pub fn width(&self, x: NodeId) -> usize {
        self.matrix(x)[1]
    }

    /// The graph; its output is the node added last. Tokens that nobody reads are left out.
    pub fn finish(self) -> Graph {
        let features = self.features.expect("an architecture marks its features");
        let (nodes, features) = first_tokens_early(self.nodes, features);
        Graph { nodes, features, multiple: self.multiple }
    }

    fn shape(&self, x: NodeId) -> Vec<usize> {
        self.nodes[x.0].shape.clone()
    }

    fn image(&self, x: NodeId) -> [usize; 3] {
        let node = &self.nodes[x.0];
        node.shape.as_slice().try_into().unwrap_or_else(|_| panic!("`{}` is no image", node.name))
    }

    fn matrix(&self, x: NodeId) -> [usize; 2] {
        let node = &self.nodes[x.0];
        node.shape.as_slice().try_into().unwrap_or_else(|_| panic!("`{}` is no sequence of tokens", node.name))
    }

    fn push(&mut self, name: Option<String>, op: Op, inputs: Vec<NodeId>, shape: Vec<usize>) -> NodeId {
        let id = NodeId(self.nodes.len());
        let name = name.map_or_else(|| format!("{}_{}", op.kind(), id.0), |name| format!("{}{name}", self.prefix));
        self.nodes.push(Node { name, op, inputs, shape });
        id
    }
}
