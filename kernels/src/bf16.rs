//! Products of matrices whose values are rounded to bfloat16 first, summed in f32: half the bytes and, where the CPU has the
//! instruction, about twice the multiplications a cycle.
//!
//! A bfloat16 is the upper half of an f32: its exponent, and 8 bits of precision. Values are rounded to the nearest, ties to even, as
//! PyTorch rounds them; a product of two is exact in f32, so that only the factors lose precision. Results stay f32, where PyTorch's
//! autocast rounds them again. What is too small for a normal f32 counts as 0, as the instruction has it.
//!
//! Both factors are rearranged into pairs of neighbours along the depth, one pair to a 32-bit word: `VDPBF16PS` multiplies 16 pairs
//! with 16 others and adds both products of each to its sum. [`is_fast`] says whether there is such an instruction; without it
//! [`rounded`] factors go through the f32 kernels, which gives the same but for the order of sums.
#![allow(unsafe_code)] // New memory is written through a check of nothing but lengths.

mod pack;
#[cfg(test)]
mod tests;
mod tile;

use rayon::prelude::*;

use super::fresh::{Uninit, filled};
use super::simd::Isa;
use super::sizes::volume;
use pack::{Left, Right};
use tile::Tile;

/// Rows and columns of a tile, whose sums stay in registers: 28 of 32, two more hold columns.
const ROWS: usize = 14;
const COLUMNS: usize = 32;
/// Pairs along the depth that are summed at once: a panel stays in the first-level cache while tiles of rows pass.
const DEPTH: usize = 256;
/// Tiles of rows that a task goes through for each panel of columns, if there are tasks enough.
const TASK: usize = 4;
const TASKS: usize = 8;
/// Values of both factors that are rearranged at once where the depth is the outer axis of both: they stay in the last-level cache.
const SLICE: usize = 1 << 21;

/// A factor.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// The values, row after row, or column after column.
    pub values: &'a [f32],
    /// How many rows.
    pub rows: usize,
    /// How many columns.
    pub columns: usize,
    /// Whether the values of a column lie side by side, and not those of a row.
    pub turned: bool,
}

impl<'a> Matrix<'a> {
    /// `[rows, columns]` in memory.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self { values, rows, columns, turned: false }
    }

    /// The same memory with rows for columns.
    #[must_use]
    pub fn turned(self) -> Self {
        Self { rows: self.columns, columns: self.rows, turned: !self.turned, ..self }
    }
}

/// Whether `isa` has products of bfloat16 on this CPU.
pub fn is_fast(isa: Isa) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        isa >= Isa::Avx512 && tile::available()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = isa;
        false
    }
}

/// Each value's nearest bfloat16.
pub fn rounded(values: &[f32]) -> Vec<f32> {
    const CHUNK: usize = 1 << 14;
    let mut out = vec![0.0; values.len()];
    out.par_chunks_mut(CHUNK).zip(values.par_chunks(CHUNK)).for_each(|(out, values)| {
        out.iter_mut().zip(values).for_each(|(out, &value)| *out = f32::from_bits(u32::from(pack::round(value)) << 16));
    });
    out
}

/// `left * right`, `[rows, columns]`, with `bias` added to each row.
///
/// Panics where a factor's values are not as many as its sizes say, where the sizes do not meet or the bias is not one value a column, and
/// where there is no such instruction ([`is_fast`]).
pub fn product(left: Matrix<'_>, right: Matrix<'_>, bias: Option<&[f32]>) -> Vec<f32> {
    assert!(is_fast(Isa::Avx512), "this CPU has no products of bfloat16");
    for factor in [left, right] {
        assert_eq!(factor.values.len(), volume([factor.rows, factor.columns]), "a factor of another size");
    }
    assert_eq!(left.columns, right.rows, "factors that do not meet");
    assert!(bias.is_none_or(|bias| bias.len() == right.columns), "a bias of another length");
    let (rows, columns) = (left.rows, right.columns);
    if volume([rows, columns]) == 0 {
        return Vec::new();
    }
    let tiles = (rows.div_ceil(ROWS) / TASKS).clamp(1, TASK);
    // SAFETY: the first slice's tasks are all rows of the result, and each writes all columns of its rows.
    let [y] = unsafe {
        filled(rows * columns, |[y]: [&mut [Uninit]; 1]| {
            // On one of the threads that do the work: each of these steps would have to wake them otherwise.
            rayon::scope(|_| {
                for (number, (left, right)) in slices(left, right).into_iter().enumerate() {
                    let (left, right) = rayon::join(|| Left::new(left), || Right::new(right));
                    let slice = Slice { left, right, bias, add: number > 0 };
                    let tasks = y.par_chunks_mut(tiles * ROWS * columns).enumerate();
                    tasks.for_each(|(task, y)| slice.rows(task * tiles, columns, y));
                }
            });
        })
    };
    y
}

/// Parts of the product along the depth; one, unless both factors can be cut without moving a value.
fn slices<'a>(left: Matrix<'a>, right: Matrix<'a>) -> Vec<(Matrix<'a>, Matrix<'a>)> {
    let count = (left.columns * (left.rows + right.columns)).div_ceil(SLICE);
    if !left.turned || right.turned || count <= 1 {
        return vec![(left, right)];
    }
    let step = left.columns.div_ceil(count).next_multiple_of(2 * DEPTH);
    let [left_parts, right_parts] = [(left.values, left.rows), (right.values, right.columns)].map(|(x, width)| x.chunks(step * width));
    let part = |(x, w): (&'a [f32], &'a [f32])| {
        let depth = w.len() / right.columns;
        (Matrix { values: x, columns: depth, ..left }, Matrix { values: w, rows: depth, ..right })
    };
    left_parts.zip(right_parts).map(part).collect()
}

/// A part of the depth.
struct Slice<'a> {
    left: Left,
    right: Right,
    bias: Option<&'a [f32]>,
    /// Whether others were before it.
    add: bool,
}

impl Slice<'_> {
    /// Writes rows of the result, from the tile `first` on, each of so many columns.
    fn rows(&self, first: usize, columns: usize, y: &mut [Uninit]) {
        for block in 0..self.right.blocks() {
            for panel in 0..self.right.panels() {
                let place = panel * COLUMNS;
                let width = COLUMNS.min(columns - place);
                let bias = self.bias.map(|bias| &bias[place..place + width]);
                for (tile, y) in y.chunks_mut(ROWS * columns).enumerate() {
                    let sums = Tile::of(self.left.tile(first + tile, block), self.right.panel(panel, block));
                    for (y, sums) in y.chunks_exact_mut(columns).zip(sums.rows()) {
                        // SAFETY: the first block of the first slice has written what the others add to.
                        unsafe { finish(&mut y[place..place + width], &sums[..width], bias, self.add || block > 0) };
                    }
                }
            }
        }
    }
}

/// Sets a stretch of a row to its sums and the bias, or adds the sums to what is there.
///
/// # Safety
///
/// With `add` all of `y` must have been written.
unsafe fn finish(y: &mut [Uninit], sums: &[f32], bias: Option<&[f32]>, add: bool) {
    let places = y.iter_mut().zip(sums);
    match (add, bias) {
        // SAFETY: by the contract.
        (true, _) => places.for_each(|(y, sum)| _ = y.write(unsafe { y.assume_init_read() } + sum)),
        (false, Some(bias)) => places.zip(bias).for_each(|((y, sum), bias)| _ = y.write(sum + bias)),
        (false, None) => places.for_each(|(y, sum)| _ = y.write(*sum)),
    }
}
