//! Weights of the forward pass that are rearranged once for many calls.

use std::sync::OnceLock;

use super::pack::{self, Panels};
use super::tile::PanelSize;
use super::{Geometry, Mode, winograd};

/// The weights of a convolution that does not change, in whichever orders its calls turn out to need.
///
/// It serves any batch, image size, stride, dilation and padding. The first call for which an algorithm pays rearranges the weights
/// for it, and later ones share them; any number of threads may call at once.
#[derive(Debug)]
pub struct Packed {
    weight: Vec<f32>,
    groups: usize,
    c_in: usize,
    c_out: usize,
    kernel: [usize; 2],
    mode: Mode,
    direct: OnceLock<Panels>,
    transformed: OnceLock<Panels>,
}

impl Packed {
    /// Takes `weight`, `[groups * c_out, c_in, kh, kw]`; of `g` only groups, channels and taps matter.
    pub fn new(weight: Vec<f32>, g: &Geometry, mode: Mode) -> Self {
        assert_eq!(weight.len(), g.weight_len());
        let Geometry { groups, c_in, c_out, kernel, .. } = *g;
        Self { weight, groups, c_in, c_out, kernel, mode, direct: OnceLock::new(), transformed: OnceLock::new() }
    }

    /// How its calls compute.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether it is one matrix, which multiplies every pixel by itself.
    pub(crate) fn is_matrix(&self) -> bool {
        (self.groups, self.kernel) == (1, [1; 2])
    }

    /// Input and output channels of a matrix.
    pub(crate) fn matrix(&self) -> [usize; 2] {
        assert!(self.is_matrix());
        [self.c_in, self.c_out]
    }

    pub(super) fn fits(&self, g: &Geometry) -> bool {
        (self.groups, self.c_in, self.c_out, self.kernel) == (g.groups, g.c_in, g.c_out, g.kernel)
    }

    /// As it was given; narrow groups have so few weights that packing them anew costs nothing.
    pub(super) fn plain(&self) -> &[f32] {
        &self.weight
    }

    pub(super) fn direct(&self) -> &Panels {
        let shape = [self.groups, self.c_in, self.c_out];
        self.direct.get_or_init(|| pack::forward(&self.weight, shape, self.kernel.iter().product(), PanelSize::of(self.mode.isa)))
    }

    pub(super) fn transformed(&self) -> &Panels {
        let Self { weight, c_in, c_out, mode, .. } = self;
        self.transformed.get_or_init(|| winograd::pack_forward(mode.isa, weight, *c_in, *c_out, PanelSize::of(mode.isa)))
    }
}
