//! Gradient of the weight: for each channel and tap the sum of `x * dy` over all pixels.
//!
//! Order of summation: [`BLOCK`] pixels of a row in f32, such blocks of a chunk of rows in f32, chunks in f64.
#![allow(unsafe_code)] // A check for each load would cost as much as the arithmetic; there is one for each block.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::lanes::{Columns, Lanes, Width};
use super::super::pieces::finely;
use super::super::simd;
use super::super::window::{Axis, Window};

/// Pixels that are added up in registers.
const BLOCK: usize = 16;

/// Gradient of `weight [c, 1, kh, kw]`.
pub fn weight_gradient(x: &[f32], dy: &[f32], window: &Window) -> Vec<f32> {
    window.check(&[x], &[dy]);
    if dy.is_empty() {
        return vec![0.0; window.weight_len()];
    }
    let (taps, channels) = (window.taps(), window.channels);
    let rows = window.n * window.rows.output;
    let chunk = rows_per_chunk(window);
    let parts: Vec<Vec<f32>> = finely((0..rows.div_ceil(chunk)).into_par_iter())
        .map(|i| simd::run(Chunk { x, dy, window, rows: i * chunk..rows.min((i + 1) * chunk) }))
        .collect();
    let mut sums = vec![0f64; taps * channels];
    for part in &parts {
        sums.iter_mut().zip(part).for_each(|(sum, &part)| *sum += f64::from(part));
    }
    (0..channels * taps).map(|i| sums[i % taps * channels + i / taps] as f32).collect()
}

/// Output rows in a chunk: enough values to be worth a task, and enough pixels to be worth a set of sums.
fn rows_per_chunk(window: &Window) -> usize {
    let pixels = (1usize << 16).div_ceil(window.channels).max(8 * window.taps());
    pixels.div_ceil(window.columns.output)
}

/// The sums `[taps, channels]` of some output rows, numbered through all images.
struct Chunk<'a> {
    x: &'a [f32],
    dy: &'a [f32],
    window: &'a Window,
    rows: Range<usize>,
}

impl WithSimd for Chunk<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let Window { channels, rows, columns, .. } = *self.window;
        let width = Width::new(simd, channels);
        let mut sums = vec![0.0; self.window.taps() * channels];
        for number in self.rows {
            let (image, row) = (number / rows.output, number % rows.output);
            let dy = &self.dy[number * columns.output * channels..][..columns.output * channels];
            let line = |tap| {
                let place = image * rows.input + rows.place(row, tap);
                &self.x[place * columns.input * channels..][..columns.input * channels]
            };
            let taps = rows.taps(row);
            // Three lines at once share their loads of `dy`; larger kernels would run out of registers.
            if (columns.kernel, columns.dilation, taps.clone()) == (3, 1, 0..3) {
                let x = [line(0), line(1), line(2)];
                Lines { x, dy, columns, channels, sums: &mut sums }.add::<S, 3>(width);
                continue;
            }
            for tap in taps {
                let sums = &mut sums[tap * columns.kernel * channels..][..columns.kernel * channels];
                let mut lines = Lines { x: [line(tap)], dy, columns, channels, sums };
                match (columns.kernel, columns.dilation) {
                    (1, _) => lines.add::<S, 1>(width),
                    (3, 1) => lines.add::<S, 3>(width),
                    (5, 1) => lines.add::<S, 5>(width),
                    (7, 1) => lines.add::<S, 7>(width),
                    _ => lines.add_products(width),
                }
            }
        }
        sums
    }
}

/// A row of `dy` with some lines of the input that it came from.
struct Lines<'a, const LINES: usize> {
    x: [&'a [f32]; LINES],
    dy: &'a [f32],
    columns: Axis,
    channels: usize,
    /// `[LINES * kernel width, channels]`.
    sums: &'a mut [f32],
}

