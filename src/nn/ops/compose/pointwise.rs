//! Functions of one value, with PyTorch's gradients at their corners, at infinities and at NaN.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI};

use candle_core::{Result, Tensor};

use super::super::activation::Activation;

/// The function of every value.
pub fn activation(x: &Tensor, activation: Activation) -> Result<Tensor> {
    match activation {
        Activation::Relu => relu(x),
        Activation::Relu6 => relu6(x),
        Activation::Sigmoid => sigmoid(x),
        Activation::HardSigmoid => hard_sigmoid(x),
        Activation::Silu => x * sigmoid(x)?,
        Activation::HardSwish => hard_swish(x),
        Activation::Gelu => (x * 0.5)? * ((x * FRAC_1_SQRT_2)?.erf()? + 1.0)?,
        Activation::GeluTanh => {
            let inner = (x + (x * 0.044715)?.mul(&x.sqr()?)?)?;
            (x * 0.5)? * ((inner * FRAC_2_PI.sqrt())?.tanh()? + 1.0)?
        }
    }
}

/// Not positive becomes 0 without slope; NaN is neither.
fn relu(x: &Tensor) -> Result<Tensor> {
    x.detach().le(0f64)?.where_cond(&x.zeros_like()?, x)
}

/// Detached: 1 where a value lies strictly between the ends, which no NaN does.
fn inside(x: &Tensor, low: f64, high: f64) -> Result<Tensor> {
    let x = x.detach();
    x.gt(low)?.mul(&x.lt(high)?)
}

/// Detached: values cut off at both ends; NaN stays.
fn clamped(x: &Tensor, low: f64, high: f64) -> Result<Tensor> {
    let x = x.detach();
    let above = x.ge(high)?.where_cond(&x.ones_like()?.affine(high, 0.0)?, &x)?;
    x.le(low)?.where_cond(&x.ones_like()?.affine(low, 0.0)?, &above)
}

fn relu6(x: &Tensor) -> Result<Tensor> {
    inside(x, 0.0, 6.0)?.where_cond(x, &clamped(x, 0.0, 6.0)?)
}

/// By `e^-|x|`, which never overflows, so that no gradient is 0 times infinity.
fn sigmoid(x: &Tensor) -> Result<Tensor> {
    let positive = x.detach().ge(0f64)?;
    let power = positive.where_cond(&x.neg()?, x)?.exp()?;
    let below = (&power + 1.0)?;
    positive.where_cond(&below.recip()?, &power.div(&below)?)
}

fn hard_sigmoid(x: &Tensor) -> Result<Tensor> {
    let sixth = |x: &Tensor| ((x + 3.0)? * (1.0 / 6.0))?.contiguous();
    inside(x, -3.0, 3.0)?.where_cond(&sixth(x)?, &sixth(&clamped(x, -3.0, 3.0)?)?)
}

/// Below the curve times 0, as PyTorch, so that minus infinity becomes NaN; a NaN is on the curve, whose slope is one there.
fn hard_swish(x: &Tensor) -> Result<Tensor> {
    let detached = x.detach();
    let below = detached.le(-3f64)?;
    let outside = (&below + detached.ge(3f64)?)?;
    // The product meets no infinity, whose gradient would be 0 times that.
    let near = outside.where_cond(&x.zeros_like()?, x)?;
    let product = near.mul(&((&near + 3.0)? * (1.0 / 6.0))?)?;
    let straight = below.where_cond(&(detached * 0.0)?, x)?;
    outside.where_cond(&straight, &product)
}
