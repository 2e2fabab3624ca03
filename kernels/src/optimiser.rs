//! Steps of AdamW and SGD over flat slices, one pass over memory each.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::lanes::{Columns, F32s, Lanes, Width};
use super::map::CHUNK;
use super::simd;

/// AdamW (Loshchilov and Hutter 2019, <https://arxiv.org/abs/1711.05101>), by PyTorch's formula.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Learning rate.
    pub rate: f64,
    /// How much of the mean gradient stays.
    pub beta1: f32,
    /// How much of the mean squared gradient stays.
    pub beta2: f32,
    /// Added to the root below.
    pub eps: f32,
    /// `rate * weight_decay` of each value goes, whatever its gradient.
    pub weight_decay: f32,
    /// Factor of every gradient, as clipping wants it.
    pub scale: f32,
}

/// SGD by PyTorch's formula, without dampening.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Learning rate.
    pub rate: f64,
    /// How much of the velocity stays.
    pub momentum: f32,
    /// Look ahead along the velocity.
    pub nesterov: bool,
    /// `weight_decay * value` is added to a gradient.
    pub weight_decay: f32,
    /// Factor of every gradient, as clipping wants it.
    pub scale: f32,
}

/// Moves `values`. `mean` and `square` are what earlier steps left, zeros at first; `step` counts from 1.
pub fn adamw(rule: &AdamW, step: u64, values: &mut [f32], gradient: &[f32], mean: &mut [f32], square: &mut [f32]) {
    debug_assert!(step > 0 && [gradient.len(), mean.len(), square.len()] == [values.len(); 3]);
    let power = i32::try_from(step).unwrap_or(i32::MAX);
    let unbias = |beta: f32| 1.0 - f64::from(beta).powi(power);
    let factors = Factors {
        keep: (1.0 - rule.rate * f64::from(rule.weight_decay)) as f32,
        rate: (rule.rate / unbias(rule.beta1)) as f32,
        root: unbias(rule.beta2).sqrt().recip() as f32,
    };
    let memory = mean.par_chunks_mut(CHUNK).zip(square.par_chunks_mut(CHUNK));
    let chunks = values.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK)).zip(memory);
    chunks.for_each(|((values, gradient), (mean, square))| {
        simd::run(AdamWStep { rule: *rule, factors, values, gradient, mean, square });
    });
}

/// Moves `values`. `velocity` is what earlier steps left, zeros at first; with momentum 0 it is neither read nor written, and
/// may be empty.
pub fn sgd(rule: &Sgd, values: &mut [f32], gradient: &[f32], velocity: &mut [f32]) {
    debug_assert_eq!(gradient.len(), values.len());
    let chunks = values.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK));
    if rule.momentum == 0.0 {
        chunks.for_each(|(values, gradient)| simd::run(SgdStep { rule: *rule, values, gradient, velocity: None }));
        return;
    }
    debug_assert_eq!(velocity.len(), gradient.len());
    chunks.zip(velocity.par_chunks_mut(CHUNK)).for_each(|((values, gradient), velocity)| {
        simd::run(SgdStep { rule: *rule, values, gradient, velocity: Some(velocity) });
    });
}

/// What a step's number makes of the rule.
#[derive(Clone, Copy)]
struct Factors {
    /// What decay leaves of a value.
    keep: f32,
    /// Learning rate over the first correction.
    rate: f32,
    /// One over the root of the second correction.
    root: f32,
}

struct AdamWStep<'a> {
    rule: AdamW,
    factors: Factors,
    values: &'a mut [f32],
    gradient: &'a [f32],
    mean: &'a mut [f32],
    square: &'a mut [f32],
}

impl WithSimd for AdamWStep<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        Width::new(simd, self.values.len()).each(&mut self);
    }
}

impl<S: Simd> Columns<S> for AdamWStep<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let all = |value: f32| lanes.splat(value);
        let gradient = lanes.load(self.gradient, at) * all(self.rule.scale);
        let mean = lanes.load(self.mean, at);
        let mean = (gradient - mean).mul_add(all(1.0 - self.rule.beta1), mean);
        let square = lanes.load(self.square, at) * all(self.rule.beta2);
        let square = (gradient * gradient).mul_add(all(1.0 - self.rule.beta2), square);
        let below: F32s<S> = square.sqrt().mul_add(all(self.factors.root), all(self.rule.eps));
        let value = lanes.load(self.values, at) * all(self.factors.keep);
        lanes.store(self.mean, at, mean);
        lanes.store(self.square, at, square);
        lanes.store(self.values, at, value - all(self.factors.rate) * mean / below);
    }
}

