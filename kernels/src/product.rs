//! Products of small matrices on one thread, in registers: what attention makes of a head.
//!
//! A tile of the result is [`ROWS`] rows and a few registers wide; its sums stay in registers over the whole depth, whose terms are
//! added in turn.
#![allow(unsafe_code)] // Tiles read through pointers, behind a check of the slices' lengths.

#[cfg(test)]
mod tests;

use pulp::{Simd, WithSimd};

use super::lanes::{Lanes, Part, Whole};
use super::simd;

/// Rows of a tile.
pub const ROWS: usize = 6;

/// The left factor `[rows, depth]`, whose values are read one by one: any two distances between them will do.
#[derive(Clone, Copy, Debug)]
pub struct Left<'a> {
    /// The values.
    pub x: &'a [f32],
    /// Values from one row to the next.
    pub row: usize,
    /// Values from one place of a row to the next.
    pub step: usize,
}

/// The right factor `[depth, columns]`.
#[derive(Clone, Copy, Debug)]
pub struct Right<'a> {
    /// The values.
    pub x: &'a [f32],
    /// Values from one row to the next.
    pub row: usize,
}

/// How many values each side has.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Of the left factor and of the result.
    pub rows: usize,
    /// What is summed over.
    pub depth: usize,
    /// Of the right factor and of the result.
    pub columns: usize,
}

/// Sets `y`, whose rows are `row` values apart, to `left * right`, or adds that to it.
///
/// Panics where a factor or the result ends before its last value.
pub fn product(size: Size, left: Left, right: Right, y: &mut [f32], row: usize, add: bool) {
    if size.rows == 0 || size.columns == 0 {
        return;
    }
    let last = size.depth.saturating_sub(1);
    let within = |len: usize, [first, by]: [usize; 2], [second, step]: [usize; 2]| {
        let place = first.checked_mul(by).zip(second.checked_mul(step)).and_then(|(first, second)| first.checked_add(second));
        assert!(size.depth == 0 || place.is_some_and(|place| place < len), "a factor ends early");
    };
    within(left.x.len(), [size.rows - 1, left.row], [last, left.step]);
    within(right.x.len(), [last, right.row], [size.columns - 1, 1]);
    simd::run(Product { size, left, right, y, row, add });
}

struct Product<'a> {
    size: Size,
    left: Left<'a>,
    right: Right<'a>,
    y: &'a mut [f32],
    row: usize,
    add: bool,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (mut at, columns, lanes) = (0, self.size.columns, S::F32_LANES);
        // Six rows of four registers, and what they are made of, need more than sixteen registers.
        while S::REGISTER_COUNT >= 32 && at + 4 * lanes <= columns {
            self.strip::<S, _, 4>(Whole(simd), at);
            at += 4 * lanes;
        }
        while at + 2 * lanes <= columns {
            self.strip::<S, _, 2>(Whole(simd), at);
            at += 2 * lanes;
        }
        while at + lanes <= columns {
            self.strip::<S, _, 1>(Whole(simd), at);
            at += lanes;
        }
        if at < columns {
            self.strip::<S, _, 1>(Part::new(simd, columns - at), at);
        }
    }
}

impl Product<'_> {
    /// `V` registers of columns, from `at` on.
    #[inline(always)]
    fn strip<S: Simd, L: Lanes<S>, const V: usize>(&mut self, lanes: L, at: usize) {
        let mut row = 0;
        while row + ROWS <= self.size.rows {
            self.tile::<S, L, ROWS, V>(lanes, row, at);
            row += ROWS;
        }
        match self.size.rows - row {
            1 => self.tile::<S, L, 1, V>(lanes, row, at),
            2 => self.tile::<S, L, 2, V>(lanes, row, at),
            3 => self.tile::<S, L, 3, V>(lanes, row, at),
            4 => self.tile::<S, L, 4, V>(lanes, row, at),
            5 => self.tile::<S, L, 5, V>(lanes, row, at),
            _ => {}
        }
    }

    /// `R` rows of `V` registers. All lie inside the result, whose size [`product`] has checked the factors against.
    #[inline(always)]
    fn tile<S: Simd, L: Lanes<S>, const R: usize, const V: usize>(&mut self, lanes: L, row: usize, at: usize) {
        let mut sums = [[lanes.splat(0.0); V]; R];
        for k in 0..self.size.depth {
            let mut columns = [lanes.splat(0.0); V];
            for (v, column) in columns.iter_mut().enumerate() {
                // SAFETY: row `k` of the right factor lies inside its slice as far as the result's columns go (`product`), and
                // these columns are some of them.
                *column = unsafe { lanes.load_pointer(self.right.x.as_ptr().add(k * self.right.row + at + v * S::F32_LANES)) };
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                // SAFETY: the left factor's slice reaches to the last of the result's rows at the last depth (`product`).
                let value = unsafe { *self.left.x.as_ptr().add((row + r) * self.left.row + k * self.left.step) };
                for (sum, column) in sums.iter_mut().zip(columns) {
                    *sum = lanes.splat(value).mul_add(column, *sum);
                }
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            for (v, sum) in sums.into_iter().enumerate() {
                let place = (row + r) * self.row + at + v * S::F32_LANES;
                let sum = if self.add { lanes.load(self.y, place) + sum } else { sum };
                lanes.store(self.y, place, sum);
            }
        }
    }
}
