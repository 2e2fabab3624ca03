//! Positions of an image's pixels, as sines and cosines and what is learnt of them.

use candle_core::Tensor;

use super::custom::apply;
use super::error::{Error, Result};
use super::linear::geometry;
use super::operation::{Array, Gradient, Operation, View, image};
use derm_kernels::conv::{self, Mode};
use derm_kernels::{arithmetic, embedding};

/// Sines and cosines of each axis.
pub(super) const WAVES: usize = 32;
const TEMPERATURE: f64 = 10_000.0;

/// `x [n, h, w, c]` plus a linear layer, `weight [c, 64, 1, 1]` and `bias [c]`, of each pixel's 64 [`waves`].
pub fn fourier_positions(x: &Tensor, weight: &Tensor, bias: &Tensor) -> candle_core::Result<Tensor> {
    apply(FourierPositions, &[x, weight, bias])
}

/// See [`fourier_positions`].
pub struct FourierPositions;

/// `[h * w, 64]` of places from `2 pi / length` to `2 pi`: for the row and then for the column the sine and the cosine by turns, at the
/// frequencies `10000^(-2 k / 32)`, where `k` moves on after both (EdgeNeXt, <https://arxiv.org/abs/2206.10589>, as DETR's).
fn waves(height: usize, width: usize) -> Vec<f32> {
    let axis = |place: usize, length: usize| {
        let angle = (place + 1) as f64 / (length as f64 + 1e-6) * std::f64::consts::TAU;
        (0..WAVES).map(move |wave| {
            let angle = angle / TEMPERATURE.powf((wave / 2 * 2) as f64 / WAVES as f64);
            (if wave % 2 == 0 { angle.sin() } else { angle.cos() }) as f32
        })
    };
    (0..height).flat_map(|row| (0..width).flat_map(move |column| axis(row, height).chain(axis(column, width)))).collect()
}

impl FourierPositions {
    fn sizes(&self, inputs: &[View<'_>]) -> Result<[usize; 4]> {
        let [n, h, w, channels] = image(self.name(), inputs, 0)?;
        if inputs[1].dims != [channels, 2 * WAVES, 1, 1] || inputs[2].dims != [channels] {
            return Err(Error::new(
                self.name(),
                inputs,
                format!("the weight must be [{channels}, {}, 1, 1], the bias [{channels}]", 2 * WAVES),
            ));
        }
        Ok([n, h, w, channels])
    }
}

impl Operation for FourierPositions {
    fn name(&self) -> &'static str {
        "fourier_positions"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        Ok(self.sizes(inputs)?.to_vec())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let dims @ [_, h, w, channels] = self.sizes(inputs)?;
        let layer = geometry([h * w, 2 * WAVES, channels]);
        let table = conv::forward(&waves(h, w), inputs[1].values, Some(inputs[2].values), &layer, Mode::default());
        Ok(Array::new(embedding::add_positions(inputs[0].values, &table), dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let (_, h, w, channels) = inputs[0].dims4()?;
        let waves = Tensor::from_vec(waves(h, w), (h * w, 2 * WAVES), inputs[0].device())?;
        let table = waves.matmul(&inputs[1].reshape((channels, 2 * WAVES))?.t()?.contiguous()?)?.broadcast_add(inputs[2])?;
        inputs[0].broadcast_add(&table.reshape((h, w, channels))?)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        let Ok([_, h, w, channels]) = self.sizes(inputs) else { unreachable!("the forward pass took these shapes") };
        let dtable = embedding::position_gradient(dy, h * w * channels);
        let layer = geometry([h * w, 2 * WAVES, channels]);
        let dweight = conv::weight_gradient(&waves(h, w), &dtable, &layer, Mode::default());
        vec![Gradient::Passed, Gradient::Values(dweight), Gradient::Values(arithmetic::bias_gradient(&dtable, channels))]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}
