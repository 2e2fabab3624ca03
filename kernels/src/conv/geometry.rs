//! The sizes of a convolution.

use super::sizes::volume;

/// Sizes of a grouped 2-d convolution, each pair as `[vertical, horizontal]`.
///
/// The padding below and on the right is whatever `output` makes of it: rows and columns that the kernel reaches past the input
/// count as zeros, and input that no output reaches gets a zero gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Geometry {
    /// Images in the batch.
    pub n: usize,
    /// Groups that are convolved apart from each other, at least one.
    pub groups: usize,
    /// Input channels of one group, at least one.
    pub c_in: usize,
    /// Output channels of one group, at least one.
    pub c_out: usize,
    /// Input pixels.
    pub input: [usize; 2],
    /// Output pixels.
    pub output: [usize; 2],
    /// Taps, at least one.
    pub kernel: [usize; 2],
    /// Input pixels from one output pixel to the next, at least one.
    pub stride: [usize; 2],
    /// Input pixels from one tap to the next, at least one.
    pub dilation: [usize; 2],
    /// Rows of zeros above and columns of zeros to the left of the input.
    pub pad: [usize; 2],
}

impl Geometry {
    /// Panics at sizes that no convolution has, so that nothing computed from the others wraps: 0 where at least one is asked for, or any
    /// size of 2^31 or more.
    pub(super) fn check(&self) {
        let Self { n, groups, c_in, c_out, input, output, kernel, stride, dilation, pad } = *self;
        let positive = [[groups, c_in], [c_out, 1], kernel, stride, dilation];
        assert!(positive.as_flattened().iter().all(|&size| size > 0), "a size of 0: {self:?}");
        let all = [[n, 1], input, output, pad];
        assert!(positive.as_flattened().iter().chain(all.as_flattened()).all(|&size| size < 1 << 31), "too large a size: {self:?}");
    }

    /// Taps of one kernel.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Floats of `x`, `[n, h, w, groups * c_in]`.
    pub fn x_len(&self) -> usize {
        volume([self.n, self.input[0], self.input[1], self.groups, self.c_in])
    }

    /// Floats of `y`, `[n, h, w, groups * c_out]`.
    pub fn y_len(&self) -> usize {
        volume([self.n, self.output[0], self.output[1], self.groups, self.c_out])
    }

    /// Floats of `weight`, `[groups * c_out, c_in, kh, kw]`.
    pub fn weight_len(&self) -> usize {
        volume([self.groups, self.c_out, self.c_in, self.kernel[0], self.kernel[1]])
    }

    /// Multiplications of the convolution (a pass costs twice as many floating-point operations).
    pub fn multiplications(&self) -> usize {
        self.n * self.output[0] * self.output[1] * self.groups * self.c_out * self.c_in * self.taps()
    }

    /// Whether it is one product of matrices, that of the pixels and that of the weights.
    pub(super) fn is_matrix(&self) -> bool {
        self.groups == 1 && self.is_pixel_by_pixel()
    }

    /// Whether each output pixel is made of the input pixel at its own place.
    fn is_pixel_by_pixel(&self) -> bool {
        self.kernel == [1; 2] && self.stride == [1; 2] && self.pad == [0; 2] && self.input == self.output
    }

    /// The same convolution, with its pixels in rows of some length where pixels do not depend on where they lie: short rows, of which
    /// a matrix product's have one pixel, cost more to keep apart than to go through.
    pub(super) fn in_long_rows(&self) -> Self {
        const LONGEST: usize = 112;
        let pixels = self.n * self.input[0] * self.input[1];
        let width = (1..=LONGEST).rev().find(|&width| pixels.is_multiple_of(width)).unwrap_or(1);
        if !self.is_pixel_by_pixel() || width <= self.input[1] {
            return *self;
        }
        let size = [pixels / width, width];
        Self { n: 1, input: size, output: size, ..*self }
    }
}
