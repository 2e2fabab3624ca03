//! What is done to the results of a forward pass before they are written.

use pulp::{Simd, WithSimd};

use super::activation::{Activation, Function, Relu, Relu6, Silu};
use super::fresh::Uninit;
use super::lanes::{Columns, F32s, Lanes, Width};
use super::math::{normal, sigmoid};
use super::simd;

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
    pub(crate) fn is_plain(&self) -> bool {
        self.residual.is_none() && self.activation.is_none()
    }

    pub(crate) fn fits(&self, channels: usize, results: usize) -> bool {
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
        let value = finished(lanes, lanes.load(self.floats, at), self.residual, self.activation, at);
        lanes.init(self.out, at, value);
    }
}

/// Finishes results that are written but for residual and activation; `start` is where they lie in all of them.
pub fn finish(epilogue: &Epilogue<'_>, y: &mut [f32], start: usize) {
    let residual = epilogue.residual.map(|residual| &residual[start..start + y.len()]);
    simd::run(InPlace { y, residual, activation: epilogue.activation });
}

struct InPlace<'a> {
    y: &'a mut [f32],
    residual: Option<&'a [f32]>,
    activation: Option<Activation>,
}

impl WithSimd for InPlace<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        Width::new(simd, self.y.len()).each(&mut self);
    }
}

impl<S: Simd> Columns<S> for InPlace<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let value = finished(lanes, lanes.load(self.y, at), self.residual, self.activation, at);
        lanes.store(self.y, at, value);
    }
}

#[inline(always)]
fn finished<S: Simd, L: Lanes<S>>(
    lanes: L,
    mut value: F32s<S>,
    residual: Option<&[f32]>,
    activation: Option<Activation>,
    at: usize,
) -> F32s<S> {
    if let Some(residual) = residual {
        value = value + lanes.load(residual, at);
    }
    if let Some(activation) = activation {
        value = activate(activation, value);
    }
    value
}

/// `activation` of a register, to the bit what [`super::activation::forward`] computes.
#[inline(always)]
fn activate<S: Simd>(activation: Activation, x: F32s<S>) -> F32s<S> {
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
