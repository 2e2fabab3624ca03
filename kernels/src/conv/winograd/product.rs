//! Forward pass and input gradient: transform tiles, multiply each plane by its weights, transform back.
//!
//! A task takes a block of tiles all the way, so that planes stay in the cache. Blocks follow from the shapes alone, and a sum
//! runs over the source channels in order: results do not depend on the number of threads.
#![allow(unsafe_code)] // Threads write parts of one output that do not overlap.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::buffer::{Canvas, Scratch, filled};
use super::super::gather::Gather;
use super::super::pack::Panels;
use super::super::simd::{self, Isa};
use super::super::tile::{self, PanelSize};
use super::super::vector::{load, store, store_floats};
use super::grid::{Grid, PLANES, REACH, SIDE};
use super::transform::{Input, Output, Transform};

/// A pass over all tiles.
pub struct Product<'a> {
    pub isa: Isa,
    pub grid: Grid,
    /// `[n, h, w, rows]`.
    pub source: &'a [f32],
    /// Source channels.
    pub rows: usize,
    /// Target channels.
    pub columns: usize,
    pub panels: Panels,
    pub bias: Option<&'a [f32]>,
    pub size: PanelSize,
}

/// Floats of the planes of a block of tiles.
const BLOCK_FLOATS: usize = 320 * 1024;
/// Most tiles of a block.
const BLOCK: usize = 112;
/// Tasks to aim for.
const TASKS: usize = 8;
/// Least target channels of a task: each part of them transforms the source anew.
const COLUMNS: usize = 128;

/// Tiles of a block, a multiple of the height of a register tile: planes of `floats` for each tile fit the cache, but weights (or
/// sums) that do not are worth loading only for `least` tiles or more.
pub fn block_of(tiles: usize, floats: usize, least: usize) -> usize {
    let cached = (BLOCK_FLOATS / (PLANES * floats)).min(BLOCK);
    cached.min(tiles.div_ceil(TASKS)).max(least).next_multiple_of(14)
}

impl Product<'_> {
    /// The result, `[n, h, w, columns]`.
    pub fn run(&self) -> Vec<f32> {
        let tiles = self.grid.len();
        let block = block_of(tiles, self.rows + self.columns, 56);
        let tile_tasks = tiles.div_ceil(block);
        let panels = self.panels.count();
        let panel_step = panels.div_ceil(TASKS.div_ceil(tile_tasks.max(1))).max(COLUMNS.div_ceil(self.size.width)).min(panels);
        let panel_tasks = panels.div_ceil(panel_step);
        let [height, width] = self.grid.target;
        let scratch = || {
            let planes = |channels: usize| Scratch::zeros(PLANES * plane(block, self.pitch(channels)));
            (planes(self.rows), planes(self.columns.min(panel_step * self.size.width)))
        };
        // SAFETY: the tiles cover the target, the panels its channels, and each task writes its panels' channels of its tiles.
        unsafe {
            filled(self.grid.images * height * width * self.columns, |canvas| {
                (0..tile_tasks * panel_tasks).into_par_iter().for_each_init(scratch, |(source, products), task| {
                    let (tile, panel) = (task / panel_tasks * block, task % panel_tasks * panel_step);
                    let tiles = tile..tiles.min(tile + block);
                    let panels = panel..panels.min(panel + panel_step);
                    simd::run_on(self.isa, Task { pass: self, canvas, tiles, panels, block, source, products });
                });
            })
        }
    }

    /// Floats from one tile of a plane to the next.
    fn pitch(&self, channels: usize) -> usize {
        channels.next_multiple_of(self.size.lanes)
    }
}

/// Floats from one plane to the next: a line more than it takes, so that a tile's planes fall into different sets of the cache.
pub fn plane(block: usize, pitch: usize) -> usize {
    block * pitch + 16
}

/// Some tiles and panels.
struct Task<'a> {
    pass: &'a Product<'a>,
    canvas: Canvas<'a>,
    tiles: Range<usize>,
    panels: Range<usize>,
    block: usize,
    source: &'a mut [f32],
    products: &'a mut [f32],
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let pass = self.pass;
        let pitch = pass.pitch(pass.rows);
        let plane = plane(self.block, pitch);
        for (at, tile) in self.tiles.clone().enumerate() {
            let planes = Planes { floats: &mut self.source[at * pitch..], step: plane };
            transform_source(simd, &pass.grid, pass.source, pass.rows, 0..pass.rows, tile, planes);
        }
        self.multiply(simd);
        for (at, tile) in self.tiles.clone().enumerate() {
            self.transform_products(simd, at, tile);
        }
    }
}

