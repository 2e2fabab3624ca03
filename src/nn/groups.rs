//! Which nodes of a graph are worked out together.
//!
//! A batch norm, an addition right after it and an activation right after that are one pass over memory instead of three. A node
//! joins only if nobody else reads what stands between.

use super::graph::{Node, NodeId, Op};
use super::ops::After;

/// Nodes that become one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The first of them, which says what is computed.
    pub node: NodeId,
    /// What is added to its result.
    pub added: Option<NodeId>,
    /// What is applied to that.
    pub after: After,
    /// The last of them, whose value comes out.
    pub result: NodeId,
}

impl Group {
    /// The nodes that it reads: those of the first node, then what is added.
    pub fn inputs<'a>(&self, nodes: &'a [Node]) -> impl Iterator<Item = NodeId> + use<'a> {
        nodes[self.node.0].inputs.iter().copied().chain(self.added)
    }
}

/// The groups of the nodes after `start` up to `end`, in running order.
pub(super) fn groups(nodes: &[Node], start: NodeId, end: NodeId) -> Vec<Group> {
    let last_use = last_uses(&nodes[..=end.0]);
    let mut groups = Vec::new();
    let mut id = start.0 + 1;
    while id <= end.0 {
        let mut group = Group { node: NodeId(id), added: None, after: After::Nothing, result: NodeId(id) };
        // Nodes stand in running order, so a last reader that comes right after is the only one.
        let joins = |at: usize| at < end.0 && last_use[at] == at + 1;
        let is_norm = matches!(nodes[id].op, Op::BatchNorm(_));
        if is_norm && joins(id) && nodes[id + 1].op == Op::Add {
            let other = nodes[id + 1].inputs.iter().copied().find(|input| input.0 != id);
            if other.is_some() {
                group.added = other;
                group.result = NodeId(id + 1);
            }
        }
        if joins(group.result.0) {
            group.after = match &nodes[group.result.0 + 1].op {
                Op::Relu if is_norm || nodes[id].op == Op::Add => After::Relu,
                Op::Relu6 if is_norm => After::Relu6,
                _ => After::Nothing,
            };
            group.result.0 += usize::from(group.after != After::Nothing);
        }
        id = group.result.0 + 1;
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
        let groups = groups(graph.nodes(), NodeId(0), graph.output());
        let of = |node: NodeId| groups.iter().find(|group| group.node == node).unwrap();
        assert_eq!((of(z).added, of(z).after, of(z).result), (Some(y), After::Relu, relu));
        assert_eq!((of(y).added, of(y).after, of(y).result), (None, After::Nothing, y));
        assert_eq!((of(again).after, of(again).result), (After::Nothing, again));
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
        let groups = groups(graph.nodes(), NodeId(0), graph.output());
        assert!(groups.iter().all(|group| group.added.is_none() && group.after == After::Nothing));
        assert_eq!(groups.len(), graph.nodes().len() - 1);
    }
}
