//! Inverted residual blocks by bands of rows: widen, convolve each channel, narrow (Sandler et al. 2018,
//! <https://arxiv.org/abs/1801.04381>), forward only.
//!
//! The widened image is several times as large as what the block reads and writes. Here no more of it exists than the rows that one
//! band of the result needs, in a core's cache: `x [n, h, w, c_in]` is read once and `y [n, oh, ow, c_out]` written once. Every sum is
//! taken as in the three convolutions by themselves, so the results are theirs to the bit, wherever bands begin and end.
#![allow(unsafe_code)] // Bands and results are memory that other kernels write.

#[cfg(test)]
mod tests;

use std::ops::Range;

use rayon::prelude::*;

use super::conv::{self, Canvas, Epilogue, Lent, pointwise};
use super::depthwise::{self, Correlation};
use super::fresh::{Uninit, filled};
use super::sizes::volume;
use super::window::Window;

/// Three convolutions, of which the first or the last may be missing; what follows each of them.
#[derive(Clone, Copy, Debug)]
pub struct Inverted<'a> {
    /// 1x1, to the window's channels; adds nothing but a bias.
    pub widen: Option<(&'a conv::Packed, Epilogue<'a>)>,
    /// Of each channel; adds nothing but a bias.
    pub depthwise: (&'a depthwise::Packed, Epilogue<'a>),
    /// 1x1, from the window's channels.
    pub narrow: Option<(&'a conv::Packed, Epilogue<'a>)>,
    /// Of the convolution of each channel; at least one channel.
    pub window: Window,
}

/// Floats of a band that stay in a second-level cache beside the weights and what the band is made from.
const BAND_FLOATS: usize = 64 * 1024;

impl Inverted<'_> {
    /// Channels of what is read.
    fn c_in(&self) -> usize {
        self.widen.map_or(self.window.channels, |(weight, _)| weight.matrix()[0])
    }

    /// Channels of the result.
    fn c_out(&self) -> usize {
        self.narrow.map_or(self.window.channels, |(weight, _)| weight.matrix()[1])
    }

    /// Panics where sizes do not fit.
    fn check(&self, x: &[f32]) -> usize {
        let Window { n, channels, rows, columns } = self.window;
        rows.check();
        columns.check();
        assert!(channels > 0);
        let results = volume([n, rows.output, columns.output, self.c_out()]);
        assert_eq!(x.len(), volume([n, rows.input, columns.input, self.c_in()]));
        let plain = |epilogue: &Epilogue<'_>| epilogue.residual.is_none() && epilogue.fits(channels, 0);
        assert!(self.widen.is_none_or(|(weight, epilogue)| weight.matrix()[1] == channels && plain(&epilogue)));
        assert!(self.depthwise.0.fits(&self.window) && plain(&self.depthwise.1));
        assert!(self.narrow.is_none_or(|(weight, epilogue)| weight.matrix()[0] == channels && epilogue.fits(self.c_out(), results)));
        results
    }

    /// The input rows that output rows `rows` read.
    fn reads(&self, rows: Range<usize>) -> Range<usize> {
        let axis = self.window.rows;
        let inside = |place: isize| place.clamp(0, axis.input as isize) as usize;
        let start = inside(axis.start(rows.start));
        start..inside(axis.start(rows.end - 1) + ((axis.kernel - 1) * axis.dilation + 1) as isize).max(start)
    }

    /// Output rows of a band: as many as its values leave room for.
    fn band(&self) -> usize {
        let Window { channels, rows, columns, .. } = self.window;
        let wide = if self.widen.is_some() { columns.input * channels } else { 0 };
        let deep = if self.narrow.is_some() { columns.output * channels } else { 0 };
        let span = (rows.kernel - 1) * rows.dilation + 1;
        let room = BAND_FLOATS.saturating_sub(span.saturating_sub(rows.stride) * wide);
        (room / (rows.stride * wide + deep).max(1)).clamp(1, rows.output)
    }
}

