//! Which groups an inference takes as one step: those of an inverted residual block, whose inner values are several times as large as
//! what goes in and comes out.

use std::ops::Range;

use super::super::graph::{Conv2d, Node, NodeId, Op, Padding};
use super::super::groups::Group;

/// Bytes of an inner value of one image from which on it is worth not to exist at once; measured.
const LARGE: usize = 128 << 10;
/// Weights of a 1x1 convolution above which it is no part of a block: bands would go through them again and again, and push each other
/// out of the cache.
const WEIGHTS: usize = 64 << 10;

/// Cuts `groups` into steps, in their order.
pub fn steps(nodes: &[Node], groups: &[Group]) -> Vec<Range<usize>> {
    let mut reads = vec![0; nodes.len()];
    groups.iter().flat_map(|group| group.inputs(nodes)).for_each(|input: NodeId| reads[input.0] += 1);
    let mut steps: Vec<Range<usize>> = Vec::new();
    while let start = steps.last().map_or(0, |step| step.end)
        && start < groups.len()
    {
        let count = Block { nodes, groups: &groups[start..], reads: &reads }.count();
        steps.push(start..start + count);
    }
    steps
}

/// What may begin with the first of some groups.
struct Block<'a> {
    nodes: &'a [Node],
    groups: &'a [Group],
    /// How many groups read each node.
    reads: &'a [usize],
}

impl Block<'_> {
    /// The groups of the block, or 1 if there is none or it is small.
    fn count(&self) -> usize {
        let widens = usize::from(self.conv(0).is_some_and(is_matrix) && self.feeds(0));
        if !self.conv(widens).is_some_and(is_depthwise) || self.groups[widens].added.is_some() {
            return 1;
        }
        let narrows = self.feeds(widens) && self.conv(widens + 1).is_some_and(is_matrix);
        let count = widens + 1 + usize::from(narrows);
        let bytes = |group: &Group| size_of::<f32>() * self.nodes[group.result.0].shape.iter().product::<usize>();
        if self.groups[..count - 1].iter().any(|group| bytes(group) >= LARGE) { count } else { 1 }
    }

    /// The convolution of a group.
    fn conv(&self, place: usize) -> Option<&Conv2d> {
        match &self.nodes[self.groups.get(place)?.node.0].op {
            Op::Conv2d(conv) => Some(conv),
            _ => None,
        }
    }

    /// Whether a group's value is what the next group convolves, and nobody else reads it; nothing may have been added to it.
    fn feeds(&self, place: usize) -> bool {
        let (group, next) = (&self.groups[place], self.groups.get(place + 1));
        let convolves = |next: &Group| self.nodes[next.node.0].inputs == [group.result];
        group.added.is_none() && self.reads[group.result.0] == 1 && next.is_some_and(convolves)
    }
}

/// Whether every pixel is multiplied by one matrix, a small one.
fn is_matrix(conv: &Conv2d) -> bool {
    let one_by_one = (conv.kernel, conv.stride, conv.groups) == ([1; 2], [1; 2], 1);
    let unpadded = conv.padding == Padding::Same || conv.padding == Padding::all(0);
    one_by_one && unpadded && conv.in_channels * conv.out_channels <= WEIGHTS
}

fn is_depthwise(conv: &Conv2d) -> bool {
    conv.groups > 1 && conv.groups == conv.in_channels && conv.groups == conv.out_channels
}

#[cfg(test)]
mod tests {
    use super::super::super::groups::{Use, groups};
    use super::super::super::zoo;
    use super::*;

    /// The groups of each block, by the names of their convolutions.
    fn blocks(name: &str, size: usize) -> Vec<Vec<String>> {
        let graph = zoo::find(name).unwrap().graph_at(3, size, size).unwrap();
        let nodes = graph.nodes();
        let groups = groups(nodes, NodeId(0), graph.features(), Use::Inference);
        let steps = steps(nodes, &groups);
        assert_eq!(steps.iter().cloned().flatten().collect::<Vec<_>>(), (0..groups.len()).collect::<Vec<_>>());
        let names = |step: Range<usize>| groups[step].iter().map(|group| nodes[group.node.0].name.clone()).collect();
        steps.into_iter().filter(|step| step.len() > 1).map(names).collect()
    }

    #[test]
    fn large_blocks_are_one_step() {
        let found = blocks("mobilenetv3_large_100", 224);
        let block = |name: &str, parts: &[&str]| parts.iter().map(|part| format!("blocks.{name}.{part}")).collect::<Vec<_>>();
        assert_eq!(found[0], block("0.0", &["conv_dw", "conv_pw"]), "the first is not widened");
        assert_eq!(found[1], block("1.0", &["conv_pw", "conv_dw", "conv_pwl"]));
        assert!(found.contains(&block("2.0", &["conv_pw", "conv_dw"])), "squeeze-and-excitation stands before the last: {found:?}");
        assert!(!found.iter().flatten().any(|name| name.starts_with("blocks.5.1")), "its weights fill a cache: {found:?}");
    }

    #[test]
    fn other_networks_have_none() {
        for name in ["resnet18", "vit_tiny_patch16_224", "squeezenet1_1"] {
            assert!(blocks(name, 224).is_empty(), "{name}");
        }
    }
}
