//! Dropout from a counter-based stream.

use candle_core::Tensor;

use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, wanted};
use derm_kernels::dropout as kernel;

/// Zeroes each value with probability `p` and multiplies the others by `1 / (1 - p)`.
///
/// Which values depends on `key`, `stream` and the value's place alone, so it is the same for any number of threads.
pub fn dropout(x: &Tensor, p: f32, key: u64, stream: u64) -> candle_core::Result<Tensor> {
    if p == 0.0 {
        return Ok(x.clone());
    }
    apply(Dropout::new(p, key, stream), &[x])
}

/// Refuses what is no probability.
pub(super) fn check(operation: &'static str, inputs: &[View<'_>], p: f32) -> Result<()> {
    let fits = (0.0..=1.0).contains(&p);
    fits.then_some(()).ok_or_else(|| Error::new(operation, inputs, format!("{p} is no probability")))
}

/// See [`dropout`].
pub struct Dropout {
    p: f32,
    seed: u64,
}

impl Dropout {
    /// With probability `p`, from the stream that `key` and `stream` name.
    pub fn new(p: f32, key: u64, stream: u64) -> Self {
        Self { p, seed: kernel::seed(key, stream) }
    }
}

impl Operation for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        check(self.name(), inputs, self.p)?;
        Ok(inputs[0].dims.to_vec())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        check(self.name(), inputs, self.p)?;
        Ok(Array::new(kernel::dropout(inputs[0].values, self.p, self.seed), inputs[0].dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let x = inputs[0];
        let factors = kernel::dropout(&vec![1.0; x.elem_count()], self.p, self.seed);
        x * Tensor::from_vec(factors, x.dims(), x.device())?
    }

    fn backward(&self, _: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        vec![wanted(want[0], || kernel::dropout(dy, self.p, self.seed))]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}
