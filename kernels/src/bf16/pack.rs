//! Factors as pairs of bfloat16 along the depth: the even place in the lower half of a word, the odd one in the upper.
//!
//! Where the depth is odd the last pair's other half is 0. A zero stands for what is not there, too: rows and columns that fill up the
//! last tile and panel.

use std::ops::Range;

use pulp::{Simd, WithSimd, bytemuck};
use rayon::prelude::*;

use super::super::conv::Lent;
use super::super::simd;
use super::tile::Rows;
use super::{COLUMNS, DEPTH, Matrix, ROWS};

/// The nearest bfloat16, ties to even; NaN stays NaN.
#[inline(always)]
pub fn round(value: f32) -> u16 {
    let bits = value.to_bits();
    // A NaN whose payload lies in the lower half alone would become an infinity.
    let nan = (bits >> 16 | 0x40) as u16;
    let nearest = (bits.wrapping_add(0x7FFF + (bits >> 16 & 1)) >> 16) as u16;
    if value.is_nan() { nan } else { nearest }
}

#[inline(always)]
fn pair(even: f32, odd: f32) -> u32 {
    u32::from(round(even)) | u32::from(round(odd)) << 16
}

/// Words in memory that is lent.
struct Words(Lent);

impl Words {
    /// As many tasks as there are `chunk`s each write theirs: all of it.
    fn new(chunks: usize, chunk: usize, write: impl Fn(usize, &mut [u32]) + Sync) -> Self {
        let mut memory = Lent::new(chunks * chunk);
        let words: &mut [u32] = bytemuck::cast_slice_mut(&mut memory);
        words.par_chunks_mut(chunk.max(1)).enumerate().for_each(|(at, words)| write(at, words));
        Self(memory)
    }

    fn words(&self) -> &[u32] {
        bytemuck::cast_slice(&self.0)
    }
}

/// How the depth is cut: blocks of equally many pairs, the last of them filled up with zeros.
#[derive(Clone, Copy)]
struct Blocks {
    count: usize,
    pairs: usize,
}

impl Blocks {
    fn of(depth: usize) -> Self {
        let pairs = depth.div_ceil(2);
        let count = pairs.div_ceil(DEPTH).max(1);
        Self { count, pairs: pairs.div_ceil(count) }
    }

    /// The pairs of a block.
    fn range(self, block: usize) -> Range<usize> {
        block * self.pairs..(block + 1) * self.pairs
    }
}

/// The left factor: `[tile][row][pair]`, or `[block][tile][pair][row]` where its columns lie side by side.
pub struct Left {
    words: Words,
    blocks: Blocks,
    tiles: usize,
    turned: bool,
}

impl Left {
    pub fn new(x: Matrix<'_>) -> Self {
        let (blocks, tiles) = (Blocks::of(x.columns), x.rows.div_ceil(ROWS));
        let words = if x.turned {
            across::<ROWS>(x, blocks, tiles)
        } else {
            let pairs = blocks.count * blocks.pairs;
            let write = |tile: usize, words: &mut [u32]| {
                for (row, words) in (tile * ROWS..).zip(words.chunks_exact_mut(pairs.max(1))) {
                    let values = if row < x.rows { &x.values[row * x.columns..][..x.columns] } else { &[] };
                    along(values, words);
                }
            };
            Words::new(tiles, ROWS * pairs, write)
        };
        Self { words, blocks, tiles, turned: x.turned }
    }

    /// The rows of a tile along a block of the depth.
    pub fn tile(&self, tile: usize, block: usize) -> Rows<'_> {
        let (pairs, words) = (self.blocks.pairs, self.words.words());
        if self.turned {
            Rows { words: &words[(block * self.tiles + tile) * pairs * ROWS..][..pairs * ROWS], row: 1, step: ROWS }
        } else {
            let row = self.blocks.count * pairs;
            Rows { words: &words[tile * ROWS * row..][..ROWS * row][block * pairs..], row, step: 1 }
        }
    }
}

/// The right factor: `[block][panel][pair][column]`, panels of [`COLUMNS`].
pub struct Right {
    words: Words,
    blocks: Blocks,
    panels: usize,
}

impl Right {
    pub fn new(x: Matrix<'_>) -> Self {
        let (blocks, panels) = (Blocks::of(x.rows), x.columns.div_ceil(COLUMNS));
        let words = if x.turned {
            let write = |at: usize, words: &mut [u32]| turn(x, at % panels * COLUMNS, blocks.range(at / panels), words);
            Words::new(blocks.count * panels, blocks.pairs * COLUMNS, write)
        } else {
            across::<COLUMNS>(x.turned(), blocks, panels)
        };
        Self { words, blocks, panels }
    }