struct SgdStep<'a> {
    rule: Sgd,
    values: &'a mut [f32],
    gradient: &'a [f32],
    velocity: Option<&'a mut [f32]>,
}

impl WithSimd for SgdStep<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        Width::new(simd, self.values.len()).each(&mut self);
    }
}

impl<S: Simd> Columns<S> for SgdStep<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let all = |value: f32| lanes.splat(value);
        let value = lanes.load(self.values, at);
        let gradient = value.mul_add(all(self.rule.weight_decay), lanes.load(self.gradient, at) * all(self.rule.scale));
        let way = match &mut self.velocity {
            None => gradient,
            Some(velocity) => {
                let moved = lanes.load(velocity, at).mul_add(all(self.rule.momentum), gradient);
                lanes.store(velocity, at, moved);
                if self.rule.nesterov { moved.mul_add(all(self.rule.momentum), gradient) } else { moved }
            }
        };
        lanes.store(self.values, at, value - all(self.rule.rate as f32) * way);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, each, same_for_any_threads, values, wide};
    use super::*;

    #[test]
    fn adamw_is_its_formula() {
        each(20, (0usize..100, 0f32..0.2), |isa, (len, weight_decay)| {
            let rule = AdamW { rate: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay, scale: 0.5 };
            let (mut p, mut mean, mut square) = (values(len, 9), vec![0.0; len], vec![0.0; len]);
            let (mut p64, mut m64, mut v64) = (wide(&p), vec![0.0; len], vec![0.0; len]);
            let decay = f64::from(weight_decay);
            for t in 1..6 {
                let gradient = values(len, t);
                adamw(&rule, t, &mut p, &gradient, &mut mean, &mut square);
                for (i, g) in gradient.iter().map(|&g| 0.5 * f64::from(g)).enumerate() {
                    m64[i] = 0.9 * m64[i] + 0.1 * g;
                    v64[i] = 0.999 * v64[i] + 0.001 * g * g;
                    let (m_hat, v_hat) = (m64[i] / (1.0 - 0.9f64.powi(t as i32)), v64[i] / (1.0 - 0.999f64.powi(t as i32)));
                    p64[i] -= 0.01 * decay * p64[i] + 0.01 * m_hat / (v_hat.sqrt() + 1e-8);
                }
                close(&format!("{isa:?} step {t}"), &p, &p64, 5e-6);
            }
        });
    }

    #[test]
    fn sgd_is_its_formula() {
        each(20, (0usize..100, 0usize..3, 0f32..0.2), |isa, (len, kind, weight_decay)| {
            let momentum = if kind == 0 { 0.0 } else { 0.9 };
            let rule = Sgd { rate: 0.01, momentum, nesterov: kind == 2, weight_decay, scale: 0.5 };
            let (mut p, mut velocity) = (values(len, 9), vec![0.0; if kind == 0 { 0 } else { len }]);
            let (mut p64, mut v64) = (wide(&p), vec![0.0; len]);
            for t in 1..6 {
                let gradient = values(len, t);
                sgd(&rule, &mut p, &gradient, &mut velocity);
                for (i, g) in gradient.iter().map(|&g| 0.5 * f64::from(g)).enumerate() {
                    let g = g + f64::from(weight_decay) * p64[i];
                    v64[i] = f64::from(momentum) * v64[i] + g;
                    p64[i] -= 0.01 * if kind == 2 { g + f64::from(momentum) * v64[i] } else { v64[i] };
                }
                close(&format!("{isa:?} step {t}"), &p, &p64, 1e-6);
            }
        });
    }

    #[test]
    fn threads_do_not_change_bits() {
        let rule = AdamW { rate: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.1, scale: 1.0 };
        let gradient = values(100_001, 1);
        each(1, 0usize..1, |_, _| {
            same_for_any_threads(|| {
                let (mut p, mut mean, mut square) = (values(100_001, 2), vec![0.0; 100_001], vec![0.0; 100_001]);
                adamw(&rule, 3, &mut p, &gradient, &mut mean, &mut square);
                vec![p, mean, square]
            });
        });
    }
}
