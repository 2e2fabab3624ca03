//! Rows to columns, in blocks that fit into registers.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::fresh::{Uninit, filled};
use super::super::simd;
use super::super::sizes::volume;

/// Rows and columns of a block: of larger ones the compiler makes single moves instead of shuffles.
const SIDE: usize = 4;
/// Rows of a result that a task writes, a few cache lines of each row of its source.
const BAND: usize = 64;

/// Every matrix `[rows, columns]` of `x [n, rows, columns]` as `[columns, rows]`; panics where one is left unfinished.
pub fn transpose(x: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let one = volume([rows, columns]);
    assert!(x.len().checked_rem(one).unwrap_or(x.len()) == 0, "{} values in matrices of {rows} by {columns}", x.len());
    let write = |[y]: [&mut [Uninit]; 1]| {
        let matrices = y.par_chunks_mut(one.max(1)).zip(x.par_chunks(one.max(1)));
        matrices.for_each(|(y, x)| {
            y.par_chunks_mut(BAND * rows).enumerate().for_each(|(band, y)| {
                turn(&x[band * BAND..], columns, [rows, y.len() / rows], y, rows);
            });
        });
    };
    // SAFETY: the bands cover the result, and `turn` writes every value of one.
    let [y] = unsafe { filled(x.len(), write) };
    y
}

/// `[n, channels, places]`, PyTorch's order of images, as `[n, places, channels]`.
pub fn channels_last(x: &[f32], channels: usize, places: usize) -> Vec<f32> {
    transpose(x, channels, places)
}

/// `[n, places, channels]` as `[n, channels, places]`, PyTorch's order of images.
pub fn channels_first(x: &[f32], channels: usize, places: usize) -> Vec<f32> {
    transpose(x, places, channels)
}

/// What a value can be put into.
pub trait Slot {
    /// Puts it.
    fn put(&mut self, value: f32);
}

impl Slot for f32 {
    #[inline(always)]
    fn put(&mut self, value: f32) {
        *self = value;
    }
}

impl Slot for Uninit {
    #[inline(always)]
    fn put(&mut self, value: f32) {
        self.write(value);
    }
}

/// Writes `x [rows, columns]`, whose rows are `row` values apart, to `y [columns, rows]`, whose rows are `y_row` apart.
pub fn turn<T: Slot>(x: &[f32], row: usize, [rows, columns]: [usize; 2], y: &mut [T], y_row: usize) {
    simd::run(Turn { x, row, rows, columns, y, y_row });
}

struct Turn<'a, T> {
    x: &'a [f32],
    row: usize,
    rows: usize,
    columns: usize,
    y: &'a mut [T],
    y_row: usize,
}

impl<T: Slot> WithSimd for Turn<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        let whole = [self.rows, self.columns].map(|side| side - side % SIDE);
        for r in (0..whole[0]).step_by(SIDE) {
            for c in (0..whole[1]).step_by(SIDE) {
                self.block(r, c);
            }
        }
        self.singly(0..whole[0], whole[1]..self.columns);
        self.singly(whole[0]..self.rows, 0..self.columns);
    }
}

impl<T: Slot> Turn<'_, T> {
    /// Plain code: the compiler makes shuffles of it.
    #[inline(always)]
    fn block(&mut self, r: usize, c: usize) {
        let mut block = [[0f32; SIDE]; SIDE];
        for (i, block) in block.iter_mut().enumerate() {
            block.copy_from_slice(&self.x[(r + i) * self.row + c..][..SIDE]);
        }
        for j in 0..SIDE {
            let y = &mut self.y[(c + j) * self.y_row + r..][..SIDE];
            for (y, block) in y.iter_mut().zip(&block) {
                y.put(block[j]);
            }
        }
    }

    #[inline(always)]
    fn singly(&mut self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) {
        for c in columns {
            for r in rows.clone() {
                self.y[c * self.y_row + r].put(self.x[r * self.row + c]);
            }
        }
    }
}
