//! Sums of taps for some channels of one pixel, or of a block of neighbouring ones that share inputs and weights.
#![allow(unsafe_code)] // A check for each load would cost as much as the arithmetic; there is one for each line.

use std::ops::Range;

use pulp::Simd;

use super::super::activation::{Function, Light, with_light};
use super::super::fresh::Uninit;
use super::super::lanes::{Columns, F32s, Lanes};

/// Pixels of a block: enough that an input is used by all taps that it is loaded for, few enough for sixteen registers.
pub const BLOCK: usize = 4;

/// A line of the input `[w, c]` with the weights `[taps, c]` that it meets.
pub struct Line<'a> {
    pub x: &'a [f32],
    pub weight: &'a [f32],
}

/// One pixel, with only those taps of each line that lie inside it.
pub struct Pixel<'a> {
    pub lines: &'a [Line<'a>],
    pub bias: Option<&'a [f32]>,
    pub light: Light,
    pub channels: usize,
    pub dilation: usize,
    pub taps: Range<usize>,
    /// Input pixel that the first of `taps` reads.
    pub from: usize,
    /// `[channels]`.
    pub y: &'a mut [Uninit],
}

impl<S: Simd> Columns<S> for Pixel<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let mut sum = self.bias.map_or(lanes.splat(0.0), |bias| lanes.load(bias, at));
        for line in self.lines {
            for (i, tap) in self.taps.clone().enumerate() {
                let x = lanes.load(line.x, (self.from + i * self.dilation) * self.channels + at);
                sum = x.mul_add(lanes.load(line.weight, tap * self.channels + at), sum);
            }
        }
        lanes.init(self.y, at, with_light!(self.light, function => function.of(sum)));
    }
}

/// [`BLOCK`] pixels whose taps are next to each other.
pub struct Block<'a, const TAPS: usize, const STRIDE: usize> {
    pub lines: &'a [Line<'a>],
    pub bias: Option<&'a [f32]>,
    pub light: Light,
    pub channels: usize,
    /// Input pixel of the first tap of the first pixel, below 0 in the padding.
    pub from: isize,
    /// Pixels of a line.
    pub input: usize,
    /// Pixels of `y` from one of the block to the next.
    pub step: usize,
    /// From the block's first pixel to its last; what does not fit is not stored.
    pub y: &'a mut [Uninit],
}

/// Room for the inputs of a block: its own pixels times the stride, and the taps of the last.
const INPUTS: usize = (BLOCK - 1) * 2 + 7;

impl<const TAPS: usize, const STRIDE: usize> Block<'_, TAPS, STRIDE> {
    const SPAN: usize = (BLOCK - 1) * STRIDE + TAPS;

    /// The inputs that lie inside the line, numbered from the block's first.
    #[inline(always)]
    fn inside(&self) -> Range<usize> {
        let place = |pixel: isize| (pixel - self.from).clamp(0, Self::SPAN as isize) as usize;
        place(0)..place(self.input as isize)
    }
}

impl<S: Simd, const TAPS: usize, const STRIDE: usize> Columns<S> for Block<'_, TAPS, STRIDE> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let inside = self.inside();
        let mut sums = if inside == (0..Self::SPAN) { self.sums::<S, L, false>(lanes, at) } else { self.sums::<S, L, true>(lanes, at) };
        with_light!(self.light, function => for sum in &mut sums {
            *sum = function.of(*sum);
        });
        for (sum, y) in sums.into_iter().zip(self.y.chunks_mut(self.step * self.channels)) {
            lanes.init(y, at, sum);
        }
    }
}

impl<const TAPS: usize, const STRIDE: usize> Block<'_, TAPS, STRIDE> {
    /// The sums of each pixel; with `EDGE`, inputs outside the line count as 0.
    #[inline(always)]
    fn sums<S: Simd, L: Lanes<S>, const EDGE: bool>(&self, lanes: L, at: usize) -> [F32s<S>; BLOCK] {
        let inside = self.inside();
        assert!(at + lanes.count() <= self.channels);
        let first = self.from * self.channels as isize + at as isize;
        let mut sums = [self.bias.map_or(lanes.splat(0.0), |bias| lanes.load(bias, at)); BLOCK];
        for line in self.lines {
            assert!(line.x.len() == self.input * self.channels && line.weight.len() == TAPS * self.channels);
            let mut inputs = [lanes.splat(0.0); INPUTS];
            for (i, input) in inputs.iter_mut().enumerate().take(Self::SPAN) {
                if !EDGE || inside.contains(&i) {
                    // SAFETY: pixel `from + i` is inside the line, whose length was just checked, and the step
                    // stays inside the channels of a pixel, as checked above.
                    *input = unsafe { lanes.load_pointer(line.x.as_ptr().offset(first + (i * self.channels) as isize)) };
                }
            }
            for tap in 0..TAPS {
                // SAFETY: as above, with taps for pixels.
                let weight = unsafe { lanes.load_pointer(line.weight.as_ptr().add(tap * self.channels + at)) };
                for (pixel, sum) in sums.iter_mut().enumerate() {
                    *sum = inputs[pixel * STRIDE + tap].mul_add(weight, *sum);
                }
            }
        }
        sums
    }
}