/// The block's result, `[n, oh, ow, c_out]`; panics where slices or sizes do not fit.
///
/// Images are cut for as many threads as there are, since no cut changes a bit.
pub fn forward(x: &[f32], block: &Inverted<'_>) -> Vec<f32> {
    let results = block.check(x);
    if results == 0 {
        return Vec::new();
    }
    let Window { n, rows, columns, .. } = block.window;
    let row = columns.output * block.c_out();
    let part = rows.output.div_ceil(rayon::current_num_threads().div_ceil(n));
    let correlation = Correlation::forward(block.depthwise.0.by_tap(), &block.window);
    let write = |[y]: [&mut [Uninit]; 1]| {
        y.par_chunks_mut(rows.output * row).enumerate().for_each(|(image, y)| {
            let x = &x[image * (x.len() / n)..][..x.len() / n];
            y.par_chunks_mut(part * row).enumerate().for_each(|(number, y)| {
                let place = (image * rows.output + number * part) * row;
                Part { block, correlation: &correlation, x, first: number * part, row, place }.write(y);
            });
        });
    };
    // SAFETY: every part writes all of its rows, and they cover the images.
    let [y] = unsafe { filled(results, write) };
    y
}

/// Some output rows of one image.
struct Part<'a> {
    block: &'a Inverted<'a>,
    correlation: &'a Correlation<'a>,
    /// The image.
    x: &'a [f32],
    /// The first output row.
    first: usize,
    /// Floats of an output row.
    row: usize,
    /// Where the first output row lies in the results.
    place: usize,
}

impl Part<'_> {
    /// Writes all rows of `y`, band by band.
    fn write(&self, y: &mut [Uninit]) {
        let Window { channels, columns, .. } = self.block.window;
        let (rows, band) = (y.len() / self.row, self.block.band());
        let most = (0..rows).step_by(band).map(|row| self.block.reads(self.numbers(row, rows.min(row + band))).len()).max().unwrap_or(0);
        let mut wide = self.block.widen.map(|_| Wide { values: Lent::new(most * columns.input * channels), rows: 0..0 });
        let mut deep = self.block.narrow.map(|_| Lent::new(band.min(rows) * columns.output * channels));
        for (number, y) in y.chunks_mut(band * self.row).enumerate() {
            let rows = self.numbers(number * band, number * band + y.len() / self.row);
            let (lines, base) = match &mut wide {
                Some(wide) => self.widen(wide, rows.clone()),
                None => (self.x, 0),
            };
            match (&mut deep, self.block.narrow) {
                (Some(deep), Some((weight, epilogue))) => {
                    let deep = &mut deep[..rows.len() * columns.output * channels];
                    let len = deep.len();
                    // SAFETY: the canvas has one part.
                    self.convolve(lines, base, rows.clone(), unsafe { Canvas::over(deep).part(0..len) });
                    let start = self.place + (rows.start - self.first) * self.row;
                    let residual = epilogue.residual.map(|residual| &residual[start..start + y.len()]);
                    // SAFETY: the canvas is new.
                    unsafe { pointwise(deep, weight, Epilogue { residual, ..epilogue }, Canvas::new(y), true) }
                }
                _ => self.convolve(lines, base, rows, y),
            }
        }
    }

    /// Rows `from..to` of this part, counted through the image.
    fn numbers(&self, from: usize, to: usize) -> Range<usize> {
        self.first + from..self.first + to
    }

    /// Moves the band of widened rows on to those that output rows `rows` read; gives them and the first one's number.
    fn widen<'b>(&self, wide: &'b mut Wide, rows: Range<usize>) -> (&'b [f32], usize) {
        let Some((weight, epilogue)) = self.block.widen else { return (&[], 0) };
        let Window { channels, columns, .. } = self.block.window;
        let (line, source) = (columns.input * channels, columns.input * self.block.c_in());
        let needed = self.block.reads(rows);
        let kept = needed.start.min(wide.rows.end)..wide.rows.end.min(needed.end);
        wide.values.copy_within((kept.start - wide.rows.start) * line..(kept.end - wide.rows.start) * line, 0);
        let new = needed.start + kept.len()..needed.end;
        let canvas = Canvas::over(&mut wide.values[kept.len() * line..needed.len() * line]);
        // SAFETY: the canvas is new.
        unsafe { pointwise(&self.x[new.start * source..new.end * source], weight, epilogue, canvas, false) }
        let (len, first) = (needed.len() * line, needed.start);
        wide.rows = needed;
        (&wide.values[..len], first)
    }

    /// Writes the sums of each channel of output rows `rows` from lines of their input, of which the first is number `base`.
    fn convolve(&self, lines: &[f32], base: usize, rows: Range<usize>, y: &mut [Uninit]) {
        let Window { channels, columns, .. } = self.block.window;
        for (row, y) in rows.zip(y.chunks_mut(columns.output * channels)) {
            self.correlation.write_row(lines, base, channels, row, self.block.depthwise.1, y);
        }
    }
}

/// The widened rows that exist.
struct Wide {
    values: Lent,
    rows: Range<usize>,
}
