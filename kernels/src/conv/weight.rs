//! The weight gradient: for each tap, input pixels times output gradients, summed over all pixels.
//!
//! Pixels are cut into a number of chunks and input channels into blocks, by the shapes alone; a task sums its chunk for its
//! block, pixel block by pixel block, and the chunks are then added in order. So results do not depend on the number of threads.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::Geometry;
use super::buffer::{Lent, Scratch};
use super::outer::{Run, Strip, add_products};
use super::simd::{self, Isa};
use super::sweep::Axis;
use super::tile::PanelSize;
use super::vector::{load, store_floats};

/// What the sums run over. Channels are those of one run: of a tap, or of a row of joined taps.
pub struct WeightPass<'a> {
    pub isa: Isa,
    pub x: &'a [f32],
    pub x_size: [usize; 2],
    /// Floats from one input pixel to the next.
    pub x_pitch: usize,
    pub dy: &'a [f32],
    /// From targets (output pixels) to sources (input pixels).
    pub axes: [Axis; 2],
    /// Floats of the input that one tap reads.
    pub channels: usize,
    pub geometry: Geometry,
    pub size: PanelSize,
}

/// Chunks of pixels at most, and floats of all their sums.
const CHUNKS: usize = 16;
const SUMS: usize = 4 << 20;
/// Tasks that a pass is cut into if it is large enough.
const TASKS: usize = 32;
/// Pixels at a time: those of one panel stay in the first-level cache, those of all channels in the second.
const BLOCK: usize = 256;
const BLOCK_FLOATS: usize = 64 * 1024;

impl WeightPass<'_> {
    /// The gradient, `[out, in, taps]`.
    pub fn run(&self) -> Vec<f32> {
        let g = &self.geometry;
        let rows = g.n * g.output[0];
        let floats = g.groups * self.taps() * self.channels * self.panels() * self.size.width;
        let chunks = (rows * g.output[1] / (2 * BLOCK)).min(SUMS / floats.max(1)).clamp(1, CHUNKS);
        let chunk = rows.div_ceil(chunks).max(1);
        let blocks = TASKS.div_ceil(chunks);
        // Whole tiles for either number of registers, 14 and 8 or 6 and 4 rows.
        let block = self.channels.div_ceil(blocks).next_multiple_of(28).min(self.channels);
        let (chunks, blocks) = (rows.div_ceil(chunk).max(1), self.channels.div_ceil(block));
        let sums: Vec<Scratch> = (0..chunks * blocks)
            .into_par_iter()
            .map(|task| {
                let (row, channel) = (task / blocks * chunk, task % blocks * block);
                let channels = channel..self.channels.min(channel + block);
                simd::run_on(self.isa, Task { pass: self, rows: row.min(rows)..rows.min(row + chunk), channels })
            })
            .collect();
        self.gather(&sums, block)
    }

    fn taps(&self) -> usize {
        self.axes[0].taps.len() * self.axes[1].taps.len()
    }

    fn panels(&self) -> usize {
        self.size.count(self.geometry.c_out)
    }

    /// Adds up the chunks' sums, each `[group][panel][tap][channel][column]` for one block, into `[out, in, taps]`.
    fn gather(&self, sums: &[Scratch], block: usize) -> Vec<f32> {
        let g = &self.geometry;
        let (taps, per_out) = (self.taps(), g.c_in * g.taps());
        let blocks = self.channels.div_ceil(block);
        let joined = self.channels / g.c_in;
        let mut gradient = vec![0.0; g.weight_len()];
        let panels = gradient.par_chunks_mut(g.c_out * per_out).enumerate().flat_map(|(group, part)| {
            part.par_chunks_mut(self.size.width * per_out).enumerate().map(move |(panel, part)| (group * self.panels() + panel, part))
        });
        panels.for_each(|(panel, part)| {
            let (columns, width) = self.size.panel(g.c_out, panel % self.panels());
            let mut total = vec![0.0; width];
            for channel in 0..self.channels {
                let (block_at, within) = (channel / block, channel % block);
                let block_len = block.min(self.channels - block_at * block);
                for tap in 0..taps {
                    let at = ((panel * taps + tap) * block_len) * self.size.width + within * width;
                    total.fill(0.0);
                    for chunk in sums.chunks_exact(blocks) {
                        for (total, sum) in total.iter_mut().zip(&chunk[block_at][at..][..width]) {
                            *total += sum;
                        }
                    }
                    // A joined channel stands for a tap of its row and an input channel.
                    let at = channel % g.c_in * g.taps() + tap * joined + channel / g.c_in;
                    for (column, &total) in (0..columns.len()).zip(&total) {
                        part[column * per_out + at] = total;
                    }
                }
            }
        });
        gradient
    }
}

