//! One picture: skin, the lesion on it, what lies on both, then the camera.
//!
//! The picture is the square -1..1; a lesion's own plane is turned, scaled and shifted against it.

use std::f32::consts::TAU;

use image::{GrayImage, Luma, Rgb as Pixel, RgbImage};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::artefacts::{self, Camera};
use super::colour::{self, Rgb, behind_melanin, mix, srgb};
use super::looks::{Looks, Tint};
use super::noise::Noise;
use super::plan::View;

/// The picture and the mask of its lesion (0 or 255), both `size` x `size`.
pub fn paint(view: &View, size: u32) -> (RgbImage, GrayImage) {
    let mut rng = ChaCha8Rng::seed_from_u64(view.seed);
    let skin = Skin::new(view, rng.random());
    let lesion = LesionPaint::new(&view.lesion.looks, view.lesion.key);
    let camera = Camera::draw(&mut rng);
    let (sin, cos) = view.turn.sin_cos();
    let mut canvas = vec![[0.0; 3]; (size * size) as usize];
    let mut mask = GrayImage::new(size, size);
    for y in 0..size {
        for x in 0..size {
            let (u, v) = (unit(x, size), unit(y, size));
            let (du, dv) = ((u - view.shift.0) / view.zoom, (v - view.shift.1) / view.zoom);
            let (p, q) = (du * cos + dv * sin, dv * cos - du * sin);
            let ground = skin.at(u, v);
            let (colour, inside) = lesion.at(p, q, ground);
            canvas[(y * size + x) as usize] = colour;
            mask.put_pixel(x, y, Luma([if inside { 255 } else { 0 }]));
        }
    }
    artefacts::hairs(&mut canvas, size, view.hairs, &mut rng);
    camera.rulers(&mut canvas, size);
    let bytes = camera.expose(canvas, size, &mut rng);
    (RgbImage::from_fn(size, size, |x, y| Pixel(bytes[(y * size + x) as usize])), mask)
}

/// The middle of a pixel in -1..1.
fn unit(i: u32, size: u32) -> f32 {
    (i as f32 + 0.5) / size as f32 * 2.0 - 1.0
}

/// Skin with its unevenness.
struct Skin {
    colour: Rgb,
    blotches: Noise,
    pores: Noise,
}

impl Skin {
    fn new(view: &View, key: u32) -> Self {
        let (ita, a, b) = view.patient.tone;
        Self { colour: colour::skin(ita, a, b), blotches: Noise(key), pores: Noise(key ^ 0x5bd1_e995) }
    }

    fn at(&self, u: f32, v: f32) -> Rgb {
        let blotch = self.blotches.octaves(u * 1.6, v * 1.6, 3);
        let pore = self.pores.octaves(u * 22.0, v * 22.0, 2);
        let light = behind_melanin(self.colour, 0.07 * blotch + 0.05 * pore);
        // Flushed patches.
        let flush = 0.06 * self.blotches.at(u * 2.3 + 40.0, v * 2.3);
        [light[0] * (1.0 + flush), light[1] * (1.0 - flush), light[2] * (1.0 - flush)]
    }
}

/// A spot inside the lesion: centre, radius.
type Spot = (f32, f32, f32);

/// A lesion in its own plane.
struct LesionPaint<'a> {
    looks: &'a Looks,
    radius: f32,
    /// How far the outline lies beyond the radius, as a share of it, at equal steps of the angle.
    outline: Vec<f32>,
    /// Regions of the further colours.
    regions: Vec<(Tint, Spot)>,
    dots: Vec<Spot>,
    pale_dots: Vec<Spot>,
    /// Direction and strength in which the pigment thickens.
    slope: (f32, f32),
    noise: Noise,
}

impl<'a> LesionPaint<'a> {
    fn new(looks: &'a Looks, key: u32) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(u64::from(key));
        let radius = looks.diameter;
        let turn = rng.random_range(0.0..TAU);
        let strength = looks.asymmetry * rng.random_range(0.5..1.0);
        let regions = looks.tints.iter().map(|&tint| (tint, region(looks, radius, &mut rng))).collect();
        Self {
            looks,
            radius,
            outline: outline(&waves(looks, &mut rng)),
            regions,
            dots: spots(looks.dots, radius, (0.018, 0.045), &mut rng),
            pale_dots: spots(looks.pale_dots, radius, (0.02, 0.05), &mut rng),
            slope: (turn.cos() * strength, turn.sin() * strength),
            noise: Noise(key),
        }
    }

    /// Distance from the centre over the outline's distance in that direction: 1 on the outline.
    fn depth(&self, p: f32, q: f32) -> f32 {
        let stretch = self.looks.elongation.sqrt();
        let (p, q) = (p / stretch, q * stretch);
        let step = (q.atan2(p) / TAU).rem_euclid(1.0) * STEPS as f32;
        let (before, after) = (step as usize % STEPS, (step as usize + 1) % STEPS);
        let outline = self.outline[before] + (self.outline[after] - self.outline[before]) * step.fract();
        let rough = 0.10 * self.looks.border * self.noise.octaves(p * 9.0 + 7.0, q * 9.0, 2);
        (p * p + q * q).sqrt() / (self.radius * (1.0 + outline + rough).max(0.25))
    }

