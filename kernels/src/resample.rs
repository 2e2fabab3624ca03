//! Sums over rows and columns of images with weights of their own: what upsampling and averaging over bins come down to.
//!
//! An axis is a table: for each output the inputs that it reads and their weights. The gradient is the same sum with the table
//! turned over, hence gathered: every value is written once, its terms added in the order of the table.
#![allow(unsafe_code)] // The result's memory is new.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::fresh::{Uninit, filled};
use super::lanes::{Columns, Lanes, Width};
use super::simd;
use super::sizes::volume;

/// For each output of an axis the inputs that it reads, each with its weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Places of the input.
    input: usize,
    /// Where each output's terms start in `terms`, and where the last one's end.
    starts: Vec<usize>,
    terms: Vec<(usize, f32)>,
}

impl Table {
    /// From each output's terms; panics where one is of no input.
    pub fn new<I: IntoIterator<Item = (usize, f32)>>(input: usize, outputs: impl IntoIterator<Item = I>) -> Self {
        let (mut starts, mut terms) = (vec![0], Vec::new());
        for output in outputs {
            terms.extend(output);
            starts.push(terms.len());
        }
        assert!(terms.iter().all(|&(place, _)| place < input), "a term of no input");
        Self { input, starts, terms }
    }

    /// Places of the input.
    pub fn input(&self) -> usize {
        self.input
    }

    /// Places of the output.
    pub fn output(&self) -> usize {
        self.starts.len() - 1
    }

    /// For each input the outputs that read it, in order.
    #[must_use]
    pub fn turned(&self) -> Self {
        let mut readers = vec![Vec::new(); self.input];
        for output in 0..self.output() {
            self.of(output).iter().for_each(|&(place, weight)| readers[place].push((output, weight)));
        }
        Self::new(self.output(), readers)
    }

    /// The inputs that an output reads, and their weights.
    pub fn of(&self, output: usize) -> &[(usize, f32)] {
        &self.terms[self.starts[output]..self.starts[output + 1]]
    }
}

/// `y[i, r, c, k] = sum over terms of both tables of weight * weight * x[i, row, column, k]`, `x [n, rows, columns, channels]`;
/// panics where images are left unfinished.
pub fn resample(x: &[f32], rows: &Table, columns: &Table, channels: usize) -> Vec<f32> {
    let (image, line) = (volume([rows.input(), columns.input(), channels]), volume([columns.output(), channels]));
    let n = x.len().checked_div(image).unwrap_or(0);
    assert_eq!(x.len(), n * image, "values in images of {image}");
    let write = |[y]: [&mut [Uninit]; 1]| {
        y.par_chunks_mut(line.max(1)).enumerate().for_each(|(number, y)| {
            let x = &x[number / rows.output() * image..][..image];
            simd::run(Line { x, lines: rows.of(number % rows.output()), columns, channels, y });
        });
    };
    // SAFETY: the chunks are the result's lines, and `Line` writes every pixel of one.
    let [y] = unsafe { filled(volume([n, rows.output(), line]), write) };
    y
}

/// A line of pixels.
struct Line<'a> {
    /// Of its image.
    x: &'a [f32],
    /// Lines that it is made of.
    lines: &'a [(usize, f32)],
    columns: &'a Table,
    channels: usize,
    y: &'a mut [Uninit],
}

impl WithSimd for Line<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = Width::new(simd, self.channels);
        let line = self.columns.input() * self.channels;
        for (column, y) in self.y.chunks_mut(self.channels).enumerate() {
            let terms = self.columns.of(column);
            width.each(&mut Pixel { x: self.x, lines: self.lines, line, terms, channels: self.channels, y });
        }
    }
}

struct Pixel<'a> {
    x: &'a [f32],
    lines: &'a [(usize, f32)],
    /// Values of a line.
    line: usize,
    terms: &'a [(usize, f32)],
    channels: usize,
    y: &'a mut [Uninit],
}

impl<S: Simd> Columns<S> for Pixel<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let mut sum = lanes.splat(0.0);
        for &(row, down) in self.lines {
            let x = &self.x[row * self.line..][..self.line];
            for &(column, across) in self.terms {
                sum = lanes.splat(down * across).mul_add(lanes.load(x, column * self.channels + at), sum);
            }
        }
        lanes.init(self.y, at, sum);
    }
}
