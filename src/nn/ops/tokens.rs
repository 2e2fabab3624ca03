//! Images as tokens, the class token, and the table of positions.

use candle_core::Tensor;

use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, image, wanted};
use derm_kernels::{arithmetic, embedding};

/// `token [1, 1, c]` before the tokens `[n, t, c]` of each image: `[n, t + 1, c]`.
pub fn class_token(x: &Tensor, token: &Tensor) -> candle_core::Result<Tensor> {
    apply(ClassToken, &[x, token])
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

/// See [`class_token`].
pub struct ClassToken;

impl Operation for ClassToken {
    fn name(&self) -> &'static str {
        "class_token"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let [n, tokens, c] = shape(self.name(), inputs)?;
        if inputs[1].dims != [1, 1, c] {
            return Err(Error::new(self.name(), inputs, format!("the token must be [1, 1, {c}]")));
        }
        Ok(vec![n, tokens + 1, c])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let dims = self.shape(inputs)?;
        let [n, tokens, c] = shape(self.name(), inputs)?;
        let mut y = Vec::with_capacity(n * (tokens + 1) * c);
        for i in 0..n {
            y.extend_from_slice(inputs[1].values);
            y.extend_from_slice(&inputs[0].values[i * tokens * c..][..tokens * c]);
        }
        Ok(Array::new(y, dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let (n, _, c) = inputs[0].dims3()?;
        let token = inputs[1].broadcast_as((n, 1, c))?.contiguous()?;
        Tensor::cat(&[&token, inputs[0]], 1)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let &[n, tokens, c] = inputs[0].dims else { unreachable!("the forward pass took this shape") };
        let part = |first: usize, count: usize| {
            (0..n).flat_map(|i| &dy[(i * (tokens + 1) + first) * c..][..count * c]).copied().collect::<Vec<f32>>()
        };
        vec![wanted(want[0], || part(1, tokens)), wanted(want[1], || arithmetic::bias_gradient(&part(0, 1), c))]
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
