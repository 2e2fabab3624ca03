//! Deep supervision (Lee et al. 2015, <https://arxiv.org/abs/1409.5185>): masks drawn at the coarser steps of a decoder too, in training.
//!
//! Side heads stand after the network's own nodes, so that these keep their numbers: whatever asks for the output never runs them. Each is a
//! 1x1 convolution called `deep_supervision.N`, from the finest step on, whose pixels are repeated to the output's size. As in nnU-Net, the
//! bottom and the coarsest step of the way up have none.

use super::{Builder, Conv2d, Graph, NodeId, Op};
use crate::nn::ops::Rule;

impl Graph {
    /// With side heads; `None` where the network gives no masks or its way up has fewer than three steps.
    #[must_use]
    pub fn with_side_heads(&self) -> Option<Self> {
        let steps = self.coarser_steps();
        if !self.gives_masks() || steps.is_empty() {
            return None;
        }
        let (output, [masks, height, _]) = (self.output(), self.node(self.output()).shape.as_slice().try_into().ok()?);
        let mut g = Builder::reopen(self.nodes.clone(), self.features);
        let mut outputs = vec![output];
        for (place, step) in steps.into_iter().enumerate() {
            let factor = height / g.plane(step)[0];
            let side = g.conv(format!("deep_supervision.{place}"), step, Conv2d::new(masks, 1).biased());
            outputs.push(g.upsample(side, factor, Rule::Nearest));
        }
        g.concat(&outputs);
        Some(Self { nodes: g.into_nodes(), ..self.clone() })
    }

    /// The network alone.
    #[must_use]
    pub fn without_side_heads(&self) -> Self {
        Self { nodes: self.nodes[..=self.output.0].to_vec(), ..self.clone() }
    }

    /// What is brought to twice its size on the way up, from the finest on, without the two coarsest.
    fn coarser_steps(&self) -> Vec<NodeId> {
        let grows = self.nodes.iter().filter(|node| matches!(node.op, Op::Upsample { .. } | Op::ConvTranspose2d(_)));
        let mut steps: Vec<NodeId> = grows.map(|node| node.inputs[0]).skip(2).collect();
        steps.reverse();
        steps
    }
}

#[cfg(test)]
mod tests {
    use crate::nn::zoo;

    #[test]
    fn side_heads_come_after_the_network_and_leave_it_as_it_is() {
        for (name, sides) in [("unet_classic_f16", vec![[32, 32], [16, 16]]), ("unet_resnet18", vec![[32, 32], [16, 16], [8, 8]])] {
            let plain = zoo::find(name).unwrap().graph_at(2, 64, 64).unwrap();
            let wide = plain.with_side_heads().unwrap();
            assert_eq!((wide.output(), &wide.node(wide.output()).shape), (plain.output(), &vec![2, 64, 64]), "{name}");
            assert_eq!(wide.node(wide.training_output()).shape, [2 * (1 + sides.len()), 64, 64], "{name}");
            let heads = wide.nodes().iter().filter(|node| node.name.starts_with("deep_supervision"));
            assert_eq!(heads.map(|node| [node.shape[1], node.shape[2]]).collect::<Vec<_>>(), sides, "{name}");
            assert_eq!(wide.without_side_heads().params(), plain.params(), "{name}");
        }
        assert!(zoo::find("resnet18").unwrap().graph(2).with_side_heads().is_none());
    }
}
