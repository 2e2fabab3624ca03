//! Operations as compositions of candle's own, for devices that derm has no kernels for.
//!
//! Layouts are those of the kernels. Candle's autograd gives the way back, so a composition is made of nothing whose gradient is
//! missing or wrong (the table in [`ops`](super)): no pool, no upsampling, no convolution of candle's, no `relu`, `abs`, or `max`
//! that a gradient passes through. What decides where a gradient goes (masks, winners, the largest of a row) comes from
//! detached values. Square roots are of a variance plus `eps` only. Tests hold compositions to all that kernels are held to.
//!
//! Compositions work on the CPU too, where they are several times slower than the kernels and keep more.

mod axis;
mod conv;
#[cfg(feature = "cudnn")]
mod cudnn;
mod normal;
mod pointwise;
mod taps;

use std::cell::Cell;

use candle_core::{Device, Result, Tensor, bail};

use super::custom::check;
use super::operation::{Operation, View};

pub(super) use axis::AxisMap;
pub(super) use conv::{convolution, transposed};
pub(super) use normal::normalised;
pub(super) use pointwise::activation;
pub(super) use taps::{Windows, shifted};

/// How operations are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By derm's kernels, on the CPU.
    Kernels,
    /// As compositions of candle's operations, on any device.
    Compositions,
}

impl Way {
    /// That of tensors on this device.
    pub fn on(device: &Device) -> Self {
        if device.is_cpu() && !COMPOSING.get() { Self::Kernels } else { Self::Compositions }
    }
}

thread_local! {
    static COMPOSING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` as if the CPU had no kernels either, for tests: operations that it calls on this thread, and networks that it makes.
#[doc(hidden)]
pub fn composing<R>(f: impl FnOnce() -> R) -> R {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            COMPOSING.set(self.0);
        }
    }
    let _before = Before(COMPOSING.replace(true));
    f()
}

/// The result of an operation on tensors of one device, by its composition. Shapes that do not fit are refused as by the kernels.
pub fn compose(operation: &mut dyn Operation, inputs: &[&Tensor]) -> Result<Tensor> {
    check(operation.name(), inputs)?;
    let dims = operation.shape(&shapes(inputs))?;
    let y = if dims.contains(&0) { nothing(inputs, &dims)? } else { operation.compose(inputs)? };
    if y.dims() != dims {
        bail!("{} was composed to {:?} instead of {dims:?}", operation.name(), y.dims());
    }
    Ok(y)
}

/// Shapes alone, as operations check them.
pub(super) fn shapes<'a>(inputs: &[&'a Tensor]) -> Vec<View<'a>> {
    inputs.iter().map(|input| View { values: &[], dims: input.dims() }).collect()
}

/// A result without values; its gradients are zeros, as of anything that has no part in a sum.
fn nothing(inputs: &[&Tensor], dims: &[usize]) -> Result<Tensor> {
    let mut sum = Tensor::zeros((), inputs[0].dtype(), inputs[0].device())?;
    for input in inputs {
        sum = (sum + input.sum_all()?)?;
    }
    sum.broadcast_as(dims)
}
