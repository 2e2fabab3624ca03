//! The weight gradient: transform tiles of `x` and of `dy`, sum outer products plane by plane, transform the sums back.
//!
//! With few weights, tiles are cut into chunks: a task sums one chunk for all weights, and the chunks are then added in order. With
//! many, all tiles are transformed first, and a task sums all of them for some weights. The cut follows from the shapes alone, so
//! results do not depend on the number of threads.
#![allow(unsafe_code)] // Threads write parts of one gradient that do not overlap.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::buffer::{Canvas, Lent, filled};
use super::super::outer::{Run, Strip, add_products};
use super::super::pieces::finely;
use super::super::simd::{self, Isa};
use super::super::tile::PanelSize;
use super::super::vector::load;
use super::grid::{Grid, PLANES, REACH};
use super::planes::{Layout, View};
use super::transform::{Input, OutputGradient, Transform, WeightGradient};

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

/// Floats of all chunks' sums, and chunks at most.
const SUMS: usize = 5 << 20;
const CHUNKS: usize = 16;
/// Chunks for which weights are not cut.
const ENOUGH: usize = 8;
/// Tiles that are transformed and summed at a time: more make the loading of sums cheaper, fewer stay in the cache.
const TILES: usize = 56;
/// Input channels of a task that adds up chunks.
const GATHERED: usize = 16;
/// Input channels of a task that sums all tiles: whole registers and whole register tiles.
const CHANNELS: usize = 112;
/// Floats of all planes at most, if there is another way.
const FLOATS: usize = 12 << 20;

impl Gradient<'_> {
    /// The gradient, `[out, in, 3, 3]`.
    pub fn run(&self) -> Vec<f32> {
        let chunks = (SUMS / (PLANES * self.c_in * self.c_out)).min(self.grid.len() / TILES).clamp(1, CHUNKS);
        let floats = PLANES * self.grid.len() * (self.c_in + self.c_out);
        // SAFETY: both ways gather every block and panel of the gradient.
        unsafe {
            filled(self.c_out * self.c_in * TAPS, |gradient| match chunks < ENOUGH && floats <= FLOATS {
                false => self.run_chunks(chunks, gradient),
                true => self.run_blocks(gradient),
            })
        }
    }

    /// A task for each chunk of tiles.
    fn run_chunks(&self, chunks: usize, gradient: Canvas<'_>) {
        let tiles = self.grid.len();
        let chunk = tiles.div_ceil(chunks).max(1);
        let (x_layout, panel_floats) = (self.x_layout(self.c_in), self.dy_layout().len(TILES));
        let mut all = Lent::new(tiles.div_ceil(chunk) * self.sums(self.c_in));
        all.par_chunks_mut(self.sums(self.c_in)).enumerate().for_each(|(at, sums)| {
            let tiles = at * chunk..tiles.min((at + 1) * chunk);
            sums.fill(0.0);
            let (mut x, mut dy) = (Lent::new(x_layout.len(TILES)), Lent::new(self.panels() * panel_floats));
            for start in tiles.clone().step_by(TILES) {
                let tiles = start..tiles.end.min(start + TILES);
                self.transform_x(tiles.clone(), 0..self.c_in, &mut x);
                for (panel, dy) in dy.chunks_exact_mut(panel_floats).enumerate() {
                    self.transform_dy(tiles.clone(), panel, dy);
                    let sums = &mut sums[panel * PLANES * self.c_in * self.size.width..];
                    simd::run_on(self.isa, Sum { pass: self, tiles: tiles.len(), x: &x, dy, channels: self.c_in, panel, sums });
                }
            }
        });
        let blocks = self.c_in.div_ceil(GATHERED);
        finely((0..self.panels() * blocks).into_par_iter()).for_each(|task| {
            let (panel, first) = (task / blocks, task % blocks * GATHERED);
            let sums: Vec<&[f32]> = all.chunks_exact(self.sums(self.c_in)).map(|sums| self.panel_sums(sums, panel)).collect();
            let channels = first..self.c_in.min(first + GATHERED);
            simd::run_on(self.isa, Gather { pass: self, sums: &sums, first: 0, pitch: self.c_in, channels, panel, gradient });
        });
    }

    /// A task for each block of input channels and each panel.
    fn run_blocks(&self, gradient: Canvas<'_>) {
        let tiles = self.grid.len();
        let blocks = self.c_in.div_ceil(CHANNELS);
        let [x_floats, dy_floats] = [self.x_layout(CHANNELS), self.dy_layout()].map(|layout| layout.len(tiles));
        let (mut x, mut dy) = (Lent::new(blocks * x_floats), Lent::new(self.panels() * dy_floats));
        let channels = |block: usize| block * CHANNELS..self.c_in.min((block + 1) * CHANNELS);
        rayon::join(
            || x.par_chunks_mut(x_floats).enumerate().for_each(|(block, x)| self.transform_x(0..tiles, channels(block), x)),
            || dy.par_chunks_mut(dy_floats).enumerate().for_each(|(panel, dy)| self.transform_dy(0..tiles, panel, dy)),
        );
        finely((0..blocks * self.panels()).into_par_iter()).for_each(|task| {
            let (block, panel) = (task % blocks, task / blocks);
            let (x, dy) = (&x[block * x_floats..][..x_floats], &dy[panel * dy_floats..][..dy_floats]);
            let (channels, first) = (channels(block), block * CHANNELS);
            let pitch = channels.len();
            let mut sums = Lent::new(PLANES * pitch * self.width_of(panel));
            sums.fill(0.0);
            simd::run_on(self.isa, Sum { pass: self, tiles, x, dy, channels: pitch, panel, sums: &mut sums });
            simd::run_on(self.isa, Gather { pass: self, sums: &[&sums], first, pitch, channels, panel, gradient });
        });
    }

    fn transform_x(&self, tiles: Range<usize>, channels: Range<usize>, planes: &mut [f32]) {
        simd::run_on(self.isa, TransformX { pass: self, tiles, channels, planes });
    }

    fn transform_dy(&self, tiles: Range<usize>, panel: usize, planes: &mut [f32]) {
        simd::run_on(self.isa, TransformDy { pass: self, tiles, panel, planes });
    }

    /// The planes of a block of up to `channels`.
    fn x_layout(&self, channels: usize) -> Layout {
        Layout::spread(TILES, channels)
    }

    /// The planes of a panel.
    fn dy_layout(&self) -> Layout {
        Layout { tiles: TILES, pitch: self.size.width }
    }

    fn panels(&self) -> usize {
        self.size.count(self.c_out)
    }

    /// The width of panel `index`.
    fn width_of(&self, index: usize) -> usize {
        self.size.panel(self.c_out, index).1
    }

    /// Floats of the sums of `channels` and all panels, `[panel][plane][in][out of the panel]`.
    fn sums(&self, channels: usize) -> usize {
        self.panels() * PLANES * channels * self.size.width
    }

    /// The sums of all channels and one panel.
    fn panel_sums<'s>(&self, sums: &'s [f32], panel: usize) -> &'s [f32] {
        &sums[panel * PLANES * self.c_in * self.size.width..][..PLANES * self.c_in * self.width_of(panel)]
    }
}

