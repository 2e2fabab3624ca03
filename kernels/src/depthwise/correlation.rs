//! Depthwise correlation of images with one kernel, or with one kernel for each phase of the output.

#![allow(unsafe_code)] // The result's memory is new.

use std::borrow::Cow;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::activation::Light;
use super::super::conv::{Epilogue, finish};
use super::super::fresh::{Uninit, filled};
use super::super::lanes::Width;
use super::super::pieces::finely;
use super::super::prefetch::prefetch;
use super::super::simd;
use super::super::window::{Axis, Window};
use super::pixels::{BLOCK, Block, Line, Pixel};

/// A kernel, its weights by tap in the order of reading, and which windows it has.
pub struct Correlation<'a> {
    rows: Axis,
    columns: Axis,
    /// `[rows.kernel * columns.kernel, channels]`.
    weight: Cow<'a, [f32]>,
}

impl<'a> Correlation<'a> {
    /// `weight [kh * kw, c]`, with all its taps in their order.
    pub fn forward(weight: &'a [f32], window: &Window) -> Self {
        Self { rows: window.rows, columns: window.columns, weight: Cow::Borrowed(weight) }
    }

    /// The part of the transposed convolution that gives inputs `phase + i * stride` on each axis.
    pub fn backward(weight: &[f32], window: &Window, phase: [usize; 2]) -> Self {
        let ((rows, row_taps), (columns, column_taps)) = (transposed(window.rows, phase[0]), transposed(window.columns, phase[1]));
        Self { rows, columns, weight: Cow::Owned(packed(weight, [window.rows.kernel, window.columns.kernel], &row_taps, &column_taps)) }
    }
}

/// For inputs `phase + i * stride` of `axis`: which outputs they take part in, as an axis, and through which taps.
///
/// Tap `t` belongs to input `i` if `i + padding - t * dilation` is a multiple of the stride, and then to that output. Going
/// through the taps backwards goes through the outputs forwards.
fn transposed(axis: Axis, phase: usize) -> (Axis, Vec<usize>) {
    let stride = axis.stride as isize;
    let from = |tap: usize| phase as isize + axis.padding - (tap * axis.dilation) as isize;
    let taps: Vec<usize> = (0..axis.kernel).rev().filter(|&tap| from(tap) % stride == 0).collect();
    let outputs: Vec<isize> = taps.iter().map(|&tap| from(tap) / stride).collect();
    let dilation = outputs.get(1).map_or(1, |second| (second - outputs[0]) as usize);
    let padding = outputs.first().map_or(0, |first| -first);
    let output = axis.input.saturating_sub(phase).div_ceil(axis.stride);
    (Axis { input: axis.output, output, kernel: taps.len(), stride: 1, padding, dilation }, taps)
}

/// The taps `rows x columns` of `weight [c, 1, kh, kw]` as `[rows * columns, c]`.
fn packed(weight: &[f32], kernel: [usize; 2], rows: &[usize], columns: &[usize]) -> Vec<f32> {
    let taps = kernel[0] * kernel[1];
    let mut to = Vec::with_capacity(weight.len() / taps * rows.len() * columns.len());
    for row in rows {
        for column in columns {
            let tap = row * kernel[1] + column;
            to.extend(weight.iter().skip(tap).step_by(taps));
        }
    }
    to
}

