//! Depthwise convolution: every channel has its own small kernel.
//!
//! `x` is `[n, h, w, c]`, `y` is `[n, oh, ow, c]`, the weight is PyTorch's `[c, 1, kh, kw]`. Inside, weights are `[kh * kw, c]`, so
//! that everything is a product of registers of neighbouring channels. Any kernel, stride, padding and dilation.
//! Each pass panics where slices do not have the lengths that the window gives them.

mod correlation;
mod packed;
mod pixels;
#[cfg(test)]
mod tests;
mod weight_gradient;

pub(crate) use correlation::Correlation;
use correlation::correlate;
pub use packed::Packed;
pub use weight_gradient::weight_gradient;

use super::conv::Epilogue;
use super::window::Window;

/// `y = x * weight + bias`.
pub fn forward(x: &[f32], weight: &[f32], bias: Option<&[f32]>, window: &Window) -> Vec<f32> {
    forward_with(x, weight, Epilogue::with_bias(bias), window)
}

/// [`forward`] and what follows it in a network, applied to each row while it is in the cache.
pub fn forward_with(x: &[f32], weight: &[f32], epilogue: Epilogue<'_>, window: &Window) -> Vec<f32> {
    window.check(&[x], &[]);
    assert_eq!(weight.len(), window.weight_len());
    forward_packed(x, &Packed::new(weight, window.channels, [window.rows.kernel, window.columns.kernel]), epilogue, window)
}

/// [`forward_with`] weights that were packed before.
pub fn forward_packed(x: &[f32], weight: &Packed, epilogue: Epilogue<'_>, window: &Window) -> Vec<f32> {
    window.check(&[x], &[]);
    assert!(weight.fits(window) && epilogue.fits(window.channels, window.output_len()));
    if window.output_len() == 0 {
        return Vec::new();
    }
    let whole = Correlation::forward(weight.by_tap(), window);
    correlate(x, epilogue, window.n, window.channels, [window.rows.output, window.columns.output], &[whole], [1, 1])
}

/// Gradient of `x` from that of `y`.
///
/// The inputs that the same taps reach form `stride * stride` interleaved images; each is a correlation of `dy` with its taps.
pub fn input_gradient(dy: &[f32], weight: &[f32], window: &Window) -> Vec<f32> {
    window.check(&[], &[dy]);
    assert_eq!(weight.len(), window.weight_len());
    if window.input_len() == 0 {
        return Vec::new();
    }
    let strides = [window.rows.stride, window.columns.stride];
    let phases: Vec<_> =
        (0..strides[0] * strides[1]).map(|phase| Correlation::backward(weight, window, [phase / strides[1], phase % strides[1]])).collect();
    correlate(dy, Epilogue::default(), window.n, window.channels, [window.rows.input, window.columns.input], &phases, strides)
}
