//! A convolution, a batch norm and an activation.

use crate::nn::graph::{Builder, Conv2d, NodeId};
use crate::nn::ops::Activation;

/// A convolution, a batch norm of its results and, if there is one, an activation of those.
#[derive(Clone, Debug)]
pub struct ConvNorm {
    /// The convolution.
    pub conv: Conv2d,
    /// What the norm adds to variances.
    pub eps: f32,
    /// What is applied last.
    pub activation: Option<Activation>,
}

impl ConvNorm {
    /// With the epsilon that is usual in PyTorch, 1e-5.
    pub fn new(conv: Conv2d, activation: Option<Activation>) -> Self {
        Self { conv, eps: 1e-5, activation }
    }

    /// With another epsilon.
    pub fn eps(self, eps: f32) -> Self {
        Self { eps, ..self }
    }

    /// Adds itself; convolution and norm are called as `names` say.
    pub fn add(self, g: &mut Builder, names: [&str; 2], x: NodeId) -> NodeId {
        let x = g.conv(names[0], x, self.conv);
        let x = g.batch_norm(names[1], x, self.eps);
        self.activation.map_or(x, |activation| g.activation(x, activation))
    }
}
