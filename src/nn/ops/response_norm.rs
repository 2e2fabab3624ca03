//! Global response norm.

use candle_core::Tensor;

use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, image};
use derm_kernels::response_norm as kernel;

/// `x [n, h, w, c]`, each channel of an image by its share of the responses, `x * (1 + scale * share) + shift`: see
/// [`derm_kernels::response_norm`].
pub fn response_norm(x: &Tensor, scale: &Tensor, shift: &Tensor, eps: f32) -> candle_core::Result<Tensor> {
    apply(ResponseNorm::new(eps), &[x, scale, shift])
}

/// See [`response_norm`].
pub struct ResponseNorm {
    eps: f32,
    norms: Vec<f64>,
}

impl ResponseNorm {
    /// `eps` is added to the mean of the channels' norms.
    pub fn new(eps: f32) -> Self {
        Self { eps, norms: Vec::new() }
    }

    fn kernel<'a>(&self, inputs: &[View<'a>]) -> Result<kernel::ResponseNorm<'a>> {
        let [_, h, w, channels] = image(self.name(), inputs, 0)?;
        if inputs[1].dims != [channels] || inputs[2].dims != [channels] {
            return Err(Error::new(self.name(), inputs, "scale and shift have one value for each of the image's channels"));
        }
        Ok(kernel::ResponseNorm { places: h * w, gamma: inputs[1].values, beta: inputs[2].values, eps: self.eps })
    }
}

impl Operation for ResponseNorm {
    fn name(&self) -> &'static str {
        "response_norm"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        self.kernel(inputs)?;
        Ok(inputs[0].dims.to_vec())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let (y, norms) = self.kernel(inputs)?.forward(inputs[0].values);
        self.norms = norms;
        Ok(Array::new(y, inputs[0].dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let squares = inputs[0].sqr()?.sum_keepdim((1, 2))?;
        // The root of 0 has no slope.
        let nothing = squares.detach().eq(0f64)?;
        let roots = nothing.where_cond(&squares.ones_like()?, &squares)?.sqrt()?;
        let norms = nothing.where_cond(&squares.zeros_like()?, &roots)?;
        let shares = norms.broadcast_div(&(norms.mean_keepdim(3)? + f64::from(self.eps))?)?;
        let factors = (shares.broadcast_mul(inputs[1])? + 1.0)?;
        inputs[0].broadcast_mul(&factors)?.broadcast_add(inputs[2])
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        let Ok(kernel) = self.kernel(inputs) else { unreachable!("the forward pass took these shapes") };
        let gradients = kernel.backward(inputs[0].values, &self.norms, dy);
        [gradients.dx, gradients.dgamma, gradients.dbeta].map(Gradient::Values).into()
    }
}
