//! Loops over slices: parallel maps in chunks of a fixed length, and sums with a fixed order.

use rayon::prelude::*;

/// Elements a task handles.
pub(in crate::nn) const CHUNK: usize = 1 << 14;

/// `f` of every value.
pub(super) fn map(x: &[f32], f: impl Fn(f32) -> f32 + Sync) -> Vec<f32> {
    let mut out = vec![0.0; x.len()];
    out.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(out, x)| {
        for (out, &x) in out.iter_mut().zip(x) {
            *out = f(x);
        }
    });
    out
}

/// `f` of every pair of values.
pub(super) fn zip(x: &[f32], y: &[f32], f: impl Fn(f32, f32) -> f32 + Sync) -> Vec<f32> {
    let mut out = vec![0.0; x.len()];
    out.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).zip(y.par_chunks(CHUNK)).for_each(|((out, x), y)| {
        for ((out, &x), &y) in out.iter_mut().zip(x).zip(y) {
            *out = f(x, y);
        }
    });
    out
}

/// How many planes of this length make a task worth starting.
pub(super) fn planes_per_task(plane: usize) -> usize {
    (CHUNK / plane.max(1)).max(1)
}

/// Partial sums kept side by side, so that the compiler can use vector registers.
const LANES: usize = 16;

/// Sum of `f(x)`, in sixteen interleaved f32 sums that are then added in f64.
#[inline(always)]
pub(in crate::nn) fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f64 {
    let mut lanes = [0f32; LANES];
    let blocks = x.chunks_exact(LANES);
    let rest = blocks.remainder();
    for block in blocks {
        for (lane, &x) in lanes.iter_mut().zip(block) {
            *lane += f(x);
        }
    }
    let tail: f64 = rest.iter().map(|&x| f64::from(f(x))).sum();
    lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>() + tail
}

/// Sum of `f(x, y)` over pairs, in the order of [`sum`].
#[inline(always)]
pub(super) fn sum2(x: &[f32], y: &[f32], f: impl Fn(f32, f32) -> f32) -> f64 {
    let mut lanes = [0f32; LANES];
    let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let (x_rest, y_rest) = (xs.remainder(), ys.remainder());
    for (x, y) in xs.zip(ys) {
        for ((lane, &x), &y) in lanes.iter_mut().zip(x).zip(y) {
            *lane += f(x, y);
        }
    }
    let tail: f64 = x_rest.iter().zip(y_rest).map(|(&x, &y)| f64::from(f(x, y))).sum();
    lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>() + tail
}
