//! derm's own differentiable operations, f32 on the CPU.
//!
//! Each is a candle `CustomOp` with both passes: shapes are checked and tensors become slices here, the arithmetic is in
//! [`derm_kernels`]. Image tensors are `[n, height, width, channels]`, row-major.
//!
//! Promises: gradients equal PyTorch's (also at ties and at zero); results are the same bits for any number of
//! threads, because work is cut by shape alone and partial sums are added in a fixed order.

mod activation;
mod channel_conv;
mod concat;
mod conv;
mod cross_entropy;
mod dropout;
mod elementwise;
mod gate;
mod geometry;
mod linear;
mod matrix;
mod norm;
mod pool;
mod slices;

pub use activation::{add, add_relu, relu, relu6, sigmoid};
pub use channel_conv::channel_conv;
pub use concat::concat;
pub use conv::conv2d;
pub use cross_entropy::cross_entropy;
pub use dropout::dropout;
pub(super) use elementwise::{CHUNK, sum};
pub use gate::gate;
pub use linear::linear;
pub use norm::{After, Statistics, batch_norm_eval, batch_norm_train, move_towards};
pub use pool::{global_avg_pool, max_pool};
pub(super) use slices::{in_place, with};

#[cfg(test)]
mod tests;
