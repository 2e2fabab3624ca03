//! Builds a graph node by node and works out shapes.

use super::first::first_tokens_early;
use super::{AvgPool, BatchNorm, Bias, Branch, Conv2d, ConvTranspose2d, Graph, LayerNorm, Linear, MaxPool, Node, NodeId, Op};
use super::{Rotary, WindowAttention, Windows};
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

    /// Goes on behind the features of a graph.
    pub(super) fn reopen(nodes: Vec<Node>, features: NodeId) -> Self {
        Self { nodes, features: Some(features), prefix: String::new(), multiple: 1 }
    }

    /// What there is so far.
    pub(super) fn into_nodes(self) -> Vec<Node> {
        self.nodes
    }

    /// The second input: `count` values of what is known beside the image.
    pub(super) fn metadata(&mut self, count: usize) -> NodeId {
        self.push(Some("metadata".to_owned()), Op::Metadata { count }, Vec::new(), vec![count])
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
        let channels = shape[self.channel_axis(x)];
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

    /// `trunk` plus the branch `x` with probability `1 - drop`; with `scale`, each of its channels has a factor that starts there, a
    /// parameter called just `name`.
    pub fn branch(&mut self, name: impl Into<String>, trunk: NodeId, x: NodeId, scale: Option<f32>, drop: f32) -> NodeId {
        let shape = self.shape(trunk);
        assert_eq!(shape, self.shape(x), "a branch is like its trunk");
        let channels = shape[self.channel_axis(trunk)];
        self.push(Some(name.into()), Op::Branch(Branch { channels, scale, drop }), vec![trunk, x], shape)
    }

    /// An image's pixels as tokens, `[c, h, w]` to `[h * w, c]`.
    pub fn tokens(&mut self, x: NodeId) -> NodeId {
        let [channels, height, width] = self.image(x);
        self.push(None, Op::Tokens, vec![x], vec![height * width, channels])
    }

    /// This many learnt tokens, called `name`, before the others.
    pub fn prefix_tokens(&mut self, name: impl Into<String>, x: NodeId, count: usize) -> NodeId {
        let [tokens, channels] = self.matrix(x);
        self.push(Some(name.into()), Op::PrefixTokens { tokens: count, channels }, vec![x], vec![count + tokens, channels])
    }

    /// Adds a learnt table called `name` to tokens of which the last are those of `grid`'s patches.
    pub fn positions(&mut self, name: impl Into<String>, x: NodeId, grid: [usize; 2]) -> NodeId {
        let [tokens, channels] = self.matrix(x);
        let prefix = tokens.checked_sub(grid[0] * grid[1]).expect("a grid has no more patches than there are tokens");
        self.push(Some(name.into()), Op::Positions { prefix, grid, channels }, vec![x], vec![tokens, channels])
    }

    /// The first token.
    pub fn first_token(&mut self, x: NodeId) -> NodeId {
        let [_, channels] = self.matrix(x);
        self.push(None, Op::FirstToken, vec![x], vec![channels])
    }

    /// The mean of the tokens after the first `prefix`.
    pub fn mean_tokens(&mut self, x: NodeId, prefix: usize) -> NodeId {
        let [tokens, channels] = self.matrix(x);
        assert!(prefix <= tokens, "as many tokens as do not count");
        // Of no tokens there is no mean: the value is empty, as of anything that an image is too small for.
        let shape = vec![if tokens == prefix { 0 } else { channels }];
        self.push(None, Op::MeanTokens { prefix }, vec![x], shape)
    }

    /// Queries and keys turned by their places.
    pub fn rotary(&mut self, qkv: NodeId, settings: Rotary) -> NodeId {
        let [tokens, packed] = self.matrix(qkv);
        assert!(packed.is_multiple_of(12 * settings.heads), "pairs of both axes divide the channels of a head");
        assert_eq!(tokens, settings.prefix + settings.grid[0] * settings.grid[1], "every patch is a token");
        self.push(None, Op::Rotary(settings), vec![qkv], vec![tokens, packed])
    }

    /// Queries and keys of length 1, times their heads' factors; `name` is that of the attention.
    pub fn cosine(&mut self, name: impl Into<String>, qkv: NodeId, heads: usize) -> NodeId {
        let [tokens, packed] = self.matrix(qkv);
        assert!(packed.is_multiple_of(3 * heads), "heads divide the channels");
        self.push(Some(name.into()), Op::Cosine { heads }, vec![qkv], vec![tokens, packed])
    }

    /// Attention called `name` inside windows.
    pub fn window_attention(&mut self, name: impl Into<String>, qkv: NodeId, settings: WindowAttention) -> NodeId {
        let [tokens, packed] = self.matrix(qkv);
        assert!(packed.is_multiple_of(3 * settings.heads) && tokens == settings.windows.tokens(), "heads divide the channels");
        self.push(Some(name.into()), Op::WindowAttention(settings), vec![qkv], vec![tokens, packed / 3])
    }

    /// An image as the tokens of its windows.
    pub fn to_windows(&mut self, x: NodeId, windows: Windows) -> NodeId {
        assert_eq!(self.plane(x), windows.map, "windows are of the image");
        self.push(None, Op::ToWindows(windows), vec![x], vec![windows.tokens(), self.channels(x)])
    }

    /// The tokens of windows as their image.
    pub fn from_windows(&mut self, x: NodeId, windows: Windows) -> NodeId {
        let [tokens, channels] = self.matrix(x);
        assert_eq!(tokens, windows.tokens(), "windows are of the image");
        self.push(None, Op::FromWindows(windows), vec![x], vec![channels, windows.map[0], windows.map[1]])
    }

    /// Pixels two by two, beside each other as channels.
    pub fn two_by_two(&mut self, x: NodeId) -> NodeId {
        let [channels, height, width] = self.image(x);
        self.push(None, Op::TwoByTwo, vec![x], vec![4 * channels, height.div_ceil(2), width.div_ceil(2)])
    }

    /// A global response norm called `name`.
    pub fn response_norm(&mut self, name: impl Into<String>, x: NodeId, eps: f32) -> NodeId {
        let shape = self.shape(x);
        let channels = self.image(x)[0];
        self.push(Some(name.into()), Op::ResponseNorm { channels, eps }, vec![x], shape)
    }

    /// Attention called `name` of channels to channels over all pixels.
    pub fn cross_covariance(&mut self, name: impl Into<String>, qkv: NodeId, heads: usize) -> NodeId {
        let [packed, height, width] = self.image(qkv);
        assert!(packed.is_multiple_of(3 * heads), "heads divide the channels");
        self.push(Some(name.into()), Op::CrossCovariance { heads }, vec![qkv], vec![packed / 3, height, width])
    }

    /// Adds a linear layer called `name` of the sines and cosines of each pixel's place.
    pub fn fourier_positions(&mut self, name: impl Into<String>, x: NodeId) -> NodeId {
        let channels = self.channels(x);
        self.push(Some(name.into()), Op::FourierPositions { channels }, vec![x], self.shape(x))
    }

    /// `count` channels from `start` on.
    pub fn some_channels(&mut self, x: NodeId, start: usize, count: usize) -> NodeId {
        let [channels, height, width] = self.image(x);
        assert!(count > 0 && start + count <= channels, "channels that there are");
        self.push(None, Op::SomeChannels { start, count }, vec![x], vec![count, height, width])
    }

    /// The halves of each token's channels, the first gating the second.
    pub fn swiglu(&mut self, x: NodeId) -> NodeId {
        let [tokens, channels] = self.matrix(x);
        assert!(channels.is_multiple_of(2), "two halves");
        self.push(None, Op::SwiGlu, vec![x], vec![tokens, channels / 2])
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
        self.try_concat(parts).expect("all parts have one height and width")
    }

    /// The same, or none where the parts do not lie beside each other.
    pub(super) fn try_concat(&mut self, parts: &[NodeId]) -> Option<NodeId> {
        let axis = self.channel_axis(*parts.first()?);
        let shapes: Vec<Vec<usize>> = parts.iter().map(|&part| self.shape(part)).collect();
        let mut shape = shapes[0].clone();
        let beside = |own: &Vec<usize>| own.len() == shape.len() && (0..own.len()).all(|i| i == axis || own[i] == shape[i]);
        if !shapes.iter().all(beside) {
            return None;
        }
        shape[axis] = shapes.iter().map(|own| own[axis]).sum();
        Some(self.push(None, Op::Concat, parts.to_vec(), shape))
    }

    /// `[c, h, w]` to `[c * h * w]`.
    pub fn flatten(&mut self, x: NodeId) -> NodeId {
        let length = self.shape(x).iter().product();
        self.push(None, Op::Flatten, vec![x], vec![length])
    }

    /// A linear layer called `name`, of each pixel, token or vector of features.
    pub fn linear(&mut self, name: impl Into<String>, x: NodeId, outputs: usize) -> NodeId {
        self.dense(name, x, outputs, false, Bias::Whole)
    }

    /// A linear layer whose weight is stored as a 1x1 convolution's.
    pub fn linear_as_conv(&mut self, name: impl Into<String>, x: NodeId, outputs: usize) -> NodeId {
        self.dense(name, x, outputs, true, Bias::Whole)
    }

    /// A linear layer called `name` that adds nothing.
    pub fn linear_unbiased(&mut self, name: impl Into<String>, x: NodeId, outputs: usize) -> NodeId {
        self.dense(name, x, outputs, false, Bias::None)
    }

    /// Queries, keys and values of tokens, of which the keys have no bias; `name` is that of the attention.
    pub fn queries_keys_values(&mut self, name: impl Into<String>, x: NodeId, channels: usize) -> NodeId {
        self.dense(name, x, 3 * channels, false, Bias::NotOfKeys)
    }

    fn dense(&mut self, name: impl Into<String>, x: NodeId, outputs: usize, as_conv: bool, bias: Bias) -> NodeId {
        let mut shape = self.shape(x);
        let axis = self.channel_axis(x);
        let inputs = std::mem::replace(&mut shape[axis], outputs);
        self.push(Some(name.into()), Op::Linear(Linear { inputs, outputs, as_conv, bias }), vec![x], shape)
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

    /// Number of channels of each pixel or token, or of features.
    pub fn channels_of(&self, x: NodeId) -> usize {
        self.nodes[x.0].shape[self.channel_axis(x)]
    }

    /// Number of channels of each token.
    pub fn width(&self, x: NodeId) -> usize {
        self.matrix(x)[1]
    }

    /// The graph; its output is the node added last. Tokens that nobody reads are left out.
    pub fn finish(self) -> Graph {
        let features = self.features.expect("an architecture marks its features");
        let (nodes, features) = first_tokens_early(self.nodes, features);
        let output = NodeId(nodes.len() - 1);
        Graph { nodes, features, output, multiple: self.multiple, fusion: None }
    }

    /// Height and width of an image.
    pub fn plane(&self, x: NodeId) -> [usize; 2] {
        let [_, height, width] = self.image(x);
        [height, width]
    }

    /// Where the channels stand in a shape: first of an image, last of anything else.
    fn channel_axis(&self, x: NodeId) -> usize {
        let rank = self.nodes[x.0].shape.len();
        if rank == 3 { 0 } else { rank - 1 }
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
