//! What is known about a patient beside the image: late fusion.
//!
//! A small network reads the metadata, and what it makes of them stands beside the image's features for the head:
//!
//! ```text
//! metadata [k] - linear 512 - layer norm - SiLU - dropout - linear 128 - layer norm - SiLU \
//!                                                          image features [f] - concat [f + 128] - head
//! ```
//!
//! Widths, activation and the place of the dropout are those of the winners of ISIC 2020 (Ha et al. 2020,
//! <https://arxiv.org/abs/2010.05351>), whose norms are batch norms: a layer norm does the same for a batch of one image, for accumulated
//! batches, and where batch norms are frozen. Everything of it is on the head's side of the features, so that what holds for heads (new
//! ones for given weights, training on a frozen backbone) holds for it too.

use super::{Builder, Graph, Linear, Node, NodeId, Op};
use crate::nn::ops::Activation;

/// Widths of the two layers.
const WIDTHS: [usize; 2] = [512, 128];
/// As torch's layer norm.
const EPS: f32 = 1e-5;

/// How a network takes metadata.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fusion {
    /// Values of an image's metadata, `k`.
    pub inputs: usize,
    /// Probability of leaving out a value between the two layers in training.
    pub dropout: f32,
}

impl Graph {
    /// The same network with a second input; none where the head is more than a linear layer of features, as where masks are drawn.
    pub fn fused(self, fusion: Fusion) -> Option<Self> {
        let Self { mut nodes, features, multiple, .. } = self;
        let head = nodes.split_off(features.0 + 1);
        let mut g = Builder::reopen(nodes, features);
        let mut x = g.metadata(fusion.inputs);
        for (layer, width) in WIDTHS.into_iter().enumerate() {
            x = g.linear(format!("metadata.{layer}.fc"), x, width);
            x = g.layer_norm(format!("metadata.{layer}.norm"), x, EPS);
            x = g.activation(x, Activation::Silu);
            if layer == 0 {
                x = g.dropout(x, fusion.dropout);
            }
        }
        let joined = g.try_concat(&[features, x])?;
        let mut nodes = g.into_nodes();
        for node in head {
            nodes.push(moved(node, features, joined, &nodes)?);
        }
        let output = NodeId(nodes.len() - 1);
        Some(Self { nodes, features, output, multiple, fusion: Some(fusion) })
    }

    /// How it takes metadata, if it does.
    pub fn fusion(&self) -> Option<Fusion> {
        self.fusion
    }

    /// The node that is the metadata, if there is one.
    pub fn metadata(&self) -> Option<NodeId> {
        self.fusion?;
        self.nodes.iter().position(|node| matches!(node.op, Op::Metadata { .. })).map(NodeId)
    }
}

/// A node of the head in its new place after `nodes`, reading `joined` where it read the features.
fn moved(mut node: Node, features: NodeId, joined: NodeId, nodes: &[Node]) -> Option<Node> {
    for input in &mut node.inputs {
        *input = NodeId(input.0.checked_sub(features.0)? + joined.0);
    }
    let read = &nodes[node.inputs.first()?.0].shape;
    let &[inputs] = read.as_slice() else { return None };
    match &mut node.op {
        Op::Dropout { .. } => {
            node.shape.clone_from(read);
            node.name = format!("{}_{}", node.op.kind(), nodes.len());
        }
        Op::Linear(linear) => *linear = Linear { inputs, ..*linear },
        _ => return None,
    }
    Some(node)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::nn::Part;
    use crate::nn::zoo;

    #[test]
    fn every_classifier_takes_metadata_and_no_network_of_masks_does() {
        for architecture in zoo::all() {
            let plain = architecture.graph(3);
            let fused = plain.clone().fused(Fusion { inputs: 7, dropout: 0.3 });
            assert_eq!(fused.is_none(), plain.gives_masks(), "{}", architecture.name);
            let Some(fused) = fused else { continue };
            let added = 7 * 512 + 3 * 512 + 512 * 128 + 3 * 128 + 128 * 3;
            assert_eq!(fused.cost().parameters, plain.cost().parameters + added, "{}", architecture.name);
            assert_eq!(fused.node(fused.output()).shape, [3]);
            assert!(fused.nodes().iter().enumerate().all(|(id, node)| node.inputs.iter().all(|input| input.0 < id)));
            // Some attention shares its name with what it is made of.
            let unlike = |graph: &Graph| graph.nodes().iter().map(|node| node.name.clone()).collect::<HashSet<_>>().len();
            let added = fused.nodes().len() - plain.nodes().len();
            assert_eq!(unlike(&fused), unlike(&plain) + added, "{}: a name is taken twice", architecture.name);
            assert!(fused.params().iter().filter(|param| param.name.starts_with("metadata.")).all(|param| param.part == Part::Head));
        }
    }
}
