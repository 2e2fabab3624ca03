//! How a pass walks over its pixels: which source pixel each tap of each target pixel reads.
//!
//! A forward pass is one sweep. The input gradient of a strided convolution is one sweep per phase: input pixels that lie equally
//! far from an output pixel meet the same taps, so within a phase the gradient is a plain convolution, without multiplications by
//! zero.

use std::ops::Range;

use super::Geometry;

/// A tap along one axis.
#[derive(Clone, Copy, Debug)]
pub struct Tap {
    /// Place in the kernel.
    pub index: usize,
    /// The source coordinate that target 0 reads; outside of the source stands for zero.
    pub offset: isize,
}

/// One axis of a sweep: targets `first + i * step`, of which each tap reads source `offset + i * source_step`.
#[derive(Clone, Debug)]
pub struct Axis {
    pub first: usize,
    pub step: usize,
    pub count: usize,
    pub source_step: usize,
    pub source_len: usize,
    pub taps: Vec<Tap>,
}

impl Axis {
    /// The axis of a forward pass.
    pub fn forward(g: &Geometry, axis: usize) -> Self {
        let taps =
            (0..g.kernel[axis]).map(|index| Tap { index, offset: (index * g.dilation[axis]) as isize - g.pad[axis] as isize }).collect();
        Self { first: 0, step: 1, count: g.output[axis], source_step: g.stride[axis], source_len: g.input[axis], taps }
    }

    /// The axis of a kernel of one tap, without stride or padding.
    pub fn one_to_one(size: usize) -> Self {
        Self { first: 0, step: 1, count: size, source_step: 1, source_len: size, taps: vec![Tap { index: 0, offset: 0 }] }
    }

    /// The axes of the input gradient, one for each phase that has targets; a phase may have no taps, then its gradient is zero.
    pub fn phases(g: &Geometry, axis: usize) -> Vec<Self> {
        let (stride, pad) = (g.stride[axis], g.pad[axis]);
        let phase = |residue: usize| {
            // Input pixel `i` has `i + pad = residue + stride * j`; tap `k` at distance `d` meets it from output `j + (residue - d) / stride`.
            let j = pad.saturating_sub(residue).div_ceil(stride);
            let first = residue + stride * j - pad;
            let count = g.input[axis].saturating_sub(first).div_ceil(stride);
            let distance = |index: usize| residue as isize - (index * g.dilation[axis]) as isize;
            let taps = (0..g.kernel[axis])
                .filter(|&index| distance(index) % stride as isize == 0)
                .map(|index| Tap { index, offset: j as isize + distance(index) / stride as isize })
                .collect();
            Self { first, step: stride, count, source_step: 1, source_len: g.output[axis], taps }
        };
        (0..stride).map(phase).filter(|phase| phase.count > 0).collect()
    }

    /// Whether each of `size` targets reads the source at its own place, and nothing else.
    pub fn is_one_to_one(&self, size: usize) -> bool {
        let one_tap = matches!(self.taps[..], [Tap { offset: 0, .. }]);
        one_tap && (self.first, self.step, self.source_step) == (0, 1, 1) && [self.count, self.source_len] == [size; 2]
    }

    /// The target that lies at `coordinate`, if one does.
    pub fn target_at(&self, coordinate: usize) -> Option<usize> {
        let past = coordinate.checked_sub(self.first)?;
        (past % self.step == 0 && past / self.step < self.count).then_some(past / self.step)
    }

    /// The source coordinate that `tap` reads for `target`, if it lies inside.
    pub fn source(&self, tap: Tap, target: usize) -> Option<usize> {
        let at = tap.offset + (target * self.source_step) as isize;
        (0..self.source_len as isize).contains(&at).then_some(at as usize)
    }

    /// The targets for which `tap` reads inside the source.
    pub fn inside(&self, tap: Tap) -> Range<usize> {
        let step = self.source_step as isize;
        let start = (-tap.offset).max(0).unsigned_abs().div_ceil(self.source_step);
        let end = (self.source_len as isize - tap.offset + step - 1).max(0) / step;
        let end = (end as usize).min(self.count);
        start.min(end)..end
    }
}
