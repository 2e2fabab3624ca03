//! Queries and keys of length 1.

use candle_core::Tensor;

use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View};
use derm_kernels::cosine as kernel;

/// The logarithm of the largest factor, 100 (section 3.1 of <https://arxiv.org/abs/2111.09883>).
const LARGEST: f32 = 4.605_170_2;

/// `qkv [n, tokens, 3 * heads * d]` with queries and keys divided by their lengths, and queries times `e^logarithm`, at most 100;
/// one logarithm a head, `[heads, 1, 1]`.
pub fn cosine(qkv: &Tensor, logarithms: &Tensor) -> candle_core::Result<Tensor> {
    apply(Cosine, &[qkv, logarithms])
}

/// See [`cosine`].
pub struct Cosine;

impl Cosine {
    /// Channels of a head, and each head's factor.
    fn sizes(&self, inputs: &[View<'_>]) -> Result<(usize, Vec<f32>)> {
        match (inputs[0].dims, inputs[1].dims) {
            (&[_, _, packed], &[heads, 1, 1]) if heads > 0 && packed > 0 && packed.is_multiple_of(3 * heads) => {
                Ok((packed / 3 / heads, inputs[1].values.iter().map(|value| value.min(LARGEST).exp()).collect()))
            }
            _ => Err(Error::new(self.name(), inputs, "the inputs must be [n, tokens, 3 * heads * channels] and [heads, 1, 1]")),
        }
    }
}

/// The composition: `qkv [n, tokens, 3, heads, d]` with queries and keys of length 1, and queries times `factors [heads, 1, 1]`.
pub(super) fn composed(qkv: &Tensor, factors: &Tensor) -> candle_core::Result<Tensor> {
    let part = |which: usize| qkv.narrow(2, which, 1)?.contiguous();
    let unit = |x: Tensor| {
        let squares = x.sqr()?.sum_keepdim(4)?;
        // The root of 0 has no slope.
        let short = squares.detach().le(1e-24)?;
        let lengths = short.where_cond(&squares.ones_like()?, &squares)?.sqrt()?;
        x.broadcast_div(&short.where_cond(&(squares.ones_like()? * 1e-12)?, &lengths)?)
    };
    let queries = unit(part(0)?)?.broadcast_mul(&factors.reshape((factors.dim(0)?, 1))?)?;
    Tensor::cat(&[queries, unit(part(1)?)?, part(2)?], 2)
}

impl Operation for Cosine {
    fn name(&self) -> &'static str {
        "cosine"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        self.sizes(inputs)?;
        Ok(inputs[0].dims.to_vec())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let (d, scales) = self.sizes(inputs)?;
        Ok(Array::new(kernel::Cosine { d, scales: &scales }.forward(inputs[0].values), inputs[0].dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let ((n, tokens, packed), heads) = (inputs[0].dims3()?, inputs[1].dim(0)?);
        let over = inputs[1].detach().gt(f64::from(LARGEST))?;
        let logarithms = over.where_cond(&(inputs[1].ones_like()? * f64::from(LARGEST))?, inputs[1])?;
        let parts = inputs[0].reshape((n, tokens, 3, heads, packed / 3 / heads))?;
        composed(&parts, &logarithms.exp()?)?.reshape((n, tokens, packed))
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        let Ok((d, scales)) = self.sizes(inputs) else { unreachable!("the forward pass took these shapes") };
        let (dqkv, dscales) = kernel::Cosine { d, scales: &scales }.backward(inputs[0].values, dy);
        let of_logarithm = |((dscale, scale), logarithm): ((f32, &f32), &f32)| if *logarithm > LARGEST { 0.0 } else { dscale * scale };
        let dlogarithms = dscales.into_iter().zip(&scales).zip(inputs[1].values).map(of_logarithm).collect();
        vec![Gradient::Values(dqkv), Gradient::Values(dlogarithms)]
    }
}
