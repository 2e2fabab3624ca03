//! Where windows lie on an axis: kernel, stride, padding, dilation.

use std::ops::Range;

use super::sizes::volume;

/// One axis of a convolution or a pool: tap `t` of output `o` reads input `o * stride + t * dilation - padding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Places of the input.
    pub input: usize,
    /// Places of the output.
    pub output: usize,
    /// Taps of a window.
    pub kernel: usize,
    /// Inputs from one window to the next.
    pub stride: usize,
    /// Inputs before the first that the first window covers; below 0 where it starts later.
    pub padding: isize,
    /// Inputs from one tap to the next.
    pub dilation: usize,
}

impl Axis {
    /// An axis padded on both sides, with as many outputs as have their whole window inside; `None` where that is none.
    pub fn new(input: usize, kernel: usize, stride: usize, padding: usize, dilation: usize) -> Option<Self> {
        let room = Self::room(input, kernel, stride, padding, dilation)?;
        Some(Self { input, output: room / stride + 1, kernel, stride, padding: padding as isize, dilation })
    }

    /// The same with PyTorch's `ceil_mode`: a last window may reach past the padding if it starts before it.
    pub fn ceil(input: usize, kernel: usize, stride: usize, padding: usize, dilation: usize) -> Option<Self> {
        let output = Self::room(input, kernel, stride, padding, dilation)?.div_ceil(stride) + 1;
        let beyond = (output - 1) * stride >= input + padding;
        Some(Self { input, output: output - usize::from(beyond), kernel, stride, padding: padding as isize, dilation })
    }

    /// How far a window can move.
    fn room(input: usize, kernel: usize, stride: usize, padding: usize, dilation: usize) -> Option<usize> {
        assert!(kernel > 0 && stride > 0 && dilation > 0, "kernel, stride and dilation are at least 1");
        (input + 2 * padding).checked_sub((kernel - 1) * dilation + 1)
    }

    /// Panics at sizes that no axis has, so that nothing computed from the others wraps: a kernel, stride or dilation of 0, or any size
    /// of 2^31 or more.
    pub(crate) fn check(&self) {
        let Self { input, output, kernel, stride, padding, dilation } = *self;
        assert!(kernel > 0 && stride > 0 && dilation > 0, "kernel, stride and dilation are at least 1: {self:?}");
        let small = [input, output, kernel, stride, padding.unsigned_abs(), dilation].into_iter().all(|size| size < 1 << 31);
        assert!(small, "too large an axis: {self:?}");
    }

    /// Place before the input's first of the first tap of `output`; below 0 in the padding.
    pub fn start(&self, output: usize) -> isize {
        (output * self.stride) as isize - self.padding
    }

    /// The taps of `output` that lie inside the input.
    pub fn taps(&self, output: usize) -> Range<usize> {
        let below = |limit: isize| (limit - self.start(output)).max(0) as usize;
        let end = below(self.input as isize).div_ceil(self.dilation).min(self.kernel);
        below(0).div_ceil(self.dilation).min(end)..end
    }

    /// The input that `tap`, one of [`taps`](Self::taps), of `output` reads.
    pub fn place(&self, output: usize, tap: usize) -> usize {
        (self.start(output) + (tap * self.dilation) as isize) as usize
    }

    /// The outputs that read `input`, each with the tap that does, the last output first.
    pub fn readers(&self, input: usize) -> impl Iterator<Item = (usize, usize)> + Clone + use<> {
        let axis = *self;
        (0..axis.kernel).filter_map(move |tap| {
            let start = usize::try_from(input as isize + axis.padding - (tap * axis.dilation) as isize).ok()?;
            let output = start / axis.stride;
            (start % axis.stride == 0 && output < axis.output).then_some((output, tap))
        })
    }

    /// The outputs whose taps all lie inside the input.
    pub fn interior(&self) -> Range<usize> {
        let inside = |o: &usize| self.taps(*o) == (0..self.kernel);
        let start = (0..self.output).find(inside).unwrap_or(self.output);
        let end = (start..self.output).rfind(inside).map_or(start, |last| last + 1);
        start..end
    }
}

/// Images `[n, rows, columns, channels]` with a window on rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Images.
    pub n: usize,
    /// Channels.
    pub channels: usize,
    /// The window's height on the rows.
    pub rows: Axis,
    /// The window's width on the columns.
    pub columns: Axis,
}

impl Window {
    /// Places of a window.
    pub fn taps(&self) -> usize {
        self.rows.kernel * self.columns.kernel
    }

    /// Values of all inputs; panics where they are more than memory can hold.
    pub fn input_len(&self) -> usize {
        volume([self.n, self.rows.input, self.columns.input, self.channels])
    }

    /// Values of all outputs; panics where they are more than memory can hold.
    pub fn output_len(&self) -> usize {
        volume([self.n, self.rows.output, self.columns.output, self.channels])
    }

    /// Values of a depthwise weight.
    pub(crate) fn weight_len(&self) -> usize {
        volume([self.channels, self.rows.kernel, self.columns.kernel])
    }

    /// Panics at sizes that no window has, or where slices are not as long as its inputs or outputs: see [`Axis::check`].
    pub(crate) fn check(&self, inputs: &[&[f32]], outputs: &[&[f32]]) {
        self.rows.check();
        self.columns.check();
        let fits = |slices: &[&[f32]], len: usize| slices.iter().all(|slice| slice.len() == len);
        assert!(fits(inputs, self.input_len()) && fits(outputs, self.output_len()), "slices are not as long as {self:?} says");
    }
}
