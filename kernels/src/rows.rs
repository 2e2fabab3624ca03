//! Results that depend on a whole row of each input, and sums over rows of what is found on the way, in parallel.
//!
//! Order of summation over rows: the rows of a chunk in turn in f32, chunks in turn in f64.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::columns::rows_per_chunk;
use super::fresh::{Uninit, chunks, filled};
use super::lanes::Width;
use super::pieces::finely;
use super::simd;

/// `M` result rows of `N` input rows, and additions to `K` sums of rows.
pub trait RowMap<const N: usize, const M: usize, const K: usize>: Copy + Sync {
    /// Writes every value of `y`.
    fn row<S: Simd>(self, width: Width<S>, x: [&[f32]; N], y: [&mut [Uninit]; M], sums: [&mut [f32]; K]);
}

/// `f` of every row of inputs `[rows, columns]`: results `[rows, columns]`, sums `[columns]`.
///
/// Panics where inputs are of several lengths, or of no whole number of rows.
#[allow(unsafe_code)] // The results' memory is new.
pub fn map_whole_rows<const N: usize, const M: usize, const K: usize>(
    f: impl RowMap<N, M, K>,
    columns: usize,
    x: [&[f32]; N],
) -> ([Vec<f32>; M], [Vec<f64>; K]) {
    let len = x[0].len();
    assert!(x.iter().all(|x| x.len() == len), "inputs are not {len} values");
    assert!(len == 0 || (columns > 0 && len.is_multiple_of(columns)), "{len} values in rows of {columns}");
    let chunk = rows_per_chunk(columns) * columns.max(1);
    let mut sums = [(); K].map(|()| vec![0f64; columns]);
    let write = |y: [&mut [Uninit]; M]| {
        let parts: Vec<[Vec<f32>; K]> = finely(chunks(y, chunk).into_par_iter().enumerate())
            .map(|(i, y)| {
                let x = x.map(|x| &x[i * chunk..][..y[0].len()]);
                simd::run(Chunk { f, columns, x, y, sums: [(); K].map(|()| vec![0.0; columns]) })
            })
            .collect();
        for part in &parts {
            for (sum, part) in sums.iter_mut().zip(part) {
                sum.iter_mut().zip(part).for_each(|(sum, &part)| *sum += f64::from(part));
            }
        }
    };
    // SAFETY: the chunks cover the results, and a `RowMap` writes every value of a row.
    let y = unsafe { filled(len, write) };
    (y, sums)
}

struct Chunk<'a, F, const N: usize, const M: usize, const K: usize> {
    f: F,
    columns: usize,
    x: [&'a [f32]; N],
    y: [&'a mut [Uninit]; M],
    sums: [Vec<f32>; K],
}

impl<F: RowMap<N, M, K>, const N: usize, const M: usize, const K: usize> WithSimd for Chunk<'_, F, N, M, K> {
    type Output = [Vec<f32>; K];

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Self::Output {
        let width = Width::new(simd, self.columns);
        for start in (0..self.x[0].len()).step_by(self.columns) {
            let row = start..start + self.columns;
            let (x, y) = (self.x.map(|x| &x[row.clone()]), self.y.each_mut().map(|y| &mut y[row.clone()]));
            self.f.row(width, x, y, self.sums.each_mut().map(Vec::as_mut_slice));
        }
        self.sums
    }
}
