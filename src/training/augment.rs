//! Augmentation: one affine map of the plane and one of the colours for each image and epoch.
//!
//! Skin has no up and no left, so that flips and any rotation keep the diagnosis. An image is
//! sampled once, bilinearly, through crop, rotation and flips together; what lies outside is mirrored
//! at the border. Brightness, contrast, saturation and hue join into one 3x3 matrix with an offset
//! (Haeberli, "Matrix operations for image processing", 1993, <http://www.graficaobscura.com/matrix/>).
//! The draws depend on seed, epoch and image alone: not on threads, batches or what was drawn before.

use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

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

/// Changes a batch in place. `pixels` is `[n, height, width, 3]` RGB; `images[i]` is the position of image `i` among the training images.
pub fn augment(pixels: &mut [u8], size: (usize, usize), images: &[usize], settings: &Augment, seed: u64, epoch: usize) {
    if settings.is_none() {
        return;
    }
    let (width, height) = size;
    pixels.par_chunks_mut(width * height * 3).zip(images).for_each(|(image, &position)| {
        let mut rng = stream(seed, Purpose::Augment, [epoch as u64, position as u64]);
        let plane = Plane::draw(&mut rng, settings, width as f32, height as f32);
        let source = image.to_vec();
        let colours = Colours::draw(&mut rng, settings, &source);
        warp(&source, image, (width, height), &plane, &colours);
    });
}

/// Where an output pixel comes from: `x' = a x + b y + c`, `y' = d x + e y + f`, in pixels from the corner.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Plane([f32; 6]);

impl Plane {
    fn draw(rng: &mut impl Rng, settings: &Augment, width: f32, height: f32) -> Self {
        let (mut across, mut down) = (1.0f64, 1.0f64);
        if settings.crop < 1.0 {
            let area = rng.random_range(settings.crop..=1.0);
            let aspect = rng.random_range((0.75f64).ln()..=(4.0f64 / 3.0).ln()).exp();
            across = (area * aspect).sqrt().min(1.0);
            down = (area / aspect).sqrt().min(1.0);
        }
        let left = rng.random_range(0.0..=1.0) * (1.0 - across);
        let top = rng.random_range(0.0..=1.0) * (1.0 - down);
        let angle = if settings.rotation > 0.0 { rng.random_range(-settings.rotation..=settings.rotation).to_radians() } else { 0.0 };
        let mirror = |heads: bool| if settings.flips && heads { -1.0f32 } else { 1.0 };
        let (mirror_x, mirror_y) = (mirror(rng.random()), mirror(rng.random()));
        let (across, down) = (across as f32, down as f32);
        let centre = (width * (left as f32 + across / 2.0), height * (top as f32 + down / 2.0));
        let (sin, cos) = (angle.sin() as f32, angle.cos() as f32);
        let (a, b) = (cos * mirror_x * across, -sin * mirror_y * across);
        let (d, e) = (sin * mirror_x * down, cos * mirror_y * down);
        let (half_x, half_y) = (width / 2.0, height / 2.0);
        Self([a, b, centre.0 - a * half_x - b * half_y, d, e, centre.1 - d * half_x - e * half_y])
    }
}

/// `rgb' = matrix rgb + offset`, of values 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Colours {
    matrix: [[f32; 3]; 3],
    offset: f32,
}

/// The weights of red, green and blue in grey (ITU-R BT.601), as Pillow's and torchvision's colour operations use them.
const GREY: [f32; 3] = [0.299, 0.587, 0.114];

