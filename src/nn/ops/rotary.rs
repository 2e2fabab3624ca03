//! Rotary positions on a grid of patches.

use candle_core::Tensor;

use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View};
use crate::nn::graph::{Angles, Rotary as Settings};
use derm_kernels::rotary as kernel;

/// Queries and keys of `qkv [n, tokens, 3 * heads * d]` turned by the angles of their places in the grid.
pub fn rotary(qkv: &Tensor, settings: &Settings) -> candle_core::Result<Tensor> {
    apply(Rotary::new(*settings), &[qkv])
}

/// See [`rotary`].
pub struct Rotary {
    settings: Settings,
}

impl Rotary {
    /// With these settings.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Images, tokens and channels of a head.
    fn sizes(&self, inputs: &[View<'_>]) -> Result<[usize; 3]> {
        let Settings { heads, prefix, grid, .. } = self.settings;
        let tokens = prefix + grid[0] * grid[1];
        match *inputs[0].dims {
            [n, t, packed] if t == tokens && heads > 0 && packed > 0 && packed.is_multiple_of(3 * heads * 4) => {
                Ok([n, tokens, packed / 3 / heads])
            }
            _ => Err(Error::new(
                self.name(),
                inputs,
                format!("the input must be [n, {tokens}, 3 * {heads} * channels], channels a multiple of 4"),
            )),
        }
    }

    /// Cosines and sines `[patches, d / 2]`: the first half of the pairs is turned by the row, the second by the column.
    fn table(&self, d: usize) -> [Vec<f32>; 2] {
        let ([rows, columns], frequencies) = (self.settings.grid, d / 4);
        let of_axis = [0, 1].map(|axis| self.angles(axis, frequencies));
        [f64::cos, f64::sin].map(|f| {
            let [by_row, by_column] = of_axis.each_ref().map(|angles| angles.iter().map(|&angle| f(angle) as f32).collect::<Vec<f32>>());
            let mut all = Vec::with_capacity(rows * columns * 2 * frequencies);
            for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                all.extend_from_slice(&by_row[row * frequencies..][..frequencies]);
                all.extend_from_slice(&by_column[column * frequencies..][..frequencies]);
            }
            all
        })
    }

    /// The angles of an axis, `[places, frequencies]`.
    fn angles(&self, axis: usize, frequencies: usize) -> Vec<f64> {
        let length = self.settings.grid[axis];
        let (first, step, temperature) = match self.settings.angles {
            Angles::Index { reference, temperature } => (0.0, reference[axis] as f64 / length as f64, temperature),
            Angles::Centred { temperature } => {
                let turn = std::f64::consts::TAU;
                (turn * (1.0 / length as f64 - 1.0), turn * 2.0 / length as f64, temperature)
            }
        };
        let frequency = |number: usize| f64::from(temperature).powf(-(number as f64) / frequencies as f64);
        let frequencies: Vec<f64> = (0..frequencies).map(frequency).collect();
        (0..length).flat_map(|place| frequencies.iter().map(move |frequency| (first + place as f64 * step) * frequency)).collect()
    }

    fn kernel<R>(&self, [_, tokens, d]: [usize; 3], run: impl FnOnce(kernel::Rotary<'_>) -> R) -> R {
        let Settings { heads, prefix, halves, .. } = self.settings;
        let [cos, sin] = &self.table(d);
        run(kernel::Rotary { tokens, prefix, heads, d, halves, cos, sin })
    }
}

impl Operation for Rotary {
    fn name(&self) -> &'static str {
        "rotary"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        self.sizes(inputs)?;
        Ok(inputs[0].dims.to_vec())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let y = self.kernel(self.sizes(inputs)?, |kernel| kernel.forward(inputs[0].values));
        Ok(Array::new(y, inputs[0].dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let Settings { heads, prefix, grid, halves, .. } = self.settings;
        let (n, tokens, packed) = inputs[0].dims3()?;
        let (d, patches) = (packed / 3 / heads, grid[0] * grid[1]);
        let [cos, sin] = self.table(d).map(|values| Tensor::from_vec(values, (patches, 1, d / 2), inputs[0].device()));
        let (cos, sin) = (cos?, sin?);
        let all = inputs[0].reshape((n, tokens, 3 * heads, d))?;
        let turning = all.narrow(1, prefix, patches)?.narrow(2, 0, 2 * heads)?.contiguous()?;
        // Pairs as two tensors, and back.
        let pairs = if halves { (2, d / 2) } else { (d / 2, 2) };
        let split = turning.reshape((n, patches, 2 * heads, pairs.0, pairs.1))?;
        let axis = if halves { 3 } else { 4 };
        let part = |which: usize| split.narrow(axis, which, 1)?.squeeze(axis)?.contiguous();
        let (a, b) = (part(0)?, part(1)?);
        let first = (a.broadcast_mul(&cos)? - b.broadcast_mul(&sin)?)?;
        let second = (b.broadcast_mul(&cos)? + a.broadcast_mul(&sin)?)?;
        let turned = Tensor::stack(&[first, second], axis)?.reshape((n, patches, 2 * heads, d))?;
        let turned = Tensor::cat(&[&turned, &all.narrow(1, prefix, patches)?.narrow(2, 2 * heads, heads)?.contiguous()?], 2)?;
        let turned = turned.reshape((n, patches, packed))?;
        if prefix == 0 {
            return Ok(turned);
        }
        Tensor::cat(&[&inputs[0].narrow(1, 0, prefix)?.contiguous()?, &turned], 1)?.reshape((n, tokens, packed))
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        let Ok(sizes) = self.sizes(inputs) else { unreachable!("the forward pass took this shape") };
        vec![Gradient::Values(self.kernel(sizes, |kernel| kernel.backward(dy)))]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}
