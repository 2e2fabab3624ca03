//! Convolutions of `f32` images and their gradients.
//!
//! Activations are `[n, h, w, c]`, weights `[out, in / groups, kh, kw]`, both contiguous, groups lying side by side in the
//! channels. Results are the same bits for any number of threads, and differ between instruction sets by rounding.

#![allow(clippy::needless_range_loop, reason = "an index names the same place in several tiles")]

mod bias;
mod buffer;
mod direct;
mod gather;
mod geometry;
mod merge;
mod outer;
mod pack;
mod sweep;
#[cfg(test)]
mod tests;
mod tile;
mod vector;
mod weight;
mod winograd;
mod worklist;

pub use geometry::Geometry;

use direct::{Direct, Sweep};
use sweep::Axis;
use tile::PanelSize;
use weight::WeightPass;

use super::simd::{self, Isa};

/// How to compute.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// The instruction set.
    pub isa: Isa,
    /// Only sums of products, as the definition has them: no transforms, which round more.
    pub exact: bool,
}

impl Default for Mode {
    fn default() -> Self {
        Self { isa: simd::best(), exact: false }
    }
}

/// The convolution `y`, `[n, h, w, groups * c_out]`, of `x` with `weight`, plus `bias`.
pub fn forward(x: &[f32], weight: &[f32], bias: Option<&[f32]>, g: &Geometry, mode: Mode) -> Vec<f32> {
    assert_eq!(x.len(), g.x_len());
    assert_eq!(weight.len(), g.weight_len());
    assert!(bias.is_none_or(|bias| bias.len() == g.groups * g.c_out));
    if g.y_len() == 0 {
        return Vec::new();
    }
    let size = PanelSize::of(mode.isa);
    if !mode.exact && winograd::pays(g, g.output, winograd::PRODUCT) {
        return winograd::forward(mode.isa, x, weight, bias, g, size);
    }
    let panels = pack::forward(weight, [g.groups, g.c_in, g.c_out], g.taps(), size);
    let pass = Direct {
        isa: mode.isa,
        source: x,
        source_size: g.input,
        source_pitch: g.groups * g.c_in,
        source_group: g.c_in,
        run: g.c_in,
        images: g.n,
        groups: g.groups,
        target_size: g.output,
        columns: g.c_out,
        bias,
        sweeps: Vec::new(),
    };
    let mut sweep = Sweep { y: Axis::forward(g, 0), x: Axis::forward(g, 1), panels };
    if !merge::applies(g) {
        return Direct { sweeps: vec![sweep], ..pass }.run();
    }
    let padded = merge::pad(x, g);
    [sweep.y, sweep.x] = merge::axes(g);
    Direct { source: &padded, source_size: merge::padded_size(g), run: g.kernel[1] * g.c_in, sweeps: vec![sweep], ..pass }.run()
}

/// The gradient of the loss by `x`, `[n, h, w, groups * c_in]`, from `dy`, the gradient by `y`.
pub fn input_gradient(dy: &[f32], weight: &[f32], g: &Geometry, mode: Mode) -> Vec<f32> {
    assert_eq!(dy.len(), g.y_len());
    assert_eq!(weight.len(), g.weight_len());
    if g.x_len() == 0 {
        return Vec::new();
    }
    let size = PanelSize::of(mode.isa);
    if !mode.exact && winograd::pays(g, g.input, winograd::PRODUCT) {
        return winograd::input_gradient(mode.isa, dy, weight, g, size);
    }
    let sweep = |y: &Axis, x: &Axis| {
        let chosen: Vec<usize> = y.taps.iter().flat_map(|row| x.taps.iter().map(|tap| row.index * g.kernel[1] + tap.index)).collect();
        let panels = pack::input_gradient(weight, [g.groups, g.c_in, g.c_out], g.taps(), &chosen, size);
        Sweep { y: y.clone(), x: x.clone(), panels }
    };
    let columns = Axis::phases(g, 1);
    let sweeps = Axis::phases(g, 0).iter().flat_map(|y| columns.iter().map(|x| sweep(y, x)).collect::<Vec<_>>()).collect();
    Direct {
        isa: mode.isa,
        source: dy,
        source_size: g.output,
        source_pitch: g.groups * g.c_out,
        source_group: g.c_out,
        run: g.c_out,
        images: g.n,
        groups: g.groups,
        target_size: g.input,
        columns: g.c_in,
        bias: None,
        sweeps,
    }
    .run()
}

/// The gradient of the loss by `weight`, `[groups * c_out, c_in, kh, kw]`.
pub fn weight_gradient(x: &[f32], dy: &[f32], g: &Geometry, mode: Mode) -> Vec<f32> {
    assert_eq!(x.len(), g.x_len());
    assert_eq!(dy.len(), g.y_len());
    if g.y_len() == 0 {
        return vec![0.0; g.weight_len()];
    }
    let size = PanelSize::of(mode.isa);
    if !mode.exact && winograd::pays(g, g.output, winograd::GRADIENT) {
        return winograd::weight_gradient(mode.isa, x, dy, g, size);
    }
    let axes = [Axis::forward(g, 0), Axis::forward(g, 1)];
    let pass = WeightPass { isa: mode.isa, x, x_size: g.input, x_pitch: g.groups * g.c_in, dy, axes, channels: g.c_in, geometry: *g, size };
    if !merge::applies(g) {
        return pass.run();
    }
    let padded = merge::pad(x, g);
    let axes = merge::axes(g);
    WeightPass { x: &padded, x_size: merge::padded_size(g), axes, channels: g.kernel[1] * g.c_in, ..pass }.run()
}

/// The gradient of the loss by the bias, `[groups * c_out]`.
pub fn bias_gradient(dy: &[f32], g: &Geometry, mode: Mode) -> Vec<f32> {
    assert_eq!(dy.len(), g.y_len());
    bias::gradient(mode.isa, dy, g.groups * g.c_out)
}
