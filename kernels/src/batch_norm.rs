//! Batch norm (Ioffe and Szegedy 2015, <https://arxiv.org/abs/1502.03167>) with what usually follows it, in one pass: for each
//! channel `z = (x - mean) * (inverse * gamma) + beta`, then `y = f(z + residual)`.
//!
//! `x` is `[rows, c]`; everything of a channel is `[c]`. Training normalises with [`statistics`] of `x` itself, inference with
//! running ones; the passes are the same but for the gradient that goes through the statistics.

mod statistics;
#[cfg(test)]
mod tests;

use pulp::Simd;
pub use statistics::{Statistics, statistics};

use super::activation::{Function, HardSwish, Identity, Relu, Relu6, Silu};
use super::columns::{Terms, column_sums};
use super::lanes::F32s;
use super::map::{Map, Shape, map_rows};

/// What is applied to the normalised values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Nothing,
    /// `max(z, 0)`.
    Relu,
    /// `min(max(z, 0), 6)`.
    Relu6,
    /// `z * sigmoid(z)`.
    Silu,
    /// `z * min(max(z + 3, 0), 6) / 6`.
    HardSwish,
}

/// How values are normalised.
#[derive(Clone, Copy, Debug)]
pub struct Norm<'a> {
    /// Mean of each channel.
    pub mean: &'a [f32],
    /// `1 / sqrt(variance + eps)` of each channel.
    pub inverse: &'a [f32],
    /// Factor of each channel.
    pub gamma: &'a [f32],
    /// Term of each channel.
    pub beta: &'a [f32],
    /// Mean and variance are those of `x` itself, so that the gradient passes through them.
    pub own: bool,
    /// What follows.
    pub after: After,
}

/// `1 / sqrt(variance + eps)`.
pub fn inverse_deviation(variance: &[f32], eps: f32) -> Vec<f32> {
    variance.iter().map(|&v| (f64::from(v) + f64::from(eps)).sqrt().recip() as f32).collect()
}

/// Gradients of everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    /// Of `x`.
    pub dx: Vec<f32>,
    /// Of what was added, where something was.
    pub dresidual: Option<Vec<f32>>,
    /// Of the factors.
    pub dgamma: Vec<f32>,
    /// Of the terms.
    pub dbeta: Vec<f32>,
}

/// Runs `$body` with `$function` being what follows.
macro_rules! with_after {
    ($after:expr, $function:ident => $body:expr) => {
        match $after {
            After::Nothing => {
                let $function = Identity;
                $body
            }
            After::Relu => {
                let $function = Relu;
                $body
            }
            After::Relu6 => {
                let $function = Relu6;
                $body
            }
            After::Silu => {
                let $function = Silu;
                $body
            }
            After::HardSwish => {
                let $function = HardSwish;
                $body
            }
        }
    };
}

/// `f((x - mean) * (inverse * gamma) + beta + residual)`; panics where lengths do not fit each other.
pub fn forward(x: &[f32], residual: Option<&[f32]>, norm: &Norm) -> Vec<f32> {
    let shape = Shape::one_group(x.len(), norm.mean.len());
    let factor = norm.factor();
    let parameters = [norm.mean, &factor, norm.beta];
    let [y] = with_after!(norm.after, f => match residual {
        None => map_rows(Normalise(f), shape, parameters, [x]),
        Some(residual) => map_rows(Normalise(f), shape, parameters, [x, residual]),
    });
    y
}

/// Gradients, in two passes over `x` and `dy`.
///
/// `y` is the result if something was added, and is read only then: without it `f`'s slope follows from `x`, which is read anyway.
/// SiLU and hard swish have no slope that follows from their result, so nothing can be added before them: that panics, as lengths do that do not fit each other.
pub fn backward(x: &[f32], y: Option<&[f32]>, dy: &[f32], norm: &Norm) -> Gradients {
    assert!(y.is_none() || !matches!(norm.after, After::Silu | After::HardSwish));
    with_after!(norm.after, f => match y {
        None => backward_of(Slope(f), x, [x, dy], false, norm),
        Some(y) => backward_of(Slope(f), x, [x, dy, y], true, norm),
    })
}

