//! Images at one size: decode, resize.
//!
//! Resizing is an antialiased convolution in 8 bits: the filter widens with the reduction, as Pillow's
//! `resize` does; nearly all pixels equal Pillow's, the others
//! differ by 1, with the bicubic filter at hard edges by 2 of 255. Results depend on nothing but the file and
//! the geometry, and not on the number of threads.

use std::path::Path;

use derm_kernels::resize;
use image::RgbImage;

use super::{Error, ImageError, decode};

/// Interpolation filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Triangle.
    Bilinear,
    /// Catmull-Rom (a = -0.5), as Pillow's `BICUBIC`.
    Bicubic,
}

/// How an image of another shape becomes `width` x `height`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fit {
    /// Each side is scaled by itself; the aspect ratio is not kept.
    Squash,
    /// Scaled, keeping the aspect ratio, until it covers `floor(side / crop_pct)`, then the centre is cut out: timm's
    /// evaluation transform (`torchvision` `Resize` and `CenterCrop`).
    ShortestCrop {
        /// In (0, 1].
        crop_pct: f32,
    },
}

/// What is done about the colour of the light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Light {
    /// Colours stay as they are.
    #[default]
    Kept,
    /// The light becomes grey, as [`derm_kernels::pixels::shades_of_grey`] says, measured on the resized image.
    Grey,
}

/// The size that images are brought to, and the light.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometry {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// How.
    pub fit: Fit,
    /// With which filter.
    pub filter: Filter,
    /// What is done after that; masks have no colours.
    pub light: Light,
}

/// Decodes and resizes one file to `[height, width, 3]`.
pub fn load_one(path: &Path, geometry: &Geometry) -> Result<Vec<u8>, Error> {
    let image = decode::decode(path)?;
    resize(&image, geometry).map_err(|source| Error::Image { path: path.to_owned(), source })
}

/// Brings an image to the geometry: `[height, width, 3]`.
pub fn resize(image: &RgbImage, geometry: &Geometry) -> Result<Vec<u8>, ImageError> {
    let (width, height) = (geometry.width, geometry.height);
    let mut pixels = match geometry.fit {
        Fit::Squash => scale(image, width, height, geometry.filter)?,
        Fit::ShortestCrop { crop_pct } => {
            let (scaled_width, scaled_height) = covering(image.dimensions(), (width, height), crop_pct);
            let scaled = scale(image, scaled_width, scaled_height, geometry.filter)?;
            crop_centre(&scaled, (scaled_width, scaled_height), (width, height))
        }
    };
    if geometry.light == Light::Grey {
        derm_kernels::pixels::shades_of_grey(&mut pixels);
    }
    Ok(pixels)
}

/// The size that `image` is scaled to so that its shorter side (relative to the target) is `floor(target / crop_pct)`.
pub(super) fn covering(image: (u32, u32), target: (u32, u32), crop_pct: f32) -> (u32, u32) {
    let crop = if crop_pct > 0.0 { f64::from(crop_pct.min(1.0)) } else { 1.0 };
    // 0.875 and its like are exact; the others get the benefit of a hair's breadth, so that 224 / 0.7 is 320.
    let side = |target: u32| ((f64::from(target) / crop) + 1e-4).floor();
    let (wide, high) = (side(target.0), side(target.1));
    let (width, height) = (f64::from(image.0), f64::from(image.1));
    if width / wide <= height / high {
        (wide as u32, ((wide * height / width) as u32).max(target.1))
    } else {
        (((high * width / height) as u32).max(target.0), high as u32)
    }
}

/// An antialiased resize to exactly `width` x `height`: across first, then down, rounded to 8 bits between, as Pillow does.
/// (Both at once would go down first, which differs by up to 12 of 255 at hard edges.)
fn scale(image: &RgbImage, width: u32, height: u32, filter: Filter) -> Result<Vec<u8>, ImageError> {
    let across = pass(image.as_raw(), image.dimensions(), (width, image.height()), filter)?;
    pass(&across, (width, image.height()), (width, height), filter)
}

fn pass(pixels: &[u8], from: (u32, u32), to: (u32, u32), filter: Filter) -> Result<Vec<u8>, ImageError> {
    if from == to {
        return Ok(pixels.to_vec());
    }
    let filter = match filter {
        Filter::Bilinear => resize::Filter::Triangle,
        Filter::Bicubic => resize::Filter::CatmullRom,
    };
    resize::resize(pixels, from, to, resize::Pixel::Rgb, filter).map_err(ImageError::Decode)
}

/// What is cut off before a centre of `to` pixels; an odd margin is rounded half to even, as torchvision does.
pub(super) fn margin(from: u32, to: u32) -> usize {
    (f64::from(from.saturating_sub(to)) / 2.0).round_ties_even() as usize
}

/// Cuts the centre out.
fn crop_centre(pixels: &[u8], from: (u32, u32), to: (u32, u32)) -> Vec<u8> {
    let (left, top) = (margin(from.0, to.0), margin(from.1, to.1));
    let (line, width) = (from.0 as usize * 3, to.0 as usize * 3);
    let rows = pixels.chunks_exact(line.max(1)).skip(top).take(to.1 as usize);
    rows.flat_map(|row| &row[left * 3..left * 3 + width]).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covering_sizes_are_those_of_torchvision() {
        // Resize(256) of 600 x 450 gives 341 x 256 (int(256 * 600 / 450)); 224 / 0.875 = 256.
        assert_eq!(covering((600, 450), (224, 224), 0.875), (341, 256));
        assert_eq!(covering((450, 600), (224, 224), 0.875), (256, 341));
        assert_eq!(covering((200, 150), (64, 64), 1.0), (85, 64));
        assert_eq!(covering((100, 100), (224, 224), 0.7), (320, 320));
    }

    #[test]
    fn the_centre_is_cut_out_with_margins_rounded_half_to_even() {
        // A row of seven pixels 0..6: margins 1.5 and 2.5 become 2.
        let row: Vec<u8> = (0..7).flat_map(|i| [i, i, i]).collect();
        assert_eq!(crop_centre(&row, (7, 1), (4, 1)), [2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5]);
        assert_eq!(crop_centre(&row, (7, 1), (2, 1)), [2, 2, 2, 3, 3, 3]);
    }

    #[test]
    fn shrinking_averages_what_it_covers() {
        // A checkerboard of single pixels shrunk to a quarter is grey: no aliasing.
        let image = RgbImage::from_fn(64, 64, |x, y| image::Rgb([if (x + y) % 2 == 0 { 255 } else { 0 }; 3]));
        for filter in [Filter::Bilinear, Filter::Bicubic] {
            let small = resize(&image, &Geometry { width: 16, height: 16, fit: Fit::Squash, filter, light: Light::Kept }).unwrap();
            assert!(small.iter().all(|value| value.abs_diff(128) <= 2), "{filter:?}: {small:?}");
        }
    }
}
