//! What the list changes of a picture's levels: brightness, contrast, sharpness or noise, the spread of lightness, colour.

use std::borrow::Cow;

use derm_kernels::pixels::{self, Shift, Table, Window};
use rand::Rng;

use super::Isic2020;

/// One image's changes, in their order.
pub struct Photo {
    /// Brightness and contrast; nothing where neither was drawn.
    tone: Option<Table>,
    texture: Option<Texture>,
    /// The limit of equalisation.
    limit: Option<f32>,
    shift: Option<Shift>,
}

/// What an image loses in detail.
enum Texture {
    Motion { window: Window, from: [usize; 2], to: [usize; 2] },
    Median(Window),
    Gaussian(Window),
    Noise { sigma: f32, seed: u64 },
}

impl Photo {
    pub fn draw(rng: &mut impl Rng, list: &Isic2020) -> Self {
        let offset = list.takes(rng, 0.75).then(|| list.about_zero(rng, 0.2 * 255.0));
        let factor = list.takes(rng, 0.75).then(|| 1.0 + list.about_zero(rng, 0.2));
        let tone = (offset.is_some() || factor.is_some()).then(|| tone(offset.unwrap_or(0.0), factor.unwrap_or(1.0)));
        let texture = list.takes(rng, 0.7).then(|| Texture::draw(rng, list));
        let limit = list.takes(rng, 0.7).then(|| rng.random_range(1.0..=(4.0 * list.magnitude).max(1.0)) as f32);
        let shift = list.takes(rng, 0.5).then(|| Shift {
            hue: list.about_zero(rng, 20.0) as f32,
            saturation: list.about_zero(rng, 20.0) as f32,
            value: list.about_zero(rng, 10.0) as f32,
        });
        Self { tone, texture, limit, shift }
    }

    /// What becomes of an image u8 `[height, width, 3]`.
    pub fn apply<'a>(&self, pixels: Cow<'a, [u8]>, size: [usize; 2]) -> Cow<'a, [u8]> {
        let mut pixels = pixels;
        if let Some(tone) = &self.tone {
            pixels::look_up(pixels.to_mut(), &[*tone; 3]);
        }
        if let Some(texture) = &self.texture {
            pixels = texture.apply(pixels, size);
        }
        if let Some(limit) = self.limit {
            pixels::clahe(pixels.to_mut(), size, limit);
        }
        if let Some(shift) = self.shift {
            pixels::shift(pixels.to_mut(), shift);
        }
        pixels
    }
}

impl Texture {
    fn draw(rng: &mut impl Rng, list: &Isic2020) -> Self {
        match rng.random_range(0..4) {
            0 => {
                let window = list.window(rng);
                let [from, to] = path(rng, window.side());
                Self::Motion { window, from, to }
            }
            1 => Self::Median(list.window(rng)),
            2 => Self::Gaussian(list.window(rng)),
            _ => Self::Noise { sigma: (rng.random_range(5.0f64..=30.0).sqrt() * list.magnitude) as f32, seed: rng.random() },
        }
    }

    fn apply<'a>(&self, mut pixels: Cow<'a, [u8]>, size: [usize; 2]) -> Cow<'a, [u8]> {
        match *self {
            Self::Motion { window, from, to } => Cow::Owned(pixels::motion(&pixels, size, window, from, to)),
            Self::Median(window) => Cow::Owned(pixels::median(&pixels, size, window)),
            Self::Gaussian(window) => Cow::Owned(pixels::gaussian(&pixels, size, window)),
            Self::Noise { sigma, seed } => {
                pixels::noise(pixels.to_mut(), sigma, seed);
                pixels
            }
        }
    }
}

impl Isic2020 {
    /// The smaller window for less than what was published, the larger for more, else either.
    fn window(&self, rng: &mut impl Rng) -> Window {
        let large = if self.magnitude == 1.0 { rng.random_bool(0.5) } else { self.magnitude > 1.0 };
        if large { Window::Five } else { Window::Three }
    }
}

/// Two cells of a window, `[across, down]`, which are not the same in a column.
fn path(rng: &mut impl Rng, side: usize) -> [[usize; 2]; 2] {
    let mut cell = |n: usize| rng.random_range(0..n as u64) as usize;
    let (from, to, first) = (cell(side), cell(side), cell(side));
    let second = if from == to { (first + 1 + cell(side - 1)) % side } else { cell(side) };
    [[from, first], [to, second]]
}

/// Levels moved, then multiplied; they stay within 0 and 255 after each.
fn tone(offset: f64, factor: f64) -> Table {
    std::array::from_fn(|level| ((level as f64 + offset).clamp(0.0, 255.0) * factor).clamp(0.0, 255.0).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_are_moved_then_multiplied() {
        let table = tone(51.0, 1.2);
        // (0 + 51) * 1.2 = 61.2, (149 + 51) * 1.2 = 240, and beyond 161.5 all is white.
        assert_eq!([0, 149, 162, 255].map(|level| table[level]), [61, 240, 255, 255]);
        // 10 - 51 stays at 0; (255 - 51) * 0.8 = 163.2.
        assert_eq!([10, 255].map(|level| tone(-51.0, 0.8)[level]), [0, 163]);
    }
}
