//! The weight gradient: transform tiles of `x` and of `dy`, sum outer products plane by plane, transform the sums back.
//!
//! Tiles are cut into chunks and input channels into blocks by the shapes alone; a task sums one chunk for one block, and the chunks
//! are then added in order. So results do not depend on the number of threads.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::buffer::Scratch;
use super::super::outer::{Run, Strip, add_products};
use super::super::simd::{self, Isa};
use super::super::tile::PanelSize;
use super::super::vector::{load, store_floats};
use super::grid::{Grid, PLANES, REACH, SIDE};
use super::product::{Planes, block_of, plane, transform_source};
use super::transform::{OutputGradient, Transform, WeightGradient};

/// A pass over all tiles.
pub struct Gradient<'a> {
    pub isa: Isa,
    pub grid: Grid,
    /// `[n, h, w, c_in]`.
    pub x: &'a [f32],
    /// `[n, h, w, c_out]`.
    pub dy: &'a [f32],
    pub c_in: usize,
    pub c_out: usize,
    pub size: PanelSize,
}

/// Chunks at most, and floats of all their sums: more would cost more memory traffic than a further thread is worth.
const CHUNKS: usize = 16;
const SUMS: usize = 5 << 20;
/// Input channels of a block: each block transforms `dy` anew.
const BLOCK: usize = 128;

/// Chunks that the tiles are cut into.
pub fn chunks(tiles: usize, c_in: usize, c_out: usize) -> usize {
    (SUMS / (PLANES * c_in * c_out)).min(tiles / 28).clamp(1, CHUNKS)
}

impl Gradient<'_> {
    /// The gradient, `[out, in, 3, 3]`.
    pub fn run(&self) -> Vec<f32> {
        let tiles = self.grid.len();
        let chunk = tiles.div_ceil(chunks(tiles, self.c_in, self.c_out)).max(1);
        let blocks = self.c_in.div_ceil(BLOCK);
        let sums: Vec<Scratch> = (0..tiles.div_ceil(chunk) * blocks)
            .into_par_iter()
            .map(|task| {
                let (tile, channel) = (task / blocks * chunk, task % blocks * BLOCK);
                let (tiles, channels) = (tile..tiles.min(tile + chunk), channel..self.c_in.min(channel + BLOCK));
                simd::run_on(self.isa, Chunk { pass: self, tiles, channels })
            })
            .collect();
        let mut gradient = vec![0.0; self.c_out * self.c_in * TAPS];
        let panels = gradient.par_chunks_mut(self.size.width * self.c_in * TAPS).enumerate();
        panels.for_each(|(panel, gradient)| {
            simd::run_on(self.isa, Gather { pass: self, sums: &sums, panel, gradient });
        });
        gradient
    }

    fn panels(&self) -> usize {
        self.size.count(self.c_out)
    }

    /// The width of panel `index`.
    fn width_of(&self, index: usize) -> usize {
        self.size.panel(self.c_out, index).1
    }

    /// Where the sums of a plane and panel start, for a block of `channels`.
    fn sums_at(&self, channels: usize, plane: usize, panel: usize) -> usize {
        (plane * self.panels() + panel) * channels * self.size.width
    }
}

/// Weights of a kernel.
const TAPS: usize = 9;

/// Some tiles and input channels, to be summed to `[plane][panel][in][out of the panel]`.
struct Chunk<'a> {
    pass: &'a Gradient<'a>,
    tiles: Range<usize>,
    channels: Range<usize>,
}