/// Weights of a kernel.
const TAPS: usize = 9;

/// Some channels of some tiles of `x`, to be transformed.
struct TransformX<'a> {
    pass: &'a Gradient<'a>,
    tiles: Range<usize>,
    channels: Range<usize>,
    planes: &'a mut [f32],
}

impl WithSimd for TransformX<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (pass, layout) = (self.pass, self.pass.x_layout(self.channels.len()));
        let zeros = vec![0.0; self.channels.len()];
        for (at, tile) in self.tiles.enumerate() {
            let view = View::new(&pass.grid.source_pixels(tile, pass.c_in), pass.x, self.channels.clone(), &zeros);
            view.transform::<S, Input>(simd, &mut self.planes[layout.at(at)..], layout.plane());
        }
    }
}

/// A panel's channels of some tiles of `dy`, to be transformed.
struct TransformDy<'a> {
    pass: &'a Gradient<'a>,
    tiles: Range<usize>,
    panel: usize,
    planes: &'a mut [f32],
}

impl WithSimd for TransformDy<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (pass, layout) = (self.pass, self.pass.dy_layout());
        let (channels, width) = pass.size.panel(pass.c_out, self.panel);
        let zeros = vec![0.0; channels.len()];
        for (at, tile) in self.tiles.enumerate() {
            let view = View::new(&pass.grid.target_pixels(tile, pass.c_out), pass.dy, channels.clone(), &zeros);
            let to = at / TILES * layout.group() + at % TILES * width;
            view.transform::<S, OutputGradient>(simd, &mut self.planes[to..], layout.plane());
        }
    }
}

/// Transformed tiles' products of a block of input channels and a panel, to be added to `[plane][in][out of the panel]`.
struct Sum<'a> {
    pass: &'a Gradient<'a>,
    tiles: usize,
    x: &'a [f32],
    dy: &'a [f32],
    channels: usize,
    panel: usize,
    sums: &'a mut [f32],
}

impl WithSimd for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (x, dy, width) = (self.pass.x_layout(self.channels), self.pass.dy_layout(), self.pass.width_of(self.panel));
        for (group, first) in (0..self.tiles).step_by(TILES).enumerate() {
            let runs = [Run { left: 0, right: 0, len: TILES.min(self.tiles - first) }];
            for (plane, sums) in self.sums.chunks_exact_mut(self.channels * width).take(PLANES).enumerate() {
                let strip = Strip { floats: &self.x[group * x.group() + plane * x.plane()..], step: x.pitch };
                let panel = &self.dy[group * dy.group() + plane * dy.plane()..][..TILES * width];
                add_products(simd, strip, panel, &runs, width, sums);
            }
        }
    }
}

/// The weights between some input channels and one panel of output channels.
struct Gather<'a> {
    pass: &'a Gradient<'a>,
    /// To be added up; each `[plane][in][out of the panel]`, `pitch` input channels from `first` on.
    sums: &'a [&'a [f32]],
    first: usize,
    pitch: usize,
    channels: Range<usize>,
    panel: usize,
    gradient: Canvas<'a>,
}

impl WithSimd for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (columns, width) = self.pass.size.panel(self.pass.c_out, self.panel);
        for column in (0..columns.len()).step_by(S::F32_LANES) {
            for channel in self.channels.clone() {
                let mut square = [[simd.splat_f32s(0.0); REACH]; REACH];
                for plane in 0..PLANES {
                    let at = (plane * self.pitch + channel - self.first) * width + column;
                    let mut total = simd.splat_f32s(0.0);
                    for sums in self.sums {
                        total = simd.add_f32s(total, load(simd, &sums[at..][..S::F32_LANES]));
                    }
                    square[plane / REACH][plane % REACH] = total;
                }
                let kernels = WeightGradient::both_axes(simd, square);
                for (lane, out) in (columns.start + column..columns.end).take(S::F32_LANES).enumerate() {
                    let start = (out * self.pass.c_in + channel) * TAPS;
                    // SAFETY: this task alone has these input channels of these output channels.
                    let kernel = unsafe { self.gradient.part(start..start + TAPS) };
                    for tap in 0..TAPS {
                        kernel[tap].write(pulp::bytemuck::cast_slice(&kernels[tap / 3][tap % 3..][..1])[lane]);
                    }
                }
            }
        }
    }
}
