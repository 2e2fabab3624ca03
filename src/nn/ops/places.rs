//! Pixels in another order: windows of an image one after the other, the image of windows, four neighbours side by side.

use candle_core::Tensor;

use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, image};
use crate::nn::graph::Windows;
use derm_kernels::layout::{NOWHERE, inverse, pick};

/// `x [n, h, w, c]` to the tokens of its windows, `[n, windows * area, c]`; what lies beside the image is zeros.
pub fn to_windows(x: &Tensor, windows: Windows) -> candle_core::Result<Tensor> {
    apply(Places::ToWindows(windows), &[x])
}

/// The tokens of windows `[n, windows * area, c]` to their image `[n, h, w, c]`: the inverse of [`to_windows`].
pub fn from_windows(x: &Tensor, windows: Windows) -> candle_core::Result<Tensor> {
    apply(Places::FromWindows(windows), &[x])
}

/// `x [n, h, w, c]` to `[n, ceil(h / 2), ceil(w / 2), 4 c]`: pixels two by two, in columns; zeros beside the image.
pub fn two_by_two(x: &Tensor) -> candle_core::Result<Tensor> {
    apply(Places::TwoByTwo, &[x])
}

/// See [`to_windows`], [`from_windows`] and [`two_by_two`].
#[derive(Clone, Copy, Debug)]
pub enum Places {
    /// From an image.
    ToWindows(Windows),
    /// To an image.
    FromWindows(Windows),
    /// Four pixels to one.
    TwoByTwo,
}

/// An operation's sizes, and where each of its rows comes from.
struct Plan {
    /// Rows of each image that is read.
    rows: usize,
    channels: usize,
    places: Vec<u32>,
    dims: Vec<usize>,
}

impl Places {
    fn plan(&self, inputs: &[View<'_>]) -> Result<Plan> {
        let refused = |reason: String| Err(Error::new(self.name(), inputs, reason));
        match self {
            Self::ToWindows(windows) => {
                let [n, h, w, channels] = image(self.name(), inputs, 0)?;
                let [rows, columns] = windows.map;
                if [h, w] != windows.map {
                    return refused(format!("the image must be [n, {rows}, {columns}, channels]"));
                }
                let places = windows.places();
                Ok(Plan { rows: h * w, channels, dims: vec![n, places.len(), channels], places })
            }
            Self::FromWindows(windows) => {
                let places = windows.places();
                let [h, w] = windows.map;
                match *inputs[0].dims {
                    [n, tokens, channels] if tokens == places.len() && channels > 0 => {
                        Ok(Plan { rows: tokens, channels, dims: vec![n, h, w, channels], places: inverse(&places, h * w) })
                    }
                    _ => refused(format!("the tokens must be [n, {}, channels] with channels", places.len())),
                }
            }
            Self::TwoByTwo => {
                let [n, h, w, channels] = image(self.name(), inputs, 0)?;
                let (rows, columns) = (h.div_ceil(2), w.div_ceil(2));
                let place = |row: usize, column: usize| if row < h && column < w { (row * w + column) as u32 } else { NOWHERE };
                let four = |i: usize| {
                    let (row, column) = (i / columns * 2, i % columns * 2);
                    [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(down, right)| place(row + down, column + right))
                };
                let places = (0..rows * columns).flat_map(four).collect();
                Ok(Plan { rows: h * w, channels, places, dims: vec![n, rows, columns, 4 * channels] })
            }
        }
    }
}

impl Operation for Places {
    fn name(&self) -> &'static str {
        match self {
            Self::ToWindows(_) => "to_windows",
            Self::FromWindows(_) => "from_windows",
            Self::TwoByTwo => "two_by_two",
        }
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        Ok(self.plan(inputs)?.dims)
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let plan = self.plan(inputs)?;
        Ok(Array::new(pick(inputs[0].values, plan.rows, plan.channels, &plan.places), plan.dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let Plan { rows, channels, places, dims } = self.plan(&super::compose::shapes(inputs))?;
        let n = dims[0];
        let mut x = inputs[0].reshape((n, rows, channels))?;
        if places.contains(&NOWHERE) {
            x = Tensor::cat(&[&x, &x.narrow(1, 0, 1)?.zeros_like()?], 1)?;
        }
        let places: Vec<u32> = places.into_iter().map(|place| if place == NOWHERE { rows as u32 } else { place }).collect();
        let count = places.len();
        x.index_select(&Tensor::from_vec(places, count, x.device())?, 1)?.reshape(dims)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        let Ok(plan) = self.plan(inputs) else { unreachable!("the forward pass took this shape") };
        let dx = pick(dy, plan.places.len(), plan.channels, &inverse(&plan.places, plan.rows));
        vec![Gradient::Values(dx)]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}