impl WithSimd for Chunk<'_> {
    type Output = Scratch;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Scratch {
        let pass = self.pass;
        let channels = self.channels.len();
        let block = block_of(pass.grid.len(), channels + pass.c_out, 56);
        let pitch = channels.next_multiple_of(pass.size.lanes);
        let (x_plane, dy_plane) = (plane(block, pitch), plane(block, pass.panels() * pass.size.width));
        let (mut x, mut dy) = (Scratch::zeros(PLANES * x_plane), Scratch::zeros(PLANES * dy_plane));
        let mut sums = Scratch::zeros(pass.sums_at(channels, PLANES, 0));
        for start in self.tiles.clone().step_by(block) {
            let tiles = start..self.tiles.end.min(start + block);
            for (at, tile) in tiles.clone().enumerate() {
                let planes = Planes { floats: &mut x[at * pitch..], step: x_plane };
                transform_source(simd, &pass.grid, pass.x, pass.c_in, self.channels.clone(), tile, planes);
                pass.transform_dy(simd, tile, at, block, &mut dy, dy_plane);
            }
            let runs = [Run { left: 0, right: 0, len: tiles.len() }];
            for index in 0..PLANES {
                let strip = Strip { floats: &x[index * x_plane..], step: pitch };
                for panel in 0..pass.panels() {
                    let width = pass.width_of(panel);
                    let dy = &dy[index * dy_plane + panel * block * pass.size.width..][..block * width];
                    let sums = &mut sums[pass.sums_at(channels, index, panel)..][..channels * width];
                    add_products(simd, strip, dy, &runs, width, sums);
                }
            }
        }
        sums
    }
}

impl Gradient<'_> {
    /// Transforms all channels of one tile of `dy` into the planes, each `[panel][tile][out of the panel]`.
    #[inline(always)]
    fn transform_dy<S: Simd>(&self, simd: S, tile: usize, at: usize, block: usize, planes: &mut [f32], plane: usize) {
        let pixels = self.grid.target_pixels(tile, self.c_out);
        for first in (0..self.c_out).step_by(S::F32_LANES) {
            let range = first..self.c_out.min(first + S::F32_LANES);
            let mut square = [[simd.splat_f32s(0.0); SIDE]; SIDE];
            for y in 0..SIDE {
                for x in 0..SIDE {
                    if let Some(place) = pixels.channels(y, x, &range) {
                        square[y][x] = load(simd, &self.dy[place]);
                    }
                }
            }
            let square = OutputGradient::both_axes(simd, square);
            let panel = first / self.size.width;
            let to = panel * block * self.size.width + at * self.width_of(panel) + first % self.size.width;
            for y in 0..REACH {
                for x in 0..REACH {
                    store_floats::<S>(&mut planes[(y * REACH + x) * plane + to..], square[y][x]);
                }
            }
        }
    }
}

/// The weights of one panel of output channels.
struct Gather<'a> {
    pass: &'a Gradient<'a>,
    sums: &'a [Scratch],
    panel: usize,
    /// `[out of the panel, in, 3, 3]`.
    gradient: &'a mut [f32],
}

impl WithSimd for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let pass = self.pass;
        let width = pass.width_of(self.panel);
        let blocks = pass.c_in.div_ceil(BLOCK);
        for channel in 0..pass.c_in {
            let (block, within) = (channel / BLOCK, channel % BLOCK);
            let channels = BLOCK.min(pass.c_in - block * BLOCK);
            for column in (0..width).step_by(S::F32_LANES) {
                let mut square = [[simd.splat_f32s(0.0); REACH]; REACH];
                for plane in 0..PLANES {
                    let at = pass.sums_at(channels, plane, self.panel) + within * width + column;
                    let sum = &mut square[plane / REACH][plane % REACH];
                    for chunk in self.sums.chunks_exact(blocks) {
                        *sum = simd.add_f32s(*sum, load(simd, &chunk[block][at..][..S::F32_LANES]));
                    }
                }
                let kernels = WeightGradient::both_axes(simd, square);
                let outs = self.gradient.chunks_exact_mut(pass.c_in * TAPS).skip(column).take(S::F32_LANES);
                for (lane, out) in outs.enumerate() {
                    let kernel = &mut out[channel * TAPS..][..TAPS];
                    for tap in 0..TAPS {
                        kernel[tap] = pulp::bytemuck::cast_slice(&kernels[tap / 3][tap % 3..][..1])[lane];
                    }
                }
            }
        }
    }
}
