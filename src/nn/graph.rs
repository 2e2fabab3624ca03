//! A network as a list of nodes.
//!
//! Nodes stand in an order in which they can be run: a node's inputs come before it, node 0 is the
//! image `[n, 3, height, width]` and the last node is the logits `[n, classes]`, unless heads for training alone follow
//! ([`Graph::with_side_heads`]). Shapes are those
//! at the graph's own input size and leave out the batch axis. One node is marked as the
//! *features*: `[n, f]`, everything up to it is the backbone, everything after it the head.
//!
//! Parameter names are a node's name, a dot and the part's name (`layer1.0.bn1.running_mean`),
//! exactly as in the architecture's published state dict.
//!
//! A graph may have a second input behind the features, the metadata `[n, k]`: see [`Graph::fused`].

mod attention;
mod build;
mod cost;
mod deep_supervision;
mod drop_path;
mod first;
mod fusion;
mod kinds;
mod windows;

pub use attention::{Angles, Rotary, WindowAttention, WindowBias};
pub use build::Builder;
pub use cost::Cost;
pub use fusion::Fusion;
pub use kinds::{AvgPool, BatchNorm, Bias, Branch, Conv2d, ConvTranspose2d, LayerNorm, Linear, MaxPool, Op, Padding, Places};
pub use windows::Windows;

use super::network::{Part, Role};

/// The place of a node in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// One operation and where its inputs come from.
#[derive(Clone, Debug)]
pub struct Node {
    /// The state dict's prefix for nodes with parameters, a unique speaking name for the others.
    pub name: String,
    /// What it computes.
    pub op: Op,
    /// The nodes it reads.
    pub inputs: Vec<NodeId>,
    /// Shape of its value without the batch axis: `[channels, height, width]`, `[tokens, channels]` or `[features]`.
    pub shape: Vec<usize>,
}

/// A parameter that a node needs.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    /// Name in the state dict.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// What it is for.
    pub role: Role,
    /// Which side of the features it is on.
    pub part: Part,
    /// The node that uses it.
    pub node: NodeId,
    /// For a table of places, which they are: at another input size it is another table.
    pub places: Option<Places>,
}

/// A network's structure at one input size.
#[derive(Clone, Debug)]
pub struct Graph {
    nodes: Vec<Node>,
    features: NodeId,
    output: NodeId,
    multiple: usize,
    fusion: Option<Fusion>,
}

impl Graph {
    /// All nodes in running order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// One node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// The node whose value is `[n, f]`: the pooled features that the head turns into logits.
    pub fn features(&self) -> NodeId {
        self.features
    }

    /// The node whose value is the logits.
    pub fn output(&self) -> NodeId {
        self.output
    }

    /// The node whose value training judges: the logits, with those of side heads beside them where there are any.
    pub fn training_output(&self) -> NodeId {
        NodeId(self.nodes.len() - 1)
    }

    /// Number of features, `f`.
    pub fn feature_count(&self) -> usize {
        self.node(self.features).shape.iter().product()
    }

    /// Height and width of the input that the shapes are for.
    pub fn input_size(&self) -> [usize; 2] {
        let shape = &self.nodes[0].shape;
        [shape[1], shape[2]]
    }

    /// What height and width of the input must be multiples of.
    pub fn multiple(&self) -> usize {
        self.multiple
    }

    /// Whether the output is an image of masks, `[masks, height, width]`, and not `[classes]`.
    pub fn gives_masks(&self) -> bool {
        self.node(self.output()).shape.len() == 3
    }

    /// A single mask says something, a single class does not.
    pub fn fewest_outputs(&self) -> usize {
        if self.gives_masks() { 1 } else { 2 }
    }

    /// The first node whose value would be empty: the input is too small for this network.
    pub fn empty_node(&self) -> Option<&Node> {
        self.nodes.iter().find(|node| node.shape.contains(&0))
    }

    /// Whether nothing but the sizes of values changes from one graph to the other: what runs one runs the other.
    pub fn runs_as(&self, other: &Self) -> bool {
        self.nodes.len() == other.nodes.len() && self.nodes.iter().zip(&other.nodes).all(|(own, other)| own.op == other.op)
    }

    /// The nodes that everything passes: no node after one of them reads a node before it. In running order; the input is the first.
    pub fn cuts(&self) -> Vec<NodeId> {
        // The earliest node that is still read after each.
        let mut earliest = self.nodes.len();
        let mut cuts = Vec::new();
        for (id, node) in self.nodes.iter().enumerate().rev() {
            if earliest >= id {
                cuts.push(NodeId(id));
            }
            earliest = node.inputs.iter().map(|input| input.0).fold(earliest, usize::min);
        }
        cuts.reverse();
        cuts
    }

    /// Every parameter in state-dict order, each once.
    pub fn params(&self) -> Vec<ParamSpec> {
        (0..self.nodes.len()).flat_map(|i| self.node_params(NodeId(i))).collect()
    }

    /// The parameters of one node, in the order its operation takes them.
    pub fn node_params(&self, id: NodeId) -> Vec<ParamSpec> {
        let node = self.node(id);
        let part = if id > self.features { Part::Head } else { Part::Backbone };
        let spec = |(suffix, shape, role): (&str, Vec<usize>, Role)| ParamSpec {
            name: if suffix.is_empty() { node.name.clone() } else { format!("{}.{suffix}", node.name) },
            shape,
            role,
            part,
            node: id,
            places: node.op.places(),
        };
        node.op.params().into_iter().map(spec).collect()
    }
}
