//! Mean of each window.
#![allow(unsafe_code)] // The result's memory is new.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::fresh::{Uninit, filled};
use super::super::lanes::{Columns, Lanes, Width};
use super::super::simd;
use super::super::window::{Axis, Window};
use super::{Give, gather};

/// What a window's sum is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divisor {
    /// The places inside the input.
    Inside,
    /// Those and the places in the padding: PyTorch's `count_include_pad`. What `ceil_mode` adds beyond does not count.
    WithPadding,
    /// PyTorch's `divisor_override`.
    Fixed(usize),
}

impl Divisor {
    fn length(self, axis: &Axis, output: usize) -> usize {
        match self {
            Self::Inside | Self::Fixed(_) => axis.taps(output).len(),
            Self::WithPadding => {
                let end = axis.start(output) + axis.kernel as isize;
                (end.min(axis.input as isize + axis.padding) - axis.start(output)) as usize
            }
        }
    }

    fn of(self, window: &Window, [row, column]: [usize; 2]) -> f32 {
        match self {
            Self::Fixed(divisor) => divisor as f32,
            _ => (self.length(&window.rows, row) * self.length(&window.columns, column)) as f32,
        }
    }
}

/// The mean of each window, summed in the order of its taps.
///
/// Panics at windows that are dilated or do not reach into the input, and where `x` is not as long as they say.
pub fn average_pool(x: &[f32], window: &Window, divisor: Divisor) -> Vec<f32> {
    check(window, &[x], &[]);
    let Window { channels, rows, columns, .. } = *window;
    let (image, line) = (rows.input * columns.input * channels, (columns.output * channels).max(1));
    let write = |[y]: [&mut [Uninit]; 1]| {
        y.par_chunks_mut(line).enumerate().for_each(|(number, y)| {
            let x = &x[number / rows.output * image..][..image];
            simd::run(Row { window, divisor, x, row: number % rows.output, y });
        });
    };
    // SAFETY: the chunks are the result's rows, and `Row` writes every value of one.
    let [y] = unsafe { filled(window.output_len(), write) };
    y
}

/// Gradient of `x`; panics as [`average_pool`] does.
pub fn average_pool_backward(dy: &[f32], window: &Window, divisor: Divisor) -> Vec<f32> {
    check(window, &[], &[dy]);
    gather(window, Shares { dy, window, divisor })
}

fn check(window: &Window, inputs: &[&[f32]], outputs: &[&[f32]]) {
    window.check(inputs, outputs);
    let reaches = |axis: &Axis| axis.dilation == 1 && (0..axis.output).all(|output| !axis.taps(output).is_empty());
    assert!(window.output_len() == 0 || (reaches(&window.rows) && reaches(&window.columns)), "not a window to average: {window:?}");
}

#[derive(Clone, Copy)]
struct Shares<'a> {
    dy: &'a [f32],
    window: &'a Window,
    divisor: Divisor,
}

impl Give for Shares<'_> {
    #[inline(always)]
    fn give(self, output: [usize; 2], place: usize, _: usize, sums: &mut [f32]) {
        let divisor = self.divisor.of(self.window, output);
        for (sum, &dy) in sums.iter_mut().zip(&self.dy[place..][..self.window.channels]) {
            *sum += dy / divisor;
        }
    }
}

/// A row of outputs.
struct Row<'a> {
    window: &'a Window,
    divisor: Divisor,
    x: &'a [f32],
    row: usize,
    y: &'a mut [Uninit],
}

impl WithSimd for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Window { channels, rows, columns, .. } = *self.window;
        let width = Width::new(simd, channels);
        let lines = rows.taps(self.row);
        let x = &self.x[rows.place(self.row, lines.start) * columns.input * channels..];
        for (column, y) in self.y.chunks_mut(channels).enumerate() {
            let taps = columns.taps(column);
            let divisor = self.divisor.of(self.window, [self.row, column]);
            let x = &x[columns.place(column, taps.start) * channels..];
            width.each(&mut Pixel { x, taps: [lines.len(), taps.len()], steps: [columns.input * channels, channels], divisor, y });
        }
    }
}

/// One window.
struct Pixel<'a> {
    /// From the window's first place inside the input on.
    x: &'a [f32],
    /// Rows and columns of the window inside the input.
    taps: [usize; 2],
    /// Values from one row and one column to the next.
    steps: [usize; 2],
    divisor: f32,
    y: &'a mut [Uninit],
}

impl<S: Simd> Columns<S> for Pixel<'_> {
    #[inline(always)]
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize) {
        let mut sum = lanes.splat(0.0);
        for row in 0..self.taps[0] {
            for column in 0..self.taps[1] {
                sum = sum + lanes.load(self.x, row * self.steps[0] + column * self.steps[1] + at);
            }
        }
        lanes.init(self.y, at, sum / lanes.splat(self.divisor));
    }
}
