//! Largest value of each window.
#![allow(unsafe_code)] // The results' memory is new.

use std::mem::MaybeUninit;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::fresh::{Uninit, filled_with_numbers};
use super::super::lanes::{Columns, F32s, Lanes, MAX_LANES, Width};
use super::super::simd;
use super::super::window::Window;
use super::{Give, gather};

/// The largest value of each window, and its tap: `row * kernel width + column`.
///
/// PyTorch's rule: padding never wins, of equal values the first in the order of taps does, and NaN (of several the last) wins
/// over everything. A window of which no tap lies inside, which dilation can bring about, gives -inf.
///
/// Panics at more than 65536 taps, and where `x` is not as long as the window says.
pub fn max_pool(x: &[f32], window: &Window) -> (Vec<f32>, Vec<u16>) {
    check(window, &[x], &[]);
    let Window { channels, rows, columns, .. } = *window;
    let (image, line) = (rows.input * columns.input * channels, (columns.output * channels).max(1));
    let write = |y: &mut [Uninit], winners: &mut [MaybeUninit<u16>]| {
        let rows_of = y.par_chunks_mut(line).zip(winners.par_chunks_mut(line));
        rows_of.enumerate().for_each(|(number, (y, winners))| {
            let x = &x[number / rows.output * image..][..image];
            simd::run(Row { window, x, row: number % rows.output, y, winners });
        });
    };
    // SAFETY: the chunks are the results' rows, and `Row` writes every value of both.
    unsafe { filled_with_numbers(window.output_len(), write) }
}

/// Gradient of `x`: each output's gradient goes to its winner.
pub fn max_pool_backward(dy: &[f32], winners: &[u16], window: &Window) -> Vec<f32> {
    check(window, &[], &[dy]);
    assert_eq!(winners.len(), dy.len());
    gather(window, ToWinners { dy, winners })
}

/// Panics where slices are not as long as the window says, or its taps have no number.
fn check(window: &Window, inputs: &[&[f32]], outputs: &[&[f32]]) {
    window.check(inputs, outputs);
    assert!(window.taps() <= 1 << 16, "{} taps are more than 65536", window.taps());
}

#[derive(Clone, Copy)]
struct ToWinners<'a> {
    dy: &'a [f32],
    winners: &'a [u16],
}

impl Give for ToWinners<'_> {
    /// Plain code: the compiler widens the numbers better than the instruction sets' common part could say it.
    #[inline(always)]
    fn give(self, _: [usize; 2], place: usize, tap: usize, sums: &mut [f32]) {
        let (dy, winners) = (&self.dy[place..][..sums.len()], &self.winners[place..][..sums.len()]);
        for ((sum, &dy), &winner) in sums.iter_mut().zip(dy).zip(winners) {
            *sum += if winner == tap as u16 { dy } else { 0.0 };
        }
    }
}

/// A row of outputs.
struct Row<'a> {
    window: &'a Window,
    x: &'a [f32],
    row: usize,
    y: &'a mut [Uninit],
    winners: &'a mut [MaybeUninit<u16>],
}

impl WithSimd for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Window { channels, rows, columns, .. } = *self.window;
        let width = Width::new(simd, channels);
        let pixels = self.y.chunks_mut(channels).zip(self.winners.chunks_mut(channels)).enumerate();
        for (column, (y, winners)) in pixels {
            let (tap_rows, tap_columns) = (rows.taps(self.row), columns.taps(column));
            let first = (tap_rows.start, tap_columns.start);
            let corner = rows.place(self.row, first.0) * columns.input + columns.place(column, first.1);
            width.each(&mut Pixel {
                // A dilated window may have no tap inside, and then lie anywhere.
                x: self.x.get(corner * channels..).unwrap_or_default(),
                taps: [tap_rows.len(), tap_columns.len()],
                first: first.0 * columns.kernel + first.1,
                kernel: columns.kernel,
                steps: [rows.dilation * columns.input * channels, columns.dilation * channels],
                y,
                winners,
            });
        }
    }
}

/// One window.
struct Pixel<'a> {
    /// From the window's first place inside the input on.
    x: &'a [f32],
    /// Rows and columns of the window inside the input.
    taps: [usize; 2],
    /// Number of the first tap inside.
    first: usize,
    /// Width of the whole window.
    kernel: usize,
    /// Values from one row and one column of the window to the next.
    steps: [usize; 2],
    y: &'a mut [Uninit],
    winners: &'a mut [MaybeUninit<u16>],
}

impl<S: Simd> Columns<S> for Pixel<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        // From 2^23 on, the lowest bits of an f32 are a whole number.
        let number = |tap: usize| lanes.splat(8_388_608.0 + tap as f32);
        let (mut best, mut winner): (F32s<S>, _) = (lanes.splat(f32::NEG_INFINITY), number(self.first));
        for row in 0..self.taps[0] {
            for column in 0..self.taps[1] {
                let value = lanes.load(self.x, row * self.steps[0] + column * self.steps[1] + at);
                let wins = best.lt(value) | value.is_nan();
                best = wins.select(value, best);
                winner = wins.select(number(self.first + row * self.kernel + column), winner);
            }
        }
        lanes.init(self.y, at, best);
        let bits: [u32; MAX_LANES] = winner.to_bits();
        for (to, bits) in self.winners[at..].iter_mut().zip(&bits[..S::F32_LANES]) {
            to.write(*bits as u16);
        }
    }
}
