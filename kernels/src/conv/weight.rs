//! The weight gradient: for each tap, input pixels times output gradients, summed over all pixels.
//!
//! Pixels are cut into a number of chunks, and channels of input or output into blocks, by the shapes alone; a task sums its chunk for its
//! block, pixel block by pixel block, and the chunks are then added in order. So results do not depend on the number of threads.
#![allow(unsafe_code)] // The gradient's memory is new.

use std::mem::MaybeUninit;
use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::Geometry;
use super::buffer::{Lent, Scratch, filled};
use super::outer::{Run, Strip};
use super::pieces::finely;
use super::prefetch::prefetch;
use super::simd::{self, Isa};
use super::strips::{AHEAD, Strips};
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
const TASKS: usize = 20;
/// Pixels of a chunk at least.
const CHUNK: usize = 512;
/// Pixels at a time: those of one panel and one strip stay in the first-level cache, those of all channels in the second.
const BLOCK: usize = 128;
const BLOCK_FLOATS: usize = 96 * 1024;

impl WeightPass<'_> {
    /// The gradient, `[out, in, taps]`.
    pub fn run(&self) -> Vec<f32> {
        let cut = self.cut();
        let sums: Vec<Scratch> =
            finely((0..cut.tasks()).into_par_iter()).map(|task| simd::run_on(self.isa, cut.task(self, task))).collect();
        self.gather(&sums, &cut)
    }

    /// How the pass is cut into tasks: pixels first, then the longer side of the sums, since each of its blocks copies the other side.
    fn cut(&self) -> Cut {
        let g = &self.geometry;
        let (rows, panels) = (g.n * g.output[0], self.panels());
        let floats = g.groups * self.taps() * self.channels * panels * self.size.width;
        let chunks = (rows * g.output[1] / CHUNK).min(SUMS / floats.max(1)).clamp(1, CHUNKS);
        let blocks = (TASKS / chunks).max(1);
        let (channels, panels) = match self.channels > g.c_out {
            // Whole tiles for either number of registers, 14 and 8 or 6 and 4 rows.
            true => (self.channels.div_ceil(blocks).next_multiple_of(28).min(self.channels), panels),
            false => (self.channels, panels.div_ceil(blocks)),
        };
        Cut { all: [rows, self.channels, self.panels()], step: [rows.div_ceil(chunks).max(1), channels, panels] }
    }

    fn taps(&self) -> usize {
        self.axes[0].taps.len() * self.axes[1].taps.len()
    }

    fn panels(&self) -> usize {
        self.size.count(self.geometry.c_out)
    }

    /// Adds up the tasks' sums, each `[group][panel][tap][channel][column]`, into `[out, in, taps]`.
    fn gather(&self, sums: &[Scratch], cut: &Cut) -> Vec<f32> {
        let g = &self.geometry;
        let (len, per_out) = (g.weight_len(), g.c_in * g.taps());
        let write = |gradient: &mut [MaybeUninit<f32>]| {
            let panels = gradient.par_chunks_mut(g.c_out * per_out).enumerate().flat_map(|(group, part)| {
                part.par_chunks_mut(self.size.width * per_out).enumerate().map(move |(panel, part)| (group, panel, part))
            });
            panels.for_each(|(group, panel, part)| self.gather_panel(sums, cut, [group, panel], part));
        };
        // SAFETY: the panels of the groups are all of the gradient, and each is written whole; nobody else has a part of the canvas.
        unsafe { filled(len, |canvas| write(canvas.part(0..len))) }
    }

    /// Adds up one panel of one group: every value of `part`, `[column, in, taps]`.
    fn gather_panel(&self, sums: &[Scratch], cut: &Cut, [group, panel]: [usize; 2], part: &mut [MaybeUninit<f32>]) {
        let g = &self.geometry;
        let (taps, per_out, joined) = (self.taps(), g.c_in * g.taps(), self.channels / g.c_in);
        let [_, blocks, panel_blocks] = cut.counts();
        let (columns, width) = self.size.panel(g.c_out, panel);
        let panels = cut.range(2, panel / cut.step[2]);
        let before = group * panels.len() + panel - panels.start;
        let mut total = vec![0.0; width];
        for channel in 0..self.channels {
            let channels = cut.range(1, channel / cut.step[1]);
            let tasks = sums.iter().skip(channel / cut.step[1] * panel_blocks + panel / cut.step[2]);
            for tap in 0..taps {
                let at = (before * taps + tap) * channels.len() * self.size.width + (channel - channels.start) * width;
                total.fill(0.0);
                for chunk in tasks.clone().step_by(blocks * panel_blocks) {
                    for (total, sum) in total.iter_mut().zip(&chunk[at..][..width]) {
                        *total += sum;
                    }
                }
                // A joined channel stands for a tap of its row and an input channel.
                let at = channel % g.c_in * g.taps() + tap * joined + channel / g.c_in;
                for (column, &total) in (0..columns.len()).zip(&total) {
                    part[column * per_out + at].write(total);
                }
            }
        }
    }
}

/// Rows of pixels, input channels and panels: all of them, and those of one task.
struct Cut {
    all: [usize; 3],
    step: [usize; 3],
}