impl<const LINES: usize> Lines<'_, LINES> {
    /// Adds all products of `TAPS` neighbouring taps, [`BLOCK`] pixels at a time.
    #[inline(always)]
    fn add<S: Simd, const TAPS: usize>(&mut self, width: Width<S>) {
        let inside = self.columns.interior();
        for start in inside.clone().step_by(BLOCK) {
            width.each(&mut self.block::<TAPS, false>(start..(start + BLOCK).min(inside.end)));
        }
        for edge in [0..inside.start, inside.end..self.columns.output].into_iter().filter(|edge| !edge.is_empty()) {
            width.each(&mut self.block::<TAPS, true>(edge));
        }
    }

    #[inline(always)]
    fn block<const TAPS: usize, const EDGE: bool>(&mut self, outputs: Range<usize>) -> Block<'_, LINES, TAPS, EDGE> {
        Block {
            x: self.x,
            dy: &self.dy[outputs.start * self.channels..outputs.end * self.channels],
            channels: self.channels,
            from: self.columns.start(outputs.start),
            input: self.columns.input,
            stride: self.columns.stride,
            sums: self.sums,
        }
    }

    /// Adds product after product, whatever the taps.
    #[inline(always)]
    fn add_products<S: Simd>(&mut self, width: Width<S>) {
        let channels = self.channels;
        for (output, dy) in self.dy.chunks(channels).enumerate() {
            for tap in self.columns.taps(output) {
                for (i, x) in self.x.iter().enumerate() {
                    let x = &x[self.columns.place(output, tap) * channels..][..channels];
                    let sums = &mut self.sums[(i * self.columns.kernel + tap) * channels..][..channels];
                    width.each(&mut Product { x, dy, sums });
                }
            }
        }
    }
}

/// One product for each channel.
struct Product<'a> {
    x: &'a [f32],
    dy: &'a [f32],
    sums: &'a mut [f32],
}

impl<S: Simd> Columns<S> for Product<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let sum = lanes.load(self.x, at).mul_add(lanes.load(self.dy, at), lanes.load(self.sums, at));
        lanes.store(self.sums, at, sum);
    }
}

/// Neighbouring pixels; without `EDGE` all their taps lie inside.
struct Block<'a, const LINES: usize, const TAPS: usize, const EDGE: bool> {
    x: [&'a [f32]; LINES],
    /// `[pixels, channels]`.
    dy: &'a [f32],
    channels: usize,
    /// Input pixel of the first tap of the first pixel, below 0 in the padding.
    from: isize,
    /// Pixels of a line.
    input: usize,
    stride: usize,
    sums: &'a mut [f32],
}

impl<S: Simd, const LINES: usize, const TAPS: usize, const EDGE: bool> Columns<S> for Block<'_, LINES, TAPS, EDGE> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let pixels = self.dy.len() / self.channels;
        let end = self.from + (pixels.saturating_sub(1) * self.stride + TAPS) as isize;
        assert!(EDGE || pixels == 0 || (self.from >= 0 && end <= self.input as isize));
        assert!(at + lanes.count() <= self.channels);
        assert!(self.x.iter().all(|line| line.len() == self.input * self.channels));
        let mut sums = [[lanes.splat(0.0); TAPS]; LINES];
        for pixel in 0..pixels {
            // SAFETY: the step stays inside the channels of a pixel, as checked, and the slice holds `pixels` pixels.
            let dy = unsafe { lanes.load_pointer(self.dy.as_ptr().add(pixel * self.channels + at)) };
            let place = self.from + (pixel * self.stride) as isize;
            for (line_sums, line) in sums.iter_mut().zip(self.x) {
                for (tap, sum) in line_sums.iter_mut().enumerate() {
                    let place = place + tap as isize;
                    if !EDGE || (0..self.input as isize).contains(&place) {
                        // SAFETY: as above; `place` is one of the line's pixels, by this condition or by the check of the block.
                        let x = unsafe { lanes.load_pointer(line.as_ptr().offset(place * self.channels as isize + at as isize)) };
                        *sum = x.mul_add(dy, *sum);
                    }
                }
            }
        }
        for (place, sum) in sums.as_flattened().iter().enumerate() {
            let place = place * self.channels + at;
            let before = lanes.load(self.sums, place);
            lanes.store(self.sums, place, before + *sum);
        }
    }
}
