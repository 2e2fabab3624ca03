//! Augmentation: one affine map of the plane and one of the colours for each image and epoch.
//!
//! Skin has no up and no left, so that flips and any rotation keep the diagnosis. An image is
//! sampled once, bilinearly, through crop, rotation and flips together; what lies outside is mirrored
//! at the border. Brightness, contrast, saturation and hue join into one 3x3 matrix with an offset
//! (Haeberli, "Matrix operations for image processing", 1993, <http://www.graficaobscura.com/matrix/>).
//! The draws depend on seed, epoch and image alone: not on threads, batches or what was drawn before.

mod colours;
mod plane;
mod warp;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use colours::Colours;
use derm_kernels::pixels::Warp;
use plane::Plane;
use warp::warp_nearest;

use super::random::{Purpose, stream};

/// How much images may be changed; [`Augment::NONE`] leaves them as they are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Augment {
    /// Mirror left-right and top-bottom, each in half of the draws.
    pub flips: bool,
    /// Rotate by up to this many degrees either way, from 0 to 180.
    pub rotation: f64,
    /// The smallest part of the area that a random crop keeps, in (0, 1]; 1 means no crop. Aspect ratios reach from 3:4 to 4:3.
    pub crop: f64,
    /// Brightness and contrast are multiplied by up to `1 +- jitter`, saturation by up to `1 +- jitter`, from 0 to 1.
    pub jitter: f64,
    /// Turn the hue by up to this many degrees either way, from 0 to 180.
    pub hue: f64,
}

/// A named strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// Images as they are.
    None,
    /// Flips.
    Light,
    /// Flips, any rotation, crops of at least 70 % of the area, colours by 20 %.
    Medium,
    /// Flips, any rotation, crops of at least 50 % of the area, colours by 35 %.
    Strong,
}

impl Augment {
    /// Nothing is changed.
    pub const NONE: Self = Self { flips: false, rotation: 0.0, crop: 1.0, jitter: 0.0, hue: 0.0 };

    /// The settings behind a named strength.
    pub fn preset(strength: Strength) -> Self {
        match strength {
            Strength::None => Self::NONE,
            Strength::Light => Self { flips: true, ..Self::NONE },
            Strength::Medium => Self { flips: true, rotation: 180.0, crop: 0.7, jitter: 0.2, hue: 5.0 },
            Strength::Strong => Self { flips: true, rotation: 180.0, crop: 0.5, jitter: 0.35, hue: 10.0 },
        }
    }

