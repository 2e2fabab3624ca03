//! Winograd's minimal filtering F(4x4, 3x3): 3x3 convolutions of stride 1 with a quarter of the multiplications.
//!
//! The transforms round: with 64 to 256 channels the largest error of some ten thousand results was 6e-5 of their root mean square,
//! where sums of products had 7e-6. NaN and infinities spread to the whole tile instead of to the pixels that depend on them.

mod gradient;
mod grid;
mod pack;
mod planes;
mod product;
mod transform;

use gradient::Gradient;
use grid::{Grid, PLANES};
use pack::Use;
use product::Product;

use super::Geometry;
use super::epilogue::Epilogue;
use super::pack::Panels;
use super::simd::Isa;
use super::tile::PanelSize;

/// What the transforms of a pass cost, in multiplications for each float.
#[derive(Clone, Copy)]
pub struct Overhead {
    /// For each plane's float of source and target.
    pixels: usize,
    /// For each plane's float of the weights, or of their gradient.
    weights: usize,
}

/// The forward pass and the input gradient, with the transform of their weights; measured.
pub const PRODUCT: Overhead = Overhead { pixels: 8, weights: 50 };
/// The forward pass with weights that are already transformed: they only have to be read; estimated.
pub const PACKED: Overhead = Overhead { pixels: 8, weights: 10 };
/// The weight gradient, whose sums are several times as large as the weights; estimated, and checked on 512 channels of 7x7 pixels.
pub const GRADIENT: Overhead = Overhead { pixels: 8, weights: 50 };

/// Channels below which the transforms cost more than they save.
const CHANNELS: usize = 16;

/// Whether a pass that writes (or sums over) `target` pixels can and should be transformed.
pub fn pays(g: &Geometry, target: [usize; 2], overhead: Overhead) -> bool {
    let possible = g.groups == 1 && g.kernel == [3; 2] && g.stride == [1; 2] && g.dilation == [1; 2];
    let tiles = g.n * target[0].div_ceil(grid::SIDE) * target[1].div_ceil(grid::SIDE);
    let weights = g.c_in * g.c_out;
    let direct = g.n * target[0] * target[1] * g.taps() * weights;
    let transforms = overhead.pixels * tiles * (g.c_in + g.c_out) + overhead.weights * weights;
    possible && g.c_in.min(g.c_out) >= CHANNELS && PLANES * (tiles * weights + transforms) < direct
}

/// Weights for [`forward`], transformed.
pub fn pack_forward(isa: Isa, weight: &[f32], c_in: usize, c_out: usize, size: PanelSize) -> Panels {
    pack::pack(isa, weight, c_in, c_out, Use::Forward, size)
}

/// The forward pass.
pub fn forward(isa: Isa, x: &[f32], panels: &Panels, epilogue: Epilogue<'_>, g: &Geometry, size: PanelSize) -> Vec<f32> {
    let grid = Grid { images: g.n, source: g.input, target: g.output, pad: g.pad.map(|pad| pad as isize) };
    Product { isa, grid, source: x, rows: g.c_in, columns: g.c_out, panels, epilogue, size }.run()
}

/// The input gradient.
pub fn input_gradient(isa: Isa, dy: &[f32], weight: &[f32], g: &Geometry, size: PanelSize) -> Vec<f32> {
    let grid = Grid { images: g.n, source: g.output, target: g.input, pad: g.pad.map(|pad| 2 - pad as isize) };
    let panels = pack::pack(isa, weight, g.c_in, g.c_out, Use::InputGradient, size);
    Product { isa, grid, source: dy, rows: g.c_out, columns: g.c_in, panels: &panels, epilogue: Epilogue::default(), size }.run()
}

/// The weight gradient.
pub fn weight_gradient(isa: Isa, x: &[f32], dy: &[f32], g: &Geometry, size: PanelSize) -> Vec<f32> {
    let grid = Grid { images: g.n, source: g.input, target: g.output, pad: g.pad.map(|pad| pad as isize) };
    Gradient { isa, grid, x, dy, c_in: g.c_in, c_out: g.c_out, size }.run()
}