/// Where the transform of a tile goes.
pub struct Planes<'a> {
    /// From the tile's place in the first plane on.
    pub floats: &'a mut [f32],
    /// Floats from one plane to the next.
    pub step: usize,
}

/// Transforms some channels of one tile of `source`, which has `pitch` channels, into the planes.
#[inline(always)]
pub fn transform_source<S: Simd>(
    simd: S,
    grid: &Grid,
    source: &[f32],
    pitch: usize,
    channels: Range<usize>,
    tile: usize,
    planes: Planes<'_>,
) {
    let pixels = grid.source_pixels(tile, pitch);
    let zero = simd.splat_f32s(0.0);
    for first in channels.clone().step_by(S::F32_LANES) {
        let range = first..channels.end.min(first + S::F32_LANES);
        let mut square = [[zero; REACH]; REACH];
        for y in 0..REACH {
            for x in 0..REACH {
                if let Some(place) = pixels.channels(y, x, &range) {
                    square[y][x] = load(simd, &source[place]);
                }
            }
        }
        let square = Input::both_axes(simd, square);
        for y in 0..REACH {
            for x in 0..REACH {
                store_floats::<S>(&mut planes.floats[(y * REACH + x) * planes.step + first - channels.start..], square[y][x]);
            }
        }
    }
}

impl Task<'_> {
    /// The target channels of this task.
    fn columns(&self) -> Range<usize> {
        self.panels.start * self.pass.size.width..self.pass.columns.min(self.panels.end * self.pass.size.width)
    }

    /// Multiplies every plane of the transformed tiles by its weights.
    #[inline(always)]
    fn multiply<S: Simd>(&mut self, simd: S) {
        let (pass, tiles) = (self.pass, self.tiles.len());
        let (from, to) = (pass.pitch(pass.rows), pass.pitch(self.columns().len()));
        // A last tile that is not full reads the last row again and drops what it makes of it.
        let sources: Vec<u32> = (0..tiles + 14).map(|tile| (tile.min(tiles - 1) * from) as u32).collect();
        let targets: Vec<usize> = (0..tiles).map(|tile| tile * to).collect();
        let zeros = vec![0.0; pass.rows];
        let sources_of = self.source.chunks_exact(plane(self.block, from));
        let products_of = self.products.chunks_exact_mut(plane(self.block, to));
        for (index, (source, products)) in sources_of.zip(products_of).enumerate() {
            let gather = Gather { source, zeros: &zeros, canvas: Canvas::over(products), bias: None };
            for at in self.panels.clone() {
                let mut panel = pass.panels.get(0, at);
                panel.data = &panel.data[index * pass.rows * panel.width..][..pass.rows * panel.width];
                panel.start = (at - self.panels.start) * pass.size.width;
                let mut tile = 0;
                while tile < tiles {
                    let height = tile::next_height::<S>(tiles - tile);
                    let end = tiles.min(tile + height);
                    // SAFETY: nobody else has the products of this task.
                    unsafe { gather.tile(simd, height, &sources[tile..tile + height], &targets[tile..end], panel) };
                    tile = end;
                }
            }
        }
    }

    /// Transforms the products of one tile, the `at`th of the block, to pixels.
    #[inline(always)]
    fn transform_products<S: Simd>(&self, simd: S, at: usize, tile: usize) {
        let (pass, columns) = (self.pass, self.columns());
        let pitch = pass.pitch(columns.len());
        let plane = plane(self.block, pitch);
        let pixels = pass.grid.target_pixels(tile, pass.columns);
        let zero = simd.splat_f32s(0.0);
        for first in (0..columns.len()).step_by(S::F32_LANES) {
            let range = columns.start + first..columns.end.min(columns.start + first + S::F32_LANES);
            let products = &self.products[at * pitch + first..];
            let mut square = [[zero; REACH]; REACH];
            for y in 0..REACH {
                for x in 0..REACH {
                    square[y][x] = load(simd, &products[(y * REACH + x) * plane..][..S::F32_LANES]);
                }
            }
            let square = Output::both_axes(simd, square);
            let bias = if let Some(bias) = pass.bias { load(simd, &bias[range.clone()]) } else { zero };
            for y in 0..SIDE {
                for x in 0..SIDE {
                    if let Some(place) = pixels.channels(y, x, &range) {
                        // SAFETY: tiles are apart from each other, and this task alone has these channels of its tiles.
                        store::<S>(unsafe { self.canvas.part(place) }, simd.add_f32s(square[y][x], bias));
                    }
                }
            }
        }
    }
}
