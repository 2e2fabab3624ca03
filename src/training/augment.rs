//! Augmentation: a map of the plane and one of the colours for each image and epoch.
//!
//! Skin has no up and no left, so that flips and any rotation keep the diagnosis. An image is
//! sampled once, bilinearly, through crop, rotation and flips together; what lies outside is mirrored
//! at the border. Brightness, contrast, saturation and hue join into one 3x3 matrix with an offset
//! (Haeberli, "Matrix operations for image processing", 1993, <http://www.graficaobscura.com/matrix/>).
//! The draws depend on seed, epoch and image alone: not on threads, batches or what was drawn before.
//!
//! [`Isic2020`] adds what the winners of that challenge did beside: blurs, noise, distortions, equalised lightness and a hole. What it moves
//! joins the map of the plane, so that an image is still sampled once.

mod colours;
mod isic2020;
mod plane;

use std::borrow::Cow;

use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use colours::Colours;
use derm_kernels::pixels::{Hole, Item, Warp};
pub use isic2020::Isic2020;
use isic2020::{Movement, Photo};
use plane::Plane;

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
    /// The list of the ISIC 2020 challenge's winners, before all of this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isic2020: Option<Isic2020>,
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
    /// Flips and half of [`Isic2020`].
    #[serde(rename = "isic2020-light")]
    Isic2020Light,
    /// Flips and [`Isic2020`] as it was published.
    Isic2020,
    /// Flips and a quarter more of [`Isic2020`].
    #[serde(rename = "isic2020-strong")]
    Isic2020Strong,
}

impl Augment {
    /// Nothing is changed.
    pub const NONE: Self = Self { flips: false, rotation: 0.0, crop: 1.0, jitter: 0.0, hue: 0.0, isic2020: None };

    /// The settings behind a named strength.
    pub fn preset(strength: Strength) -> Self {
        match strength {
            Strength::None => Self::NONE,
            Strength::Light => Self { flips: true, ..Self::NONE },
            Strength::Medium => Self { flips: true, rotation: 180.0, crop: 0.7, jitter: 0.2, hue: 5.0, ..Self::NONE },
            Strength::Strong => Self { flips: true, rotation: 180.0, crop: 0.5, jitter: 0.35, hue: 10.0, ..Self::NONE },
            Strength::Isic2020Light => Self { flips: true, isic2020: Some(Isic2020::LIGHT), ..Self::NONE },
            Strength::Isic2020 => Self { flips: true, isic2020: Some(Isic2020::PUBLISHED), ..Self::NONE },
            Strength::Isic2020Strong => Self { flips: true, isic2020: Some(Isic2020::STRONG), ..Self::NONE },
        }
    }

    /// Whether images stay as they are.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

/// One image u8 `[height, width, 3]` as it is changed in one epoch; `image` is its position among the training images.
pub fn change<'a>(
    pixels: Cow<'a, [u8]>,
    size @ (width, height): (usize, usize),
    image: usize,
    settings: &Augment,
    seed: u64,
    epoch: usize,
) -> Item<'a> {
    if settings.is_none() {
        return Item { pixels, warp: None, hole: None };
    }
    let mut rng = stream(seed, Purpose::Augment, [epoch as u64, image as u64]);
    let (warp, hole) = moved(&mut rng, settings, size);
    let photo = settings.isic2020.map(|list| Photo::draw(&mut rng, &list));
    let pixels = match photo {
        Some(photo) => photo.apply(pixels, [height, width]),
        None => pixels,
    };
    let colours = Colours::draw(&mut rng, settings, &pixels).rows();
    Item { pixels, warp: Some(Warp { colours, ..warp }), hole }
}

/// What moves an image and its mask, and what hides a part of the image; the first draws of a stream.
fn moved(rng: &mut impl Rng, settings: &Augment, (width, height): (usize, usize)) -> (Warp, Option<Hole>) {
    let plane = Plane::draw(rng, settings, width as f32, height as f32);
    let still = Warp { frame: None, plane: plane.0, colours: [[0.0; 4]; 3] };
    let Some(list) = settings.isic2020 else { return (still, None) };
    let Movement { frame, inner, hole } = Movement::draw(rng, &list, settings.flips, [height, width]);
    (Warp { frame, plane: plane.after(&inner).0, ..still }, hole)
}

/// Changes a batch in place. `pixels` is `[n, height, width, 3]` RGB; `images[i]` is the position of image `i` among the training images.
pub fn augment(pixels: &mut [u8], size @ (width, height): (usize, usize), images: &[usize], settings: &Augment, seed: u64, epoch: usize) {
    pixels.par_chunks_mut(width * height * 3).zip(images).for_each(|(image, &position)| {
        let source = image.to_vec();
        let Item { pixels, warp, hole } = change(Cow::Owned(source), size, position, settings, seed, epoch);
        match warp {
            Some(warp) => warp.apply(&pixels, [height, width], image),
            None => image.copy_from_slice(&pixels),
        }
        if let Some(hole) = hole {
            hole.fill(image, width, [0; 3]);
        }
    });
}

