//! SwiGLU (Shazeer 2020, <https://arxiv.org/abs/2002.05202>): of rows `[a, b]` of twice `half` values the first half gates the second,
//! `y = silu(a) * b`.
#![allow(unsafe_code)] // The results' memory is new.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::activation::{Function, Silu};
use super::fresh::{Uninit, filled};
use super::lanes::{Columns, Lanes, Width};
use super::map::CHUNK;
use super::simd;
use super::sizes::volume;

/// The results `[rows, half]`; panics where `x` is not whole rows.
pub fn forward(x: &[f32], half: usize) -> Vec<f32> {
    let rows = rows(x, half);
    let write = |[y]: [&mut [Uninit]; 1]| {
        let chunk = chunk(half);
        y.par_chunks_mut(chunk * half.max(1)).zip(x.par_chunks(chunk * 2 * half.max(1))).for_each(|(y, x)| {
            simd::run(Forward { half, x, y });
        });
    };
    // SAFETY: the chunks cover the result, and every row of one is written.
    let [y] = unsafe { filled(rows * half, write) };
    y
}

/// Gradients of `x` from those of the results; panics where they are not of as many rows.
pub fn backward(x: &[f32], dy: &[f32], half: usize) -> Vec<f32> {
    assert_eq!(dy.len(), rows(x, half) * half, "gradients of other rows");
    let write = |[dx]: [&mut [Uninit]; 1]| {
        let chunk = chunk(half);
        let rows = chunk * 2 * half.max(1);
        dx.par_chunks_mut(rows).zip(x.par_chunks(rows)).zip(dy.par_chunks(chunk * half.max(1))).for_each(|((dx, x), dy)| {
            simd::run(Backward { half, x, dy, dx });
        });
    };
    // SAFETY: the chunks cover the result, and both halves of every row of one are written.
    let [dx] = unsafe { filled(x.len(), write) };
    dx
}

/// How many rows there are.
fn rows(x: &[f32], half: usize) -> usize {
    let row = volume([2, half]);
    assert!(x.len().checked_rem(row).unwrap_or(x.len()) == 0, "{} values in rows of {row}", x.len());
    x.len().checked_div(row).unwrap_or(0)
}

/// Rows that a task handles.
fn chunk(half: usize) -> usize {
    (CHUNK / half.max(1)).max(1)
}

struct Forward<'a> {
    half: usize,
    x: &'a [f32],
    y: &'a mut [Uninit],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = Width::new(simd, self.half);
        for (x, y) in self.x.chunks_exact(2 * self.half).zip(self.y.chunks_exact_mut(self.half)) {
            let (gate, x) = x.split_at(self.half);
            width.each(&mut Gated { gate, x, y });
        }
    }
}

struct Gated<'a> {
    gate: &'a [f32],
    x: &'a [f32],
    y: &'a mut [Uninit],
}

impl<S: Simd> Columns<S> for Gated<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let gate = Silu.of(lanes.load(self.gate, at));
        lanes.init(self.y, at, gate * lanes.load(self.x, at));
    }
}

struct Backward<'a> {
    half: usize,
    x: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [Uninit],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = Width::new(simd, self.half);
        let rows = self.x.chunks_exact(2 * self.half).zip(self.dy.chunks_exact(self.half));
        for ((x, dy), dx) in rows.zip(self.dx.chunks_exact_mut(2 * self.half)) {
            let ((gate, x), (dgate, dx)) = (x.split_at(self.half), dx.split_at_mut(self.half));
            width.each(&mut Slopes { gate, x, dy, dgate, dx });
        }
    }
}

struct Slopes<'a> {
    gate: &'a [f32],
    x: &'a [f32],
    dy: &'a [f32],
    dgate: &'a mut [Uninit],
    dx: &'a mut [Uninit],
}

impl<S: Simd> Columns<S> for Slopes<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let (gate, dy) = (lanes.load(self.gate, at), lanes.load(self.dy, at));
        lanes.init(self.dgate, at, Silu.gradient(gate, dy * lanes.load(self.x, at)));
        lanes.init(self.dx, at, dy * Silu.of(gate));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, each, same_for_any_threads, slopes, values, wide};
    use super::*;

    #[test]
    fn both_passes_are_the_definition() {
        each(40, (0usize..20, 0usize..40), |isa, (rows, half)| {
            let (x, dy) = (values(rows * 2 * half, 1), values(rows * half, 2));
            let exact = |x: &[f64]| -> Vec<f64> {
                let row = |x: &[f64]| (0..half).map(|c| x[c] / (1.0 + (-x[c]).exp()) * x[half + c]).collect::<Vec<_>>();
                x.chunks((2 * half).max(1)).flat_map(row).collect()
            };
            close(&format!("{isa:?} y"), &forward(&x, half), &exact(&wide(&x)), 1e-6);
            close(&format!("{isa:?} dx"), &backward(&x, &dy, half), &slopes(&wide(&x), &dy, exact), 3e-6);
        });
    }

    #[test]
    fn threads_do_not_change_bits() {
        let (x, dy) = (values(700 * 2 * 48, 1), values(700 * 48, 2));
        each(1, 0usize..1, |_, _| same_for_any_threads(|| vec![forward(&x, 48), backward(&x, &dy, 48)]));
    }
}