    /// Whether images stay as they are.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

/// How one image `[height, width, 3]` is changed in one epoch; `image` is its position among the training images. Nothing where images
/// stay as they are.
pub fn warp(pixels: &[u8], (width, height): (usize, usize), image: usize, settings: &Augment, seed: u64, epoch: usize) -> Option<Warp> {
    let mut rng = (!settings.is_none()).then(|| stream(seed, Purpose::Augment, [epoch as u64, image as u64]))?;
    let plane = Plane::draw(&mut rng, settings, width as f32, height as f32);
    let colours = Colours::draw(&mut rng, settings, pixels);
    Some(Warp { plane: plane.0, colours: colours.rows() })
}

/// Changes a batch in place. `pixels` is `[n, height, width, 3]` RGB; `images[i]` is the position of image `i` among the training images.
pub fn augment(pixels: &mut [u8], size: (usize, usize), images: &[usize], settings: &Augment, seed: u64, epoch: usize) {
    pixels.par_chunks_mut(size.0 * size.1 * 3).zip(images).for_each(|(image, &position)| {
        let source = image.to_vec();
        if let Some(warp) = warp(&source, size, position, settings, seed, epoch) {
            warp.apply(&source, [size.1, size.0], image);
        }
    });
}

/// Moves masks as [`augment`] with the same arguments moves their images, in place, each pixel to the nearest: values are never
/// mixed and colours not changed. `masks` is `[n, height, width, channels]`, of the images' size.
pub fn augment_masks(
    masks: &mut [u8],
    channels: usize,
    size: (usize, usize),
    images: &[usize],
    settings: &Augment,
    seed: u64,
    epoch: usize,
) {
    if settings.is_none() || channels == 0 {
        return;
    }
    let (width, height) = size;
    masks.par_chunks_mut(width * height * channels).zip(images).for_each(|(mask, &position)| {
        let mut rng = stream(seed, Purpose::Augment, [epoch as u64, position as u64]);
        let plane = Plane::draw(&mut rng, settings, width as f32, height as f32);
        let source = mask.to_vec();
        warp_nearest(&source, mask, size, channels, &plane);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: usize, height: usize) -> Vec<u8> {
        (0..width * height * 3).map(|i| (i * 37 % 256) as u8).collect()
    }

    fn changed(settings: Augment, epoch: usize) -> Vec<u8> {
        let mut pixels = picture(6, 4);
        augment(&mut pixels, (6, 4), &[3], &settings, 11, epoch);
        pixels
    }

    #[test]
    fn flips_alone_move_pixels_without_changing_them() {
        let original = picture(6, 4);
        let pixel = |image: &[u8], x: usize, y: usize| image[(y * 6 + x) * 3..][..3].to_vec();
        let mut seen = std::collections::BTreeSet::new();
        for epoch in 0..40 {
            let image = changed(Augment::preset(Strength::Light), epoch);
            let matches = |fx: bool, fy: bool| {
                (0..4).all(|y| {
                    (0..6).all(|x| pixel(&image, x, y) == pixel(&original, if fx { 5 - x } else { x }, if fy { 3 - y } else { y }))
                })
            };
            let which = [(false, false), (true, false), (false, true), (true, true)].into_iter().find(|&(fx, fy)| matches(fx, fy));
            seen.insert(which.expect("one of the four mirrorings"));
        }
        assert_eq!(seen.len(), 4);
    }

    #[test]
    fn masks_move_with_their_images() {
        // An image whose left third is white and whose rest is black, and the mask that says so: after any movement the
        // mask is set where the image is white, but for the pixels that the edge runs through.
        let (width, height) = (48, 40);
        let edge: Vec<bool> = (0..width * height).map(|i| i % width < 16).collect();
        let settings = Augment { jitter: 0.0, hue: 0.0, ..Augment::preset(Strength::Strong) };
        for epoch in 0..20 {
            let mut image: Vec<u8> = edge.iter().flat_map(|&white| [if white { 255 } else { 0 }; 3]).collect();
            let mut one: Vec<u8> = edge.iter().map(|&white| u8::from(white)).collect();
            let mut two: Vec<u8> = edge.iter().flat_map(|&white| [if white { 4 } else { 2 }, 7]).collect();
            augment(&mut image, (width, height), &[8], &settings, 3, epoch);
            augment_masks(&mut one, 1, (width, height), &[8], &settings, 3, epoch);
            augment_masks(&mut two, 2, (width, height), &[8], &settings, 3, epoch);
            for ((pixel, &one), two) in image.chunks(3).zip(&one).zip(two.chunks(2)) {
                // Half-way between white and black either neighbour may be the nearest.
                assert!(pixel[0].abs_diff(if one == 1 { 255 } else { 0 }) <= 128, "{pixel:?} under {one}");
                assert_eq!(two, [if one == 1 { 4 } else { 2 }, 7]);
            }
            assert!(one.contains(&1) && one.contains(&0));
        }
        let mut still = picture(6, 4);
        augment_masks(&mut still, 3, (6, 4), &[0], &Augment::NONE, 3, 0);
        assert_eq!(still, picture(6, 4));
    }

    #[test]
    fn draws_depend_on_seed_epoch_and_image_only() {
        let settings = Augment::preset(Strength::Strong);
        assert_eq!(changed(settings, 1), changed(settings, 1));
        assert_ne!(changed(settings, 1), changed(settings, 2));
        // The same image alone, and as the second of a batch.
        let mut two = [picture(6, 4), picture(6, 4)].concat();
        augment(&mut two, (6, 4), &[9, 3], &settings, 11, 1);
        assert_eq!(two[6 * 4 * 3..], changed(settings, 1));
    }

    #[test]
    fn a_grey_image_stays_grey_and_a_flat_one_flat() {
        let settings = Augment { crop: 0.3, ..Augment::preset(Strength::Strong) };
        let mut flat = vec![90u8; 8 * 8 * 3];
        augment(&mut flat, (8, 8), &[0], &settings, 5, 0);
        assert!(flat.iter().all(|&v| v.abs_diff(flat[0]) <= 1), "{flat:?}");
    }
}
