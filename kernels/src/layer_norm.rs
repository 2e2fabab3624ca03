//! Layer norm (Ba, Kiros and Hinton 2016, <https://arxiv.org/abs/1607.06450>) over the last dimension: for each row
//! `y = (x - mean) / sqrt(var + eps) * gamma + beta`, `x [rows, c]`, `gamma` and `beta` `[c]`.
//!
//! Mean and variance take two passes over a row, each summed over registers and then over the lanes of one in a tree; the
//! backward pass works them out again. Sums over rows are in the order of [`super::rows`].

use pulp::Simd;

use super::fresh::Uninit;
use super::lanes::{Columns, F32s, Lanes, Width};
use super::rows::{RowMap, map_whole_rows};

/// The normalised rows.
pub fn forward(x: &[f32], gamma: &[f32], beta: &[f32], eps: f32) -> Vec<f32> {
    assert_eq!(gamma.len(), beta.len());
    let ([y], []) = map_whole_rows(Forward { gamma, beta, eps }, gamma.len(), [x]);
    y
}

/// Gradients of `x`, of `gamma` and of `beta`.
pub fn backward(x: &[f32], gamma: &[f32], dy: &[f32], eps: f32) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let ([dx], sums) = map_whole_rows(Backward { gamma, eps }, gamma.len(), [x, dy]);
    let [dgamma, dbeta] = sums.map(|sums| sums.into_iter().map(|sum| sum as f32).collect());
    (dx, dgamma, dbeta)
}

/// Mean and `1 / sqrt(var + eps)` of a row.
#[inline(always)]
fn moments<S: Simd>(width: Width<S>, x: &[f32], eps: f32) -> (F32s<S>, F32s<S>) {
    let (zero, count) = (F32s::splat(width.simd(), 0.0), x.len() as f32);
    let mut sum = Sum { x, sum: zero };
    width.each(&mut sum);
    let mut squares = Squares { x, mean: zero.like(sum.sum.sum() / count), sum: zero };
    width.each(&mut squares);
    let var = squares.sum.sum() / count;
    (squares.mean, zero.like(1.0 / (var + eps).sqrt()))
}

struct Sum<'a, S: Simd> {
    x: &'a [f32],
    sum: F32s<S>,
}

impl<S: Simd> Columns<S> for Sum<'_, S> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        self.sum = self.sum + lanes.load(self.x, at);
    }
}

struct Squares<'a, S: Simd> {
    x: &'a [f32],
    mean: F32s<S>,
    sum: F32s<S>,
}

impl<S: Simd> Columns<S> for Squares<'_, S> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let distance = lanes.or(lanes.load(self.x, at) - self.mean, 0.0);
        self.sum = distance.mul_add(distance, self.sum);
    }
}

#[derive(Clone, Copy)]
struct Forward<'a> {
    gamma: &'a [f32],
    beta: &'a [f32],
    eps: f32,
}

impl RowMap<1, 1, 0> for Forward<'_> {
    #[inline(always)]
    fn row<S: Simd>(self, width: Width<S>, [x]: [&[f32]; 1], [y]: [&mut [Uninit]; 1], []: [&mut [f32]; 0]) {
        let (mean, inverse) = moments(width, x, self.eps);
        width.each(&mut Normalise { x, gamma: self.gamma, beta: self.beta, mean, inverse, y });
    }
}

struct Normalise<'a, S: Simd> {
    x: &'a [f32],
    gamma: &'a [f32],
    beta: &'a [f32],
    mean: F32s<S>,
    inverse: F32s<S>,
    y: &'a mut [Uninit],
}

impl<S: Simd> Columns<S> for Normalise<'_, S> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let normal = (lanes.load(self.x, at) - self.mean) * self.inverse;
        lanes.init(self.y, at, normal.mul_add(lanes.load(self.gamma, at), lanes.load(self.beta, at)));
    }
}

#[derive(Clone, Copy)]
struct Backward<'a> {
    gamma: &'a [f32],
    eps: f32,
}

impl RowMap<2, 1, 2> for Backward<'_> {
    #[inline(always)]
    fn row<S: Simd>(self, width: Width<S>, [x, dy]: [&[f32]; 2], [dx]: [&mut [Uninit]; 1], [dgamma, dbeta]: [&mut [f32]; 2]) {
        let (mean, inverse) = moments(width, x, self.eps);
        let (gamma, zero, count) = (self.gamma, mean.like(0.0), x.len() as f32);
        let mut sums = Sums { x, dy, gamma, mean, inverse, dgamma, dbeta, plain: zero, times: zero };
        width.each(&mut sums);
        let (plain, times) = (zero.like(sums.plain.sum() / count), zero.like(sums.times.sum() / count));
        width.each(&mut Spread { x, dy, gamma, mean, inverse, plain, times, dx });
    }
}

