//! Softmax over the last dimension: rows of `e^x / sum of e^x`, `x [rows, c]`.
//!
//! The largest value is taken off first, so that nothing overflows. As in PyTorch a row with a NaN, with +inf, or of nothing
//! but -inf is all NaN. Sums run over registers, then over the lanes of one in a tree.

use pulp::Simd;

use super::fresh::Uninit;
use super::lanes::{Columns, F32s, Lanes, Width};
use super::math::exp;
use super::rows::{RowMap, map_whole_rows};

/// The softmax of each row.
pub fn forward(x: &[f32], columns: usize) -> Vec<f32> {
    let ([y], []) = map_whole_rows(Forward, columns, [x]);
    y
}

/// Gradient of `x` from the result `y` and its gradient: `y * (dy - sum of y * dy)`.
pub fn backward(y: &[f32], dy: &[f32], columns: usize) -> Vec<f32> {
    let ([dx], []) = map_whole_rows(Backward, columns, [y, dy]);
    dx
}

#[derive(Clone, Copy)]
struct Forward;

impl RowMap<1, 1, 0> for Forward {
    #[inline(always)]
    fn row<S: Simd>(self, width: Width<S>, [x]: [&[f32]; 1], [y]: [&mut [Uninit]; 1], []: [&mut [f32]; 0]) {
        let zero = F32s::splat(width.simd(), 0.0);
        let mut largest = Largest { x, largest: zero.like(f32::NEG_INFINITY) };
        width.each(&mut largest);
        let mut total = Total { x, from: zero.like(largest.largest.largest()), total: zero };
        width.each(&mut total);
        width.each(&mut Shares { from: total.from, factor: zero.like(1.0 / total.total.sum()), x, y });
    }
}

struct Largest<'a, S: Simd> {
    x: &'a [f32],
    largest: F32s<S>,
}

impl<S: Simd> Columns<S> for Largest<'_, S> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let x = lanes.or(lanes.load(self.x, at), f32::NEG_INFINITY);
        self.largest = self.largest.lt(x).select(x, self.largest);
    }
}

struct Total<'a, S: Simd> {
    x: &'a [f32],
    from: F32s<S>,
    total: F32s<S>,
}

impl<S: Simd> Columns<S> for Total<'_, S> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        self.total = self.total + lanes.or(exp(lanes.load(self.x, at) - self.from), 0.0);
    }
}

/// Exponentials again: working them out twice is quicker than keeping them for rows longer than the first cache.
struct Shares<'a, S: Simd> {
    from: F32s<S>,
    factor: F32s<S>,
    x: &'a [f32],
    y: &'a mut [Uninit],
}

impl<S: Simd> Columns<S> for Shares<'_, S> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let e = exp(lanes.load(self.x, at) - self.from);
        lanes.init(self.y, at, e * self.factor);
    }
}

#[derive(Clone, Copy)]
struct Backward;

impl RowMap<2, 1, 0> for Backward {
    #[inline(always)]
    fn row<S: Simd>(self, width: Width<S>, [y, dy]: [&[f32]; 2], [dx]: [&mut [Uninit]; 1], []: [&mut [f32]; 0]) {
        let zero = F32s::splat(width.simd(), 0.0);
        let mut product = Product { y, dy, sum: zero };
        width.each(&mut product);
        width.each(&mut Spread { y, dy, mean: zero.like(product.sum.sum()), dx });
    }
}

struct Product<'a, S: Simd> {
    y: &'a [f32],
    dy: &'a [f32],
    sum: F32s<S>,
}

impl<S: Simd> Columns<S> for Product<'_, S> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        self.sum = lanes.load(self.y, at).mul_add(lanes.load(self.dy, at), self.sum);
    }
}

struct Spread<'a, S: Simd> {
    y: &'a [f32],
    dy: &'a [f32],
    mean: F32s<S>,
    dx: &'a mut [Uninit],
}

impl<S: Simd> Columns<S> for Spread<'_, S> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        lanes.init(self.dx, at, (lanes.load(self.dy, at) - self.mean) * lanes.load(self.y, at));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, each, same_for_any_threads, slopes, values, wide};
    use super::*;

    fn exact(x: &[f64], columns: usize) -> Vec<f64> {
        let row = |x: &[f64]| {
            let top = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let e: Vec<f64> = x.iter().map(|x| (x - top).exp()).collect();
            let sum: f64 = e.iter().sum();
            e.into_iter().map(move |e| e / sum).collect::<Vec<_>>()
        };
        x.chunks(columns).flat_map(row).collect()
    }

    #[test]
    fn both_passes_are_the_definition() {
        each(40, (0usize..4, 1usize..70, -2i32..5), |isa, (rows, columns, size)| {
            let x: Vec<f32> = values(rows * columns, 1).iter().map(|x| x + 10f32.powi(size)).collect();
            let (x64, dy) = (wide(&x), values(x.len(), 2));
            let y = forward(&x, columns);
            close(&format!("{isa:?} y"), &y, &exact(&x64, columns), 1e-6);
            close(&format!("{isa:?} dx"), &backward(&y, &dy, columns), &slopes(&x64, &dy, |x| exact(x, columns)), 2e-6);
        });
    }

    #[test]
    fn ends_are_those_of_pytorch() {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        each(1, 0usize..1, |isa, _| {
            for row in [[nan, 0.0, 1.0], [inf, 0.0, 1.0], [-inf; 3]] {
                assert!(forward(&row, 3).iter().all(|y| y.is_nan()), "{isa:?} {row:?}");
            }
            assert_eq!(forward(&[-inf, 3e38, -3e38], 3), [0.0, 1.0, 0.0], "{isa:?}");
        });
    }

    #[test]
    fn threads_do_not_change_bits() {
        let x = values(700 * 197, 1);
        each(1, 0usize..1, |_, _| same_for_any_threads(|| vec![forward(&x, 197), backward(&x, &x, 197)]));
    }
}