    /// The colour at a point, and whether it belongs to the lesion.
    fn at(&self, p: f32, q: f32, skin: Rgb) -> (Rgb, bool) {
        let depth = self.depth(p, q);
        if depth > 2.2 {
            return (skin, false);
        }
        let cover = 1.0 / (1.0 + ((depth - 1.0) / (0.35 * self.looks.softness)).exp());
        let mut colour = self.ground(p, q, depth, skin);
        for (tint, spot) in &self.regions {
            let ragged = 0.75 * self.noise.octaves(p * 7.0 + spot.0 * 90.0, q * 7.0, 4);
            let share = smooth(1.25, 0.4, distance(*spot, p, q) + ragged);
            colour = mix(colour, tinted(*tint, colour), 0.85 * share);
        }
        for spot in &self.dots {
            colour = mix(colour, behind_melanin(colour, 1.4), 0.8 * smooth(1.2, 0.7, distance(*spot, p, q)));
        }
        for spot in &self.pale_dots {
            colour = mix(colour, srgb(220, 192, 164), 0.45 * smooth(1.2, 0.7, distance(*spot, p, q)));
        }
        (mix(skin, colour, cover), depth < 1.0)
    }

    /// Pigment, blood and wax without the further colours.
    fn ground(&self, p: f32, q: f32, depth: f32, skin: Rgb) -> Rgb {
        let looks = self.looks;
        let (x, y) = (p / self.radius, q / self.radius);
        let cloud = self.noise.octaves(p * 4.0, q * 4.0, 3);
        let slope = (x * self.slope.0 + y * self.slope.1) * 0.6;
        let fade = 1.0 - 0.35 * (depth * depth).min(1.2);
        let network = looks.network * self.network(p, q) * (1.2 - depth).clamp(0.0, 1.0);
        let density = looks.pigment * fade * (1.0 + 0.45 * cloud + slope).max(0.1) + 0.45 * network;
        let blood = looks.blood * (0.85 + 0.4 * cloud);
        let bloody = [skin[0] * (1.0 - 0.30 * blood), skin[1] * (1.0 - 0.80 * blood), skin[2] * (1.0 - 0.66 * blood)];
        let waxy = mix(bloody, srgb(188, 150, 104), 0.55 * looks.wax * (0.8 + 0.4 * cloud));
        behind_melanin(waxy, density)
    }

    /// Meshes of the pigment network: 1 on its lines, 0 in its holes.
    fn network(&self, p: f32, q: f32) -> f32 {
        let bend = (0.9 * self.noise.at(p * 5.0, q * 5.0 + 31.0), 0.9 * self.noise.at(p * 5.0 + 17.0, q * 5.0));
        let (x, y) = (p * 42.0 + bend.0 * 2.0, q * 42.0 + bend.1 * 2.0);
        // Three waves at 120 degrees make a honeycomb.
        let waves = x.cos() + (0.5 * x + 0.866 * y).cos() + (0.5 * x - 0.866 * y).cos();
        (1.0 - (waves + 1.5) / 3.0).clamp(0.0, 1.0)
    }
}

/// Steps of an outline.
const STEPS: usize = 512;

fn outline(waves: &[(f32, f32, f32)]) -> Vec<f32> {
    let angles = (0..STEPS).map(|step| step as f32 / STEPS as f32 * TAU);
    angles.map(|angle| waves.iter().map(|(count, height, begin)| height * (count * angle + begin).sin()).sum()).collect()
}

/// Waves of an outline: how many round, how high, where they begin. Low waves make a lesion lopsided, high ones ragged.
fn waves(looks: &Looks, rng: &mut ChaCha8Rng) -> Vec<(f32, f32, f32)> {
    let mut waves = Vec::new();
    for count in 1..=3 {
        let height = looks.asymmetry * rng.random_range(0.05..0.17) / (1.0 + 0.3 * (count as f32 - 1.0));
        waves.push((count as f32, height, rng.random_range(0.0..TAU)));
    }
    for count in 5..=13 {
        let height = looks.border * rng.random_range(0.005..0.055);
        waves.push((count as f32, height, rng.random_range(0.0..TAU)));
    }
    waves
}

/// Where a further colour lies: the more asymmetric the lesion, the farther from its middle.
fn region(looks: &Looks, radius: f32, rng: &mut ChaCha8Rng) -> Spot {
    let angle = rng.random_range(0.0..TAU);
    let away = radius * (0.15 + 0.55 * looks.asymmetry) * rng.random_range(0.6..1.1);
    (away * angle.cos(), away * angle.sin(), radius * rng.random_range(0.32..0.62))
}

fn spots(count: u32, radius: f32, sizes: (f32, f32), rng: &mut ChaCha8Rng) -> Vec<Spot> {
    let spot = |_| {
        let angle = rng.random_range(0.0..TAU);
        let away = radius * 0.85 * rng.random::<f32>().sqrt();
        (away * angle.cos(), away * angle.sin(), rng.random_range(sizes.0..sizes.1))
    };
    (0..count).map(spot).collect()
}

/// Distance from a spot's centre in its radii.
fn distance(spot: Spot, p: f32, q: f32) -> f32 {
    ((p - spot.0).powi(2) + (q - spot.1).powi(2)).sqrt() / spot.2
}

/// 0 beyond `from`, 1 within `to`, smooth between.
fn smooth(from: f32, to: f32, at: f32) -> f32 {
    let t = ((from - at) / (from - to)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

fn tinted(tint: Tint, ground: Rgb) -> Rgb {
    match tint {
        Tint::DarkBrown => behind_melanin(ground, 0.8),
        Tint::Black => mix(ground, srgb(38, 28, 28), 0.85),
        Tint::BlueGrey => mix(ground, srgb(92, 98, 118), 0.7),
        Tint::Red => mix(ground, srgb(164, 62, 58), 0.6),
        Tint::White => mix(ground, srgb(218, 190, 180), 0.6),
        Tint::Yellow => mix(ground, srgb(196, 152, 100), 0.6),
        Tint::Purple => mix(ground, srgb(112, 40, 72), 0.7),
    }
}
