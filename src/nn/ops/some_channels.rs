//! Some of an image's channels.

use candle_core::{D, Tensor};

use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, image};
use derm_kernels::layout;

/// `count` channels of `x [n, h, w, c]` from `start` on.
pub fn some_channels(x: &Tensor, start: usize, count: usize) -> candle_core::Result<Tensor> {
    apply(SomeChannels { start, count }, &[x])
}

/// See [`some_channels`].
#[derive(Clone, Copy, Debug)]
pub struct SomeChannels {
    /// The first.
    pub start: usize,
    /// How many.
    pub count: usize,
}

impl SomeChannels {
    /// The shape, and how many channels are left out after these.
    fn sizes(&self, inputs: &[View<'_>]) -> Result<([usize; 4], usize)> {
        let [n, h, w, channels] = image(self.name(), inputs, 0)?;
        match channels.checked_sub(self.start).and_then(|rest| rest.checked_sub(self.count)) {
            Some(after) if self.count > 0 => Ok(([n, h, w, self.count], after)),
            _ => Err(Error::new(self.name(), inputs, format!("there are no {} channels from {} on", self.count, self.start))),
        }
    }
}

impl Operation for SomeChannels {
    fn name(&self) -> &'static str {
        "some_channels"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        Ok(self.sizes(inputs)?.0.to_vec())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let (dims, after) = self.sizes(inputs)?;
        let [_, own, _] = <[Vec<f32>; 3]>::try_from(layout::split(inputs[0].values, &[self.start, self.count, after]))
            .unwrap_or_else(|_| unreachable!("as many parts as were asked for"));
        Ok(Array::new(own, dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        inputs[0].narrow(D::Minus1, self.start, self.count)?.contiguous()
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        let Ok((_, after)) = self.sizes(inputs) else { unreachable!("the forward pass took this shape") };
        let rows = dy.len() / self.count;
        let (left, right) = (vec![0.0; rows * self.start], vec![0.0; rows * after]);
        vec![Gradient::Values(layout::concat(&[(&left, self.start), (dy, self.count), (&right, after)]))]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}
