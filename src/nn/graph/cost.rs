//! What a network costs, counted from its graph.

use super::{Graph, Node, Op, WindowBias};
use crate::nn::network::Role;

/// What one image costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Values that training moves.
    pub parameters: u64,
    /// Multiplications with an addition in convolutions, linear layers and attention, at the graph's input size; norms, activations
    /// and pools are not counted, as is usual.
    pub multiply_adds: u64,
}

impl Graph {
    /// Parameters, and multiply-adds of one image.
    pub fn cost(&self) -> Cost {
        let trainable = self.params().into_iter().filter(|param| param.role != Role::Buffer);
        let parameters = trainable.map(|param| param.shape.iter().product::<usize>() as u64).sum();
        let multiply_adds = self.nodes().iter().map(|node| self.multiply_adds(node)).sum();
        Cost { parameters, multiply_adds }
    }

    fn multiply_adds(&self, node: &Node) -> u64 {
        let values = |shape: &[usize]| shape.iter().product::<usize>();
        let made = values(&node.shape);
        let read = || self.node(node.inputs[0]);
        let count = match &node.op {
            Op::Conv2d(conv) => made * conv.in_channels / conv.groups * conv.kernel[0] * conv.kernel[1],
            Op::ConvTranspose2d(conv) => values(&read().shape) * conv.out_channels / conv.settings.groups * conv.kernel[0] * conv.kernel[1],
            Op::Linear(linear) => made * linear.inputs,
            Op::ChannelConv { kernel } => made * kernel,
            // Queries by keys, and weights by values.
            Op::Attention { .. } => 2 * made * read().shape[0],
            Op::WindowAttention(attention) => {
                let learnt = match attention.bias {
                    WindowBias::Table => 0,
                    WindowBias::Mlp { hidden } => attention.windows.distance_count() * hidden * (2 + attention.heads),
                };
                2 * made * attention.windows.area() + learnt
            }
            Op::CrossCovariance { heads } => 2 * made * (node.shape[0] / heads),
            Op::FourierPositions { .. } => made * 64,
            _ => 0,
        };
        count as u64
    }
}
