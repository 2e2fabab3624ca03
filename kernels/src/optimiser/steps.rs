//! What happens to a piece of a parameter.

use pulp::{Simd, WithSimd};

use super::super::lanes::{Columns, F32s, Lanes, Width};
use super::{AdamW, Sgd};

/// What a step's number makes of AdamW's rule; worked out in f64, as PyTorch does.
#[derive(Clone, Copy)]
pub struct Factors {
    scale: f32,
    /// How much of the gradient comes into its mean.
    first: f32,
    /// How much of the mean square stays.
    beta2: f32,
    /// How much of the square comes into its mean.
    second: f32,
    eps: f32,
    /// What decay leaves of a value.
    keep: f32,
    /// Learning rate over the first correction.
    rate: f32,
    /// One over the root of the second correction.
    root: f32,
}

impl Factors {
    pub fn new(rule: &AdamW, step: u64) -> Self {
        let power = i32::try_from(step).unwrap_or(i32::MAX);
        let unbias = |beta: f64| 1.0 - beta.powi(power);
        Self {
            scale: rule.scale,
            first: (1.0 - rule.beta1) as f32,
            beta2: rule.beta2 as f32,
            second: (1.0 - rule.beta2) as f32,
            eps: rule.eps as f32,
            keep: (1.0 - rule.rate * rule.weight_decay) as f32,
            rate: (rule.rate / unbias(rule.beta1)) as f32,
            root: unbias(rule.beta2).sqrt().recip() as f32,
        }
    }
}

pub struct AdamWStep<'a> {
    pub factors: Factors,
    pub values: &'a mut [f32],
    pub gradient: &'a [f32],
    pub mean: &'a mut [f32],
    pub square: &'a mut [f32],
}

/// Runs a step over its values.
macro_rules! over_values {
    ($step:ident, $values:ident) => {
        impl WithSimd for $step<'_> {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: Simd>(mut self, simd: S) {
                Width::new(simd, self.$values.len()).each(&mut self);
            }
        }
    };
}
over_values!(AdamWStep, values);
over_values!(SgdStep, values);
over_values!(AverageStep, average);

impl<S: Simd> Columns<S> for AdamWStep<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let (all, factors) = (|value: f32| lanes.splat(value), self.factors);
        let gradient = lanes.load(self.gradient, at) * all(factors.scale);
        let mean = lanes.load(self.mean, at);
        let mean = (gradient - mean).mul_add(all(factors.first), mean);
        let square = lanes.load(self.square, at) * all(factors.beta2);
        let square = (gradient * gradient).mul_add(all(factors.second), square);
        let below: F32s<S> = square.sqrt().mul_add(all(factors.root), all(factors.eps));
        let value = lanes.load(self.values, at) * all(factors.keep);
        lanes.store(self.mean, at, mean);
        lanes.store(self.square, at, square);
        lanes.store(self.values, at, value - all(factors.rate) * mean / below);
    }
}

/// SGD's rule in f32.
#[derive(Clone, Copy)]
pub struct SgdFactors {
    scale: f32,
    momentum: f32,
    nesterov: bool,
    weight_decay: f32,
    rate: f32,
}

impl SgdFactors {
    pub fn new(rule: &Sgd) -> Self {
        let [momentum, weight_decay, rate] = [rule.momentum, rule.weight_decay, rule.rate].map(|x| x as f32);
        Self { scale: rule.scale, momentum, nesterov: rule.nesterov, weight_decay, rate }
    }
}

pub struct SgdStep<'a> {
    pub factors: SgdFactors,
    pub values: &'a mut [f32],
    pub gradient: &'a [f32],
    pub velocity: Option<&'a mut [f32]>,
}

impl<S: Simd> Columns<S> for SgdStep<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let (all, factors) = (|value: f32| lanes.splat(value), self.factors);
        let value = lanes.load(self.values, at);
        let gradient = lanes.load(self.gradient, at) * all(factors.scale);
        // Without decay a value that is not finite says nothing, as in PyTorch.
        let gradient = if factors.weight_decay == 0.0 { gradient } else { value.mul_add(all(factors.weight_decay), gradient) };
        let way = match &mut self.velocity {
            None => gradient,
            Some(velocity) => {
                let moved = lanes.load(velocity, at).mul_add(all(factors.momentum), gradient);
                lanes.store(velocity, at, moved);
                if factors.nesterov { moved.mul_add(all(factors.momentum), gradient) } else { moved }
            }
        };
        lanes.store(self.values, at, value - all(factors.rate) * way);
    }
}

pub struct AverageStep<'a> {
    pub weight: f32,
    pub average: &'a mut [f32],
    pub values: &'a [f32],
}

impl<S: Simd> Columns<S> for AverageStep<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let average = lanes.load(self.average, at);
        let moved = (lanes.load(self.values, at) - average).mul_add(lanes.splat(self.weight), average);
        lanes.store(self.average, at, moved);
    }
}

/// The sum of squares of a piece: 16 sums side by side, then those in turn.
pub struct Squares<'a>(pub &'a [f32]);

impl WithSimd for Squares<'_> {
    type Output = f64;

    /// Plain code, whose sums are the same with every instruction set.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let mut sums = [0f64; 16];
        let (whole, rest) = self.0.as_chunks::<16>();
        for x in whole {
            for (sum, &x) in sums.iter_mut().zip(x) {
                *sum += f64::from(x) * f64::from(x);
            }
        }
        for (sum, &x) in sums.iter_mut().zip(rest) {
            *sum += f64::from(x) * f64::from(x);
        }
        sums.iter().sum()
    }
}
