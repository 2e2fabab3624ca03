//! The augmentation list of the ISIC 2020 challenge's winners, which those of 2024 took over unchanged.
//!
//! Ha, Liu and Liu 2020, <https://arxiv.org/abs/2010.05351>; the list is `get_transforms` of
//! <https://github.com/haqishen/SIIM-ISIC-Melanoma-Classification-1st-Place-Solution>. In its order, with probabilities:
//!
//! | step | probability | magnitude |
//! | --- | --- | --- |
//! | transpose; mirror top-bottom; left-right | 0.5 each | |
//! | brightness | 0.75 | levels +- 0.2 of 255 |
//! | contrast | 0.75 | levels times 1 +- 0.2 |
//! | one of motion blur, median, Gaussian blur, noise | 0.7 | windows of 3 or 5 pixels; a variance from 5 to 30 |
//! | one of optical, grid, elastic distortion | 0.7 | k of +- 1; 5 x 5 cells stretched by 1 +- 1; corners moved by +- 50 pixels of 512 |
//! | CLAHE | 0.7 | 8 x 8 tiles, a limit from 1 to 4 |
//! | hue, saturation, value | 0.5 | +- 20 degrees, +- 20 and +- 10 of 255 |
//! | shift, scale, rotate | 0.85 | +- 0.1 of the side, 1 +- 0.1, +- 15 degrees; black outside |
//! | one black hole | 0.7 | 0.375 of the side |
//!
//! [`Isic2020::LIGHT`] takes half of all magnitudes and probabilities, [`Isic2020::STRONG`] a quarter more of both, except for the mirrorings
//! (the square's symmetries are one half each), probabilities above 1, and distortions above 1, which fold the picture. Windows have 3
//! pixels in the first and 5 in the other.
//!
//! The steps are those of albumentations 0.4, which the winners used; what differs:
//!
//! - Levels are changed first, then the image is sampled once through all movements together, where albumentations samples after each. The
//!   tiles of CLAHE therefore lie on the picture before it is distorted. Results are rounded, not cut off.
//! - The list meets images at the network's size, and not at the 512 to 1024 pixels of the winners' files. Lengths in pixels are kept
//!   for windows and scaled for the elastic distortion.
//! - Of the elastic distortion only the affine map of three corners is made. The field that albumentations adds to it, noise smoothed with a
//!   sigma of 50 pixels and multiplied with 3, moves nothing by a twentieth of a pixel (`interop/augment.py` measures it).
//! - Distorted pictures are mirrored at the border with their last pixel twice (albumentations: once). Cells of the grid are a fifth of
//!   the side, which need not be whole pixels.
//! - A mask is moved with its image; outside it is 0, and the hole does not touch it, as in albumentations.

mod movement;
mod photo;

use serde::{Deserialize, Serialize};

pub use movement::Movement;
pub use photo::Photo;

/// How much of the list.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Isic2020 {
    /// Times the published magnitudes.
    pub magnitude: f64,
    /// Times the published probabilities.
    pub probability: f64,
}

impl Isic2020 {
    /// Half of it.
    pub const LIGHT: Self = Self { magnitude: 0.5, probability: 0.5 };
    /// The list as it was published.
    pub const PUBLISHED: Self = Self { magnitude: 1.0, probability: 1.0 };
    /// A quarter more.
    pub const STRONG: Self = Self { magnitude: 1.25, probability: 1.25 };

    /// Whether a step of this published probability is taken.
    fn takes(&self, rng: &mut impl rand::Rng, probability: f64) -> bool {
        rng.random_bool((probability * self.probability).clamp(0.0, 1.0))
    }

    /// A value that is as often above 0 as below, up to the published `limit`.
    fn about_zero(&self, rng: &mut impl rand::Rng, limit: f64) -> f64 {
        rng.random_range(-1.0..=1.0) * limit * self.magnitude
    }
}
