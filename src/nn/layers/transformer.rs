//! Blocks over tokens, `[tokens, channels]`.

use crate::nn::graph::{Builder, NodeId};
use crate::nn::ops::Activation;

/// Two linear layers, `fc1` and `fc2`, with GELU between them.
#[derive(Clone, Copy, Debug)]
pub struct Mlp {
    /// Channels between them.
    pub hidden: usize,
}

impl Mlp {
    /// Adds itself; as many channels come out as went in.
    pub fn add(self, g: &mut Builder, name: &str, x: NodeId) -> NodeId {
        let channels = g.width(x);
        let y = g.linear(format!("{name}.fc1"), x, self.hidden);
        let y = g.activation(y, Activation::Gelu);
        g.linear(format!("{name}.fc2"), y, channels)
    }
}

/// timm's `Block` of vision transformers (Dosovitskiy et al. 2020, <https://arxiv.org/abs/2010.11929>): attention and an MLP, each after a
/// layer norm and each added to what it read.
#[derive(Clone, Copy, Debug)]
pub struct TransformerBlock {
    /// Heads of the attention.
    pub heads: usize,
    /// Channels of the MLP for each of the tokens'.
    pub mlp_ratio: usize,
    /// What layer norms add to variances.
    pub eps: f32,
    /// What layer scales, `ls1.gamma` and `ls2.gamma`, start from, if there are any.
    pub layer_scale: Option<f32>,
    /// How often a branch is left out for an image in training.
    pub drop_path: f32,
}

impl TransformerBlock {
    /// As in ViT: four times as wide inside, no layer scale, nothing left out.
    pub fn new(heads: usize) -> Self {
        Self { heads, mlp_ratio: 4, eps: 1e-6, layer_scale: None, drop_path: 0.0 }
    }

    /// Adds itself.
    pub fn add(self, g: &mut Builder, name: &str, x: NodeId) -> NodeId {
        let channels = g.width(x);
        let y = g.layer_norm(format!("{name}.norm1"), x, self.eps);
        let y = g.linear(format!("{name}.attn.qkv"), y, 3 * channels);
        let y = g.attention(y, self.heads);
        let y = g.linear(format!("{name}.attn.proj"), y, channels);
        let x = g.branch(format!("{name}.ls1"), x, y, self.layer_scale, self.drop_path);
        let y = g.layer_norm(format!("{name}.norm2"), x, self.eps);
        let y = Mlp { hidden: self.mlp_ratio * channels }.add(g, &format!("{name}.mlp"), y);
        g.branch(format!("{name}.ls2"), x, y, self.layer_scale, self.drop_path)
    }
}
