//! Convolutions of `f32` images and their gradients.
//!
//! Activations are `[n, h, w, c]`, weights `[out, in / groups, kh, kw]`, both contiguous, groups lying side by side in the
//! channels. Results are the same bits for any number of threads, and differ between instruction sets by rounding. Every pass panics
//! where slices do not have the lengths that the geometry gives them, or the geometry is none.

#![allow(clippy::needless_range_loop, reason = "an index names the same place in several tiles")]

mod buffer;
mod direct;
mod epilogue;
mod gather;
mod geometry;
mod grouped;
mod half;
mod merge;
mod outer;
mod pack;
mod packed;
mod pointwise;
mod strips;
mod sweep;
#[cfg(test)]
mod tests;
mod tile;
mod vector;
mod weight;
mod winograd;
mod worklist;

pub(crate) use buffer::{Canvas, Lent};
pub use epilogue::Epilogue;
pub(crate) use epilogue::finish;
pub use geometry::Geometry;
pub use packed::Packed;
pub(crate) use pointwise::pointwise;

use std::sync::OnceLock;

use direct::{Direct, Sweep};
use grouped::Grouped;
use pack::Panels;
use sweep::Axis;
use tile::PanelSize;
use weight::WeightPass;

use super::simd::{self, Isa};
use super::{activation, fresh, lanes, pieces, prefetch, sizes};

/// How to compute.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// The instruction set.
    pub isa: Isa,
    /// Only sums of products, as the definition has them: no transforms, which round more.
    pub exact: bool,
    /// What the factors of matrix products are rounded to.
    pub precision: Precision,
}

/// What the factors of large matrix products are rounded to; sums and results are f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// They are as they are.
    #[default]
    F32,
    /// To bfloat16 ([`bf16`](super::bf16)), where it pays ([`Precision::rounds`]).
    Bf16,
}

impl Precision {
    /// Channels on either side from which on rounding costs less than it saves.
    const WIDE: usize = 128;

    /// Whether a convolution's factors are rounded, those of its gradients too: where it is one matrix product of at least 128 channels in
    /// and out. Convolutions of more than one pixel are as fast by Winograd's algorithm.
    pub fn rounds(self, g: &Geometry) -> bool {
        self == Self::Bf16 && g.is_matrix() && g.c_in.min(g.c_out) >= Self::WIDE
    }
}

/// The best instruction set, and transforms unless `DERM_EXACT` is set to anything but `0` or nothing.
impl Default for Mode {
    fn default() -> Self {
        static EXACT: OnceLock<bool> = OnceLock::new();
        let exact = *EXACT.get_or_init(|| std::env::var_os("DERM_EXACT").is_some_and(|value| !value.is_empty() && value != "0"));
        Self { isa: simd::best(), exact, precision: Precision::F32 }
    }
}

impl Mode {
    /// The default, with factors of this precision.
    pub fn at(precision: Precision) -> Self {
        Self { precision, ..Self::default() }
    }
}

/// The convolution `y`, `[n, h, w, groups * c_out]`, of `x` with `weight`, plus `bias`.
pub fn forward(x: &[f32], weight: &[f32], bias: Option<&[f32]>, g: &Geometry, mode: Mode) -> Vec<f32> {
    if mode.precision.rounds(g) {
        return half::forward(x, weight, bias, g, mode);
    }
    forward_with(x, weight, Epilogue::with_bias(bias), g, mode)
}

/// [`forward`] in f32, and what follows it in a network.
pub fn forward_with(x: &[f32], weight: &[f32], epilogue: Epilogue<'_>, g: &Geometry, mode: Mode) -> Vec<f32> {
    check(x, &epilogue, g);
    assert_eq!(weight.len(), g.weight_len());
    if g.y_len() == 0 {
        return Vec::new();
    }
    let g = &g.in_long_rows();
    if grouped::pays(g, mode.isa) {
        return Grouped::forward(mode.isa, x, weight, epilogue, g).run();
    }
    let size = PanelSize::of(mode.isa);
    if !mode.exact && winograd::pays(g, g.output, winograd::PRODUCT) {
        let panels = winograd::pack_forward(mode.isa, weight, g.c_in, g.c_out, size);
        return winograd::forward(mode.isa, x, &panels, epilogue, g, size);
    }
    forward_directly(x, &pack::forward(weight, [g.groups, g.c_in, g.c_out], g.taps(), size), epilogue, g, mode)
}

