//! What lies on the skin and what the camera adds; none of it depends on the class.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::colour::{Rgb, encode, mix, srgb};

/// Draws curved hairs.
pub fn hairs(canvas: &mut [Rgb], size: u32, count: u32, rng: &mut ChaCha8Rng) {
    let colour = if rng.random_bool(0.8) { srgb(44, 32, 28) } else { srgb(150, 112, 76) };
    for _ in 0..count {
        let angle: f32 = rng.random_range(0.0..std::f32::consts::TAU);
        let middle: (f32, f32) = (rng.random_range(-0.9..0.9), rng.random_range(-0.9..0.9));
        let half: f32 = rng.random_range(0.25..0.95);
        let bend: f32 = rng.random_range(-0.35..0.35);
        let width: f32 = rng.random_range(0.007..0.016);
        let (sin, cos) = angle.sin_cos();
        stroke(canvas, size, colour, width, |t| {
            let along = (t * 2.0 - 1.0) * half;
            let across = bend * (along * along - half * half * 0.3);
            (middle.0 + along * cos - across * sin, middle.1 + along * sin + across * cos)
        });
    }
}

/// A line along `path` (0..1 to -1..1), `width` wide, thinner towards its end.
fn stroke(canvas: &mut [Rgb], size: u32, colour: Rgb, width: f32, path: impl Fn(f32) -> (f32, f32)) {
    let steps = size * 3;
    let mut covered = std::collections::BTreeMap::new();
    for step in 0..=steps {
        let t = step as f32 / steps as f32;
        let (u, v) = path(t);
        let scale = size as f32 / 2.0;
        let (x, y, radius) = ((u + 1.0) * scale - 0.5, (v + 1.0) * scale - 0.5, width * scale * (1.0 - 0.6 * t));
        for py in (y - radius - 1.0).floor() as i64..=(y + radius + 1.0).ceil() as i64 {
            for px in (x - radius - 1.0).floor() as i64..=(x + radius + 1.0).ceil() as i64 {
                if (0..i64::from(size)).contains(&px) && (0..i64::from(size)).contains(&py) {
                    let away = ((px as f32 - x).powi(2) + (py as f32 - y).powi(2)).sqrt();
                    // A line thinner than a pixel covers it in part.
                    let cover = (radius + 0.5 - away).clamp(0.0, 1.0) * (2.0 * radius).min(1.0);
                    let most: &mut f32 = covered.entry((py * i64::from(size) + px) as usize).or_insert(0.0);
                    *most = most.max(cover);
                }
            }
        }
    }
    for (at, cover) in covered {
        canvas[at] = mix(canvas[at], colour, 0.9 * cover);
    }
}

/// How one picture is taken.
pub struct Camera {
    /// Factor on all light, and on each channel.
    gain: f32,
    balance: Rgb,
    /// Where the light comes from, and how uneven it is.
    light: (f32, f32),
    /// Radius of the round field; none: the field fills the picture.
    field: Option<f32>,
    /// Darkening towards the corners.
    vignette: f32,
    /// Edge with a ruler, and the distance of its marks.
    ruler: Option<(u32, f32)>,
    /// Standard deviation of the blur in thousandths of the side.
    blur: f32,
    /// Standard deviation of the noise in grey levels.
    noise: f32,
}

impl Camera {
    /// Draws a camera.
    pub fn draw(rng: &mut ChaCha8Rng) -> Self {
        let mut about = |spread: f32| 1.0 + rng.random_range(-spread..spread);
        let (gain, balance) = (about(0.14), [about(0.05), about(0.03), about(0.07)]);
        Self {
            gain,
            balance,
            light: (rng.random_range(-0.12..0.12), rng.random_range(-0.12..0.12)),
            field: rng.random_bool(0.18).then(|| rng.random_range(0.98..1.22)),
            vignette: if rng.random_bool(0.5) { rng.random_range(0.05..0.35) } else { 0.0 },
            ruler: rng.random_bool(0.12).then(|| (rng.random_range(0..4), rng.random_range(0.08..0.13))),
            blur: rng.random_range(2.0..8.0),
            noise: rng.random_range(1.0..4.5),
        }
    }

