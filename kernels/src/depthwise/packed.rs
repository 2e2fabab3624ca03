//! Weights rearranged once for many calls.

use super::super::sizes::volume;
use super::super::window::Window;

/// The weights of a depthwise convolution that does not change. It serves any batch, image size, stride, dilation and padding.
#[derive(Clone, Debug)]
pub struct Packed {
    /// `[kh * kw, c]`.
    weight: Vec<f32>,
    channels: usize,
    kernel: [usize; 2],
}

impl Packed {
    /// Takes `weight`, `[channels, 1, kh, kw]`; panics where it has another length.
    pub fn new(weight: &[f32], channels: usize, kernel: [usize; 2]) -> Self {
        assert!(weight.len() == volume([channels, kernel[0], kernel[1]]) && !kernel.contains(&0));
        // Without channels there may be any number of taps.
        let taps = if channels == 0 { 0 } else { kernel[0] * kernel[1] };
        let weight = (0..taps).flat_map(|tap| weight.iter().skip(tap).step_by(taps).copied()).collect();
        Self { weight, channels, kernel }
    }

    pub(crate) fn fits(&self, window: &Window) -> bool {
        (self.channels, self.kernel) == (window.channels, [window.rows.kernel, window.columns.kernel])
    }

    pub(crate) fn by_tap(&self) -> &[f32] {
        &self.weight
    }
}
