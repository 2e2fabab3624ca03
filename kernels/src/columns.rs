//! Sums over the rows of matrices, column by column: `sum over r of f(parameters[c], x[r, c])`.
//!
//! Order of summation, whatever the number of threads: [`BLOCK`] rows in turn in f32, such sums of a chunk of at most [`ROWS`]
//! rows in turn in f32, chunks in turn in f64.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::lanes::{Columns, F32s, Lanes, Width};
use super::map::Shape;
use super::pieces::finely;
use super::simd;
use super::sizes::volume;

/// Values that a task handles.
const CHUNK: usize = 1 << 15;
/// Rows that are added up before f64 takes over.
const ROWS: usize = 256;
/// Rows that are added up in registers.
const BLOCK: usize = 8;

/// `K` terms of `P` parameters and `N` inputs.
pub trait Terms<const P: usize, const N: usize, const K: usize>: Copy + Sync {
    /// The terms of one register of each.
    fn of<S: Simd>(self, simd: S, parameters: [F32s<S>; P], x: [F32s<S>; N]) -> [F32s<S>; K];
}

/// Rows in a chunk.
pub fn rows_per_chunk(columns: usize) -> usize {
    (CHUNK / columns.max(1)).clamp(BLOCK, ROWS)
}

/// Sums over all rows of each group: `K` vectors `[groups, columns]`.
///
/// `parameters` are `[groups, columns]`, inputs `[rows, columns]`; panics where they are not.
pub fn column_sums<const P: usize, const N: usize, const K: usize>(
    terms: impl Terms<P, N, K>,
    shape: Shape,
    parameters: [&[f32]; P],
    x: [&[f32]; N],
) -> [Vec<f64>; K] {
    let (each, len) = (volume([shape.groups(), shape.columns]), shape.len());
    assert!(parameters.iter().all(|p| p.len() == each), "parameters are not {each}");
    assert!(x.iter().all(|x| x.len() == len), "inputs are not {len} values");
    let Shape { rows, columns, group } = shape;
    if columns == 0 {
        return [(); K].map(|()| Vec::new());
    }
    let chunk = rows_per_chunk(columns).min(group);
    let per_group = group.div_ceil(chunk);
    let parts: Vec<[Vec<f32>; K]> = finely((0..shape.groups() * per_group).into_par_iter())
        .map(|i| {
            let (g, part) = (i / per_group, i % per_group);
            let start = (g * group + part * chunk).min(rows);
            let end = (start + chunk).min((g + 1) * group).min(rows);
            let x = x.map(|x| &x[start * columns..end * columns]);
            chunk_sums(terms, columns, parameters.map(|p| &p[g * columns..][..columns]), x)
        })
        .collect();
    combine(&parts, per_group, columns)
}

/// Adds up the parts of each group, in order.
fn combine<const K: usize>(parts: &[[Vec<f32>; K]], per_group: usize, columns: usize) -> [Vec<f64>; K] {
    let mut sums = [(); K].map(|()| vec![0f64; parts.len() / per_group * columns]);
    for (i, part) in parts.iter().enumerate() {
        for (sum, part) in sums.iter_mut().zip(part) {
            let sum = &mut sum[i / per_group * columns..][..columns];
            sum.iter_mut().zip(part).for_each(|(sum, &part)| *sum += f64::from(part));
        }
    }
    sums
}

/// Sums over the rows of one chunk, in which there are columns.
pub(crate) fn chunk_sums<const P: usize, const N: usize, const K: usize>(
    terms: impl Terms<P, N, K>,
    columns: usize,
    parameters: [&[f32]; P],
    x: [&[f32]; N],
) -> [Vec<f32>; K] {
    simd::run(Chunk { terms, columns, parameters, x, sums: [(); K].map(|()| vec![0.0; columns]) })
}

struct Chunk<'a, F, const P: usize, const N: usize, const K: usize> {
    terms: F,
    columns: usize,
    parameters: [&'a [f32]; P],
    x: [&'a [f32]; N],
    sums: [Vec<f32>; K],
}

impl<F: Terms<P, N, K>, const P: usize, const N: usize, const K: usize> WithSimd for Chunk<'_, F, P, N, K> {
    type Output = [Vec<f32>; K];

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Self::Output {
        let width = Width::new(simd, self.columns);
        let len = self.x.first().map_or(0, |x| x.len());
        for start in (0..len).step_by(BLOCK * self.columns) {
            let end = (start + BLOCK * self.columns).min(len);
            let (terms, columns, parameters) = (self.terms, self.columns, self.parameters);
            let sums = self.sums.each_mut().map(Vec::as_mut_slice);
            width.each(&mut Block { terms, columns, parameters, x: self.x.map(|x| &x[start..end]), sums });
        }
        self.sums
    }
}

/// Rows that are added up in registers.
struct Block<'a, F, const P: usize, const N: usize, const K: usize> {
    terms: F,
    columns: usize,
    parameters: [&'a [f32]; P],
    x: [&'a [f32]; N],
    sums: [&'a mut [f32]; K],
}

impl<S: Simd, F: Terms<P, N, K>, const P: usize, const N: usize, const K: usize> Columns<S> for Block<'_, F, P, N, K> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let mut parameters = [lanes.splat(0.0); P];
        for (value, slice) in parameters.iter_mut().zip(self.parameters) {
            *value = lanes.load(slice, at);
        }
        let mut sums = [lanes.splat(0.0); K];
        for row in (0..self.x[0].len()).step_by(self.columns) {
            let mut x = [lanes.splat(0.0); N];
            for (value, slice) in x.iter_mut().zip(self.x) {
                *value = lanes.load(slice, row + at);
            }
            let terms = self.terms.of(lanes.simd(), parameters, x);
            for (sum, term) in sums.iter_mut().zip(terms) {
                *sum = *sum + term;
            }
        }
        for (slice, sum) in self.sums.iter_mut().zip(sums) {
            let before = lanes.load(slice, at);
            lanes.store(slice, at, before + sum);
        }
    }
}