/// Moves masks as [`augment`] with the same arguments moves their images, in place, each pixel to the nearest: values are never
/// mixed and colours not changed, what lies outside of the image is 0, and holes hide nothing. `masks` is `[n, height, width, channels]`, of
/// the images' size.
pub fn augment_masks(
    masks: &mut [u8],
    channels: usize,
    size @ (width, height): (usize, usize),
    images: &[usize],
    settings: &Augment,
    seed: u64,
    epoch: usize,
) {
    if settings.is_none() || channels == 0 {
        return;
    }
    masks.par_chunks_mut(width * height * channels).zip(images).for_each(|(mask, &position)| {
        let mut rng = stream(seed, Purpose::Augment, [epoch as u64, position as u64]);
        let (warp, _) = moved(&mut rng, settings, size);
        let source = mask.to_vec();
        warp.apply_nearest(&source, [height, width], channels, mask);
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
        augment(&mut still, (6, 4), &[0], &Augment::NONE, 3, 0);
        augment_masks(&mut still, 3, (6, 4), &[0], &Augment::NONE, 3, 0);
        assert_eq!(still, picture(6, 4));
    }

    #[test]
    fn masks_move_with_images_that_are_distorted() {
        // As above, through every movement of the list, colours left alone: a smooth blob whose level says how far within it a pixel is. The
        // rest of the image is grey, so that what lies outside shows as black.
        let (width, height) = (64, 48);
        let level = |i: usize| {
            let (x, y) = ((i % width) as f32 - 20.0, (i / width) as f32 - 26.0);
            (255.0 - 4.0 * (x * x + y * y).sqrt()).max(60.0) as u8
        };
        let image: Vec<u8> = (0..width * height).flat_map(|i| [level(i); 3]).collect();
        let mask: Vec<u8> = image.chunks(3).map(|pixel| u8::from(pixel[0] > 180)).collect();
        let only_moved = |rng: &mut rand_chacha::ChaCha8Rng| moved(rng, &Augment::preset(Strength::Isic2020Strong), (width, height)).0;
        let (mut wrong, mut black, mut inside) = (0, 0, 0);
        for epoch in 0..200 {
            let warp = only_moved(&mut stream(3, Purpose::Augment, [epoch, 8]));
            let mut out = vec![0; image.len()];
            Warp { colours: [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]], ..warp }.apply(
                &image,
                [height, width],
                &mut out,
            );
            let mut moved_mask = mask.clone();
            augment_masks(&mut moved_mask, 1, (width, height), &[8], &Augment::preset(Strength::Isic2020Strong), 3, epoch as usize);
            for (pixel, &set) in out.chunks(3).zip(&moved_mask) {
                black += usize::from(pixel[0] == 0);
                inside += usize::from(set == 1);
                // The nearest pixel is at most half a pixel away in the source: 4 levels across, and as much down.
                wrong += usize::from(if set == 1 { pixel[0] < 174 } else { pixel[0] > 188 });
            }
        }
        assert!(black > 1000 && inside > 10_000, "{black} {inside}");
        assert_eq!(wrong, 0);
    }

    #[test]
    fn the_list_changes_as_often_as_it_says() {
        let size = (32, 32);
        let image: Vec<u8> = (0..size.0 * size.1 * 3).map(|i| (90 + i % 7 * 9) as u8).collect();
        let settings = Augment { flips: false, ..Augment::preset(Strength::Isic2020) };
        let n = 4000;
        let (mut framed, mut bent, mut holes, mut same) = (0, 0, 0, 0);
        for epoch in 0..n {
            let Item { pixels, warp, hole } = change(Cow::Borrowed(&image), size, 1, &settings, 9, epoch);
            let warp = warp.unwrap();
            framed += usize::from(warp.frame.is_some_and(|frame| frame.plane != derm_kernels::pixels::Frame::WHOLE.plane));
            bent += usize::from(warp.frame.is_some_and(|frame| frame.bend != derm_kernels::pixels::Bend::Straight));
            holes += usize::from(hole.is_some());
            same += usize::from(*pixels == *image);
        }
        let near = |count: usize, share: f64| (count as f64 / n as f64 - share).abs() < 4.0 * (share * (1.0 - share) / n as f64).sqrt();
        assert!(near(framed, 0.85) && near(bent, 0.7 * 2.0 / 3.0) && near(holes, 0.7), "{framed} {bent} {holes}");
        // Nothing of brightness, contrast, blur, equalisation and hue: a quarter, twice, three tenths, twice, and a half.
        assert!(near(same, 0.25 * 0.25 * 0.3 * 0.3 * 0.5), "{same}");
    }

    #[test]
    fn settings_without_the_list_are_written_as_they_were() {
        let text = serde_json::to_string(&Augment::preset(Strength::Medium)).unwrap();
        assert_eq!(text, r#"{"flips":true,"rotation":180.0,"crop":0.7,"jitter":0.2,"hue":5.0}"#);
        for strength in [Strength::Medium, Strength::Isic2020Strong] {
            let settings = Augment::preset(strength);
            assert_eq!(serde_json::from_str::<Augment>(&serde_json::to_string(&settings).unwrap()).unwrap(), settings);
        }
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
        let list = Augment::preset(Strength::Isic2020);
        assert_eq!(changed(list, 1), changed(list, 1));
        assert!((0..8).any(|epoch| changed(list, epoch) != changed(list, epoch + 1)));
    }

    #[test]
    fn a_grey_image_stays_grey_and_a_flat_one_flat() {
        let settings = Augment { crop: 0.3, ..Augment::preset(Strength::Strong) };
        let mut flat = vec![90u8; 8 * 8 * 3];
        augment(&mut flat, (8, 8), &[0], &settings, 5, 0);
        assert!(flat.iter().all(|&v| v.abs_diff(flat[0]) <= 1), "{flat:?}");
    }
}
