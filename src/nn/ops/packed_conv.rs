//! Convolutions and linear layers whose weights do not change, with what follows them in the same pass. Forward only.

use super::activation::Activation;
use super::error::{Error, Result};
use super::geometry;
use super::linear;
use super::operation::{Array, View};
use crate::nn::graph::Conv2d;
use derm_kernels::conv::{self, Epilogue, Geometry, Mode, Packed};
use derm_kernels::depthwise;

/// `activation(conv2d(x) + bias + added)`: weights are rearranged by the first call that needs it.
pub struct PackedConv {
    pub(super) settings: Conv2d,
    pub(super) weight: Weight,
    bias: Option<Vec<f32>>,
    activation: Option<Activation>,
}

pub(super) enum Weight {
    Packed(Packed),
    /// Every channel by itself.
    Depthwise(depthwise::Packed),
}

impl PackedConv {
    /// `weight [out, in / groups, kh, kw]`, `bias [out]`.
    pub fn new(settings: &Conv2d, weight: Vec<f32>, bias: Option<Vec<f32>>, activation: Option<Activation>) -> Self {
        let &Conv2d { in_channels, out_channels, kernel, groups, stride, dilation, .. } = settings;
        let (c_in, c_out) = (in_channels / groups, out_channels / groups);
        // Images come with the calls.
        let g = Geometry { n: 0, groups, c_in, c_out, input: [0; 2], output: [0; 2], kernel, stride, dilation, pad: [0; 2] };
        let alone = groups > 1 && groups == in_channels && groups == out_channels;
        let weight = match alone {
            true => Weight::Depthwise(depthwise::Packed::new(&weight, out_channels, kernel)),
            false => Weight::Packed(Packed::new(weight, &g, Mode::default())),
        };
        Self { settings: settings.clone(), weight, bias, activation }
    }

    /// Of `x [n, h, w, in]`; what is added is like the result.
    pub fn forward(&self, x: View<'_>, added: Option<View<'_>>) -> Result<Array> {
        let c = &self.settings;
        let shape = [c.out_channels, c.in_channels / c.groups, c.kernel[0], c.kernel[1]];
        let g = geometry::geometry(&[x, View { values: &[], dims: &shape }], c)?;
        let dims = [g.n, g.output[0], g.output[1], c.out_channels];
        if let Some(added) = added.filter(|added| added.dims != dims) {
            return Err(Error::new(geometry::NAME, &[x, added], format!("what is added must be {dims:?}")));
        }
        let epilogue = self.epilogue(added.map(|added| added.values));
        let y = match (&self.weight, geometry::depthwise(&g)) {
            (Weight::Depthwise(weight), Some(window)) => depthwise::forward_packed(x.values, weight, epilogue, &window),
            (Weight::Packed(weight), _) => conv::forward_packed(x.values, weight, epilogue, &g),
            (Weight::Depthwise(_), None) => unreachable!("the channels stand alone by the same settings"),
        };
        Ok(Array::new(y, dims))
    }

    /// What follows the sums.
    pub(super) fn epilogue<'a>(&'a self, residual: Option<&'a [f32]>) -> Epilogue<'a> {
        Epilogue { bias: self.bias.as_deref(), residual, activation: self.activation }
    }
}

/// `activation(x w^T + bias + added)`.
pub struct PackedLinear {
    weight: Packed,
    bias: Option<Vec<f32>>,
    /// Inputs and outputs.
    sizes: [usize; 2],
    activation: Option<Activation>,
}

impl PackedLinear {
    /// `weight [out, in]`, and the parameters of its [`Bias`](crate::nn::graph::Bias).
    pub fn new(sizes: [usize; 2], weight: Vec<f32>, bias: &[Vec<f32>], activation: Option<Activation>) -> Self {
        let bias = linear::whole_bias(&bias.iter().map(Vec::as_slice).collect::<Vec<_>>(), sizes[1]);
        let weight = Packed::new(weight, &linear::geometry([0, sizes[0], sizes[1]]), Mode::default());
        Self { weight, bias, sizes, activation }
    }

    /// Of `x [.., in]`; what is added is like the result.
    pub fn forward(&self, x: View<'_>, added: Option<View<'_>>) -> Result<Array> {
        let [inputs, outputs] = self.sizes;
        if x.dims.last() != Some(&inputs) {
            return Err(Error::new("linear", &[x], format!("the last axis must be {inputs}")));
        }
        let dims = linear::result_dims(x.dims, outputs);
        if let Some(added) = added.filter(|added| added.dims != dims) {
            return Err(Error::new("linear", &[x, added], format!("what is added must be {dims:?}")));
        }
        let g = linear::geometry([x.dims[..x.dims.len() - 1].iter().product(), inputs, outputs]);
        let epilogue = Epilogue { bias: self.bias.as_deref(), residual: added.map(|added| added.values), activation: self.activation };
        Ok(Array::new(conv::forward_packed(x.values, &self.weight, epilogue, &g), dims))
    }
}
