//! Max pool and global average pool.

use std::sync::Mutex;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::elementwise::{planes_per_task, sum};
use super::slices::{slice, with};
use crate::nn::graph::MaxPool;

/// Largest value of each window of `x [n, c, h, w]`. Padding never wins; of equal values the first in row-major
/// order gets the gradient, as in PyTorch; a NaN wins over everything.
pub fn max_pool(x: &Tensor, settings: MaxPool) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Max { settings, winners: Mutex::new(Vec::new()) })
}

/// Mean over height and width: `[n, c, h, w]` to `[n, c, 1, 1]`.
pub fn global_avg_pool(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(GlobalAverage)
}

struct Max {
    settings: MaxPool,
    /// For each output the place of its value in the input's plane.
    winners: Mutex<Vec<u32>>,
}

impl Max {
    /// The part of a window that lies inside an axis of this length.
    fn window(&self, out: usize, length: usize) -> std::ops::Range<usize> {
        let start = (out * self.settings.stride) as isize - self.settings.padding as isize;
        let end = (start + self.settings.kernel as isize).clamp(0, length as isize) as usize;
        (start.max(0) as usize).min(end)..end
    }

    /// Largest values of one plane and where they are.
    fn plane(&self, x: &[f32], [h, w]: [usize; 2], y: &mut [f32], winners: &mut [u32]) {
        let columns = self.settings.output(w);
        for (row, (y, winners)) in y.chunks_mut(columns).zip(winners.chunks_mut(columns)).enumerate() {
            let rows = self.window(row, h);
            for (column, (y, winner)) in y.iter_mut().zip(winners).enumerate() {
                let mut best = (f32::NEG_INFINITY, rows.start * w + self.window(column, w).start);
                for iy in rows.clone() {
                    for ix in self.window(column, w) {
                        let value = x[iy * w + ix];
                        if value > best.0 || value.is_nan() {
                            best = (value, iy * w + ix);
                        }
                    }
                }
                (*y, *winner) = (best.0, best.1 as u32);
            }
        }
    }
}

impl CustomOp1 for Max {
    fn name(&self) -> &'static str {
        "derm-max-pool"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, c, h, w) = layout.shape().dims4()?;
        let (rows, columns) = (self.settings.output(h), self.settings.output(w));
        if rows * columns == 0 || 2 * self.settings.padding > self.settings.kernel {
            bail!("a max pool of {:?} cannot read {:?}", self.settings, layout.dims());
        }
        let (x, plane) = (slice(x, layout)?, rows * columns);
        let mut y = vec![0.0; n * c * plane];
        let mut winners = vec![0u32; y.len()];
        let planes = y.par_chunks_mut(plane).zip(winners.par_chunks_mut(plane)).zip(x.par_chunks(h * w));
        planes.with_min_len(planes_per_task(h * w)).for_each(|((y, winners), x)| self.plane(x, [h, w], y, winners));
        *self.winners.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = winners;
        Ok((CpuStorage::F32(y), (n, c, rows, columns).into()))
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let ((_, _, h, w), (_, _, rows, columns)) = (x.dims4()?, y.dims4()?);
        let winners = self.winners.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut dx = vec![0.0; x.elem_count()];
        with(dy, |dy| {
            let planes = dx.par_chunks_mut(h * w).zip(winners.par_chunks(rows * columns)).zip(dy.par_chunks(rows * columns));
            planes.with_min_len(planes_per_task(h * w)).for_each(|((dx, winners), dy)| {
                for (&winner, &dy) in winners.iter().zip(dy) {
                    dx[winner as usize] += dy;
                }
            });
        })?;
        Tensor::from_vec(dx, x.dims(), x.device()).map(Some)
    }
}

struct GlobalAverage;

impl CustomOp1 for GlobalAverage {
    fn name(&self) -> &'static str {
        "derm-global-avg-pool"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, c, h, w) = layout.shape().dims4()?;
        let plane = h * w;
        let planes = slice(x, layout)?.par_chunks(plane).with_min_len(planes_per_task(plane));
        let y = planes.map(|x| (sum(x, |v| v) / plane as f64) as f32).collect();
        Ok((CpuStorage::F32(y), (n, c, 1, 1).into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let (_, _, h, w) = x.dims4()?;
        let plane = h * w;
        let mut dx = vec![0.0; x.elem_count()];
        with(dy, |dy| {
            let planes = dx.par_chunks_mut(plane).zip(dy).with_min_len(planes_per_task(plane));
            planes.for_each(|(dx, &dy)| dx.fill(dy / plane as f32));
        })?;
        Tensor::from_vec(dx, x.dims(), x.device()).map(Some)
    }
}
