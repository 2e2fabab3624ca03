//! Channels of several images, or vectors, after each other, and images with their channels flattened.

use candle_core::Tensor;

use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, image, wanted};
use derm_kernels::layout;

/// `x [n, h, w, a]` and `y [n, h, w, b]` to `[n, h, w, a + b]`; without h and w for vectors.
pub fn concat(x: &Tensor, y: &Tensor) -> candle_core::Result<Tensor> {
    apply(Concat, &[x, y])
}

/// Any number of inputs of one height and width, or of vectors.
pub struct Concat;

impl Operation for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let Some((_, places)) = inputs.first().and_then(|first| first.dims.split_last()) else {
            return Err(Error::new(self.name(), inputs, "there is nothing to join"));
        };
        let beside = |input: &View<'_>| input.dims.split_last().is_some_and(|(channels, own)| *channels > 0 && own == places);
        if !matches!(places.len(), 1 | 3) || !inputs.iter().all(beside) {
            let wanted = "all inputs have one number of images, height and width, or are vectors, with channels";
            return Err(Error::new(self.name(), inputs, wanted));
        }
        let channels = inputs.iter().filter_map(|input| input.dims.last()).sum();
        Ok(places.iter().copied().chain([channels]).collect())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let dims = self.shape(inputs)?;
        let parts: Vec<(&[f32], usize)> = inputs.iter().map(|input| (input.values, input.dims[dims.len() - 1])).collect();
        Ok(Array::new(layout::concat(&parts), dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        Tensor::cat(inputs, inputs[0].rank() - 1)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        let channels: Vec<usize> = inputs.iter().filter_map(|input| input.dims.last().copied()).collect();
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
