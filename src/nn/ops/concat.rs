//! Channels of several images after each other, and images with their channels flattened.

use candle_core::Tensor;
use rayon::prelude::*;

use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, image, wanted};

/// `x [n, h, w, a]` and `y [n, h, w, b]` to `[n, h, w, a + b]`.
pub fn concat(x: &Tensor, y: &Tensor) -> candle_core::Result<Tensor> {
    apply(Concat, &[x, y])
}

/// Any number of inputs of one height and width.
pub struct Concat;

/// Pixels that a task copies.
const PIXELS: usize = 1 << 10;

/// Some channels of every pixel: those of `width` that begin at `first`.
fn part(values: &[f32], width: usize, first: usize, count: usize) -> Vec<f32> {
    let mut part = vec![0.0; values.len() / width.max(1) * count];
    part.par_chunks_mut((PIXELS * count).max(1)).zip(values.par_chunks((PIXELS * width).max(1))).for_each(|(part, values)| {
        for (part, values) in part.chunks_exact_mut(count).zip(values.chunks_exact(width)) {
            part.copy_from_slice(&values[first..][..count]);
        }
    });
    part
}

impl Operation for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let shapes = (0..inputs.len()).map(|i| image(self.name(), inputs, i)).collect::<Result<Vec<_>>>()?;
        let [n, h, w, _] = shapes[0];
        if shapes.iter().any(|shape| shape[..3] != [n, h, w]) {
            return Err(Error::new(self.name(), inputs, "all inputs have one number of images, height and width"));
        }
        let width: usize = shapes.iter().map(|shape| shape[3]).sum();
        let mut all = vec![0.0; n * h * w * width];
        all.par_chunks_mut((PIXELS * width).max(1)).enumerate().for_each(|(chunk, all)| {
            let mut first = 0;
            for (input, &[.., channels]) in inputs.iter().zip(&shapes) {
                let pixels = input.values[chunk * PIXELS * channels..].chunks_exact(channels.max(1));
                for (all, pixel) in all.chunks_exact_mut(width).zip(pixels) {
                    all[first..first + channels].copy_from_slice(pixel);
                }
                first += channels;
            }
        });
        Ok(Array::new(all, [n, h, w, width]))
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let channels: Vec<usize> = inputs.iter().map(|input| input.dims[3]).collect();
        let width = channels.iter().sum();
        let mut first = 0;
        let parts = channels.iter().zip(want).map(|(&channels, &want)| {
            first += channels;
            wanted(want, || part(dy, width, first - channels, channels))
        });
        parts.collect()
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}

/// `[n, h, w, c]` to `[n, c * h * w]`: the order that published heads have learnt.
pub struct Flatten;

/// Turns each `[rows, columns]` matrix of `values`.
fn turned(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    let matrix = (rows * columns).max(1);
    out.par_chunks_mut(matrix).zip(values.par_chunks(matrix)).for_each(|(out, values)| {
        for (column, out) in out.chunks_exact_mut(rows).enumerate() {
            for (out, row) in out.iter_mut().zip(values.chunks_exact(columns)) {
                *out = row[column];
            }
        }
    });
    out
}

impl Operation for Flatten {
    fn name(&self) -> &'static str {
        "flatten"
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let [n, h, w, c] = image(self.name(), inputs, 0)?;
        let values = if h * w == 1 { inputs[0].values.to_vec() } else { turned(inputs[0].values, h * w, c) };
        Ok(Array::new(values, [n, c * h * w]))
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let &[_, h, w, c] = inputs[0].dims else { unreachable!("the forward pass took this shape") };
        if h * w == 1 {
            return vec![Gradient::Passed];
        }
        vec![wanted(want[0], || turned(dy, c, h * w))]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}