/// `n` images of `size` whose pixels `(step[0] * i + p, step[1] * j + q)` come from phase `p * step[1] + q` of `x`.
pub fn correlate(
    x: &[f32],
    epilogue: Epilogue<'_>,
    n: usize,
    channels: usize,
    size: [usize; 2],
    phases: &[Correlation<'_>],
    step: [usize; 2],
) -> Vec<f32> {
    let line = phases[0].columns.input * channels;
    let image = phases[0].rows.input * line;
    let light = within_sums(&epilogue);
    let write = |[y]: [&mut [Uninit]; 1]| {
        finely(y.par_chunks_mut(size[1] * channels).enumerate()).for_each(|(row, y)| {
            let start = row * size[1] * channels;
            let (image_start, row) = (row / size[0] * image, row % size[0]);
            for (first, phase) in phases[row % step[0] * step[1]..][..step[1]].iter().enumerate() {
                let lines = phase.lines(&x[image_start..][..image], 0, channels, row / step[0]);
                // What the phases of the next rows read and these do not.
                let next = if first == 0 { phase.next_lines(&x[image_start..], line, row / step[0]) } else { &[] };
                let light = light.unwrap_or(Light::Identity);
                simd::run(Row { phase, lines: &lines, next, bias: epilogue.bias, light, channels, first, step: step[1], y });
            }
            if light.is_none() {
                // SAFETY: the phases of the row interleave to all of its pixels, which are written now.
                let y = unsafe { &mut *(&raw mut *y as *mut [f32]) };
                finish(&epilogue, y, start);
            }
        });
    };
    // SAFETY: the phases of a row interleave to all of its pixels, and `Row` writes every pixel of its phase.
    let [y] = unsafe { filled(n * size[0] * size[1] * channels, write) };
    y
}

/// What ends an output where that is so little that its sums need not leave their registers for it.
fn within_sums(epilogue: &Epilogue<'_>) -> Option<Light> {
    epilogue.light().filter(|_| epilogue.residual.is_none())
}

impl Correlation<'_> {
    /// Writes all of output row `row` of one image to `y`; `x` are lines of the image from line `base` on. Nothing is added but a bias.
    pub fn write_row(&self, x: &[f32], base: usize, channels: usize, row: usize, epilogue: Epilogue<'_>, y: &mut [Uninit]) {
        let light = within_sums(&epilogue);
        let lines = self.lines(x, base, channels, row);
        let (bias, end) = (epilogue.bias, light.unwrap_or(Light::Identity));
        simd::run(Row { phase: self, lines: &lines, next: &[], bias, light: end, channels, first: 0, step: 1, y });
        if light.is_none() {
            // SAFETY: `Row` wrote every pixel of its phase, which is every pixel of the row.
            let y = unsafe { &mut *(&raw mut *y as *mut [f32]) };
            finish(&epilogue, y, 0);
        }
    }

    /// The lines that output row `row` reads, each with its taps' weights; `x` are lines of the image from line `base` on.
    fn lines<'b>(&'b self, x: &'b [f32], base: usize, channels: usize, row: usize) -> Vec<Line<'b>> {
        let (taps, line) = (self.columns.kernel * channels, self.columns.input * channels);
        let line = |tap| Line { x: &x[(self.rows.place(row, tap) - base) * line..][..line], weight: &self.weight[tap * taps..][..taps] };
        self.rows.taps(row).map(line).collect()
    }

    /// The lines after those of output row `row`, as many as the next row reads anew; `x` starts with the row's image.
    fn next_lines<'a>(&self, x: &'a [f32], line: usize, row: usize) -> &'a [f32] {
        let taps = self.rows.taps(row);
        let first = if taps.is_empty() { 0 } else { self.rows.place(row, taps.end - 1) + 1 };
        let start = (first * line).min(x.len());
        &x[start..(start + self.rows.stride * line).min(x.len())]
    }
}

/// The pixels of one phase in one output row.
struct Row<'a> {
    phase: &'a Correlation<'a>,
    lines: &'a [Line<'a>],
    /// Memory that the next row will read.
    next: &'a [f32],
    bias: Option<&'a [f32]>,
    /// Of the sums.
    light: Light,
    channels: usize,
    /// Pixel of the phase's first output, and pixels from one to the next.
    first: usize,
    step: usize,
    y: &'a mut [Uninit],
}

impl WithSimd for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let width = Width::new(simd, self.channels);
        let columns = self.phase.columns;
        match (columns.kernel, columns.stride, columns.dilation) {
            (1, 1, _) => return self.blocks::<S, 1, 1>(width),
            (2, 1, 1) => return self.blocks::<S, 2, 1>(width),
            (3, 1, 1) => return self.blocks::<S, 3, 1>(width),
            (5, 1, 1) => return self.blocks::<S, 5, 1>(width),
            (7, 1, 1) => return self.blocks::<S, 7, 1>(width),
            (3, 2, 1) => return self.blocks::<S, 3, 2>(width),
            (5, 2, 1) => return self.blocks::<S, 5, 2>(width),
            _ => {}
        }
        for output in 0..columns.output {
            let to = (self.first + output * self.step) * self.channels;
            let taps = columns.taps(output);
            let from = if taps.is_empty() { 0 } else { columns.place(output, taps.start) };
            let (lines, bias, light, channels) = (self.lines, self.bias, self.light, self.channels);
            let dilation = columns.dilation;
            let y = &mut self.y[to..to + channels];
            width.each(&mut Pixel { lines, bias, light, channels, dilation, taps, from, y });
        }
    }
}

impl Row<'_> {
    /// Handles all outputs, [`BLOCK`] at a time.
    #[inline(always)]
    fn blocks<S: Simd, const TAPS: usize, const STRIDE: usize>(&mut self, width: Width<S>) {
        let columns = self.phase.columns;
        let share = self.next.len().div_ceil(columns.output.div_ceil(BLOCK).max(1)).max(1);
        let mut next = self.next.chunks(share);
        for output in (0..columns.output).step_by(BLOCK) {
            prefetch(next.next().unwrap_or_default());
            let (lines, bias, light, channels, step) = (self.lines, self.bias, self.light, self.channels, self.step);
            let pixels = (columns.output - output).min(BLOCK);
            let y = &mut self.y[(self.first + output * step) * channels..][..((pixels - 1) * step + 1) * channels];
            let (from, input) = (columns.start(output), columns.input);
            width.each(&mut Block::<TAPS, STRIDE> { lines, bias, light, channels, from, input, step, y });
        }
    }
}