/// Sums of `dy * gamma` and of that times the normalised value; adds to the gradients of gamma and beta on the way.
struct Sums<'a, S: Simd> {
    x: &'a [f32],
    dy: &'a [f32],
    gamma: &'a [f32],
    mean: F32s<S>,
    inverse: F32s<S>,
    dgamma: &'a mut [f32],
    dbeta: &'a mut [f32],
    plain: F32s<S>,
    times: F32s<S>,
}

impl<S: Simd> Columns<S> for Sums<'_, S> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let dy = lanes.load(self.dy, at);
        // Past the end dy and gamma are 0 as loaded, but 0 times NaN is not.
        let normal = lanes.or((lanes.load(self.x, at) - self.mean) * self.inverse, 0.0);
        let (dgamma, dbeta) = (lanes.load(self.dgamma, at), lanes.load(self.dbeta, at));
        lanes.store(self.dgamma, at, normal.mul_add(dy, dgamma));
        lanes.store(self.dbeta, at, dbeta + dy);
        let inner = dy * lanes.load(self.gamma, at);
        self.plain = self.plain + inner;
        self.times = normal.mul_add(inner, self.times);
    }
}

/// `dx = inverse * (dy * gamma - plain - normal * times)`.
struct Spread<'a, S: Simd> {
    x: &'a [f32],
    dy: &'a [f32],
    gamma: &'a [f32],
    mean: F32s<S>,
    inverse: F32s<S>,
    plain: F32s<S>,
    times: F32s<S>,
    dx: &'a mut [Uninit],
}

impl<S: Simd> Columns<S> for Spread<'_, S> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let normal = (lanes.load(self.x, at) - self.mean) * self.inverse;
        let inner = lanes.load(self.dy, at).mul_add(lanes.load(self.gamma, at), -self.plain);
        lanes.init(self.dx, at, (inner - normal * self.times) * self.inverse);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, each, same_for_any_threads, slopes, values, wide};
    use super::*;

    const EPS: f32 = 1e-3;

    fn exact(x: &[f64], gamma: &[f64], beta: &[f64]) -> Vec<f64> {
        let columns = gamma.len() as f64;
        let row = |x: &[f64]| {
            let mean = x.iter().sum::<f64>() / columns;
            let var = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / columns;
            let inverse = (var + f64::from(EPS)).sqrt().recip();
            x.iter().zip(gamma).zip(beta).map(|((x, gamma), beta)| (x - mean) * inverse * gamma + beta).collect::<Vec<_>>()
        };
        x.chunks(gamma.len()).flat_map(row).collect()
    }

    #[test]
    fn both_passes_are_the_definition() {
        each(40, (0usize..5, 1usize..70, -1i32..3), |isa, (rows, columns, size)| {
            let x: Vec<f32> = values(rows * columns, 1).iter().map(|x| x + 10f32.powi(size)).collect();
            let (gamma, beta, dy) = (values(columns, 2), values(columns, 3), values(x.len(), 4));
            let (x64, gamma64, beta64) = (wide(&x), wide(&gamma), wide(&beta));
            let y = forward(&x, &gamma, &beta, EPS);
            close(&format!("{isa:?} y"), &y, &exact(&x64, &gamma64, &beta64), 2e-4);
            let (dx, dgamma, dbeta) = backward(&x, &gamma, &dy, EPS);
            close(&format!("{isa:?} dx"), &dx, &slopes(&x64, &dy, |x| exact(x, &gamma64, &beta64)), 5e-4);
            close(&format!("{isa:?} dgamma"), &dgamma, &slopes(&gamma64, &dy, |gamma| exact(&x64, gamma, &beta64)), 2e-4);
            close(&format!("{isa:?} dbeta"), &dbeta, &slopes(&beta64, &dy, |beta| exact(&x64, &gamma64, beta)), 1e-5);
        });
    }

    #[test]
    fn a_nan_spoils_its_row_alone() {
        each(1, 0usize..1, |_, _| {
            let mut x = values(3 * 20, 1);
            x[20 + 7] = f32::NAN;
            let y = forward(&x, &[1.0; 20], &[0.0; 20], EPS);
            assert!(y.iter().enumerate().all(|(i, y)| y.is_nan() == (i / 20 == 1)));
        });
    }

    #[test]
    fn threads_do_not_change_bits() {
        let (x, ones) = (values(700 * 192, 1), vec![1.0; 192]);
        each(1, 0usize..1, |_, _| {
            same_for_any_threads(|| {
                let (dx, dgamma, dbeta) = backward(&x, &ones, &x, EPS);
                vec![dx, dgamma, dbeta, forward(&x, &ones, &ones, EPS)]
            });
        });
    }
}
