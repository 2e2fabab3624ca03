//! Attention of tokens to tokens.

use candle_core::Tensor;

use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View};
use derm_kernels::attention as kernel;

/// `softmax(q k^T / sqrt(d)) v` for each head; `qkv [n, tokens, 3 * heads * d]` in timm's order, to `[n, tokens, heads * d]`.
pub fn attention(qkv: &Tensor, heads: usize) -> candle_core::Result<Tensor> {
    apply(Attention::new(heads), &[qkv])
}

/// See [`attention`]; a second input `[heads, tokens, tokens]` or `[tokens, tokens]` is added to the scores.
pub struct Attention {
    heads: usize,
    log_sums: Vec<f32>,
}

impl Attention {
    /// With this many heads.
    pub fn new(heads: usize) -> Self {
        Self { heads, log_sums: Vec::new() }
    }

    fn kernel<'a>(&self, inputs: &[View<'a>]) -> Result<kernel::Attention<'a>> {
        let refuse = |reason: String| Err(Error::new(self.name(), inputs, reason));
        let &[n, tokens, packed] = inputs[0].dims else { return refuse("the first input must be [n, tokens, 3 * channels]".into()) };
        if self.heads == 0 || packed == 0 || !packed.is_multiple_of(3 * self.heads) {
            return refuse(format!("{} heads of queries, keys and values do not divide {packed} channels", self.heads));
        }
        let bias = inputs.get(1);
        if bias.is_some_and(|bias| bias.dims != [self.heads, tokens, tokens] && bias.dims != [tokens, tokens]) {
            return refuse(format!("what is added to the scores must be [{}, {tokens}, {tokens}] or [{tokens}, {tokens}]", self.heads));
        }
        let d = packed / 3 / self.heads;
        let scale = (d as f32).sqrt().recip();
        Ok(kernel::Attention {
            n,
            queries: tokens,
            keys: tokens,
            heads: self.heads,
            d,
            scale,
            bias: bias.map(|bias| bias.values),
            turns: &[],
        })
    }
}

/// The composition of attention; what is added to the scores is like them, or is for all images.
pub(super) fn attend(qkv: &Tensor, heads: usize, scale: f32, bias: Option<&Tensor>) -> candle_core::Result<Tensor> {
    let (n, tokens, packed) = qkv.dims3()?;
    let d = packed / 3 / heads;
    let packed = qkv.reshape((n, tokens, 3, heads, d))?.permute((2, 0, 3, 1, 4))?;
    let part = |which: usize| packed.narrow(0, which, 1)?.squeeze(0)?.contiguous();
    let (q, k, v) = (part(0)?, part(1)?, part(2)?);
    let mut scores = (q.matmul(&k.transpose(2, 3)?.contiguous()?)? * f64::from(scale))?;
    if let Some(bias) = bias {
        scores = scores.broadcast_add(bias)?;
    }
    // Any constant of a row leaves softmax as it is: no gradient passes through the largest.
    let largest = scores.detach().max_keepdim(3)?;
    // A row whose keys are all masked gives 0, not 0 / 0.
    let largest = largest.eq(f64::NEG_INFINITY)?.where_cond(&largest.zeros_like()?, &largest)?;
    let powers = scores.broadcast_sub(&largest)?.exp()?;
    let sum = powers.sum_keepdim(3)?;
    let sum = sum.detach().eq(0f64)?.where_cond(&sum.ones_like()?, &sum)?;
    let chances = powers.broadcast_div(&sum)?;
    chances.matmul(&v)?.transpose(1, 2)?.reshape((n, tokens, heads * d))
}

impl Operation for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let attention = self.kernel(inputs)?;
        Ok(vec![attention.n, attention.queries, attention.heads * attention.d])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let attention = self.kernel(inputs)?;
        let attended = attention.forward_packed(inputs[0].values);
        self.log_sums = attended.log_sums;
        Ok(Array::new(attended.y, [attention.n, attention.queries, attention.heads * attention.d]))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let d = inputs[0].dim(2)? / 3 / self.heads;
        attend(inputs[0], self.heads, (d as f32).sqrt().recip(), inputs.get(1).copied())
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let Ok(attention) = self.kernel(inputs) else { unreachable!("the forward pass took these shapes") };
        let bias = want.get(1).copied();
        let gradients = attention.backward_packed(inputs[0].values, &self.log_sums, dy, bias.unwrap_or(false));
        let dbias = bias.map(|_| gradients.dbias.map_or(Gradient::Unwanted, Gradient::Values));
        [Gradient::Values(gradients.dqkv)].into_iter().chain(dbias).collect()
    }
}
