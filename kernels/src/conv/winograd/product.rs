//! Forward pass and input gradient: transform tiles, multiply each plane by its weights, transform back.
//!
//! Where there are many tiles, a task takes some of them all the way, so that planes stay in the cache. Where there are few, all are
//! transformed first, and a task multiplies some tiles by some panels of weights. The cut follows from the shapes alone, and a sum
//! runs over the source channels in order: results do not depend on the number of threads.
#![allow(unsafe_code)] // Threads write parts of one output that do not overlap.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::buffer::{Canvas, Lent, filled};
use super::super::epilogue::{Epilogue, Finish};
use super::super::gather::Gather;
use super::super::lanes::MAX_LANES;
use super::super::pack::Panels;
use super::super::pieces::finely;
use super::super::simd::{self, Isa};
use super::super::tile::{self, PanelSize};
use super::super::vector::{load, store, store_floats};
use super::grid::{Grid, PLANES, Pixels, SIDE};
use super::planes::{Layout, View, square};
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
    pub panels: &'a Panels,
    pub epilogue: Epilogue<'a>,
    pub size: PanelSize,
}

/// Tiles of a group: those of a register tile.
const GROUP: usize = tile::MAX_HEIGHT;
/// Floats of the planes of a task's tiles.
const TASK_FLOATS: usize = 320 * 1024;
/// Tiles of a task: weights that do not fit the cache are worth loading only for so many, and more do not make them cheaper.
const TILES: [usize; 2] = [56, 112];
/// Tasks for which tiles alone are cut.
const ENOUGH: usize = 12;
/// Tasks to aim for by cutting panels too.
const TASKS: usize = 32;

/// How a pass is cut into tasks.
struct Cut {
    tiles: usize,
    panels: usize,
}

impl Product<'_> {
    /// The result, `[n, h, w, columns]`.
    pub fn run(&self) -> Vec<f32> {
        let cut = self.cut();
        let [height, width] = self.grid.target;
        // SAFETY: the tasks' tiles cover the target and their panels its channels.
        unsafe {
            filled(self.grid.images * height * width * self.columns, |canvas| match cut.panels < self.panels.count() {
                false => self.run_tiles(&cut, canvas),
                true => self.run_panels(&cut, canvas),
            })
        }
    }

    fn cut(&self) -> Cut {
        let (tiles, panels) = (self.grid.len(), self.panels.count());
        let [least, most] = TILES;
        let cached = (TASK_FLOATS / (PLANES * (self.rows + self.columns))).clamp(least, most).next_multiple_of(GROUP);
        if tiles.div_ceil(cached) >= ENOUGH {
            return Cut { tiles: cached, panels };
        }
        let ranges = tiles.div_ceil(most).max(1);
        let tiles = tiles.div_ceil(ranges).next_multiple_of(GROUP);
        Cut { tiles, panels: panels.div_ceil(TASKS.div_ceil(ranges)).max(1) }
    }

    /// Tasks that take their tiles all the way.
    fn run_tiles(&self, cut: &Cut, canvas: Canvas<'_>) {
        finely((0..self.grid.len().div_ceil(cut.tiles)).into_par_iter()).for_each(|task| {
            let tiles = self.tiles(task, cut);
            let mut source = Lent::new(self.source_layout().len(tiles.len()));
            simd::run_on(self.isa, Transformed { pass: self, tiles: tiles.clone(), planes: &mut source });
            self.multiply(canvas, tiles, 0..self.panels.count(), &source);
        });
    }

    /// All transforms of tiles, then tasks that multiply.
    fn run_panels(&self, cut: &Cut, canvas: Canvas<'_>) {
        let (tiles, layout) = (self.grid.len(), self.source_layout());
        let mut source = Lent::new(layout.len(tiles));
        source.par_chunks_mut(layout.group()).enumerate().for_each(|(group, planes)| {
            let tiles = group * GROUP..tiles.min((group + 1) * GROUP);
            simd::run_on(self.isa, Transformed { pass: self, tiles, planes });
        });
        let panel_tasks = self.panels.count().div_ceil(cut.panels);
        finely((0..tiles.div_ceil(cut.tiles) * panel_tasks).into_par_iter()).for_each(|task| {
            let (tiles, panel) = (self.tiles(task / panel_tasks, cut), task % panel_tasks * cut.panels);
            let panels = panel..self.panels.count().min(panel + cut.panels);
            let source = &source[layout.at(tiles.start)..];
            self.multiply(canvas, tiles, panels, source);
        });
    }

    fn tiles(&self, task: usize, cut: &Cut) -> Range<usize> {
        task * cut.tiles..self.grid.len().min((task + 1) * cut.tiles)
    }

    fn multiply(&self, canvas: Canvas<'_>, tiles: Range<usize>, panels: Range<usize>, source: &[f32]) {
        let columns = panels.start * self.size.width..self.columns.min(panels.end * self.size.width);
        let layout = Layout { tiles: GROUP, pitch: columns.len().next_multiple_of(self.size.lanes) };
        let mut products = Lent::new(layout.len(tiles.len()));
        simd::run_on(self.isa, Task { pass: self, canvas, tiles, panels, columns, source, products: &mut products, layout });
    }

    fn source_layout(&self) -> Layout {
        Layout { tiles: GROUP, pitch: self.rows.next_multiple_of(self.size.lanes) }
    }
}

