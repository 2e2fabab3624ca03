//! ECA's convolution along the channels.

use candle_core::Tensor;

use super::compose::shifted;
use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, image};
use derm_kernels::channel_conv as kernel;

/// `y[i, c] = sum over t of w[t] * x[i, c + t - k / 2]` with zeros outside; `x [n, 1, 1, c]`, `w [1, 1, k]`, k odd.
pub fn channel_conv(x: &Tensor, w: &Tensor) -> candle_core::Result<Tensor> {
    apply(ChannelConv, &[x, w])
}

/// See [`channel_conv`].
pub struct ChannelConv;

impl Operation for ChannelConv {
    fn name(&self) -> &'static str {
        "channel_conv"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let [n, 1, 1, channels] = image(self.name(), inputs, 0)? else {
            return Err(Error::new(self.name(), inputs, "the first input must be [n, 1, 1, c]"));
        };
        if !matches!(inputs[1].dims, [1, 1, taps] if taps % 2 == 1) {
            return Err(Error::new(self.name(), inputs, "the weight must be [1, 1, k] with an odd k"));
        }
        Ok(vec![n, 1, 1, channels])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let dims = self.shape(inputs)?;
        Ok(Array::new(kernel::forward(inputs[0].values, inputs[1].values, dims[3]), dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let (channels, taps) = (inputs[0].dim(3)?, inputs[1].dim(2)?);
        let padded = shifted(inputs[0], 3, taps / 2, channels + taps - 1, 0.0)?;
        let part = |tap: usize| padded.narrow(3, tap, channels)?.broadcast_mul(&inputs[1].narrow(2, tap, 1)?);
        (1..taps).try_fold(part(0)?, |sum, tap| sum + part(tap)?)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        let (dx, dw) = kernel::backward(inputs[0].values, inputs[1].values, dy, inputs[0].dims[3]);
        vec![Gradient::Values(dx), Gradient::Values(dw)]
    }
}
