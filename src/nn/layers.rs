//! Layers made of several nodes: small structs that say their settings and add themselves to a graph.
//!
//! Parameters carry the names of timm's modules; a layer takes the name of its place (`layer1.0.se`) and adds those of its parts. Whether
//! a network trains is said when it runs ([`Network::train`](super::Network::train) or [`Network::frozen`](super::Network::frozen)),
//! never here. Layers of one node are methods of the [`Builder`](super::graph::Builder).

mod channel_attention;
mod conv_norm;
mod shortcut;
mod transformer;

pub use channel_attention::{EfficientChannelAttention, SqueezeExcite};
pub use conv_norm::ConvNorm;
pub use shortcut::shortcut;
pub use transformer::{Inner, Mlp, TransformerBlock, WindowBlock};
