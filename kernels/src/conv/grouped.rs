//! Convolutions of groups narrower than a register, which neighbouring groups share.
//!
//! Each lane of a block of target channels belongs to a group and wants that group's source channels: a task copies the source that
//! it reads with every channel in all lanes that want it, `[row][column][channel of the group][lane]`, padding included. Then one
//! register of weights serves many pixels, and no product is with a zero of another group.
#![allow(unsafe_code)] // Threads write parts of one output that do not overlap.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::Geometry;
use super::buffer::{Canvas, Lent, Scratch, filled};
use super::epilogue::{Epilogue, Finish};
use super::pieces::finely;
use super::simd::{self, Isa};
use super::tile::PanelSize;
use super::vector::{load, multiply_add, store_floats};

/// A convolution that sums over the source channels of a group.
pub struct Grouped<'a> {
    isa: Isa,
    source: &'a [f32],
    g: Geometry,
    lanes: usize,
    /// `[block][tap][source channel][lane]`.
    weights: Scratch,
    epilogue: Epilogue<'a>,
}

/// Floats of source that a task copies.
const TASK_FLOATS: usize = 64 * 1024;
/// Source channels of a group above which copies of them would be larger than the caches.
const WIDEST: usize = 16;

/// Whether registers should be shared: a quarter full is where copying for each lane begins to be the lesser cost; measured.
pub fn pays(g: &Geometry, isa: Isa) -> bool {
    g.groups > 1 && 4 * g.c_out <= PanelSize::of(isa).lanes && g.c_in <= WIDEST
}

/// The input gradient as a forward pass, from `dy` with other weights, where no stride leaves gaps.
pub fn turned(weight: &[f32], g: &Geometry) -> Option<(Geometry, Vec<f32>)> {
    let pad = [0, 1].map(|axis| ((g.kernel[axis] - 1) * g.dilation[axis]).checked_sub(g.pad[axis]));
    let ([Some(top), Some(left)], [1, 1]) = (pad, g.stride) else { return None };
    if g.groups == 1 {
        return None;
    }
    let taps = g.taps();
    let mut to = vec![0.0; weight.len()];
    for (at, kernel) in weight.chunks_exact(taps).enumerate() {
        let (out, channel) = (at / g.c_in, at % g.c_in);
        let (group, out) = (out / g.c_out, out % g.c_out);
        let kernel = kernel.iter().rev();
        to[((group * g.c_in + channel) * g.c_out + out) * taps..][..taps].iter_mut().zip(kernel).for_each(|(to, from)| *to = *from);
    }
    Some((Geometry { c_in: g.c_out, c_out: g.c_in, input: g.output, output: g.input, pad: [top, left], ..*g }, to))
}

impl<'a> Grouped<'a> {
    /// The forward pass.
    pub fn forward(isa: Isa, x: &'a [f32], weight: &[f32], epilogue: Epilogue<'a>, g: &Geometry) -> Self {
        let lanes = PanelSize::of(isa).lanes;
        let (taps, channels) = (g.taps(), g.groups * g.c_out);
        let mut weights = Scratch::zeros(channels.div_ceil(lanes) * taps * g.c_in * lanes);
        for (block, weights) in weights.chunks_exact_mut(taps * g.c_in * lanes).enumerate() {
            for (lane, out) in (block * lanes..channels.min((block + 1) * lanes)).enumerate() {
                for (at, &value) in weight[out * g.c_in * taps..][..g.c_in * taps].iter().enumerate() {
                    weights[(at % taps * g.c_in + at / taps) * lanes + lane] = value;
                }
            }
        }
        Self { isa, source: x, g: *g, lanes, weights, epilogue }
    }

    /// The result, `[n, h, w, groups * c_out]`.
    pub fn run(&self) -> Vec<f32> {
        let g = &self.g;
        let blocks = (g.groups * g.c_out).div_ceil(self.lanes);
        let row = self.copied_width() * g.c_in * self.lanes;
        let step = ((TASK_FLOATS / row).saturating_sub((g.kernel[0] - 1) * g.dilation[0]) / g.stride[0]).clamp(1, g.output[0]);
        let ranges = g.output[0].div_ceil(step);
        // SAFETY: the tasks' images, rows and blocks cover the result.
        unsafe {
            filled(g.y_len(), |canvas| {
                finely((0..g.n * ranges * blocks).into_par_iter()).for_each(|task| {
                    let (image, range, block) = (task / blocks / ranges, task / blocks % ranges, task % blocks);
                    let rows = range * step..g.output[0].min((range + 1) * step);
                    simd::run_on(self.isa, Task { pass: self, canvas, image, rows, block });
                });
            })
        }
    }

    /// Columns of the copy: those that whole tiles read.
    fn copied_width(&self) -> usize {
        let g = &self.g;
        (g.output[1].next_multiple_of(TILE) - 1) * g.stride[1] + (g.kernel[1] - 1) * g.dilation[1] + 1
    }

    /// Rows of the copy for `rows` of the target.
    fn copied_height(&self, rows: usize) -> usize {
        (rows - 1) * self.g.stride[0] + (self.g.kernel[0] - 1) * self.g.dilation[0] + 1
    }
}

