//! Results that depend on one place of each input: `y[r, c] = f(parameters[g, c], x[r, c])`, in parallel.
//!
//! `g` is the number of the row's group: one group of all rows (batch norm, bias), or one for each image (gate).

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::fresh::{Uninit, chunks, filled};
use super::lanes::{Columns, F32s, Lanes, Width};
use super::pieces::finely;
use super::simd;
use super::sizes::volume;

/// Values that a task handles: enough to be worth its start, few enough for the cache.
pub const CHUNK: usize = 1 << 14;

/// `M` results of `P` parameters and `N` inputs.
pub trait Map<const P: usize, const N: usize, const M: usize>: Copy + Sync {
    /// The results of one register of each.
    fn of<S: Simd>(self, simd: S, parameters: [F32s<S>; P], x: [F32s<S>; N]) -> [F32s<S>; M];
}

/// A matrix whose parameters change every `group` rows.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Rows in all.
    pub rows: usize,
    /// Values in a row.
    pub columns: usize,
    /// Rows that share parameters.
    pub group: usize,
}

impl Shape {
    /// `len` values in rows of `columns`, all with the same parameters; panics where rows are left unfinished.
    pub fn one_group(len: usize, columns: usize) -> Self {
        let rows = len.checked_div(columns).unwrap_or(0);
        assert_eq!(rows * columns, len, "values in rows of {columns}");
        Self { rows, columns, group: rows.max(1) }
    }

    /// Values of a matrix; panics where they are more than memory can hold.
    pub fn len(self) -> usize {
        volume([self.rows, self.columns])
    }

    /// Whether there is no value.
    pub fn is_empty(self) -> bool {
        self.rows == 0 || self.columns == 0
    }

    /// Groups, counting an unfinished one; a matrix without rows is one group.
    pub fn groups(self) -> usize {
        self.rows.div_ceil(self.group).max(1)
    }
}

/// `f` of every place of `x`, which are all of one length; panics where they are not.
pub fn map<const N: usize, const M: usize>(f: impl Map<0, N, M>, x: [&[f32]; N]) -> [Vec<f32>; M] {
    let len = x.first().map_or(0, |x| x.len());
    // Without parameters any cut into rows will do, even one with a shorter last row.
    map_to(f, Shape { rows: len.div_ceil(CHUNK), columns: CHUNK, group: usize::MAX }, len, [], x)
}

/// `f` of every place of matrices: `parameters` are `[groups, columns]`, inputs and results `[rows, columns]`; panics where they are not.
pub fn map_rows<const P: usize, const N: usize, const M: usize>(
    f: impl Map<P, N, M>,
    shape: Shape,
    parameters: [&[f32]; P],
    x: [&[f32]; N],
) -> [Vec<f32>; M] {
    let each = volume([shape.groups(), shape.columns]);
    assert!(parameters.iter().all(|p| p.len() == each), "parameters are not {each}");
    map_to(f, shape, shape.len(), parameters, x)
}

#[allow(unsafe_code)] // The results' memory is new.
fn map_to<const P: usize, const N: usize, const M: usize>(
    f: impl Map<P, N, M>,
    shape: Shape,
    len: usize,
    parameters: [&[f32]; P],
    x: [&[f32]; N],
) -> [Vec<f32>; M] {
    assert!(x.iter().all(|x| x.len() == len), "inputs are not {len} values");
    let rows = (CHUNK / shape.columns.max(1)).max(1);
    let chunk = rows * shape.columns.max(1);
    let write = |y: [&mut [Uninit]; M]| {
        finely(chunks(y, chunk).into_par_iter().enumerate()).for_each(|(i, y)| {
            let x = x.map(|x| &x[i * chunk..][..y[0].len()]);
            simd::run(Rows { f, shape, first_row: i * rows, parameters, x, y });
        });
    };
    // SAFETY: the chunks cover the results, and `Rows` writes every value of a chunk.
    unsafe { filled(len, write) }
}

/// Some rows.
struct Rows<'a, F, const P: usize, const N: usize, const M: usize> {
    f: F,
    shape: Shape,
    first_row: usize,
    parameters: [&'a [f32]; P],
    x: [&'a [f32]; N],
    y: [&'a mut [Uninit]; M],
}

impl<F: Map<P, N, M>, const P: usize, const N: usize, const M: usize> WithSimd for Rows<'_, F, P, N, M> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let len = self.y[0].len();
        let (full, columns) = (Width::new(simd, self.shape.columns), self.shape.columns);
        for (i, at) in (0..len).step_by(columns).enumerate() {
            let group = (self.first_row + i) / self.shape.group * columns;
            let end = (at + columns).min(len);
            let width = if end - at == columns { full } else { Width::new(simd, end - at) };
            let parameters = self.parameters.map(|p| &p[group..group + columns]);
            let (f, x, y) = (self.f, self.x.map(|x| &x[at..end]), self.y.each_mut().map(|y| &mut y[at..end]));
            width.each(&mut Row { f, parameters, x, y });
        }
    }
}

/// One row.
struct Row<'a, F, const P: usize, const N: usize, const M: usize> {
    f: F,
    parameters: [&'a [f32]; P],
    x: [&'a [f32]; N],
    y: [&'a mut [Uninit]; M],
}

impl<S: Simd, F: Map<P, N, M>, const P: usize, const N: usize, const M: usize> Columns<S> for Row<'_, F, P, N, M> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let mut parameters = [lanes.splat(0.0); P];
        for (value, slice) in parameters.iter_mut().zip(self.parameters) {
            *value = lanes.load(slice, at);
        }
        let mut x = [lanes.splat(0.0); N];
        for (value, slice) in x.iter_mut().zip(self.x) {
            *value = lanes.load(slice, at);
        }
        let results = self.f.of(lanes.simd(), parameters, x);
        for (slice, value) in self.y.iter_mut().zip(results) {
            lanes.init(slice, at, value);
        }
    }
}
