//! Masks to a network's size, and what the network says back to the image's size.

use derm_kernels::resize::{self as kernel, Pixel};

use super::{Mask, same_shape};
use crate::dataset::loader::{covering, margin};
use crate::dataset::{Filter, Fit, Geometry, ImageError, Light};

/// Brings a mask to the geometry: `[height, width, channels]`, each 0 or 1.
pub fn resample(mask: &Mask, geometry: &Geometry) -> Result<Vec<u8>, ImageError> {
    let (from, to) = ((mask.width, mask.height), (geometry.width, geometry.height));
    let (scaled, window) = window(from, geometry);
    let mut out = vec![0; to.0 as usize * to.1 as usize * mask.channels];
    for channel in 0..mask.channels {
        let coverage: Vec<u8> = mask.plane(channel).into_iter().map(|on| on * 255).collect();
        let across = scale(coverage, from, (scaled.0, from.1), Pixel::Grey)?;
        let coverage = scale(across, (scaled.0, from.1), scaled, Pixel::Grey)?;
        for (at, place) in out.iter_mut().skip(channel).step_by(mask.channels).enumerate() {
            let (x, y) = (at % to.0 as usize + window.0, at / to.0 as usize + window.1);
            *place = u8::from(coverage[y * scaled.0 as usize + x] >= 128);
        }
    }
    Ok(out)
}

/// A mask at another size, each side scaled by itself.
///
/// # Errors
///
/// [`ImageError::Decode`] if a size is 0.
pub fn resize(mask: &Mask, width: u32, height: u32) -> Result<Mask, ImageError> {
    let geometry = Geometry { width, height, fit: Fit::Squash, filter: Filter::Bilinear, light: Light::Kept };
    Ok(Mask { width, height, channels: mask.channels, data: resample(mask, &geometry)? })
}

impl Mask {
    /// The mask at another mask's size, if it has its shape.
    ///
    /// # Errors
    ///
    /// [`ImageError::NotAMask`] of another shape.
    pub fn fitted(self, width: u32, height: u32) -> Result<Self, ImageError> {
        let size = (self.width, self.height);
        if size == (width, height) {
            Ok(self)
        } else if same_shape(size, (width, height)) {
            resize(&self, width, height)
        } else {
            Err(ImageError::NotAMask(format!(
                "it is {} x {} pixels, another shape than the true mask's {width} x {height}",
                size.0, size.1
            )))
        }
    }
}

/// Brings probabilities of a network's size back to an image of `image` (width, height) pixels, which went to the network by `geometry`:
/// `[height, width, channels]` to `[image height, image width, channels]`, linear between pixels. Where the image was
/// cropped the network saw nothing: 0.
///
/// # Errors
///
/// [`ImageError::Decode`] if a size is 0 or `values` is not of the geometry's size.
pub fn restore(values: &[f32], channels: usize, geometry: &Geometry, image: (u32, u32)) -> Result<Vec<f32>, ImageError> {
    let size = (geometry.width as usize, geometry.height as usize);
    if values.len() != size.0 * size.1 * channels || channels == 0 {
        return Err(ImageError::Decode(format!("{} values are no {} x {} pixels of {channels}", values.len(), size.0, size.1)));
    }
    let (scaled, window) = window(image, geometry);
    let mut out = vec![0.0; image.0 as usize * image.1 as usize * channels];
    for channel in 0..channels {
        let mut canvas = vec![0u8; scaled.0 as usize * scaled.1 as usize * 4];
        for (at, value) in values.iter().skip(channel).step_by(channels).enumerate() {
            let place = ((at / size.0 + window.1) * scaled.0 as usize + at % size.0 + window.0) * 4;
            canvas[place..place + 4].copy_from_slice(&value.to_ne_bytes());
        }
        let restored = scale(canvas, scaled, image, Pixel::Float)?;
        for (place, value) in out.iter_mut().skip(channel).step_by(channels).zip(restored.chunks_exact(4)) {
            *place = f32::from_ne_bytes([value[0], value[1], value[2], value[3]]);
        }
    }
    Ok(out)
}

