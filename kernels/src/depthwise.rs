//! Depthwise convolution: every channel has its own small kernel.
//!
//! `x` is `[n, h, w, c]`, `y` is `[n, oh, ow, c]`, the weight is PyTorch's `[c, 1, kh, kw]`. Inside, weights are `[kh * kw, c]`, so
//! that everything is a product of registers of neighbouring channels. Any kernel, stride, padding and dilation.

mod correlation;
mod pixels;
#[cfg(test)]
mod tests;
mod weight_gradient;

use correlation::{Correlation, correlate};
pub use weight_gradient::weight_gradient;

use super::conv::Epilogue;
use super::window::Window;

/// `y = x * weight + bias`.
pub fn forward(x: &[f32], weight: &[f32], bias: Option<&[f32]>, window: &Window) -> Vec<f32> {
    forward_with(x, weight, Epilogue::with_bias(bias), window)
}

/// [`forward`] and what follows it in a network, applied to each row while it is in the cache.
pub fn forward_with(x: &[f32], weight: &[f32], epilogue: Epilogue<'_>, window: &Window) -> Vec<f32> {
    debug_assert!(x.len() == window.input_len() && weight.len() == window.channels * window.taps());
    let whole = Correlation::forward(weight, window);
    correlate(x, epilogue, window.channels, [window.rows.output, window.columns.output], &[whole], [1, 1])
}

/// Gradient of `x` from that of `y`.
///
/// The inputs that the same taps reach form `stride * stride` interleaved images; each is a correlation of `dy` with its taps.
pub fn input_gradient(dy: &[f32], weight: &[f32], window: &Window) -> Vec<f32> {
    debug_assert!(dy.len() == window.output_len() && weight.len() == window.channels * window.taps());
    let strides = [window.rows.stride, window.columns.stride];
    let phases: Vec<_> =
        (0..strides[0] * strides[1]).map(|phase| Correlation::backward(weight, window, [phase / strides[1], phase % strides[1]])).collect();
    correlate(dy, Epilogue::default(), window.channels, [window.rows.input, window.columns.input], &phases, strides)
}
