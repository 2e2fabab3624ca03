//! Channels of several images after each other, and images with their channels flattened.

use candle_core::Tensor;

use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, image, wanted};
use derm_kernels::layout;

/// `x [n, h, w, a]` and `y [n, h, w, b]` to `[n, h, w, a + b]`.
pub fn concat(x: &Tensor, y: &Tensor) -> candle_core::Result<Tensor> {
    apply(Concat, &[x, y])
}

/// Any number of inputs of one height and width.
pub struct Concat;

impl Operation for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let shapes = (0..inputs.len()).map(|i| image(self.name(), inputs, i)).collect::<Result<Vec<_>>>()?;
        let Some(&[n, h, w, _]) = shapes.first() else { return Err(Error::new(self.name(), inputs, "there is nothing to join")) };
        if shapes.iter().any(|shape| shape[..3] != [n, h, w]) {
            return Err(Error::new(self.name(), inputs, "all inputs have one number of images, height and width"));
        }
        Ok(vec![n, h, w, shapes.iter().map(|shape| shape[3]).sum()])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let dims = self.shape(inputs)?;
        let parts: Vec<(&[f32], usize)> = inputs.iter().map(|input| (input.values, input.dims[3])).collect();
        Ok(Array::new(layout::concat(&parts), dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        Tensor::cat(inputs, 3)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        let channels: Vec<usize> = inputs.iter().map(|input| input.dims[3]).collect();
        layout::split(dy, &channels).into_iter().map(Gradient::Values).collect()
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}

/// `[n, h, w, c]` to `[n, c * h * w]`: the order that published heads have learnt.
pub struct Flatten;

impl Operation for Flatten {
    fn name(&self) -> &'static str {
        "flatten"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let [n, h, w, c] = image(self.name(), inputs, 0)?;
        Ok(vec![n, c * h * w])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let &[_, h, w, c] = inputs[0].dims else { return Err(Error::new(self.name(), inputs, "the input must be an image batch")) };
        let dims = self.shape(inputs)?;
        let values = if h * w == 1 { inputs[0].values.to_vec() } else { layout::channels_first(inputs[0].values, c, h * w) };
        Ok(Array::new(values, dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        inputs[0].permute((0, 3, 1, 2))?.flatten_from(1)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let &[_, h, w, c] = inputs[0].dims else { unreachable!("the forward pass took this shape") };
        if h * w == 1 {
            return vec![Gradient::Passed];
        }
        vec![wanted(want[0], || layout::channels_last(dy, c, h * w))]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}

/// `x`.
pub struct Same;

impl Operation for Same {
    fn name(&self) -> &'static str {
        "same"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        Ok(inputs[0].dims.to_vec())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        Ok(Array::new(inputs[0].values.to_vec(), inputs[0].dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        Ok(inputs[0].clone())
    }

    fn backward(&self, _: &[View<'_>], _: View<'_>, _: &[f32], _: &[bool]) -> Vec<Gradient> {
        vec![Gradient::Passed]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}
