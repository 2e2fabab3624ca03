//! Channels of several images after each other.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::slices::{slice, tensor_like, with};

/// `x [n, h, w, a]` and `y [n, h, w, b]` to `[n, h, w, a + b]`.
pub fn concat(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&y.contiguous()?, Concat)
}

struct Concat;

/// Pixels that a task copies.
const PIXELS: usize = 1 << 10;

/// Some channels of every pixel: those of `width` that begin at `first`.
fn part(values: &[f32], width: usize, first: usize, count: usize) -> Vec<f32> {
    let mut part = vec![0.0; values.len() / width * count];
    part.par_chunks_mut(PIXELS * count).zip(values.par_chunks(PIXELS * width)).for_each(|(part, values)| {
        for (part, values) in part.chunks_exact_mut(count).zip(values.chunks_exact(width)) {
            part.copy_from_slice(&values[first..][..count]);
        }
    });
    part
}

impl CustomOp2 for Concat {
    fn name(&self) -> &'static str {
        "derm-concat"
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_layout: &Layout, y: &CpuStorage, y_layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let ((n, h, w, a), (y_n, y_h, y_w, b)) = (x_layout.shape().dims4()?, y_layout.shape().dims4()?);
        if (n, h, w) != (y_n, y_h, y_w) {
            bail!("channels of {:?} cannot follow those of {:?}", y_layout.dims(), x_layout.dims());
        }
        let (x, y) = (slice(x, x_layout)?, slice(y, y_layout)?);
        let mut both = vec![0.0; x.len() + y.len()];
        let chunks = both.par_chunks_mut(PIXELS * (a + b)).zip(x.par_chunks(PIXELS * a)).zip(y.par_chunks(PIXELS * b));
        chunks.for_each(|((both, x), y)| {
            for ((both, x), y) in both.chunks_exact_mut(a + b).zip(x.chunks_exact(a)).zip(y.chunks_exact(b)) {
                both[..a].copy_from_slice(x);
                both[a..].copy_from_slice(y);
            }
        });
        Ok((CpuStorage::F32(both), (n, h, w, a + b).into()))
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (a, b) = (x.dim(3)?, y.dim(3)?);
        let gradients = with(dy, |dy| (part(dy, a + b, 0, a), part(dy, a + b, a, b)))?;
        Ok((Some(tensor_like(gradients.0, x)?), Some(tensor_like(gradients.1, y)?)))
    }
}
