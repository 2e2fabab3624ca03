//! How a picture becomes a network's input. It travels with the weights.

use serde::{Deserialize, Serialize};

/// Order of the colour planes that a network was trained with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red (networks that came from Caffe).
    Bgr,
}

/// How a picture of any shape gets the input's height and width.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// Both sides are stretched to fit.
    Squash,
    /// The shorter side becomes `size / crop_pct`, then the centre is cut out.
    ShortestCrop {
        /// Share of the shorter side that is kept, `0 < crop_pct <= 1`.
        crop_pct: f32,
    },
}

/// Resampling filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interpolation {
    /// Two by two, widened when shrinking.
    Bilinear,
    /// Four by four, widened when shrinking.
    Bicubic,
}

/// What is done about the colour of the light in a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColourConstancy {
    /// Nothing.
    #[default]
    None,
    /// The light is made grey: the Minkowski mean of the picture's levels with p = 6, measured after the fit.
    ShadesOfGray,
}

impl ColourConstancy {
    /// Whether nothing is done.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// From an 8-bit RGB picture to f32 `[3, height, width]`: fit, then colour constancy, then `(value / 255 - mean) / std` for each plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preprocess {
    /// Width of the input in pixels.
    pub width: u32,
    /// Height of the input in pixels.
    pub height: u32,
    /// How the picture gets that size.
    pub fit: Fit,
    /// With which filter.
    pub interpolation: Interpolation,
    /// Subtracted from values in 0..=1, in the order of `channels`.
    pub mean: [f32; 3],
    /// Divides after that, in the order of `channels`.
    pub std: [f32; 3],
    /// Order of the planes.
    pub channels: Channels,
    /// What is done about the light before.
    pub colour_constancy: ColourConstancy,
}

/// ImageNet's mean and standard deviation of RGB values in 0..=1, as torchvision and timm use them.
pub const IMAGENET: ([f32; 3], [f32; 3]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

impl Preprocess {
    /// `size` square pixels, the centre crop of `crop_pct`, ImageNet's statistics, RGB.
    pub const fn imagenet(size: u32, interpolation: Interpolation, crop_pct: f32) -> Self {
        let fit = Fit::ShortestCrop { crop_pct };
        let colour_constancy = ColourConstancy::None;
        Self { width: size, height: size, fit, interpolation, mean: IMAGENET.0, std: IMAGENET.1, channels: Channels::Rgb, colour_constancy }
    }

    /// The same with another mean and standard deviation of values in 0..=1.
    #[must_use]
    pub const fn normalised(self, mean: [f32; 3], std: [f32; 3]) -> Self {
        Self { mean, std, ..self }
    }

    /// The same for another input size.
    #[must_use]
    pub const fn at_size(self, width: u32, height: u32) -> Self {
        Self { width, height, ..self }
    }
}