fn backward_of<F, const N: usize>(slope: F, x: &[f32], inputs: [&[f32]; N], added: bool, norm: &Norm) -> Gradients
where
    F: Masked<N>,
{
    let shape = Shape::one_group(x.len(), norm.mean.len());
    let factor = norm.factor();
    let [sum, product] = column_sums(Sums(slope), shape, [norm.mean, &factor, norm.beta], inputs);
    let product: Vec<f64> = product.iter().zip(norm.inverse).map(|(sum, &inverse)| sum * f64::from(inverse)).collect();
    let (share, per_x) = norm.through_statistics(&sum, &product, shape.rows);
    let parameters = [norm.mean, &factor, norm.beta, &share, &per_x];
    let (dx, dresidual) = if added {
        let [dx, dresidual] = map_rows(Spread(slope), shape, parameters, inputs);
        (dx, Some(dresidual))
    } else {
        let [dx] = map_rows(Spread(slope), shape, parameters, inputs);
        (dx, None)
    };
    let narrow = |sums: Vec<f64>| sums.into_iter().map(|sum| sum as f32).collect();
    Gradients { dx, dresidual, dgamma: narrow(product), dbeta: narrow(sum) }
}

impl Norm<'_> {
    fn factor(&self) -> Vec<f32> {
        let channels = self.mean.len();
        assert!([self.inverse, self.gamma, self.beta].iter().all(|x| x.len() == channels), "parameters are not {channels}");
        self.inverse.iter().zip(self.gamma).map(|(inverse, gamma)| inverse * gamma).collect()
    }

    /// What each `dx / factor` loses through the mean, and, for each unit of `x - mean`, through the variance.
    fn through_statistics(&self, sum: &[f64], product: &[f64], rows: usize) -> (Vec<f32>, Vec<f32>) {
        let rows = if self.own { rows as f64 } else { f64::INFINITY };
        let per_x = product.iter().zip(self.inverse).map(|(product, &inverse)| (product / rows * f64::from(inverse)) as f32);
        (sum.iter().map(|sum| (sum / rows) as f32).collect(), per_x.collect())
    }
}

/// The normalised value.
#[inline(always)]
fn normalised<S: Simd>(x: F32s<S>, mean: F32s<S>, factor: F32s<S>, beta: F32s<S>) -> F32s<S> {
    (x - mean).mul_add(factor, beta)
}

#[derive(Clone, Copy)]
struct Normalise<F>(F);

impl<F: Function> Map<3, 1, 1> for Normalise<F> {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [mean, factor, beta]: [F32s<S>; 3], [x]: [F32s<S>; 1]) -> [F32s<S>; 1] {
        [self.0.of(normalised(x, mean, factor, beta))]
    }
}

impl<F: Function> Map<3, 2, 1> for Normalise<F> {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [mean, factor, beta]: [F32s<S>; 3], [x, residual]: [F32s<S>; 2]) -> [F32s<S>; 1] {
        [self.0.of(normalised(x, mean, factor, beta) + residual)]
    }
}

/// The gradient before `f`, from `N` inputs of which the first are `x` and `dy`.
trait Masked<const N: usize>: Copy + Sync {
    fn of<S: Simd>(self, norm: [F32s<S>; 3], inputs: [F32s<S>; N]) -> F32s<S>;
}

#[derive(Clone, Copy)]
struct Slope<F>(F);

impl<F: Function> Masked<2> for Slope<F> {
    #[inline(always)]
    fn of<S: Simd>(self, [mean, factor, beta]: [F32s<S>; 3], [x, dy]: [F32s<S>; 2]) -> F32s<S> {
        self.0.gradient(normalised(x, mean, factor, beta), dy)
    }
}

impl<F: Function> Masked<3> for Slope<F> {
    #[inline(always)]
    fn of<S: Simd>(self, _: [F32s<S>; 3], [_, dy, y]: [F32s<S>; 3]) -> F32s<S> {
        self.0.gradient(y, dy)
    }
}

/// The gradient before `f`, and that times `x - mean`.
#[derive(Clone, Copy)]
struct Sums<F>(F);

impl<F: Masked<N>, const N: usize> Terms<3, N, 2> for Sums<F> {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, norm: [F32s<S>; 3], inputs: [F32s<S>; N]) -> [F32s<S>; 2] {
        let gradient = self.0.of(norm, inputs);
        [gradient, gradient * (inputs[0] - norm[0])]
    }
}

/// `dx = factor * (gradient - share - (x - mean) * per_x)`.
#[derive(Clone, Copy)]
struct Spread<F>(F);

impl<F: Masked<N>, const N: usize> Map<5, N, 1> for Spread<F> {
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, parameters: [F32s<S>; 5], inputs: [F32s<S>; N]) -> [F32s<S>; 1] {
        let [dx, _] = self.of(simd, parameters, inputs);
        [dx]
    }
}

impl<F: Masked<N>, const N: usize> Map<5, N, 2> for Spread<F> {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [mean, factor, beta, share, per_x]: [F32s<S>; 5], inputs: [F32s<S>; N]) -> [F32s<S>; 2] {
        let gradient = self.0.of([mean, factor, beta], inputs);
        let dx = ((mean - inputs[0]).mul_add(per_x, gradient) - share) * factor;
        [dx, gradient]
    }
}