impl Colours {
    fn draw(rng: &mut impl Rng, settings: &Augment, pixels: &[u8]) -> Self {
        let mut factor =
            || if settings.jitter > 0.0 { rng.random_range(1.0 - settings.jitter..=1.0 + settings.jitter) as f32 } else { 1.0 };
        let (brightness, contrast, saturation) = (factor(), factor(), factor());
        let angle = if settings.hue > 0.0 { rng.random_range(-settings.hue..=settings.hue).to_radians() } else { 0.0 };
        let turn = hue_rotation(angle as f32);
        let mut matrix = [[0.0; 3]; 3];
        for (row, out) in matrix.iter_mut().enumerate() {
            for (column, cell) in out.iter_mut().enumerate() {
                let saturated = |r: usize| GREY[column] * (1.0 - saturation) + if r == column { saturation } else { 0.0 };
                *cell = brightness * contrast * (0..3).map(|k| turn[row][k] * saturated(k)).sum::<f32>();
            }
        }
        let offset = if settings.jitter > 0.0 { mean_grey(pixels) * brightness * (1.0 - contrast) } else { 0.0 };
        Self { matrix, offset }
    }

    fn apply(&self, [r, g, b]: [f32; 3]) -> [u8; 3] {
        self.matrix.map(|row| (row[0] * r + row[1] * g + row[2] * b + self.offset).round().clamp(0.0, 255.0) as u8)
    }
}

/// Rotation about the axis of greys; white, black and grey stay.
fn hue_rotation(angle: f32) -> [[f32; 3]; 3] {
    let (sin, cos) = (angle.sin(), angle.cos());
    let same = cos + (1.0 - cos) / 3.0;
    let (less, more) = ((1.0 - cos) / 3.0 - sin / 3f32.sqrt(), (1.0 - cos) / 3.0 + sin / 3f32.sqrt());
    [[same, less, more], [more, same, less], [less, more, same]]
}

fn mean_grey(pixels: &[u8]) -> f32 {
    let mut sums = [0u64; 3];
    for pixel in pixels.chunks_exact(3) {
        for (sum, &value) in sums.iter_mut().zip(pixel) {
            *sum += u64::from(value);
        }
    }
    let n = (pixels.len() / 3).max(1) as f32;
    sums.iter().zip(GREY).map(|(&sum, weight)| weight * sum as f32 / n).sum()
}

/// Folds a coordinate back into `0..n` by mirroring at the borders.
fn mirrored(i: i64, n: i64) -> usize {
    let folded = i.rem_euclid(2 * n);
    (if folded < n { folded } else { 2 * n - 1 - folded }) as usize
}

fn warp(source: &[u8], target: &mut [u8], (width, height): (usize, usize), plane: &Plane, colours: &Colours) {
    let [a, b, c, d, e, f] = plane.0;
    let at = |x: i64, y: i64| (mirrored(y, height as i64) * width + mirrored(x, width as i64)) * 3;
    for (row, line) in target.chunks_exact_mut(width * 3).enumerate() {
        let v = row as f32 + 0.5;
        for (column, pixel) in line.chunks_exact_mut(3).enumerate() {
            let u = column as f32 + 0.5;
            let (x, y) = (a * u + b * v + c - 0.5, d * u + e * v + f - 0.5);
            let (left, top) = (x.floor(), y.floor());
            let (right_part, bottom_part) = (x - left, y - top);
            let (left, top) = (left as i64, top as i64);
            let corners = [at(left, top), at(left + 1, top), at(left, top + 1), at(left + 1, top + 1)];
            let mut mixed = [0.0f32; 3];
            for (channel, value) in mixed.iter_mut().enumerate() {
                let [p, q, r, s] = corners.map(|corner| f32::from(source[corner + channel]));
                let upper = p + (q - p) * right_part;
                *value = upper + (r + (s - r) * right_part - upper) * bottom_part;
            }
            pixel.copy_from_slice(&colours.apply(mixed));
        }
    }
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

    #[test]
    fn hue_by_a_third_turn_moves_red_to_green() {
        let turn = hue_rotation(2.0 * std::f32::consts::PI / 3.0);
        let red: Vec<f32> = turn.iter().map(|row| row[0]).collect();
        assert!((red[0]).abs() < 1e-6 && (red[1] - 1.0).abs() < 1e-6 && red[2].abs() < 1e-6, "{red:?}");
    }

    #[test]
    fn borders_mirror() {
        assert_eq!([-3, -2, -1, 0, 3, 4, 5].map(|i| mirrored(i, 4)), [2, 1, 0, 0, 3, 3, 2]);
    }
}
