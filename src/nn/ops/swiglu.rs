//! SwiGLU.

use candle_core::{D, Tensor};

use super::activation::Activation;
use super::compose::activation;
use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View};
use derm_kernels::swiglu as kernel;

/// `silu(a) * b` of rows `[a, b]`: `x [.., 2 c]` to `[.., c]`.
pub fn swiglu(x: &Tensor) -> candle_core::Result<Tensor> {
    apply(SwiGlu, &[x])
}

/// See [`swiglu`].
pub struct SwiGlu;

impl SwiGlu {
    fn half(inputs: &[View<'_>]) -> Result<usize> {
        match inputs[0].dims.last() {
            Some(&all) if all > 0 && all.is_multiple_of(2) => Ok(all / 2),
            _ => Err(Error::new("swiglu", inputs, "the last axis must be two halves")),
        }
    }
}

impl Operation for SwiGlu {
    fn name(&self) -> &'static str {
        "swiglu"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let (half, mut dims) = (Self::half(inputs)?, inputs[0].dims.to_vec());
        dims.pop();
        dims.push(half);
        Ok(dims)
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let dims = self.shape(inputs)?;
        Ok(Array::new(kernel::forward(inputs[0].values, Self::half(inputs)?), dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let half = inputs[0].dim(D::Minus1)? / 2;
        let part = |number: usize| inputs[0].narrow(D::Minus1, number * half, half)?.contiguous();
        activation(&part(0)?, Activation::Silu)? * part(1)?
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        let Ok(half) = Self::half(inputs) else { unreachable!("the forward pass took this shape") };
        vec![Gradient::Values(kernel::backward(inputs[0].values, dy, half))]
    }
}
