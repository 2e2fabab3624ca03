//! Which nodes of a graph are worked out together.
//!
//! A batch norm, an addition right after it and an activation right after that are one pass over memory instead of three; for
//! inference a convolution or a linear layer before them takes all of it into the pass that writes its results. A node joins only if nobody else
//! reads what stands between. An input is in no group.

use super::graph::{Node, NodeId, Op};
use super::ops::Activation;

/// Nodes that become one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The first of them, which says what is computed.
    pub node: NodeId,
    /// The batch norm of a convolution's results, for inference.
    pub norm: Option<NodeId>,
    /// What is added to that.
    pub added: Option<NodeId>,
    /// What is applied to the sum.
    pub activation: Option<Activation>,
    /// The last of them, whose value comes out.
    pub result: NodeId,
}

/// What a group is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Gradients will be needed, so convolutions stay by themselves.
    Training,
    /// Convolutions and linear layers take what follows them.
    Inference,
}

impl Group {
    /// The nodes that it reads: those of the first node, then what is added.
    pub fn inputs<'a>(&self, nodes: &'a [Node]) -> impl Iterator<Item = NodeId> + use<'a> {
        nodes[self.node.0].inputs.iter().copied().chain(self.added)
    }

    /// Takes the next nodes in as far as they fit.
    fn grow(&mut self, nodes: &[Node], joins: impl Fn(NodeId) -> bool, purpose: Use) {
        let first = &nodes[self.node.0].op;
        let folds = purpose == Use::Inference && matches!(first, Op::Conv2d(_) | Op::Linear(_));
        if folds && matches!(first, Op::Conv2d(_)) && joins(self.result) && matches!(nodes[self.result.0 + 1].op, Op::BatchNorm(_)) {
            self.result.0 += 1;
            self.norm = Some(self.result);
        }
        let adds = folds || matches!(first, Op::BatchNorm(_));
        let sums = |op: &Op| *op == Op::Add || (folds && matches!(op, Op::Branch(branch) if branch.scale.is_none()));
        if adds && joins(self.result) && sums(&nodes[self.result.0 + 1].op) {
            let other = nodes[self.result.0 + 1].inputs.iter().copied().find(|input| *input != self.result);
            // What is added has to be there before the group begins.
            if let Some(other) = other.filter(|other| other.0 < self.node.0) {
                self.result.0 += 1;
                self.added = Some(other);
            }
        }
        if joins(self.result)
            && let Op::Activation(activation) = nodes[self.result.0 + 1].op
            && (folds || fits(first, activation, self.added.is_some()))
        {
            self.result.0 += 1;
            self.activation = Some(activation);
        }
    }
}

/// Whether the pass of a norm or an addition can end in this activation.
fn fits(first: &Op, activation: Activation, added: bool) -> bool {
    match first {
        Op::BatchNorm(_) => {
            matches!(activation, Activation::Relu | Activation::Relu6)
                || (matches!(activation, Activation::Silu | Activation::HardSwish) && !added)
        }
        Op::Add => activation == Activation::Relu,
        _ => false,
    }
}

/// The groups of the nodes after `start` up to `end`, in running order.
pub(super) fn groups(nodes: &[Node], start: NodeId, end: NodeId, purpose: Use) -> Vec<Group> {
    let last_use = last_uses(&nodes[..=end.0]);
    // Nodes stand in running order, so a last reader that comes right after is the only one.
    let joins = |node: NodeId| node < end && last_use[node.0] == node.0 + 1;
    let mut groups: Vec<Group> = Vec::new();
    let mut next = start.0 + 1;
    while next <= end.0 {
        if nodes[next].inputs.is_empty() {
            next += 1;
            continue;
        }
        let mut group = Group { node: NodeId(next), norm: None, added: None, activation: None, result: NodeId(next) };
        group.grow(nodes, joins, purpose);
        next = group.result.0 + 1;
        groups.push(group);
    }
    groups
}

/// For each node, the last node that reads it; 0 if none does.
fn last_uses(nodes: &[Node]) -> Vec<usize> {
    let mut last = vec![0; nodes.len()];
    for (id, node) in nodes.iter().enumerate() {
        for input in &node.inputs {
            last[input.0] = id;
        }
    }
    last
}

/// For each node, the last group that reads its value; 0 if none does.
pub(super) fn last_readers(nodes: &[Node], groups: &[Group]) -> Vec<usize> {
    let mut last = vec![0; nodes.len()];
    for (place, group) in groups.iter().enumerate() {
        for input in group.inputs(nodes) {
            last[input.0] = place;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::graph::{Builder, Conv2d};

    #[test]
    fn a_residual_block_ends_in_one_pass() {
        let mut g = Builder::new([8, 8]);
        let x = g.input();
        let (y, z) = (g.conv("a", x, Conv2d::new(3, 1)), g.conv("b", x, Conv2d::new(3, 1)));
        let y = g.batch_norm("n", y, 1e-5);
        let z = g.batch_norm("m", z, 1e-5);
        let sum = g.add(y, z);
        let relu = g.relu(sum);
        let again = g.add(relu, x);
        let pooled = g.global_avg_pool(again);
        let flat = g.flatten(pooled);
        g.features(flat);
        let graph = g.finish();
        let groups = groups(graph.nodes(), NodeId(0), graph.output(), Use::Training);
        let of = |node: NodeId| groups.iter().find(|group| group.node == node).unwrap();
        assert_eq!((of(z).added, of(z).activation, of(z).result), (Some(y), Some(Activation::Relu), relu));
        assert_eq!((of(y).added, of(y).activation, of(y).result), (None, None, y));
        assert_eq!((of(again).activation, of(again).result), (None, again));
        assert!(groups.iter().all(|group| group.node != sum && group.node != relu));
    }

    #[test]
    fn what_others_read_stays_by_itself() {
        let mut g = Builder::new([8, 8]);
        let norm = g.batch_norm("n", g.input(), 1e-5);
        let relu = g.relu(norm);
        let sum = g.add(norm, relu);
        let twice = g.add(sum, sum);
        let pooled = g.global_avg_pool(twice);
        let flat = g.flatten(pooled);
        g.features(flat);
        let graph = g.finish();
        for purpose in [Use::Training, Use::Inference] {
            let groups = groups(graph.nodes(), NodeId(0), graph.output(), purpose);
            assert!(groups.iter().all(|group| group.added.is_none() && group.activation.is_none()));
            assert_eq!(groups.len(), graph.nodes().len() - 1);
        }
    }

    #[test]
    fn a_convolution_takes_what_follows_for_inference() {
        let mut g = Builder::new([8, 8]);
        let x = g.input();
        let conv = g.conv("a", x, Conv2d::new(3, 1));
        let norm = g.batch_norm("n", conv, 1e-5);
        let sum = g.add(norm, x);
        let relu = g.relu(sum);
        let pooled = g.global_avg_pool(relu);
        let flat = g.flatten(pooled);
        g.features(flat);
        let graph = g.finish();
        let groups = groups(graph.nodes(), NodeId(0), graph.output(), Use::Inference);
        let expected = Group { node: conv, norm: Some(norm), added: Some(x), activation: Some(Activation::Relu), result: relu };
        assert_eq!(groups[0], expected);
    }
}
