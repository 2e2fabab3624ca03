//! How many bits the factors of matrix products have.

use derm_kernels::bf16;
use derm_kernels::conv::{self, Geometry, Mode};
use serde::{Deserialize, Serialize};

/// What the factors of linear layers and 1x1 convolutions of at least 128 channels in and out are rounded to in training, on both ways.
/// Parameters, their steps, sums, norms, activations, attention and losses are f32 either way, and so is everything that a trained
/// network does later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// They are as they are.
    #[default]
    F32,
    /// To bfloat16: the exponents of f32, and 8 bits.
    Bf16,
}

impl Precision {
    /// Whether factors are as they are.
    pub fn is_whole(&self) -> bool {
        *self == Self::F32
    }

    /// Whether this CPU has instructions for it.
    pub fn is_fast(self) -> bool {
        self.is_whole() || bf16::is_fast(Mode::default().isa)
    }

    /// How the kernels compute.
    pub(super) fn mode(self) -> Mode {
        Mode::at(self.kernels())
    }

    /// Whether it rounds the factors of such a convolution.
    pub(super) fn rounds(self, g: &Geometry) -> bool {
        self.kernels().rounds(g)
    }

    fn kernels(self) -> conv::Precision {
        match self {
            Self::F32 => conv::Precision::F32,
            Self::Bf16 => conv::Precision::Bf16,
        }
    }
}
