//! derm's own differentiable operations, f32.
//!
//! Each is an [`Operation`] with both passes over slices: shapes are checked here, the arithmetic is in [`derm_kernels`]. Networks
//! record operations on a [`tape`](crate::nn::Tape); the functions on tensors make them candle `CustomOp`s, for composing freely.
//! Image tensors are `[n, height, width, channels]`, row-major.
//!
//! On CUDA and Metal, where derm has no kernels, each is a composition of candle's operations instead, with the same layouts
//! ([`Operation::compose`]), and candle's graph is the way back; with the feature `cudnn` convolutions on CUDA are cuDNN's. The tests
//! below hold both ways, composed on the CPU unless `DERM_TEST_DEVICE` names `cuda` or `metal`.
//!
//! Promises: gradients equal PyTorch's (also at ties and at zero); on the CPU results are the same bits for any number of
//! threads, because work is cut by shape alone and partial sums are added in a fixed order.
//!
//! # Candle's operations that are not used
//!
//! In candle 0.11.1 these have no gradient, a wrong one, or one that is not PyTorch's. `tests/derm/traps.rs` fails when anything in
//! `src/` calls one; the last column names the test, in `tests` or `nn::tests`, that holds derm's own to what it should be.
//! `interop/operations.py` compares all of derm's own with PyTorch.
//!
//! | candle's | what is wrong, and where | here instead | guarded by |
//! | --- | --- | --- | --- |
//! | `candle_nn::LayerNorm`, `layer_norm` | no gradient at all, in silence: layer_norm.rs:117, ops.rs:944 | [`layer_norm`] | `norm::layer_norm_gradients_are_differences` |
//! | `RmsNorm`, `rms_norm` | the same: ops.rs:684 | [`layer_norm`]; no network has one | `norm::layer_norm_gradients_are_differences` |
//! | `softmax_last_dim`, `sdpa`, `rope*` | the same: ops.rs:438 and 1317, rotary_emb.rs:287, 580, 855 | [`attention`], [`rotary`] | `attention::gradients_are_differences`, `windows::gradients_of_turned_queries_and_keys_are_differences` |
//! | `max_pool2d` | gradient divided by the window's size, ties get it whole: backprop.rs:358; refused where windows overlap; no padding | [`max_pool`] | `pool::max_pool_gradients_are_differences`, `pool::of_equal_values_the_first_wins_and_padding_never_does` |
//! | `avg_pool2d` | refused where windows overlap, wrong places at odd sizes: backprop.rs:343; no padding | [`avg_pool`], [`global_avg_pool`], [`adaptive_avg_pool`] | `pool::average_pool_gradients_are_differences`, `pool::pools_to_a_size_have_differences_as_gradients` |
//! | `upsample_nearest1d`, `upsample_nearest2d` | overwrites a gradient that is already there: backprop.rs:378, 390 | [`upsample`] | `resize::gradients_are_differences`, `resize::gradients_of_what_is_used_twice_are_added` |
//! | `upsample_bilinear2d` | refuses: backprop.rs:411 | [`upsample`] | `resize::gradients_are_differences` |
//! | `conv1d`, `conv2d` | right, but slow, and groups one by one: conv.rs:196, 332; backprop.rs:276 also differentiates by the image | [`conv2d`], [`channel_conv`] | `conv::convolutions_of_any_settings_are_their_definition`, `conv::the_input_image_gets_no_gradient_it_does_not_ask_for` |
//! | `conv_transpose1d`, `conv_transpose2d` | the first refuses: backprop.rs:314; the second has no groups | [`conv_transpose2d`] | `conv::transposed_convolution_gradients_are_differences` |
//! | `Tensor::relu` | slope 1 at 0: backprop.rs:636 | [`relu`], [`add_relu`] | `activation::relu_has_no_slope_at_zero` |
//! | `candle_nn::BatchNorm` | slow (batch_norm.rs:195), mixed types fail | [`batch_norm_train`], [`batch_norm_eval`] | `norm::batch_norm_gradients_are_differences`, `norm::batch_norm_of_two_values_has_no_slope` |
//! | `candle_nn::Dropout`, `Device::set_seed` | the CPU's generator cannot be seeded: cpu_backend/mod.rs:3184 | [`dropout`], [`drop_path_branch`] | `branch::dropout_is_a_fixed_stream_of_the_right_rate` |
//! | `loss::cross_entropy`, `binary_cross_entropy_with_logit` | neither weights nor smoothing; the second, `log(sigmoid(x))`, is infinite for large x: loss.rs:64 | [`cross_entropy`] | `loss::cross_entropy_is_torch_s` |
//! | `Tensor::backward` | keeps every value until the end | [`tape`](crate::nn::tape) | `nn::resnet18_agrees_with_pytorch` |
//!
//! `abs` (slope 1 at 0: backprop.rs:553), `sqrt` (infinite at 0: 702) and `max` and `min` over an axis (all of equal values get the
//! whole gradient: 507) are as wrong, but share their names with functions of numbers, so that nothing looks for them.
//! Of these, compositions take the root of a variance plus `eps`, and the largest of detached values. The gradients of `silu` and of
//! `recip` after `exp` (641, 567) are 0 times infinity where the power overflows: compositions take powers of what is not positive.