/// The size that the whole picture is scaled to, and where in it the network's window begins.
fn window(from: (u32, u32), geometry: &Geometry) -> ((u32, u32), (usize, usize)) {
    let to = (geometry.width, geometry.height);
    match geometry.fit {
        Fit::Squash => (to, (0, 0)),
        Fit::ShortestCrop { crop_pct } => {
            let scaled = covering(from, to, crop_pct);
            (scaled, (margin(scaled.0, to.0), margin(scaled.1, to.1)))
        }
    }
}

/// One channel through the antialiased triangle filter.
fn scale(pixels: Vec<u8>, from: (u32, u32), to: (u32, u32), pixel: Pixel) -> Result<Vec<u8>, ImageError> {
    if from == to {
        return Ok(pixels);
    }
    kernel::resize(&pixels, from, to, pixel, kernel::Filter::Triangle).map_err(ImageError::Decode)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn geometry(width: u32, height: u32, fit: Fit) -> Geometry {
        Geometry { width, height, fit, filter: Filter::Bilinear, light: Light::Kept }
    }

    /// A disc, and its left half in a second channel.
    fn disc(width: u32, height: u32) -> Mask {
        let inside = |x: u32, y: u32| {
            let (u, v) = ((x as f32 + 0.5) / width as f32 - 0.5, (y as f32 + 0.5) / height as f32 - 0.5);
            u * u + v * v < 0.09
        };
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let data = pixels.flat_map(|(x, y)| [u8::from(inside(x, y)), u8::from(inside(x, y) && x < width / 2)]).collect();
        Mask { width, height, channels: 2, data }
    }

    #[test]
    fn areas_and_places_are_kept_at_every_scale() {
        let mask = disc(600, 450);
        for (width, height) in [(200, 150), (64, 64), (224, 224), (900, 700)] {
            let small = resample(&mask, &geometry(width, height, Fit::Squash)).unwrap();
            let drawn = disc(width, height);
            // What differs from a disc drawn at that size lies on the outline.
            let different = small.iter().zip(&drawn.data).filter(|(a, b)| a != b).count();
            assert!(different < (width + height) as usize / 2, "{different} at {width} x {height}");
        }
    }

    #[test]
    fn a_crop_takes_the_centre() {
        let mask = disc(600, 450);
        // 450 becomes 64: the 341 scaled to 85 x 64, of which the middle 64 x 64 is kept: a circle 0.3 * 85 wide, 0.3 * 64 high.
        let cropped = resample(&mask, &geometry(64, 64, Fit::ShortestCrop { crop_pct: 1.0 })).unwrap();
        let row = |y: usize| (0..64).filter(|x| cropped[(y * 64 + x) * 2] == 1).count();
        let column = |x: usize| (0..64).filter(|y| cropped[(y * 64 + x) * 2] == 1).count();
        assert!(row(32).abs_diff(51) <= 1 && column(32).abs_diff(38) <= 1, "{} {}", row(32), column(32));
    }

    #[test]
    fn restoring_finds_the_mask_again() {
        let mask = disc(120, 90);
        for fit in [Fit::Squash, Fit::ShortestCrop { crop_pct: 0.875 }] {
            let geometry = geometry(96, 96, fit);
            let small: Vec<f32> = resample(&mask, &geometry).unwrap().into_iter().map(f32::from).collect();
            let back = restore(&small, 2, &geometry, (120, 90)).unwrap();
            let different = back.iter().zip(&mask.data).filter(|(value, on)| (**value >= 0.5) != (**on == 1)).count();
            assert!(different < 60, "{different} with {fit:?}");
        }
        assert!(restore(&[0.0; 3], 1, &geometry(2, 2, Fit::Squash), (4, 4)).is_err());
    }
}