    /// Draws the marks of a ruler along its edge, every fifth longer.
    pub fn rulers(&self, canvas: &mut [Rgb], size: u32) {
        let Some((edge, step)) = self.ruler else { return };
        let marks = (1.9 / step) as u32;
        for mark in 0..=marks {
            let along = -0.95 + mark as f32 * step;
            let length = if mark % 5 == 0 { 0.16 } else { 0.09 };
            stroke(canvas, size, srgb(34, 34, 38), 0.008, |t| {
                let across = 0.96 - length * t;
                match edge {
                    0 => (along, across),
                    1 => (along, -across),
                    2 => (across, along),
                    _ => (-across, along),
                }
            });
        }
    }

    /// Light, field, blur, noise: linear light to 8-bit sRGB.
    pub fn expose(&self, mut canvas: Vec<Rgb>, size: u32, rng: &mut ChaCha8Rng) -> Vec<[u8; 3]> {
        for (at, pixel) in canvas.iter_mut().enumerate() {
            let (x, y) = (at as u32 % size, at as u32 / size);
            let (u, v) = ((x as f32 + 0.5) / size as f32 * 2.0 - 1.0, (y as f32 + 0.5) / size as f32 * 2.0 - 1.0);
            let light = self.gain * (1.0 + u * self.light.0 + v * self.light.1) * self.reach(u, v);
            *pixel = [0, 1, 2].map(|i| pixel[i] * light * self.balance[i]);
        }
        let blurred = blur(&canvas, size as usize, self.blur / 1000.0 * size as f32);
        let mut sample = || -> f32 { StandardNormal.sample(rng) };
        let level = |value: f32, noise: f32| (value + noise).round().clamp(0.0, 255.0) as u8;
        blurred
            .into_iter()
            .map(|pixel| {
                // Part of the noise is common to the channels.
                let common = self.noise * 0.7 * sample();
                encode(pixel).map(|value| level(value, common + self.noise * 0.5 * sample()))
            })
            .collect()
    }

    /// How much light reaches a point.
    fn reach(&self, u: f32, v: f32) -> f32 {
        let away = (u * u + v * v).sqrt();
        let field = self.field.map_or(1.0, |radius| 0.02 + 0.98 / (1.0 + ((away - radius) / 0.012).exp()));
        field * (1.0 - self.vignette * (away * away / 2.0))
    }
}

/// A Gaussian blur, edges repeated.
fn blur(canvas: &[Rgb], size: usize, sigma: f32) -> Vec<Rgb> {
    let reach = (3.0 * sigma).ceil().max(1.0) as isize;
    let kernel: Vec<f32> = (-reach..=reach).map(|i| (-(i * i) as f32 / (2.0 * sigma * sigma)).exp()).collect();
    let sum: f32 = kernel.iter().sum();
    let pass = |from: &[Rgb], step_x: isize, step_y: isize| -> Vec<Rgb> {
        let last = size as isize - 1;
        let at = |i: usize| {
            let (x, y) = ((i % size) as isize, (i / size) as isize);
            let mut total = [0.0; 3];
            for (k, weight) in kernel.iter().enumerate() {
                let offset = k as isize - reach;
                let (sx, sy) = ((x + offset * step_x).clamp(0, last), (y + offset * step_y).clamp(0, last));
                let pixel = from[(sy * size as isize + sx) as usize];
                for c in 0..3 {
                    total[c] += weight * pixel[c];
                }
            }
            total.map(|c| c / sum)
        };
        (0..from.len()).map(at).collect()
    };
    pass(&pass(canvas, 1, 0), 0, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blurring_keeps_an_even_field_even() {
        let even = vec![[0.25, 0.5, 0.75]; 36];
        for pixel in blur(&even, 6, 1.3) {
            assert!(pixel.iter().zip([0.25, 0.5, 0.75]).all(|(a, b)| (a - b).abs() < 1e-6));
        }
    }
}
