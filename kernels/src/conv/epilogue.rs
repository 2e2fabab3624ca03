//! What is done to the results of a forward pass before they are written.

use pulp::Simd;

use super::activation::{Activation, Function, Relu, Relu6, Silu};
use super::fresh::Uninit;
use super::lanes::{Columns, F32s, Lanes};
use super::math::{normal, sigmoid};

/// `activation(y + bias + residual)` instead of `y`, at the price of the residual's reading: results are written once.
///
/// The default adds and applies nothing, and costs nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue<'a> {
    /// One number for each output channel.
    pub bias: Option<&'a [f32]>,
    /// As long as the result.
    pub residual: Option<&'a [f32]>,
    /// Comes last.
    pub activation: Option<Activation>,
}

impl<'a> Epilogue<'a> {
    /// Only a bias, if there is one.
    pub fn with_bias(bias: Option<&'a [f32]>) -> Self {
        Self { bias, ..Self::default() }
    }

    /// Whether there is nothing but a bias.
    #[inline(always)]
    pub(super) fn is_plain(&self) -> bool {
        self.residual.is_none() && self.activation.is_none()
    }

    pub(super) fn fits(&self, channels: usize, results: usize) -> bool {
        self.bias.is_none_or(|bias| bias.len() == channels) && self.residual.is_none_or(|residual| residual.len() == results)
    }
}

/// The epilogue of neighbouring channels of one pixel, whose bias is already added.
pub struct Finish<'a> {
    pub floats: &'a [f32],
    pub residual: Option<&'a [f32]>,
    pub activation: Option<Activation>,
    pub out: &'a mut [Uninit],
}

impl<S: Simd> Columns<S> for Finish<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let mut value = lanes.load(self.floats, at);
        if let Some(residual) = self.residual {
            value = value + lanes.load(residual, at);
        }
        if let Some(activation) = self.activation {
            value = activate(activation, value);
        }
        lanes.init(self.out, at, value);
    }
}

/// `activation` of a register, to the bit what [`super::activation::forward`] computes.
#[inline(always)]
pub fn activate<S: Simd>(activation: Activation, x: F32s<S>) -> F32s<S> {
    let ramp = |x: F32s<S>| (x + x.like(3.0)).at_least(0.0).at_most(6.0);
    match activation {
        Activation::Relu => Relu.of(x),
        Activation::Relu6 => Relu6.of(x),
        Activation::Sigmoid => sigmoid(x),
        Activation::HardSigmoid => ramp(x) * x.like(1.0 / 6.0),
        Activation::Silu => Silu.of(x),
        Activation::HardSwish => x * ramp(x) * x.like(1.0 / 6.0),
        Activation::Gelu => x * normal(x).0,
        Activation::GeluTanh => {
            const TWICE: f32 = 1.595_769_2; // twice sqrt(2 / pi)
            x * sigmoid(x * (x * x).mul_add(x.like(TWICE * 0.044715), x.like(TWICE)))
        }
    }
}