/// [`forward_with`] weights that were packed before.
///
/// It may choose another algorithm, since packing costs it nothing; its results then differ from the other's by rounding.
pub fn forward_packed(x: &[f32], weight: &Packed, epilogue: Epilogue<'_>, g: &Geometry) -> Vec<f32> {
    check(x, &epilogue, g);
    assert!(weight.fits(g));
    if g.y_len() == 0 {
        return Vec::new();
    }
    let g = &g.in_long_rows();
    let mode = weight.mode();
    if grouped::pays(g, mode.isa) {
        return Grouped::forward(mode.isa, x, weight.plain(), epilogue, g).run();
    }
    if !mode.exact && winograd::pays(g, g.output, winograd::PACKED) {
        return winograd::forward(mode.isa, x, weight.transformed(), epilogue, g, PanelSize::of(mode.isa));
    }
    forward_directly(x, weight.direct(), epilogue, g, mode)
}

fn check(x: &[f32], epilogue: &Epilogue<'_>, g: &Geometry) {
    g.check();
    assert_eq!(x.len(), g.x_len());
    assert!(epilogue.fits(g.groups * g.c_out, g.y_len()));
}

fn forward_directly(x: &[f32], panels: &Panels, epilogue: Epilogue<'_>, g: &Geometry, mode: Mode) -> Vec<f32> {
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
        epilogue,
        far: true,
        sweeps: Vec::new(),
    };
    if !merge::applies(g) {
        let sweep = Sweep { y: Axis::forward(g, 0), x: Axis::forward(g, 1), panels };
        return Direct { sweeps: vec![sweep], ..pass }.run();
    }
    let padded = merge::pad(x, g);
    let [y, x] = merge::axes(g);
    let sweeps = vec![Sweep { y, x, panels }];
    Direct { source: &padded, source_size: merge::padded_size(g), run: g.kernel[1] * g.c_in, sweeps, ..pass }.run()
}

/// The gradient of the loss by `x`, `[n, h, w, groups * c_in]`, from `dy`, the gradient by `y`.
pub fn input_gradient(dy: &[f32], weight: &[f32], g: &Geometry, mode: Mode) -> Vec<f32> {
    g.check();
    assert_eq!(dy.len(), g.y_len());
    assert_eq!(weight.len(), g.weight_len());
    if g.x_len() == 0 {
        return Vec::new();
    }
    if mode.precision.rounds(g) {
        return half::input_gradient(dy, weight, g, mode);
    }
    let g = &g.in_long_rows();
    if let Some((turned, weight)) = grouped::turned(weight, g).filter(|(turned, _)| grouped::pays(turned, mode.isa)) {
        return Grouped::forward(mode.isa, dy, &weight, Epilogue::default(), &turned).run();
    }
    let size = PanelSize::of(mode.isa);
    if !mode.exact && winograd::pays(g, g.input, winograd::PRODUCT) {
        return winograd::input_gradient(mode.isa, dy, weight, g, size);
    }
    let [rows, columns] = [Axis::phases(g, 0), Axis::phases(g, 1)];
    let phases: Vec<(&Axis, &Axis)> = rows.iter().flat_map(|y| columns.iter().map(move |x| (y, x))).collect();
    let pack = |&(y, x): &(&Axis, &Axis)| {
        let chosen: Vec<usize> = y.taps.iter().flat_map(|row| x.taps.iter().map(|tap| row.index * g.kernel[1] + tap.index)).collect();
        pack::input_gradient(weight, [g.groups, g.c_in, g.c_out], g.taps(), &chosen, size)
    };
    let packed: Vec<Panels> = phases.iter().map(pack).collect();
    let sweeps = phases.iter().zip(&packed).map(|(&(y, x), panels)| Sweep { y: y.clone(), x: x.clone(), panels }).collect();
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
        epilogue: Epilogue::default(),
        far: true,
        sweeps,
    }
    .run()
}

/// The gradient of the loss by `weight`, `[groups * c_out, c_in, kh, kw]`.
pub fn weight_gradient(x: &[f32], dy: &[f32], g: &Geometry, mode: Mode) -> Vec<f32> {
    g.check();
    assert_eq!(x.len(), g.x_len());
    assert_eq!(dy.len(), g.y_len());
    if g.y_len() == 0 || g.x_len() == 0 {
        return vec![0.0; g.weight_len()];
    }
    if mode.precision.rounds(g) {
        return half::weight_gradient(x, dy, g, mode);
    }
    let g = &g.in_long_rows();
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
