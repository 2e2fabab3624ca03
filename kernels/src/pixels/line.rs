//! One line of an image that is sampled: what stands at the places that its pixels come from, and what comes of it.

use super::warp::Become;

/// What is known of the pixels of one line.
pub(super) struct Line {
    /// The four pixels that each comes from: upper left, upper right, lower left, lower right; first where they are, then what they are.
    corners: [Vec<u32>; 4],
    /// How far across and down from the first of them.
    parts: [Vec<f32>; 2],
}

impl Line {
    pub(super) fn new(width: usize) -> Self {
        Self { corners: [(); 4].map(|()| vec![0; width]), parts: [(); 2].map(|()| vec![0.0; width]) }
    }

    #[inline(always)]
    pub(super) fn look_up(&mut self, source: &[u32]) {
        for corner in &mut self.corners {
            for pixel in corner {
                *pixel = source[*pixel as usize];
            }
        }
    }

    #[inline(always)]
    pub(super) fn finish<T: Become>(&mut self, colours: &[[f32; 4]; 3], out: &mut [[T::Value; 3]], become_: T) {
        let ([upper_left, upper_right, lower_left, lower_right], [across, down]) = self.slices();
        let out = &mut out[..upper_left.len()];
        for i in 0..upper_left.len() {
            let mut levels = [0.0; 3];
            for (channel, own) in levels.iter_mut().enumerate() {
                let (p, q) = (level(upper_left[i], channel), level(upper_right[i], channel));
                let (r, s) = (level(lower_left[i], channel), level(lower_right[i], channel));
                let upper = p + (q - p) * across[i];
                *own = upper + (r + (s - r) * across[i] - upper) * down[i];
            }
            for place in 0..3 {
                out[i][place] = become_.value(place, coloured(levels, &colours[place]));
            }
        }
    }

    /// All of one length, known to be.
    #[inline(always)]
    pub(super) fn slices(&mut self) -> ([&mut [u32]; 4], [&mut [f32]; 2]) {
        let n = self.parts[0].len();
        let ([a, b, c, d], [e, f]) = (&mut self.corners, &mut self.parts);
        ([&mut a[..n], &mut b[..n], &mut c[..n], &mut d[..n]], [&mut e[..n], &mut f[..n]])
    }
}

/// What added to a small number leaves it whole, in the last bits.
const WHOLE: f32 = (1 << 23) as f32;

/// A whole number below 2^23. A conversion would mind what does not fit, and not be made a vector.
#[inline(always)]
pub(super) fn number(whole: f32) -> u32 {
    (whole + WHOLE).to_bits() & ((1 << 23) - 1)
}

#[inline(always)]
fn level(pixel: u32, channel: usize) -> f32 {
    (pixel >> (8 * channel) & 255) as i32 as f32
}

/// A rounded level: a row of the map of colours times a pixel.
#[inline(always)]
fn coloured(levels: [f32; 3], [red, green, blue, offset]: &[f32; 4]) -> f32 {
    let level = red * levels[0] + green * levels[1] + blue * levels[2] + offset;
    // In this order, so that what is no number becomes 0.
    let level = if level > 0.0 { level } else { 0.0 };
    let level = if level < 255.0 { level } else { 255.0 };
    (level + WHOLE) - WHOLE
}
