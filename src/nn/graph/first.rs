//! Of tokens of which only the first is read, the others are not computed.
//!
//! A vision transformer's features are its class token's. What its last block does to each token by itself is therefore done to
//! that one alone: taking the first token moves up, past every node whose tokens do not depend on each other and which nobody
//! else reads. Values and gradients stay what they are.

use super::{Node, NodeId, Op};

/// Moves every [`Op::FirstToken`] as far up as it goes; also says where `marked` is afterwards.
pub(super) fn first_tokens_early(nodes: Vec<Node>, marked: NodeId) -> (Vec<Node>, NodeId) {
    let narrow = narrow(&nodes);
    let mut moved = Moved { nodes: Vec::with_capacity(nodes.len() + 2), places: Vec::new(), firsts: vec![None; nodes.len()] };
    for (node, &narrow_node) in nodes.iter().zip(&narrow) {
        let place = match node.op {
            Op::FirstToken if narrow[node.inputs[0].0] => moved.places[node.inputs[0].0],
            _ if narrow_node => {
                let inputs =
                    node.inputs.iter().map(|&input| if narrow[input.0] { moved.places[input.0] } else { moved.first(&nodes, input) });
                let inputs = inputs.collect();
                moved.push(Node { inputs, shape: node.shape[1..].to_vec(), ..node.clone() })
            }
            _ => {
                let inputs = node.inputs.iter().map(|input| moved.places[input.0]).collect();
                moved.push(Node { inputs, ..node.clone() })
            }
        };
        moved.places.push(place);
    }
    let marked = moved.places[marked.0];
    (moved.nodes, marked)
}

/// For each node, whether it handles tokens one by one and only the first of them is read.
fn narrow(nodes: &[Node]) -> Vec<bool> {
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for (id, node) in nodes.iter().enumerate() {
        node.inputs.iter().for_each(|input| readers[input.0].push(id));
    }
    let mut narrow = vec![false; nodes.len()];
    for (id, node) in nodes.iter().enumerate().rev() {
        let read_first = readers[id].iter().all(|&reader| narrow[reader] || nodes[reader].op == Op::FirstToken);
        narrow[id] = one_by_one(node) && !readers[id].is_empty() && read_first;
    }
    narrow
}

fn one_by_one(node: &Node) -> bool {
    let operation = matches!(node.op, Op::LayerNorm(_) | Op::Linear(_) | Op::Activation(_) | Op::Dropout { .. } | Op::Add | Op::Branch(_));
    operation && node.shape.len() == 2
}

struct Moved {
    nodes: Vec<Node>,
    /// Where the old nodes are.
    places: Vec<NodeId>,
    /// Where the old nodes' first tokens are, as far as they were needed.
    firsts: Vec<Option<NodeId>>,
}

impl Moved {
    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() - 1)
    }

    /// The first token of an old node.
    fn first(&mut self, nodes: &[Node], old: NodeId) -> NodeId {
        if let Some(first) = self.firsts[old.0] {
            return first;
        }
        let (name, shape) = (format!("{}.first_token", nodes[old.0].name), nodes[old.0].shape[1..].to_vec());
        let first = self.push(Node { name, op: Op::FirstToken, inputs: vec![self.places[old.0]], shape });
        self.firsts[old.0] = Some(first);
        first
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Builder, Conv2d, Graph};
    use super::*;
    use crate::nn::ops::Activation;

    fn graph(read_all: bool) -> Graph {
        let mut g = Builder::new([8, 8]);
        let x = g.conv("embed", g.input(), Conv2d::new(6, 4).stride(4));
        let x = g.tokens(x);
        let qkv = g.linear("qkv", x, 18);
        let y = g.attention(qkv, 1);
        let y = g.linear("proj", y, 6);
        let x = g.branch("add1", x, y, None, 0.0);
        let y = g.layer_norm("norm", x, 1e-6);
        let y = g.linear("fc", y, 6);
        let y = g.activation(y, Activation::Gelu);
        let x = g.branch("add2", x, y, None, 0.0);
        if read_all {
            g.attention(x, 1);
        }
        let x = g.first_token(x);
        let x = g.features(x);
        g.linear("head", x, 3);
        g.finish()
    }

    #[test]
    fn the_last_block_handles_one_token() {
        let graph = graph(false);
        let shape = |name: &str| graph.nodes().iter().find(|node| node.name == name).map(|node| node.shape.clone());
        assert_eq!([shape("qkv"), shape("tokens_2.first_token")], [Some(vec![4, 18]), Some(vec![6])]);
        for name in ["proj", "add1", "norm", "fc", "add2"] {
            assert_eq!(shape(name), Some(vec![6]), "{name}");
        }
        let firsts = graph.nodes().iter().filter(|node| node.op == Op::FirstToken).count();
        assert_eq!((firsts, graph.node(graph.features()).name.as_str()), (2, "add2"));
        for (id, node) in graph.nodes().iter().enumerate() {
            assert!(node.inputs.iter().all(|input| input.0 < id), "{}", node.name);
        }
        let names: Vec<String> = graph.params().into_iter().map(|param| param.name).collect();
        assert_eq!(names[..4], ["embed.weight", "qkv.weight", "qkv.bias", "proj.weight"]);
    }

    #[test]
    fn tokens_that_others_read_stay() {
        let graph = graph(true);
        let first = graph.nodes().iter().find(|node| node.op == Op::FirstToken).unwrap();
        assert_eq!(graph.node(first.inputs[0]).name, "add2");
        assert!(graph.nodes().iter().filter(|node| node.name.starts_with("add")).all(|node| node.shape == [4, 6]));
    }
}
