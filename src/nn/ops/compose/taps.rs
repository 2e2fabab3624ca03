//! What the taps of a window read.

use candle_core::{Result, Tensor};
use derm_kernels::window::Axis;

/// Images with what lies around them, ready for the taps of windows.
pub struct Windows {
    padded: Tensor,
    axes: [Axis; 2],
}

impl Windows {
    /// Of `x [n, h, w, c]`, with `around` beyond its borders.
    pub fn new(x: &Tensor, axes: [Axis; 2], around: f32) -> Result<Self> {
        let mut padded = x.clone();
        for (dim, axis) in [(1, axes[0]), (2, axes[1])] {
            // So long that every tap can be cut into whole strides.
            let length = axis.output * axis.stride + (axis.kernel - 1) * axis.dilation;
            let before = axis.padding.max(0) as usize;
            padded = shifted(&padded, dim, before, length, around)?;
        }
        Ok(Self { padded, axes })
    }

    /// What this row and column of each window reads: `[n, rows, columns, c]`.
    pub fn tap(&self, row: usize, column: usize) -> Result<Tensor> {
        let [rows, columns] = self.axes;
        let (n, channels) = (self.padded.dim(0)?, self.padded.dim(3)?);
        let x = self.padded.narrow(1, row * rows.dilation, rows.output * rows.stride)?;
        let x = x.narrow(2, column * columns.dilation, columns.output * columns.stride)?;
        if rows.stride == 1 && columns.stride == 1 {
            return Ok(x);
        }
        let x = x.reshape(&[n, rows.output, rows.stride, columns.output, columns.stride, channels][..])?;
        x.narrow(2, 0, 1)?.narrow(4, 0, 1)?.reshape((n, rows.output, columns.output, channels))
    }

    /// All taps in row-major order.
    pub fn taps(&self) -> impl Iterator<Item = Result<Tensor>> + '_ {
        let [rows, columns] = self.axes;
        (0..rows.kernel * columns.kernel).map(move |tap| self.tap(tap / columns.kernel, tap % columns.kernel))
    }
}

/// `x` behind `before` places along an axis, the whole axis `length` long; `around` where nothing of `x` is.
pub fn shifted(x: &Tensor, dim: usize, before: usize, length: usize, around: f32) -> Result<Tensor> {
    let kept = x.dim(dim)?.min(length.saturating_sub(before));
    let x = x.narrow(dim, 0, kept)?;
    let filled = |count: usize| {
        let mut shape = x.dims().to_vec();
        shape[dim] = count;
        Tensor::full(around, shape, x.device())
    };
    let mut parts = Vec::new();
    if before > 0 {
        parts.push(filled(before)?);
    }
    let after = length.saturating_sub(before + kept);
    parts.push(x.clone());
    if after > 0 {
        parts.push(filled(after)?);
    }
    if parts.len() == 1 { Ok(x) } else { Tensor::cat(&parts, dim) }
}
