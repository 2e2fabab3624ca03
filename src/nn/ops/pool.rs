//! Max pool and global average pool.

use std::sync::Mutex;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

use super::slices::{slice, tensor_like, with};
use crate::nn::graph::MaxPool;
use derm_kernels::pool;
use derm_kernels::window::{Axis, Window};

/// Largest value of each window of `x [n, h, w, c]`. Padding never wins; of equal values the first in row-major
/// order gets the gradient, as in PyTorch; a NaN wins over everything.
pub fn max_pool(x: &Tensor, settings: MaxPool) -> Result<Tensor> {
    let window = window(x.dims(), settings)?;
    x.contiguous()?.apply_op1(Max { window, winners: Mutex::new(Vec::new()) })
}

/// Mean over height and width: `[n, h, w, c]` to `[n, 1, 1, c]`.
pub fn global_avg_pool(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(GlobalAverage)
}

/// Taps of a window that a winner's number can tell apart.
const TAPS: usize = 1 << 16;

fn window(x: &[usize], settings: MaxPool) -> Result<Window> {
    let MaxPool { kernel, stride, padding, ceil } = settings;
    let &[n, h, w, channels] = x else { bail!("a max pool reads [n, h, w, c], not {x:?}") };
    let axis = |length: usize| match ceil {
        true => Axis::ceil(length, kernel, stride, padding, 1),
        false => Axis::new(length, kernel, stride, padding, 1),
    };
    let possible = kernel > 0 && stride > 0 && 2 * padding <= kernel && kernel * kernel <= TAPS && n * h * w * channels > 0;
    match possible.then(|| axis(h).zip(axis(w))).flatten() {
        Some((rows, columns)) => Ok(Window { n, channels, rows, columns }),
        None => bail!("a max pool of {settings:?} cannot read {x:?}"),
    }
}

struct Max {
    window: Window,
    /// For each output which tap of its window won.
    winners: Mutex<Vec<u16>>,
}

impl CustomOp1 for Max {
    fn name(&self) -> &'static str {
        "derm-max-pool"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let Window { n, channels, rows, columns } = self.window;
        let (y, winners) = pool::max_pool(slice(x, layout)?, &self.window);
        *self.winners.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = winners;
        Ok((CpuStorage::F32(y), (n, rows.output, columns.output, channels).into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let winners = self.winners.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let dx = with(dy, |dy| pool::max_pool_backward(dy, &winners, &self.window))?;
        tensor_like(dx, x).map(Some)
    }
}

struct GlobalAverage;

impl CustomOp1 for GlobalAverage {
    fn name(&self) -> &'static str {
        "derm-global-avg-pool"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, h, w, c) = layout.shape().dims4()?;
        Ok((CpuStorage::F32(pool::global_average(slice(x, layout)?, h * w, c)), (n, 1, 1, c).into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let (_, h, w, c) = x.dims4()?;
        let dx = with(dy, |dy| pool::global_average_backward(dy, h * w, c))?;
        tensor_like(dx, x).map(Some)
    }
}