mod activation;
mod attention;
mod branch;
mod channel_conv;
mod compose;
mod concat;
mod conv;
mod cosine;
mod cross_covariance;
mod cross_entropy;
mod custom;
mod dropout;
mod error;
mod fourier;
mod gate;
mod geometry;
mod layer_norm;
mod linear;
mod norm;
mod operation;
mod packed_conv;
mod packed_inverted;
mod places;
mod pool;
mod resize;
mod response_norm;
mod rotary;
mod slices;
mod some_channels;
mod sum;
mod swiglu;
mod tokens;
mod window_attention;
mod winners;

pub use activation::{Activation, Apply, apply, relu, relu6, sigmoid};
pub use attention::{Attention, attention};
pub use branch::{Branch, drop_path_branch, scaled_branch};
pub use channel_conv::{ChannelConv, channel_conv};
pub use compose::{Way, compose, composing};
pub use concat::{Concat, Flatten, Same, concat};
pub use conv::{Conv, conv2d};
pub use cosine::{Cosine, cosine};
pub use cross_covariance::{CrossCovariance, cross_covariance};
pub use cross_entropy::{CrossEntropy, cross_entropy};
pub use dropout::{Dropout, dropout};
pub use error::Error;
pub use fourier::{FourierPositions, fourier_positions};
pub use gate::{Gate, gate};
pub use layer_norm::{GroupNorm, LayerNorm, group_norm, layer_norm};
pub use linear::{Linear, linear};
pub use norm::{After, BatchNorm, Statistics, batch_norm_eval, batch_norm_train, move_towards};
pub use operation::{Array, Gradient, Operation, View};
pub(super) use packed_conv::{PackedConv, PackedLinear};
pub(super) use packed_inverted::PackedInverted;
pub use places::{Places, from_windows, to_windows, two_by_two};
pub use pool::{Average, GlobalAverage, Max, avg_pool, global_avg_pool, max_pool};
pub use resize::{AdaptiveAverage, ConvTranspose, Rule, Size, Transposed, Upsample, adaptive_avg_pool, conv_transpose2d, upsample};
pub use response_norm::{ResponseNorm, response_norm};
pub use rotary::{Rotary, rotary};
pub(super) use slices::{in_place, joined, with, with_views};
pub use some_channels::{SomeChannels, some_channels};
pub(super) use sum::add_values;
pub use sum::{Sum, add, add_relu};
pub use swiglu::{SwiGlu, swiglu};
pub use tokens::{FirstToken, MeanTokens, Positions, PrefixTokens, Tokens, mean_tokens, positions, prefix_tokens};
pub use window_attention::{WindowAttention, window_attention};

#[cfg(test)]
mod tests;
