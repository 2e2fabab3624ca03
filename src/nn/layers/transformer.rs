//! Blocks over tokens, `[tokens, channels]`, and over windows of images.

use crate::nn::graph::{Bias, Builder, NodeId, Rotary, WindowAttention};
use crate::nn::ops::Activation;

/// Two linear layers, `fc1` and `fc2`, with something between them; of tokens, or of each pixel of an image.
#[derive(Clone, Copy, Debug)]
pub struct Mlp {
    /// Channels between them.
    pub hidden: usize,
    /// What is between them.
    pub inner: Inner,
}

/// What is between the two layers of an [`Mlp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inner {
    /// GELU.
    Gelu,
    /// One half of twice as many channels gates the other, by SiLU.
    SwiGlu,
}

impl Mlp {
    /// With GELU.
    pub fn new(hidden: usize) -> Self {
        Self { hidden, inner: Inner::Gelu }
    }

    /// Adds itself; as many channels come out as went in.
    pub fn add(self, g: &mut Builder, name: &str, x: NodeId) -> NodeId {
        let channels = g.channels_of(x);
        let y = match self.inner {
            Inner::Gelu => {
                let y = g.linear(format!("{name}.fc1"), x, self.hidden);
                g.activation(y, Activation::Gelu)
            }
            Inner::SwiGlu => {
                let y = g.linear(format!("{name}.fc1"), x, 2 * self.hidden);
                g.swiglu(y)
            }
        };
        g.linear(format!("{name}.fc2"), y, channels)
    }
}

/// timm's `Block` of vision transformers (Dosovitskiy et al. 2020, <https://arxiv.org/abs/2010.11929>) and its `EvaBlock` (Fang et al.
/// 2023, <https://arxiv.org/abs/2303.11331>): attention and an MLP, each after a layer norm and each added to what it read.
#[derive(Clone, Copy, Debug)]
pub struct TransformerBlock {
    /// Heads of the attention.
    pub heads: usize,
    /// What is added to queries, keys and values.
    pub bias: Bias,
    /// How queries and keys are turned, if they are.
    pub rotary: Option<Rotary>,
    /// The MLP.
    pub mlp: Mlp,
    /// What layer norms add to variances.
    pub eps: f32,
    /// What layer scales start from, if there are any.
    pub layer_scale: Option<f32>,
    /// What the two layer scales are called.
    pub scale_names: [&'static str; 2],
}

impl TransformerBlock {
    /// As in ViT of so many channels: four times as wide inside, no layer scale, nothing left out.
    pub fn new(channels: usize, heads: usize) -> Self {
        Self {
            heads,
            bias: Bias::Whole,
            rotary: None,
            mlp: Mlp::new(4 * channels),
            eps: 1e-6,
            layer_scale: None,
            scale_names: ["ls1.gamma", "ls2.gamma"],
        }
    }

    /// Adds itself.
    pub fn add(self, g: &mut Builder, name: &str, x: NodeId) -> NodeId {
        let y = g.layer_norm(format!("{name}.norm1"), x, self.eps);
        let y = self.attention(g, &format!("{name}.attn"), y);
        let x = g.branch(format!("{name}.{}", self.scale_names[0]), x, y, self.layer_scale, 0.0);
        let y = g.layer_norm(format!("{name}.norm2"), x, self.eps);
        let y = self.mlp.add(g, &format!("{name}.mlp"), y);
        g.branch(format!("{name}.{}", self.scale_names[1]), x, y, self.layer_scale, 0.0)
    }

    fn attention(&self, g: &mut Builder, name: &str, x: NodeId) -> NodeId {
        let channels = g.width(x);
        let mut qkv = match self.bias {
            Bias::Whole => g.linear(format!("{name}.qkv"), x, 3 * channels),
            Bias::None => g.linear_unbiased(format!("{name}.qkv"), x, 3 * channels),
            Bias::NotOfKeys => g.queries_keys_values(name, x, channels),
        };
        if let Some(rotary) = self.rotary {
            qkv = g.rotary(qkv, rotary);
        }
        let y = g.attention(qkv, self.heads);
        g.linear(format!("{name}.proj"), y, channels)
    }
}

/// timm's `SwinTransformerBlock` (Liu et al. 2021, <https://arxiv.org/abs/2103.14030>) of its first version and of its second (Liu et al.
/// 2021, <https://arxiv.org/abs/2111.09883>): attention inside windows of an image and an MLP of each pixel, each added to what it read.
#[derive(Clone, Copy, Debug)]
pub struct WindowBlock {
    /// Windows, heads, and what is learnt of distances.
    pub attention: WindowAttention,
    /// Of the second version: norms come after attention and MLP, not before them, and products are cosines.
    pub second: bool,
    /// What layer norms add to variances.
    pub eps: f32,
}

impl WindowBlock {
    /// Adds itself.
    pub fn add(self, g: &mut Builder, name: &str, x: NodeId) -> NodeId {
        let norm = |g: &mut Builder, number: usize, x: NodeId| g.layer_norm(format!("{name}.norm{number}"), x, self.eps);
        let before = |g: &mut Builder, number, x| if self.second { x } else { norm(g, number, x) };
        let after = |g: &mut Builder, number, x| if self.second { norm(g, number, x) } else { x };
        let y = before(g, 1, x);
        let y = self.attend(g, &format!("{name}.attn"), y);
        let y = after(g, 1, y);
        let x = g.branch(format!("{name}.drop_path1"), x, y, None, 0.0);
        let y = before(g, 2, x);
        let y = Mlp::new(4 * g.channels(y)).add(g, &format!("{name}.mlp"), y);
        let y = after(g, 2, y);
        g.branch(format!("{name}.drop_path2"), x, y, None, 0.0)
    }

    fn attend(&self, g: &mut Builder, name: &str, x: NodeId) -> NodeId {
        let WindowAttention { windows, heads, .. } = self.attention;
        let channels = g.channels(x);
        let x = g.to_windows(x, windows);
        let qkv = if self.second {
            let qkv = g.queries_keys_values(name, x, channels);
            g.cosine(name, qkv, heads)
        } else {
            g.linear(format!("{name}.qkv"), x, 3 * channels)
        };
        let y = g.window_attention(name, qkv, self.attention);
        let y = g.linear(format!("{name}.proj"), y, channels);
        g.from_windows(y, windows)
    }
}
