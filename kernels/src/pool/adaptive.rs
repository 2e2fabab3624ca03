//! Pools to an output of any size: PyTorch's bin `o` of an axis reaches from `floor(o * input / output)` to
//! `ceil((o + 1) * input / output)`, so that bins may share inputs.
#![allow(unsafe_code)] // The results' memory is new.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::fresh::{Uninit, filled};
use super::super::lanes::{Columns, F32s, Lanes, MAX_LANES, Width};
use super::super::resample::{Table, resample};
use super::super::simd;
use super::super::sizes::volume;

/// Sizes of an adaptive pool.
///
/// Its passes panic where inputs have no pixel or 2^23 and more, outputs 2^31 and more, or images are left unfinished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adaptive {
    /// Height and width before; fewer than 2^23 pixels.
    pub input: [usize; 2],
    /// Height and width after.
    pub output: [usize; 2],
    /// Channels.
    pub channels: usize,
}

impl Adaptive {
    /// The mean of each bin.
    pub fn average(&self, x: &[f32]) -> Vec<f32> {
        self.images(x, self.input);
        let [rows, columns] = self.tables();
        resample(x, &rows, &columns, self.channels)
    }

    /// Gradient of the images from that of the means.
    pub fn average_backward(&self, dy: &[f32]) -> Vec<f32> {
        self.images(dy, self.output);
        let [rows, columns] = self.tables();
        resample(dy, &rows.turned(), &columns.turned(), self.channels)
    }

    /// The largest value of each bin, and its place `row * width + column` in its image; ties and NaN as in
    /// [`max_pool`](super::max_pool).
    pub fn max(&self, x: &[f32]) -> (Vec<f32>, Vec<u32>) {
        let Self { input: [h, w], output: [rows, columns], channels } = *self;
        let (image, line) = (h * w * channels, columns * channels);
        let len = volume([self.images(x, self.input), rows, line]);
        let mut winners = vec![0; len];
        let write = |[y]: [&mut [Uninit]; 1]| {
            y.par_chunks_mut(line.max(1)).zip(winners.par_chunks_mut(line.max(1))).enumerate().for_each(|(number, (y, winners))| {
                let x = &x[number / rows * image..][..image];
                simd::run(Line { pool: self, x, rows: self.bin(0, number % rows), y, winners });
            });
        };
        // SAFETY: the chunks are the result's lines, and `Line` writes every value of one.
        let [y] = unsafe { filled(len, write) };
        (y, winners)
    }

    /// Gradient of the images: each output's gradient goes to its winner.
    pub fn max_backward(&self, dy: &[f32], winners: &[u32]) -> Vec<f32> {
        let Self { input: [h, w], output: [rows, columns], channels } = *self;
        let (image, line) = (rows * columns * channels, w * channels);
        assert_eq!(dy.len(), winners.len());
        let n = self.images(dy, self.output);
        let [row_readers, column_readers] = self.tables().map(|table| table.turned());
        let mut dx = vec![0f32; volume([n, h, line])];
        dx.par_chunks_mut(line.max(1)).enumerate().for_each(|(number, dx)| {
            let (first, row) = (number / h * image, number % h);
            for (column, dx) in dx.chunks_mut(channels).enumerate() {
                let readers = row_readers.of(row).iter().flat_map(|r| column_readers.of(column).iter().map(move |c| r.0 * columns + c.0));
                for place in readers.map(|reader| first + reader * channels) {
                    let (dy, winners) = (&dy[place..][..channels], &winners[place..][..channels]);
                    for ((dx, &dy), &winner) in dx.iter_mut().zip(dy).zip(winners) {
                        *dx += if winner as usize == row * w + column { dy } else { 0.0 };
                    }
                }
            }
        });
        dx
    }

    /// How many images of `size` these are.
    fn images(&self, x: &[f32], size: [usize; 2]) -> usize {
        let pixels = volume(self.input);
        assert!(pixels > 0 && pixels < 1 << 23 && volume(self.output) < 1 << 31, "not a pool: {self:?}");
        let image = volume([size[0], size[1], self.channels]);
        let n = x.len().checked_div(image).unwrap_or(0);
        assert_eq!(x.len(), n * image, "values in images of {image}");
        n
    }

    fn bin(&self, axis: usize, place: usize) -> Range<usize> {
        let (input, output) = (self.input[axis], self.output[axis]);
        place * input / output..((place + 1) * input).div_ceil(output)
    }

    /// Bins with equal weights.
    fn tables(&self) -> [Table; 2] {
        [0, 1].map(|axis| {
            let bins = (0..self.output[axis]).map(|place| self.bin(axis, place));
            Table::new(self.input[axis], bins.map(|bin| (bin.clone()).map(move |place| (place, 1.0 / bin.len() as f32))))
        })
    }
}

/// A line of outputs.
struct Line<'a> {
    pool: &'a Adaptive,
    /// Of its image.
    x: &'a [f32],
    rows: Range<usize>,
    y: &'a mut [Uninit],
    winners: &'a mut [u32],
}

impl WithSimd for Line<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Adaptive { input: [_, w], channels, .. } = *self.pool;
        let width = Width::new(simd, channels);
        for (column, (y, winners)) in self.y.chunks_mut(channels).zip(self.winners.chunks_mut(channels)).enumerate() {
            let columns = self.pool.bin(1, column);
            width.each(&mut Bin { x: self.x, w, channels, rows: self.rows.clone(), columns, y, winners });
        }
    }
}

struct Bin<'a> {
    x: &'a [f32],
    w: usize,
    channels: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    y: &'a mut [Uninit],
    winners: &'a mut [u32],
}

impl<S: Simd> Columns<S> for Bin<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        /// From 2^23 on, the lowest bits of an f32 are a whole number.
        const WHOLE: u32 = 1 << 23;
        let number = |place: usize| lanes.splat((WHOLE + place as u32) as f32);
        let first = self.rows.start * self.w + self.columns.start;
        let (mut best, mut winner): (F32s<S>, _) = (lanes.splat(f32::NEG_INFINITY), number(first));
        for row in self.rows.clone() {
            for column in self.columns.clone() {
                let place = row * self.w + column;
                let value = lanes.load(self.x, place * self.channels + at);
                let wins = best.lt(value) | value.is_nan();
                best = wins.select(value, best);
                winner = wins.select(number(place), winner);
            }
        }
        lanes.init(self.y, at, best);
        let bits: [u32; MAX_LANES] = winner.to_bits();
        for (to, bits) in self.winners[at..].iter_mut().zip(&bits[..S::F32_LANES]) {
            *to = bits % WHOLE;
        }
    }
}
