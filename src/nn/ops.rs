//! derm's own differentiable operations, f32 on the CPU.
//!
//! Each is a candle `CustomOp` with both passes: shapes are checked and tensors become slices here, the arithmetic is in
//! [`derm_kernels`]. Image tensors are `[n, height, width, channels]`, row-major.
//!
//! Promises: gradients equal PyTorch's (also at ties and at zero); results are the same bits for any number of
//! threads, because work is cut by shape alone and partial sums are added in a fixed order.

mod activation;
mod attention;
mod branch;
mod channel_conv;
mod concat;
mod conv;
mod cross_entropy;
mod custom;
mod dropout;
mod error;
mod gate;
mod geometry;
mod layer_norm;
mod linear;
mod matrix;
mod norm;
mod operation;
mod packed_conv;
mod pool;
mod resize;
mod slices;
mod sum;
mod tokens;

pub use activation::{Activation, Apply, apply, relu, relu6, sigmoid};
pub use attention::{Attention, attention};
pub use branch::{Branch, drop_path_branch, scaled_branch};
pub use channel_conv::{ChannelConv, channel_conv};
pub use concat::{Concat, Flatten, Same, concat};
pub use conv::{Conv, conv2d};
pub use cross_entropy::{CrossEntropy, cross_entropy};
pub use dropout::{Dropout, dropout};
pub use error::Error;
pub use gate::{Gate, gate};
pub use layer_norm::{GroupNorm, LayerNorm, group_norm, layer_norm};
pub use linear::{Linear, linear};
pub use norm::{After, BatchNorm, Statistics, batch_norm_eval, batch_norm_train, move_towards};
pub use operation::{Array, Gradient, Operation, View};
pub(super) use packed_conv::PackedConv;
pub use pool::{Average, GlobalAverage, Max, avg_pool, global_avg_pool, max_pool};
pub use resize::{AdaptiveAverage, ConvTranspose, Rule, Size, Transposed, Upsample, adaptive_avg_pool, conv_transpose2d, upsample};
pub(super) use slices::{in_place, with, with_views};
pub(super) use sum::add_values;
pub use sum::{Sum, add, add_relu};
pub use tokens::{ClassToken, FirstToken, Positions, Tokens, class_token, positions};

#[cfg(test)]
mod tests;
