//! What is done to the results of a forward pass before they are written.

use pulp::{Simd, WithSimd};

use super::activation::{Activation, activate};
use super::fresh::Uninit;
use super::lanes::{Columns, F32s, Lanes, Width};
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
