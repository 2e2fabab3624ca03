//! Layer norm and group norm.

use candle_core::Tensor;

use super::compose::{normalised, shapes};
use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, image};
use derm_kernels::{group_norm, layer_norm as kernel};

/// Each row of `x [.., c]` normalised, times `scale [c]`, plus `shift [c]`: of tokens, or of every pixel of an image.
pub fn layer_norm(x: &Tensor, scale: &Tensor, shift: &Tensor, eps: f32) -> candle_core::Result<Tensor> {
    apply(LayerNorm { eps }, &[x, scale, shift])
}

/// `x [n, h, w, c]` normalised over each group of channels of each image; with as many groups as channels it is instance norm.
pub fn group_norm(x: &Tensor, scale: &Tensor, shift: &Tensor, groups: usize, eps: f32) -> candle_core::Result<Tensor> {
    apply(GroupNorm::new(groups, eps), &[x, scale, shift])
}

/// See [`layer_norm`].
pub struct LayerNorm {
    /// Added to the variance.
    pub eps: f32,
}

impl Operation for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let channels = inputs[0].dims.last().copied().unwrap_or(0);
        if channels == 0 || inputs[1].dims != [channels] || inputs[2].dims != [channels] {
            return Err(Error::new(self.name(), inputs, "scale and shift have one value for each of the first input's channels"));
        }
        Ok(inputs[0].dims.to_vec())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        self.shape(inputs)?;
        let y = kernel::forward(inputs[0].values, inputs[1].values, inputs[2].values, self.eps);
        Ok(Array::new(y, inputs[0].dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let rows = normalised(inputs[0], &[inputs[0].rank() - 1], self.eps)?;
        rows.values.broadcast_mul(inputs[1])?.broadcast_add(inputs[2])
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        let (dx, dscale, dshift) = kernel::backward(inputs[0].values, inputs[1].values, dy, self.eps);
        [dx, dscale, dshift].map(Gradient::Values).into()
    }
}

/// See [`group_norm`].
pub struct GroupNorm {
    groups: usize,
    eps: f32,
    moments: Option<group_norm::Moments>,
}

impl GroupNorm {
    /// With this many groups.
    pub fn new(groups: usize, eps: f32) -> Self {
        Self { groups, eps, moments: None }
    }

    fn kernel<'a>(&self, inputs: &[View<'a>]) -> Result<group_norm::GroupNorm<'a>> {
        let [_, h, w, channels] = image(self.name(), inputs, 0)?;
        if self.groups == 0 || channels == 0 || h * w == 0 || !channels.is_multiple_of(self.groups) {
            return Err(Error::new(self.name(), inputs, format!("{} groups do not divide the channels of an image", self.groups)));
        }
        if inputs[1].dims != [channels] || inputs[2].dims != [channels] {
            return Err(Error::new(self.name(), inputs, "scale and shift have one value for each channel"));
        }
        Ok(group_norm::GroupNorm { places: h * w, groups: self.groups, gamma: inputs[1].values, beta: inputs[2].values, eps: self.eps })
    }
}

impl Operation for GroupNorm {
    fn name(&self) -> &'static str {
        "group_norm"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        self.kernel(inputs)?;
        Ok(inputs[0].dims.to_vec())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let (y, moments) = self.kernel(inputs)?.forward(inputs[0].values);
        self.moments = Some(moments);
        Ok(Array::new(y, inputs[0].dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let [n, h, w, channels] = image(self.name(), &shapes(inputs), 0)?;
        let x = inputs[0].reshape((n, h * w, self.groups, channels / self.groups))?;
        let groups = normalised(&x, &[1, 3], self.eps)?;
        groups.values.reshape((n, h, w, channels))?.broadcast_mul(inputs[1])?.broadcast_add(inputs[2])
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        let (Ok(kernel), Some(moments)) = (self.kernel(inputs), &self.moments) else { unreachable!("the forward pass took these shapes") };
        let gradients = kernel.backward(inputs[0].values, moments, dy);
        [gradients.dx, gradients.dgamma, gradients.dbeta].map(Gradient::Values).into()
    }
}
