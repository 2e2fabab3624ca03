//! Max pool and global average pool.

use candle_core::Tensor;

use super::compose::{AxisMap, shapes};
use super::custom::apply;
use super::error::{Error, Result};
use super::geometry::LARGEST;
use super::operation::{Array, Gradient, Operation, View, image, wanted};
use super::winners;
use crate::nn::graph::{AvgPool, MaxPool};
use derm_kernels::pool::{self, Divisor};
use derm_kernels::window::{Axis, Window};

/// Largest value of each window of `x [n, h, w, c]`. Padding never wins; of equal values the first in row-major
/// order gets the gradient, as in PyTorch; a NaN wins over everything.
pub fn max_pool(x: &Tensor, settings: MaxPool) -> candle_core::Result<Tensor> {
    apply(Max::new(settings), &[x])
}

/// Mean of each window of `x [n, h, w, c]`: `AvgPool2d`.
pub fn avg_pool(x: &Tensor, settings: AvgPool) -> candle_core::Result<Tensor> {
    apply(Average(settings), &[x])
}

/// Mean over height and width: `[n, h, w, c]` to `[n, 1, 1, c]`.
pub fn global_avg_pool(x: &Tensor) -> candle_core::Result<Tensor> {
    apply(GlobalAverage, &[x])
}

/// An axis of one place, which a pool leaves as it is.
const ALONE: Axis = Axis { input: 1, output: 1, kernel: 1, stride: 1, padding: 0, dilation: 1 };

/// Largest side of a window whose taps a winner's number can tell apart.
const SIDE: usize = 1 << 8;

/// See [`max_pool`].
pub struct Max {
    settings: MaxPool,
    /// For each output which tap of its window won.
    winners: Vec<u16>,
}

impl Max {
    /// With these settings.
    pub fn new(settings: MaxPool) -> Self {
        Self { settings, winners: Vec::new() }
    }

    fn window(&self, inputs: &[View<'_>]) -> Result<Window> {
        let MaxPool { kernel, stride, padding, ceil } = self.settings;
        let [n, h, w, channels] = image(self.name(), inputs, 0)?;
        let axis = |length: usize| match ceil {
            true => Axis::ceil(length, kernel, stride, padding, 1),
            false => Axis::new(length, kernel, stride, padding, 1),
        };
        let possible = kernel > 0 && stride > 0 && padding <= kernel / 2 && kernel <= SIDE && stride <= LARGEST && h * w > 0;
        match possible.then(|| axis(h).zip(axis(w))).flatten() {
            Some((rows, columns)) => Ok(Window { n, channels, rows, columns }),
            None => Err(Error::new(self.name(), inputs, format!("{:?} does not fit the image", self.settings))),
        }
    }
}

impl Operation for Max {
    fn name(&self) -> &'static str {
        "max_pool"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let window = self.window(inputs)?;
        Ok(vec![window.n, window.rows.output, window.columns.output, window.channels])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let window = self.window(inputs)?;
        let (y, winners) = pool::max_pool(inputs[0].values, &window);
        self.winners = winners;
        Ok(Array::new(y, [window.n, window.rows.output, window.columns.output, window.channels]))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let window = self.window(&shapes(inputs))?;
        winners::largest(inputs[0], &window)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let Ok(window) = self.window(inputs) else { unreachable!("the forward pass took these shapes") };
        vec![wanted(want[0], || pool::max_pool_backward(dy, &self.winners, &window))]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}

/// See [`avg_pool`].
pub struct Average(pub AvgPool);

impl Average {
    fn window(&self, inputs: &[View<'_>]) -> Result<(Window, Divisor)> {
        let AvgPool { window, count_padding } = self.0;
        let window = Max::new(window).window(inputs).map_err(|error| Error { operation: self.name(), ..error })?;
        Ok((window, if count_padding { Divisor::WithPadding } else { Divisor::Inside }))
    }
}

impl Operation for Average {
    fn name(&self) -> &'static str {
        "avg_pool"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let (window, _) = self.window(inputs)?;
        Ok(vec![window.n, window.rows.output, window.columns.output, window.channels])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let (window, divisor) = self.window(inputs)?;
        let y = pool::average_pool(inputs[0].values, &window, divisor);
        Ok(Array::new(y, [window.n, window.rows.output, window.columns.output, window.channels]))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let (window, divisor) = self.window(&shapes(inputs))?;
        let along = |axis: Axis| {
            let column = Window { n: 1, channels: axis.input, rows: axis, columns: ALONE };
            AxisMap::of(axis.input, |units| pool::average_pool(units, &column, divisor))
        };
        along(window.columns).apply(&along(window.rows).apply(inputs[0], 1)?, 2)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let Ok((window, divisor)) = self.window(inputs) else { unreachable!("the forward pass took these shapes") };
        vec![wanted(want[0], || pool::average_pool_backward(dy, &window, divisor))]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}

/// See [`global_avg_pool`].
pub struct GlobalAverage;

impl Operation for GlobalAverage {
    fn name(&self) -> &'static str {
        "global_avg_pool"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let [n, h, w, c] = image(self.name(), inputs, 0)?;
        if h * w == 0 {
            return Err(Error::new(self.name(), inputs, "an image without pixels has no mean"));
        }
        Ok(vec![n, 1, 1, c])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let dims = self.shape(inputs)?;
        let places = inputs[0].dims[1] * inputs[0].dims[2];
        Ok(Array::new(pool::global_average(inputs[0].values, places, dims[3]), dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let (_, h, w, _) = inputs[0].dims4()?;
        inputs[0].sum_keepdim((1, 2))? * (1.0 / (h * w) as f64)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let &[_, h, w, c] = inputs[0].dims else { unreachable!("the forward pass took this shape") };
        vec![wanted(want[0], || pool::global_average_backward(dy, h * w, c))]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}