/// Some tiles, to be transformed.
struct Transformed<'a> {
    pass: &'a Product<'a>,
    tiles: Range<usize>,
    planes: &'a mut [f32],
}

impl WithSimd for Transformed<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (pass, layout) = (self.pass, self.pass.source_layout());
        let zeros = vec![0.0; pass.rows];
        for (at, tile) in self.tiles.enumerate() {
            let view = View::new(&pass.grid.source_pixels(tile, pass.rows), pass.source, 0..pass.rows, &zeros);
            view.transform::<S, Input>(simd, &mut self.planes[layout.at(at)..], layout.plane());
        }
    }
}

/// Some tiles, already transformed, and some panels.
struct Task<'a> {
    pass: &'a Product<'a>,
    canvas: Canvas<'a>,
    tiles: Range<usize>,
    panels: Range<usize>,
    /// The target channels of the panels.
    columns: Range<usize>,
    source: &'a [f32],
    products: &'a mut [f32],
    /// Of the products.
    layout: Layout,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        self.multiply(simd);
        for (at, tile) in self.tiles.clone().enumerate() {
            let pixels = self.pass.grid.target_pixels(tile, self.pass.columns);
            for first in (0..self.columns.len()).step_by(S::F32_LANES) {
                self.transform(simd, at, &pixels, first);
            }
        }
    }
}

impl Task<'_> {
    /// Multiplies every plane of the transformed tiles by its weights.
    #[inline(always)]
    fn multiply<S: Simd>(&mut self, simd: S) {
        let (pass, tiles, from, to) = (self.pass, self.tiles.len(), self.pass.source_layout(), self.layout);
        // A last group that is not full reads tiles that nobody wrote and drops what it makes of them.
        let sources: Vec<u32> = (0..GROUP).map(|tile| (tile * from.pitch) as u32).collect();
        let targets: Vec<usize> = (0..GROUP).map(|tile| tile * to.pitch).collect();
        let zeros = vec![0.0; pass.rows];
        for plane in 0..PLANES {
            for at in self.panels.clone() {
                let mut panel = pass.panels.get(0, at);
                panel.data = &panel.data[plane * pass.rows * panel.width..][..pass.rows * panel.width];
                panel.start = (at - self.panels.start) * pass.size.width;
                for group in 0..tiles.div_ceil(GROUP) {
                    let source = &self.source[group * from.group() + plane * from.plane()..][..from.plane()];
                    let products = &mut self.products[group * to.group() + plane * to.plane()..][..to.plane()];
                    let gather =
                        Gather { source, zeros: &zeros, canvas: Canvas::over(products), epilogue: Epilogue::default(), far: false };
                    let (mut tile, end) = (0, GROUP.min(tiles - group * GROUP));
                    while tile < end {
                        let height = tile::next_height::<S>(end - tile);
                        let next = end.min(tile + height);
                        let rows = &sources[tile..tile + height];
                        // SAFETY: nobody else has the products of this task.
                        unsafe { gather.tile(simd, height, rows, &targets[tile..next], panel) };
                        tile = next;
                    }
                }
            }
        }
    }

    /// Transforms some products of one tile, the `at`th of the task, to pixels: a register full, from the `first` on.
    #[inline(always)]
    fn transform<S: Simd>(&self, simd: S, at: usize, pixels: &Pixels<SIDE>, first: usize) {
        let range = self.columns.start + first..self.columns.end.min(self.columns.start + first + S::F32_LANES);
        let products = square(simd, &self.products[self.layout.at(at) + first..], self.layout.plane());
        let epilogue = &self.pass.epilogue;
        let bias = if let Some(bias) = epilogue.bias { load(simd, &bias[range.clone()]) } else { simd.splat_f32s(0.0) };
        let square = Output::both_axes(simd, products);
        if range.len() == S::F32_LANES && pixels.are_inside() && epilogue.is_plain() {
            for y in 0..SIDE {
                for x in 0..SIDE {
                    let place = pixels.start(y, x) + range.start;
                    // SAFETY: tiles are apart from each other, and this task alone has these channels of its tiles.
                    let out = unsafe { self.canvas.part(place..place + S::F32_LANES) };
                    store::<S>(out, simd.add_f32s(square[y][x], bias));
                }
            }
            return;
        }
        let mut floats = [0.0; SIDE * SIDE * MAX_LANES];
        for y in 0..SIDE {
            for x in 0..SIDE {
                store_floats::<S>(&mut floats[(y * SIDE + x) * S::F32_LANES..], simd.add_f32s(square[y][x], bias));
            }
        }
        let places = (0..SIDE * SIDE).map(|at| pixels.channels(at / SIDE, at % SIDE, &range));
        let floats = &mut floats[..SIDE * SIDE * S::F32_LANES];
        // SAFETY: tiles are apart from each other, and this task alone has these channels of its tiles.
        unsafe { Finish { floats, width: S::F32_LANES }.write(simd, epilogue, self.canvas, places) }
    }
}