/// Pixels of a row that are summed at a time: most common widths are multiples of it.
const TILE: usize = 14;

/// Some rows of one image and a register's target channels.
struct Task<'a> {
    pass: &'a Grouped<'a>,
    canvas: Canvas<'a>,
    image: usize,
    rows: Range<usize>,
    block: usize,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let pass = self.pass;
        let row = pass.copied_width() * pass.g.c_in * S::F32_LANES;
        let mut copy = Lent::new(pass.copied_height(self.rows.len()) * row);
        for (at, copy) in copy.chunks_exact_mut(row).enumerate() {
            self.copy_row(simd, self.rows.start * pass.g.stride[0] + at, copy);
        }
        for row in self.rows.clone() {
            for column in (0..pass.g.output[1]).step_by(TILE) {
                // Half a tile at a time where registers are few.
                if S::REGISTER_COUNT >= 32 {
                    self.tile::<S, TILE>(simd, &copy, row, column);
                } else {
                    self.tile::<S, { TILE / 2 }>(simd, &copy, row, column);
                    self.tile::<S, { TILE / 2 }>(simd, &copy, row, column + TILE / 2);
                }
            }
        }
    }
}

impl Task<'_> {
    /// The target channels of the block.
    fn channels(&self) -> Range<usize> {
        let (lanes, g) = (self.pass.lanes, &self.pass.g);
        self.block * lanes..(g.groups * g.c_out).min((self.block + 1) * lanes)
    }

    /// Copies one row of the padded source.
    #[inline(always)]
    fn copy_row<S: Simd>(&self, simd: S, row: usize, copy: &mut [f32]) {
        let (g, channels) = (&self.pass.g, self.channels());
        let inside = |at: usize, axis: usize| at.checked_sub(g.pad[axis]).filter(|&at| at < g.input[axis]);
        let Some(y) = inside(row, 0) else { return copy.fill(0.0) };
        let pitch = g.groups * g.c_in;
        let line = &self.pass.source[(self.image * g.input[0] + y) * g.input[1] * pitch..][..g.input[1] * pitch];
        let groups = channels.start / g.c_out..channels.end.div_ceil(g.c_out);
        for (column, copy) in copy.chunks_exact_mut(g.c_in * S::F32_LANES).enumerate() {
            let Some(x) = inside(column, 1) else {
                copy.fill(0.0);
                continue;
            };
            let pixel = &line[x * pitch + groups.start * g.c_in..][..groups.len() * g.c_in];
            for (c, copy) in copy.chunks_exact_mut(S::F32_LANES).enumerate() {
                let mut value = simd.splat_f32s(pixel[c]);
                for group in 1..groups.len() {
                    let first = (groups.start + group) * g.c_out - channels.start;
                    let mask = simd.mask_between_m32s(first as u32, S::F32_LANES as u32).mask();
                    value = simd.select_f32s(mask, simd.splat_f32s(pixel[group * g.c_in + c]), value);
                }
                store_floats::<S>(copy, value);
            }
        }
    }

    /// Sums and writes `M` pixels of a row.
    #[inline(always)]
    fn tile<S: Simd, const M: usize>(&self, simd: S, copy: &[f32], row: usize, column: usize) {
        let (pass, g, channels) = (self.pass, &self.pass.g, self.channels());
        let bias = pass.epilogue.bias.map_or(simd.splat_f32s(0.0), |bias| load(simd, &bias[channels.clone()]));
        let mut sums = [bias; M];
        let (copy, width) = (S::as_simd_f32s(copy).0, pass.copied_width());
        let taps = g.taps() * g.c_in;
        let weights = &S::as_simd_f32s(&pass.weights[self.block * taps * S::F32_LANES..]).0[..taps];
        let step = g.stride[1] * g.c_in;
        for (tap, weights) in weights.chunks_exact(g.c_in).enumerate() {
            let y = (row - self.rows.start) * g.stride[0] + tap / g.kernel[1] * g.dilation[0];
            let x = column * g.stride[1] + tap % g.kernel[1] * g.dilation[1];
            let pixels = &copy[(y * width + x) * g.c_in..][..(M - 1) * step + g.c_in];
            for (c, &weight) in weights.iter().enumerate() {
                for m in 0..M {
                    sums[m] = multiply_add(simd, pixels[m * step + c], weight, sums[m]);
                }
            }
        }
        let mut floats = [0.0; TILE * super::lanes::MAX_LANES];
        for m in 0..M {
            store_floats::<S>(&mut floats[m * S::F32_LANES..], sums[m]);
        }
        let pixels = M.min(g.output[1].saturating_sub(column));
        let first = ((self.image * g.output[0] + row) * g.output[1] + column) * g.groups * g.c_out;
        let pitch = g.groups * g.c_out;
        let places = (0..pixels).map(|m| Some(first + m * pitch + channels.start..first + m * pitch + channels.end));
        let floats = &mut floats[..pixels * S::F32_LANES];
        // SAFETY: tasks differ in images, rows or channels.
        unsafe { Finish { floats, width: S::F32_LANES }.write(simd, &pass.epilogue, self.canvas, places) }
    }
}