impl Cut {
    /// Parts of each.
    fn counts(&self) -> [usize; 3] {
        [0, 1, 2].map(|axis| self.all[axis].div_ceil(self.step[axis]).max(1))
    }

    fn tasks(&self) -> usize {
        self.counts().iter().product()
    }

    fn range(&self, axis: usize, part: usize) -> Range<usize> {
        let start = (part * self.step[axis]).min(self.all[axis]);
        start..self.all[axis].min(start + self.step[axis])
    }

    fn task<'a>(&self, pass: &'a WeightPass<'a>, number: usize) -> Task<'a> {
        let [_, blocks, panel_blocks] = self.counts();
        let (chunk, block, panel_block) = (number / panel_blocks / blocks, number / panel_blocks % blocks, number % panel_blocks);
        Task { pass, rows: self.range(0, chunk), channels: self.range(1, block), panels: self.range(2, panel_block) }
    }
}

/// One chunk of pixels, and one block of channels or of panels.
struct Task<'a> {
    pass: &'a WeightPass<'a>,
    rows: Range<usize>,
    channels: Range<usize>,
    panels: Range<usize>,
}

impl Task<'_> {
    /// Rows at a time: blocks of about the same number of them.
    fn step(&self) -> usize {
        let (g, pass) = (&self.pass.geometry, self.pass);
        let pixels = (BLOCK_FLOATS / (self.channels.len() + self.panels.len() * pass.size.width)).clamp(BLOCK / 4, BLOCK);
        let most = (pixels / g.output[1].max(1)).max(1);
        self.rows.len().div_ceil(self.rows.len().div_ceil(most).max(1)).max(1)
    }
}

impl WithSimd for Task<'_> {
    type Output = Scratch;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Scratch {
        let pass = self.pass;
        let g = &pass.geometry;
        let (taps, channels) = (pass.taps(), self.channels.len());
        let panel_floats = taps * channels * pass.size.width;
        let mut sums = Scratch::zeros(g.groups * self.panels.len() * panel_floats);
        let step = self.step();
        let pixels = step * g.output[1];
        let block = pixels * pass.size.width;
        let mut packed = Lent::new(self.panels.len() * block);
        let mut strips = Strips::new::<S>(channels, pixels);
        for start in self.rows.clone().step_by(step) {
            let rows = start..self.rows.end.min(start + step);
            let runs: Vec<Vec<Run>> = (0..taps).map(|tap| pass.runs(tap, rows.clone())).collect();
            for group in 0..g.groups {
                let floats = &pass.x[(group * g.c_in + self.channels.start).min(pass.x.len())..];
                let source = Strip { floats, step: pass.x_pitch * g.stride[1] };
                pass.pack(simd, group, rows.clone(), self.panels.clone(), &mut packed, block);
                for (tap, runs) in runs.iter().enumerate() {
                    strips.cut(simd, source, runs);
                    for (index, panel) in self.panels.clone().enumerate() {
                        let width = pass.size.panel(g.c_out, panel).1;
                        let packed = &packed[index * block..][..block];
                        let sums = &mut sums[(group * self.panels.len() + index) * panel_floats..][..panel_floats];
                        let sums = &mut sums[tap * channels * pass.size.width..][..channels * width];
                        strips.add_products(simd, packed, width, sums);
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
        let step = self.x_pitch * x.source_step;
        let mut runs: Vec<Run> = Vec::with_capacity(rows.len());
        for run in rows.clone().filter_map(run).filter(|run| run.len > 0) {
            match runs.last_mut() {
                // Rows that follow on each other are one.
                Some(last) if (last.left + last.len * step, last.right + last.len) == (run.left, run.right) => last.len += run.len,
                _ => runs.push(run),
            }
        }
        runs
    }

    /// Copies `dy` of all pixels of `rows` into panels `block` floats apart, `[pixel][column]`, their columns padded with zeros.
    #[inline(always)]
    fn pack<S: Simd>(&self, simd: S, group: usize, rows: Range<usize>, panels: Range<usize>, packed: &mut [f32], block: usize) {
        let g = &self.geometry;
        let pitch = g.groups * g.c_out;
        let dy = &self.dy[rows.start * g.output[1] * pitch..rows.end * g.output[1] * pitch];
        // Pixel by pixel and not panel by panel: memory is read in its order.
        let first = group * g.c_out + panels.start * self.size.width;
        let floats = (panels.len() * self.size.width).min((group + 1) * g.c_out - first);
        for (pixel, row) in dy.chunks_exact(pitch).enumerate() {
            let next = dy.get((pixel + AHEAD) * pitch + first..).unwrap_or_default();
            prefetch(&next[..next.len().min(floats)]);
            let dy = &row[group * g.c_out..][..g.c_out];
            let parts = dy.chunks(self.size.width).zip(0..).skip(panels.start).take(panels.len());
            for (index, (from, panel)) in parts.enumerate() {
                let width = self.size.panel(g.c_out, panel).1;
                let to = &mut packed[index * block + pixel * width..][..width];
                for (vector, to) in to.chunks_exact_mut(S::F32_LANES).enumerate() {
                    store_floats::<S>(to, load(simd, &from[(vector * S::F32_LANES).min(from.len())..]));
                }
            }
        }
    }
}