    /// Parts of the depth.
    pub fn blocks(&self) -> usize {
        self.blocks.count
    }

    pub fn panels(&self) -> usize {
        self.panels
    }

    /// A panel along a block of the depth.
    pub fn panel(&self, panel: usize, block: usize) -> &[u32] {
        let words = self.blocks.pairs * COLUMNS;
        &self.words.words()[(block * self.panels + panel) * words..][..words]
    }
}

/// Values along the depth, side by side; zeros beyond them.
fn along(values: &[f32], words: &mut [u32]) {
    simd::run(Along { values, words });
}

struct Along<'a> {
    values: &'a [f32],
    words: &'a mut [u32],
}

impl WithSimd for Along<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (pairs, last) = self.values.as_chunks();
        let (whole, rest) = self.words.split_at_mut(pairs.len());
        for (word, &[even, odd]) in whole.iter_mut().zip(pairs) {
            *word = pair(even, odd);
        }
        rest.fill(0);
        if let (Some(word), &[even]) = (rest.first_mut(), last) {
            *word = pair(even, 0.0);
        }
    }
}

/// The pairs `depth` of the columns from `first` on, of a matrix whose columns lie side by side, as a panel.
fn turn(x: Matrix<'_>, first: usize, depth: Range<usize>, words: &mut [u32]) {
    let mut column = Lent::new(depth.len());
    let column: &mut [u32] = bytemuck::cast_slice_mut(&mut column);
    let depth = (2 * depth.start).min(x.rows)..(2 * depth.end).min(x.rows);
    for c in 0..COLUMNS {
        let values = if first + c < x.columns { &x.values[(first + c) * x.rows..][depth.clone()] } else { &[] };
        along(values, column);
        for (words, &pair) in words.chunks_exact_mut(COLUMNS).zip(&*column) {
            words[c] = pair;
        }
    }
}

/// The rows of a matrix whose columns lie side by side, `WIDTH` at a time: `[block][strip][pair][row]`.
fn across<const WIDTH: usize>(x: Matrix<'_>, blocks: Blocks, strips: usize) -> Words {
    /// Pairs at a time: strips lie a power of two apart and would push each other out of the cache if each got a few words at once.
    const TOGETHER: usize = 16;
    let column = |at: usize| if at < x.columns { &x.values[at * x.rows..][..x.rows] } else { &[] };
    let write = |block: usize, words: &mut [u32]| {
        let mut rows = Lent::new(TOGETHER * strips * WIDTH);
        let rows: &mut [u32] = bytemuck::cast_slice_mut(&mut rows);
        let range = blocks.range(block);
        for first in range.clone().step_by(TOGETHER) {
            let count = TOGETHER.min(range.end - first);
            for (k, row) in (first..).zip(rows.chunks_exact_mut(strips * WIDTH)).take(count) {
                beside(column(2 * k), column(2 * k + 1), row);
            }
            for (strip, words) in words.chunks_exact_mut(blocks.pairs * WIDTH).enumerate() {
                let words = &mut words[(first - range.start) * WIDTH..][..count * WIDTH];
                for (words, row) in words.chunks_exact_mut(WIDTH).zip(rows.chunks_exact(strips * WIDTH)) {
                    words.copy_from_slice(&row[strip * WIDTH..][..WIDTH]);
                }
            }
        }
    };
    Words::new(blocks.count, strips * blocks.pairs * WIDTH, write)
}

/// Values of two neighbours along the depth; zeros for those that are not there.
fn beside(even: &[f32], odd: &[f32], words: &mut [u32]) {
    simd::run(Beside { even, odd, words });
}

struct Beside<'a> {
    even: &'a [f32],
    odd: &'a [f32],
    words: &'a mut [u32],
}

impl WithSimd for Beside<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { even, odd, words } = self;
        let (values, rest) = words.split_at_mut(even.len());
        if odd.is_empty() {
            values.iter_mut().zip(even).for_each(|(word, &even)| *word = pair(even, 0.0));
        } else {
            values.iter_mut().zip(even.iter().zip(odd)).for_each(|(word, (&even, &odd))| *word = pair(even, odd));
        }
        rest.fill(0);
    }
}
