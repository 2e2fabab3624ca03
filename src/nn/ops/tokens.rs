//! Images as tokens, learnt tokens before them, and the table of positions.

use candle_core::Tensor;

use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, image, wanted};
use derm_kernels::{embedding, pool};

/// `first [1, k, c]` before the tokens `[n, t, c]` of each image: `[n, k + t, c]`.
pub fn prefix_tokens(x: &Tensor, first: &Tensor) -> candle_core::Result<Tensor> {
    apply(PrefixTokens, &[x, first])
}

/// `x [n, t, c]` plus `table [1, t, c]`.
pub fn positions(x: &Tensor, table: &Tensor) -> candle_core::Result<Tensor> {
    apply(Positions, &[x, table])
}

/// `[n, h, w, c]` to `[n, h * w, c]`: nothing moves.
pub struct Tokens;

impl Operation for Tokens {
    fn name(&self) -> &'static str {
        "tokens"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let [n, h, w, c] = image(self.name(), inputs, 0)?;
        Ok(vec![n, h * w, c])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        Ok(Array::new(inputs[0].values.to_vec(), self.shape(inputs)?))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        inputs[0].flatten(1, 2)
    }

    fn backward(&self, _: &[View<'_>], _: View<'_>, _: &[f32], _: &[bool]) -> Vec<Gradient> {
        vec![Gradient::Passed]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}

/// The shape of tokens, `[n, tokens, channels]`, of at least one channel.
fn shape(operation: &'static str, inputs: &[View<'_>]) -> Result<[usize; 3]> {
    let refused = || Error::new(operation, inputs, "the first input must be [n, tokens, channels] with channels");
    inputs[0].dims.try_into().ok().filter(|&[.., channels]: &[usize; 3]| channels > 0).ok_or_else(refused)
}

/// See [`prefix_tokens`].
pub struct PrefixTokens;

impl PrefixTokens {
    /// Images, new tokens, tokens, channels.
    fn sizes(inputs: &[View<'_>]) -> Result<[usize; 4]> {
        let [n, tokens, c] = shape("prefix_tokens", inputs)?;
        match *inputs[1].dims {
            [1, first, width] if width == c => Ok([n, first, tokens, c]),
            _ => Err(Error::new("prefix_tokens", inputs, format!("the new tokens must be [1, tokens, {c}]"))),
        }
    }
}

impl Operation for PrefixTokens {
    fn name(&self) -> &'static str {
        "prefix_tokens"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let [n, first, tokens, c] = Self::sizes(inputs)?;
        Ok(vec![n, first + tokens, c])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let [n, first, tokens, c] = Self::sizes(inputs)?;
        let mut y = Vec::with_capacity(n * (first + tokens) * c);
        for i in 0..n {
            y.extend_from_slice(inputs[1].values);
            y.extend_from_slice(&inputs[0].values[i * tokens * c..][..tokens * c]);
        }
        Ok(Array::new(y, [n, first + tokens, c]))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let (n, first, c) = (inputs[0].dim(0)?, inputs[1].dim(1)?, inputs[1].dim(2)?);
        let new = inputs[1].broadcast_as((n, first, c))?.contiguous()?;
        Tensor::cat(&[&new, inputs[0]], 1)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let Ok([n, first, tokens, c]) = Self::sizes(inputs) else { unreachable!("the forward pass took this shape") };
        let part = |start: usize, count: usize| {
            (0..n).flat_map(|i| &dy[(i * (first + tokens) + start) * c..][..count * c]).copied().collect::<Vec<f32>>()
        };
        vec![wanted(want[0], || part(first, tokens)), wanted(want[1], || embedding::position_gradient(&part(0, first), first * c))]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}

/// See [`positions`].
pub struct Positions;

impl Operation for Positions {
    fn name(&self) -> &'static str {
        "positions"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let [_, tokens, c] = shape(self.name(), inputs)?;
        if inputs[1].dims != [1, tokens, c] {
            return Err(Error::new(self.name(), inputs, format!("the table must be [1, {tokens}, {c}]")));
        }
        Ok(inputs[0].dims.to_vec())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let dims = self.shape(inputs)?;
        Ok(Array::new(embedding::add_positions(inputs[0].values, inputs[1].values), dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        inputs[0].broadcast_add(inputs[1])
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let len = inputs[1].dims.iter().product();
        vec![Gradient::Passed, wanted(want[1], || embedding::position_gradient(dy, len))]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}

/// The first token of each image: `[n, t, c]` to `[n, c]`.
pub struct FirstToken;

impl Operation for FirstToken {
    fn name(&self) -> &'static str {
        "first_token"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let [n, tokens, c] = shape(self.name(), inputs)?;
        if tokens == 0 {
            return Err(Error::new(self.name(), inputs, "there is no token"));
        }
        Ok(vec![n, c])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let dims = self.shape(inputs)?;
        let [n, tokens, c] = shape(self.name(), inputs)?;
        let y = (0..n).flat_map(|i| &inputs[0].values[i * tokens * c..][..c]).copied().collect();
        Ok(Array::new(y, dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        inputs[0].narrow(1, 0, 1)?.squeeze(1)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let &[n, tokens, c] = inputs[0].dims else { unreachable!("the forward pass took this shape") };
        let spread = || {
            let mut dx = vec![0.0; n * tokens * c];
            for (dx, dy) in dx.chunks_exact_mut((tokens * c).max(1)).zip(dy.chunks_exact(c.max(1))) {
                dx[..c].copy_from_slice(dy);
            }
            dx
        };
        vec![wanted(want[0], spread)]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}

/// The mean of the tokens after the first `prefix`: `[n, prefix + t, c]` to `[n, c]`.
pub fn mean_tokens(x: &Tensor, prefix: usize) -> candle_core::Result<Tensor> {
    apply(MeanTokens { prefix }, &[x])
}

/// See [`mean_tokens`].
pub struct MeanTokens {
    /// Tokens that do not count.
    pub prefix: usize,
}

impl MeanTokens {
    /// Images, tokens that count, channels.
    fn sizes(&self, inputs: &[View<'_>]) -> Result<[usize; 3]> {
        let [n, tokens, c] = shape(self.name(), inputs)?;
        match tokens.checked_sub(self.prefix) {
            Some(counted) if counted > 0 => Ok([n, counted, c]),
            _ => Err(Error::new(self.name(), inputs, format!("there are no tokens after the first {}", self.prefix))),
        }
    }
}

impl Operation for MeanTokens {
    fn name(&self) -> &'static str {
        "mean_tokens"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let [n, _, c] = self.sizes(inputs)?;
        Ok(vec![n, c])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let [n, counted, c] = self.sizes(inputs)?;
        let image = (self.prefix + counted) * c;
        let rest: Vec<f32> = inputs[0].values.chunks_exact(image).flat_map(|image| &image[self.prefix * c..]).copied().collect();
        Ok(Array::new(pool::global_average(&rest, counted, c), [n, c]))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let counted = inputs[0].dim(1)? - self.prefix;
        inputs[0].narrow(1, self.prefix, counted)?.mean(1)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        let Ok([n, counted, c]) = self.sizes(inputs) else { unreachable!("the forward pass took this shape") };
        let mut dx = vec![0.0; n * (self.prefix + counted) * c];
        for (dx, dy) in dx.chunks_exact_mut((self.prefix + counted) * c).zip(dy.chunks_exact(c)) {
            let share: Vec<f32> = dy.iter().map(|dy| dy / counted as f32).collect();
            dx[self.prefix * c..].chunks_exact_mut(c).for_each(|dx| dx.copy_from_slice(&share));
        }
        vec![Gradient::Values(dx)]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}
