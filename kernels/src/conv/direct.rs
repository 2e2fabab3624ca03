//! Direct convolution: for each tile of target pixels, a list of the source rows that its taps read, then one product.
//!
//! Nothing is copied: padding is a shared row of zeros, and any size, stride, dilation or phase is only another list. A task takes
//! some rows of the target and some panels; the cut depends on the shapes alone, and every sum runs in the order of the taps and
//! channels inside one task, so results do not depend on the number of threads.
#![allow(unsafe_code)] // Threads write parts of one output that do not overlap.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::buffer::{Canvas, filled};
use super::epilogue::Epilogue;
use super::gather::{Gather, ZERO};
use super::pack::Panels;
use super::pieces::finely;
use super::simd::{self, Isa};
use super::sweep::Axis;
use super::tile::MAX_HEIGHT;
use super::worklist::{Layout, Worklist};

/// A convolution of any kind that sums over source channels.
pub struct Direct<'a> {
    pub isa: Isa,
    pub source: &'a [f32],
    /// `[height, width]` of the source.
    pub source_size: [usize; 2],
    /// Floats from one source pixel to the next.
    pub source_pitch: usize,
    /// Floats from one group's source channels to the next's.
    pub source_group: usize,
    /// Floats of the source that one tap reads.
    pub run: usize,
    pub images: usize,
    pub groups: usize,
    /// `[height, width]` of the target.
    pub target_size: [usize; 2],
    /// Target channels of a group.
    pub columns: usize,
    pub epilogue: Epilogue<'a>,
    /// Whether the target is likely to be out of the caches.
    pub far: bool,
    /// Together they cover every target pixel once, or `run` would return what nobody wrote.
    pub sweeps: Vec<Sweep<'a>>,
}

/// Target pixels that share their taps, and those taps' weights.
pub struct Sweep<'a> {
    pub y: Axis,
    pub x: Axis,
    pub panels: &'a Panels,
}

/// Floats of source and target pixels that a task goes through once for each panel: they stay in the second-level cache.
const TASK_FLOATS: usize = 48 * 1024;
/// Floats of weights that stay in the second-level cache beside the pixels.
const CACHED_WEIGHTS: usize = 64 * 1024;
/// Tasks that a pass is cut into if it is large enough: several for each thread, so that none waits long for the last.
const TASKS: usize = 32;

impl Direct<'_> {
    /// Runs all sweeps; the result is `[images, height, width, groups * columns]`.
    pub fn run(&self) -> Vec<f32> {
        assert!(self.source.len() < ZERO as usize, "sources of 2^32 floats or more are not supported");
        let [height, width] = self.target_size;
        let rows = self.images * height;
        let panels = self.sweeps[0].panels.count();
        let (row_step, panel_step) = self.cut(rows, panels);
        let (row_tasks, panel_tasks) = (rows.div_ceil(row_step), panels.div_ceil(panel_step));
        let zeros = vec![0.0; self.run];
        // SAFETY: the tasks' rows and panels cover the target, and the sweeps cover every pixel of a row.
        unsafe {
            filled(rows * width * self.groups * self.columns, |canvas| {
                finely((0..row_tasks * panel_tasks).into_par_iter()).for_each(|task| {
                    let (row, panel) = (task / panel_tasks * row_step, task % panel_tasks * panel_step);
                    let rows = row..rows.min(row + row_step);
                    let panels = panel..panels.min(panel + panel_step);
                    simd::run_on(self.isa, Task { pass: self, canvas, zeros: &zeros, rows, panels });
                });
            })
        }
    }

    /// Runs all sweeps on this thread, into memory that is there.
    ///
    /// # Safety
    ///
    /// No part of the canvas may be alive.
    pub unsafe fn write(&self, canvas: Canvas<'_>) {
        assert!(self.source.len() < ZERO as usize, "sources of 2^32 floats or more are not supported");
        let zeros = vec![0.0; self.run];
        let (rows, panels) = (0..self.images * self.target_size[0], 0..self.sweeps[0].panels.count());
        simd::run_on(self.isa, Task { pass: self, canvas, zeros: &zeros, rows, panels });
    }

    fn layout<'a>(&'a self, sweep: &'a Sweep<'_>) -> Layout<'a> {
        Layout {
            y: &sweep.y,
            x: &sweep.x,
            source_size: self.source_size,
            source_pitch: self.source_pitch,
            target_size: self.target_size,
            target_pitch: self.groups * self.columns,
        }
    }

    /// The source from the first channel of `group` on.
    fn group_source(&self, group: usize) -> &[f32] {
        &self.source[(group * self.source_group).min(self.source.len())..]
    }

    /// Rows and panels of one task.
    fn cut(&self, rows: usize, panels: usize) -> (usize, usize) {
        let width = self.target_size[1].max(1);
        let stride = self.sweeps[0].y.step;
        let pixels = (TASK_FLOATS / self.run.max(self.columns)).min(rows * width / TASKS).max(4 * 14);
        // Tiles that are not whole cost as much as whole ones.
        let whole = MAX_HEIGHT / gcd(MAX_HEIGHT, width);
        let row_step = (pixels / width + whole / 2) / whole * whole;
        let row_step = if row_step > 0 { row_step } else { pixels / width };
        let row_step = row_step.next_multiple_of(stride).max(stride);
        let row_tasks = rows.div_ceil(row_step).max(1);
        (row_step, panels.div_ceil((TASKS / 2).div_ceil(row_tasks)).max(1))
    }
}

/// The greatest common divisor; `b` is not 0.
fn gcd(a: usize, b: usize) -> usize {
    if a.is_multiple_of(b) { b } else { gcd(b, a % b) }
}

/// Some rows and panels of a pass.
struct Task<'a> {
    pass: &'a Direct<'a>,
    canvas: Canvas<'a>,
    zeros: &'a [f32],
    rows: Range<usize>,
    panels: Range<usize>,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let pass = self.pass;
        let gather = Gather { source: pass.source, zeros: self.zeros, canvas: self.canvas, epilogue: pass.epilogue, far: pass.far };
        for sweep in &pass.sweeps {
            let worklist = Worklist::new::<S>(pass.layout(sweep), self.rows.clone());
            // Weights that stay in the second-level cache are gone through for each tile, so that its pixels stay in the first and
            // its targets are written at once; others serve as many tiles as there are.
            let weights = self.panels.len() * sweep.panels.get(0, 0).data.len();
            let block = if weights <= CACHED_WEIGHTS { 1 } else { worklist.tiles.len().max(1) };
            for group in 0..pass.groups {
                let gather = Gather { source: pass.group_source(group), ..gather };
                for block in worklist.tiles.chunks(block) {
                    for panel in self.panels.clone() {
                        let mut panel = sweep.panels.get(group, panel);
                        panel.start += group * pass.columns;
                        for tile in block {
                            let targets = &worklist.targets[tile.pixels.clone()];
                            // SAFETY: tasks differ in rows or panels, sweeps in pixels, groups and panels in channels.
                            unsafe { gather.tile(simd, tile.height, worklist.rows(tile), targets, panel) }
                        }
                    }
                }
            }
        }
    }
}
