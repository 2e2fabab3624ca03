//! Pictures with the outlines of the true and of the predicted mask.

use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use crate::dataset::masks::{self, Mask};
use crate::dataset::{self, decode};

/// The longer side, in pixels.
const SIDE: u32 = 320;

/// JPEG quality: lines one pixel wide stay legible.
const QUALITY: u8 = 85;

/// The true outline.
pub const TRUTH: [u8; 3] = [0, 229, 255];

/// The predicted outline.
pub const PREDICTED: [u8; 3] = [255, 61, 242];

/// Where both are one.
pub const BOTH: [u8; 3] = [255, 255, 255];

/// An image file with the outlines of two masks of it, its longer side 320 pixels, as a JPEG file.
///
/// # Errors
///
/// Those of [`decode::decode`].
pub fn overlay(path: &Path, truth: &Mask, predicted: &Mask) -> Result<Vec<u8>, dataset::Error> {
    let image = decode::decode(path)?;
    let (width, height) = image.dimensions();
    let scale = f64::from(SIDE) / f64::from(width.max(height).max(1));
    let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    let halfway = if scale < 0.5 { imageops::thumbnail(&image, side(width) * 2, side(height) * 2) } else { image };
    let mut picture = imageops::resize(&halfway, side(width), side(height), FilterType::Triangle);
    let failed = |source| dataset::Error::Image { path: path.to_owned(), source };
    for class in 0..truth.channels {
        let truth = outline(truth, class, &picture).map_err(failed)?;
        let predicted = outline(predicted, class, &picture).map_err(failed)?;
        draw(&mut picture, &truth, &predicted);
    }
    let mut bytes = Vec::new();
    let encoded = JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&picture);
    encoded.map_err(|error| dataset::Error::Io { operation: "shrink", path: path.to_owned(), source: std::io::Error::other(error) })?;
    Ok(bytes)
}

/// The outline of a class at the picture's size, two pixels wide so that it shows: pixels of the mask with one that is not of it next to
/// them or behind that, across or down. The picture's edge is no outline.
fn outline(mask: &Mask, class: usize, picture: &RgbImage) -> Result<Vec<bool>, dataset::ImageError> {
    let (width, height) = picture.dimensions();
    let plane = masks::resize(mask, width, height)?.plane(class);
    let (w, h) = (width as usize, height as usize);
    let on = |x: usize, y: usize| plane[y * w + x] == 1;
    let at = |i: usize| {
        let (x, y) = (i % w, i / w);
        let across = (x.saturating_sub(2)..(x + 3).min(w)).any(|x| !on(x, y));
        let down = (y.saturating_sub(2)..(y + 3).min(h)).any(|y| !on(x, y));
        on(x, y) && (across || down)
    };
    Ok((0..w * h).map(at).collect())
}

fn draw(picture: &mut RgbImage, truth: &[bool], predicted: &[bool]) {
    for (pixel, lines) in picture.pixels_mut().zip(truth.iter().zip(predicted)) {
        match lines {
            (true, true) => *pixel = Rgb(BOTH),
            (true, false) => *pixel = Rgb(TRUTH),
            (false, true) => *pixel = Rgb(PREDICTED),
            (false, false) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_lie_where_the_masks_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grey.png");
        RgbImage::from_pixel(160, 80, Rgb([90, 90, 90])).save(&path).unwrap();
        let half = |from: u32| {
            let data = (0..80).flat_map(|_| (0..160).map(move |x| u8::from(x >= from))).collect();
            Mask { width: 160, height: 80, channels: 1, data }
        };
        let bytes = overlay(&path, &half(40), &half(100)).unwrap();
        let picture = image::load_from_memory(&bytes).unwrap().into_rgb8();
        assert_eq!(picture.dimensions(), (320, 160));
        let near = |x: u32, colour: [u8; 3]| picture.get_pixel(x, 80).0.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 80);
        assert!(near(80, TRUTH) && near(200, PREDICTED), "{:?} {:?}", picture.get_pixel(80, 80), picture.get_pixel(200, 80));
        assert!(near(20, [90; 3]) && near(150, [90; 3]) && near(319, [90; 3]));
    }
}