/// One chunk of pixels and one block of channels.
struct Task<'a> {
    pass: &'a WeightPass<'a>,
    rows: Range<usize>,
    channels: Range<usize>,
}

impl WithSimd for Task<'_> {
    type Output = Scratch;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Scratch {
        let pass = self.pass;
        let g = &pass.geometry;
        let (taps, panel_floats) = (pass.taps(), pass.taps() * self.channels.len() * pass.size.width);
        let mut sums = Scratch::zeros(g.groups * pass.panels() * panel_floats);
        let pixels = (BLOCK_FLOATS / (pass.channels + g.c_out)).clamp(BLOCK / 4, BLOCK);
        let step = (pixels / g.output[1].max(1)).max(1);
        let block = step * g.output[1] * pass.size.width;
        let mut packed = Lent::new(pass.panels() * block);
        for start in self.rows.clone().step_by(step) {
            let rows = start..self.rows.end.min(start + step);
            let runs: Vec<Vec<Run>> = (0..taps).map(|tap| pass.runs(tap, rows.clone())).collect();
            for group in 0..g.groups {
                let first = group * g.c_in + self.channels.start;
                pass.pack(simd, group, rows.clone(), &mut packed, block);
                for index in 0..pass.panels() {
                    let width = pass.size.panel(g.c_out, index).1;
                    let packed = &packed[index * block..][..block];
                    let sums = &mut sums[(group * pass.panels() + index) * panel_floats..][..panel_floats];
                    for (tap, runs) in runs.iter().enumerate() {
                        let sums = &mut sums[tap * self.channels.len() * pass.size.width..][..self.channels.len() * width];
                        let strip = Strip { floats: &pass.x[first.min(pass.x.len())..], step: pass.x_pitch * g.stride[1] };
                        add_products(simd, strip, packed, runs, width, sums);
                    }
                }
            }
        }
        sums
    }
}

impl WeightPass<'_> {
    /// The runs of pixels of `rows` whose `tap` lies inside the input; right pixels count from the first of `rows`.
    fn runs(&self, tap: usize, rows: Range<usize>) -> Vec<Run> {
        let [y, x] = &self.axes;
        let (tap_y, tap_x) = (y.taps[tap / x.taps.len()], x.taps[tap % x.taps.len()]);
        let inside = x.inside(tap_x);
        let run = |row: usize| {
            let source_y = y.source(tap_y, row % y.count)?;
            let source_x = x.source(tap_x, inside.start)?;
            let left = ((row / y.count * self.x_size[0] + source_y) * self.x_size[1] + source_x) * self.x_pitch;
            Some(Run { left, right: (row - rows.start) * x.count + inside.start, len: inside.len() })
        };
        rows.clone().filter_map(run).filter(|run| run.len > 0).collect()
    }

    /// Copies `dy` of all pixels of `rows` into panels `block` floats apart, `[pixel][column]`, their columns padded with zeros.
    #[inline(always)]
    fn pack<S: Simd>(&self, simd: S, group: usize, rows: Range<usize>, packed: &mut [f32], block: usize) {
        let g = &self.geometry;
        let pitch = g.groups * g.c_out;
        let dy = &self.dy[rows.start * g.output[1] * pitch..rows.end * g.output[1] * pitch];
        // Pixel by pixel and not panel by panel: memory is read in its order.
        for (pixel, dy) in dy.chunks_exact(pitch).enumerate() {
            let dy = &dy[group * g.c_out..][..g.c_out];
            for (index, from) in dy.chunks(self.size.width).enumerate() {
                let width = self.size.panel(g.c_out, index).1;
                let to = &mut packed[index * block + pixel * width..][..width];
                for (vector, to) in to.chunks_exact_mut(S::F32_LANES).enumerate() {
                    store_floats::<S>(to, load(simd, &from[(vector * S::F32_LANES).min(from.len())..]));
                }
            }
        }
    }
}
