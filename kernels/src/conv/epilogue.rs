//! What is done to the results of a forward pass before they are written.

#![allow(unsafe_code)] // Threads write parts of one output that do not overlap.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::activation::{self, Activation, Light};
use super::buffer::Canvas;
use super::fresh::Uninit;
use super::lanes::{Columns, Lanes, Width};
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

    /// What comes last, where it is so little that sums need not leave the registers for it.
    #[inline(always)]
    pub(crate) fn light(&self) -> Option<Light> {
        Light::of(self.activation)
    }

    pub(crate) fn fits(&self, channels: usize, results: usize) -> bool {
        self.bias.is_none_or(|bias| bias.len() == channels) && self.residual.is_none_or(|residual| residual.len() == results)
    }
}

/// The results of some pixels on their way to memory: `[pixel][width]`, whole registers for each, bias and all.
pub struct Finish<'a> {
    pub floats: &'a mut [f32],
    pub width: usize,
}

impl Finish<'_> {
    /// Adds what the epilogue adds and applies what it applies, then writes each pixel with a place to that place of the canvas.
    ///
    /// # Safety
    ///
    /// No other part of the canvas that overlaps these places may be alive.
    #[inline(always)]
    pub unsafe fn write<S: Simd>(
        self,
        simd: S,
        epilogue: &Epilogue<'_>,
        canvas: Canvas<'_>,
        places: impl Iterator<Item = Option<Range<usize>>> + Clone,
    ) {
        let Self { floats, width } = self;
        if let Some(residual) = epilogue.residual {
            for (floats, place) in floats.chunks_exact_mut(width).zip(places.clone()) {
                if let Some(place) = place {
                    Width::new(simd, place.len()).each(&mut AddTo { y: floats, residual: &residual[place] });
                }
            }
        }
        if let Some(activation) = epilogue.activation {
            // All registers at once, those past the last channels too: the longer the run, the more of it is worked on at a time.
            activation::apply(simd, activation, floats);
        }
        for (floats, place) in floats.chunks_exact(width).zip(places) {
            if let Some(place) = place {
                // SAFETY: by the contract.
                let out = unsafe { canvas.part(place) };
                Width::new(simd, out.len()).each(&mut Copy { floats, out });
            }
        }
    }
}

struct Copy<'a> {
    floats: &'a [f32],
    out: &'a mut [Uninit],
}

impl<S: Simd> Columns<S> for Copy<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        lanes.init(self.out, at, lanes.load(self.floats, at));
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
    fn with_simd<S: Simd>(self, simd: S) {
        if let Some(residual) = self.residual {
            Width::new(simd, self.y.len()).each(&mut AddTo { y: self.y, residual });
        }
        if let Some(activation) = self.activation {
            activation::apply(simd, activation, self.y);
        }
    }
}

struct AddTo<'a> {
    y: &'a mut [f32],
    residual: &'a [f32],
}

impl<S: Simd> Columns<S> for AddTo<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let sum = lanes.load(self.y, at) + lanes.load(self.residual, at);
        lanes.store(self.y, at, sum);
    }
}
