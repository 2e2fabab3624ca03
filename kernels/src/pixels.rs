//! Pixels into a network's values: u8 `[height, width, 3]`, RGB, to f32 in the same order in memory.
//!
//! On the way an image may pass a map of the plane and one of the colours ([`Warp`]). What else is done to images before is here too: [`gaussian`]
//! and [`motion`] blur, the [`median`], [`noise`], equalised lightness ([`clahe`]), moved colours ([`shift`]) and tables of levels
//! ([`look_up`]). Nothing here is fused into one rounding: results are the same to the bit on every instruction set.

mod bend;
mod blur;
mod border;
mod clahe;
mod constancy;
mod hsv;
mod lab;
mod levels;
mod line;
mod median;
mod noise;
mod places;
mod warp;

use std::borrow::Cow;
use std::mem::MaybeUninit;
use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::fresh::{Uninit, filled};
use super::simd;
use super::sizes::volume;

pub use bend::{Bend, Frame, STEPS};
pub use blur::{Window, gaussian, motion};
pub use clahe::clahe;
pub use constancy::shades_of_grey;
pub use hsv::{Shift, shift};
pub use levels::{Table, counts, look_up};
pub use median::median;
pub use noise::noise;
pub use warp::Warp;

/// `value = level * scale + shift` for each of a pixel's three values; the value at place `i` comes from the level of `channels[i]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// 0 red, 1 green, 2 blue.
    pub channels: [usize; 3],
    /// Per level, of 0 to 255.
    pub scale: [f32; 3],
    /// The value of level 0.
    pub shift: [f32; 3],
}

/// One image of a batch.
pub struct Item<'a> {
    /// `[height, width, 3]`.
    pub pixels: Cow<'a, [u8]>,
    /// How it is changed before it is scaled.
    pub warp: Option<Warp>,
    /// What is black after that.
    pub hole: Option<Hole>,
}

/// A box of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// From the upper edge.
    pub rows: Range<usize>,
    /// From the left edge.
    pub columns: Range<usize>,
}

impl Hole {
    /// Makes the box of an image `[height, width, 3]` one colour; panics where it is not within the image.
    pub fn fill<T: Copy>(&self, values: &mut [T], width: usize, colour: [T; 3]) {
        for row in self.rows.clone() {
            let pixels = &mut values[(row * width + self.columns.start) * 3..(row * width + self.columns.end) * 3];
            pixels.as_chunks_mut::<3>().0.fill(colour);
        }
    }
}

/// The values of `n` images of `[height, width]`, `[n, height, width, 3]`: each as `item` gives it, on all threads. Ends with the
/// first error in the order of images.
///
/// Panics where an item is not of that size or [`Scaling::channels`] are not below 3.
#[allow(unsafe_code)] // The results' memory is new.
pub fn batch<'a, E: Send>(
    n: usize,
    [height, width]: [usize; 2],
    scaling: &Scaling,
    item: impl Fn(usize) -> Result<Item<'a>, E> + Sync,
) -> Result<Vec<f32>, E> {
    let image = volume([height, width, 3]);
    let mut failed = None;
    let write = |[out]: [&mut [Uninit]; 1]| {
        let errors = out.par_chunks_exact_mut(image.max(1)).enumerate().filter_map(|(i, out)| {
            let written = item(i).map(|Item { pixels, warp, hole }| {
                assert_eq!(pixels.len(), image, "bytes of an image of {height} x {width}");
                match warp {
                    Some(warp) => warp.apply_scaled(&pixels, [height, width], scaling, &mut *out),
                    None => simd::run(Scale { pixels: &pixels, scaling, out: &mut *out }),
                }
                if let Some(hole) = hole {
                    hole.fill(out, width, scaling.shift.map(MaybeUninit::new));
                }
            });
            let error = written.err()?;
            // Nobody sees these.
            out.fill(MaybeUninit::new(f32::NAN));
            Some((i, error))
        });
        failed = errors.min_by_key(|(i, _)| *i);
    };
    // SAFETY: the chunks cover the result, as it is whole images, and each is written whole by `Scale`, by `apply_scaled` or by the fill.
    let [values] = unsafe { filled(volume([n, image]), write) };
    failed.map_or(Ok(values), |(_, error)| Err(error))
}

/// Scales pixels as they are.
struct Scale<'a> {
    pixels: &'a [u8],
    scaling: &'a Scaling,
    out: &'a mut [Uninit],
}

/// Values that are scaled at a time: whole pixels, and whole registers of every instruction set.
const RUN: usize = 48;

impl WithSimd for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { pixels, scaling: Scaling { channels, scale, shift }, out } = self;
        let (mut scales, mut shifts) = ([0.0; RUN], [0.0; RUN]);
        for i in 0..RUN {
            (scales[i], shifts[i]) = (scale[i % 3], shift[i % 3]);
        }
        let (runs, rest) = pixels.as_chunks::<RUN>();
        let (out_runs, out_rest) = out.as_chunks_mut::<RUN>();
        assert!(runs.len() == out_runs.len() && rest.len() == out_rest.len(), "a value for each level");
        let in_order = *channels == [0, 1, 2];
        for (pixels, out) in runs.iter().zip(out_runs) {
            let levels = if in_order { *pixels } else { reordered(pixels, channels) };
            for i in 0..RUN {
                out[i].write(f32::from(levels[i]) * scales[i] + shifts[i]);
            }
        }
        for (pixel, out) in rest.chunks_exact(3).zip(out_rest.chunks_exact_mut(3)) {
            for i in 0..3 {
                out[i].write(f32::from(pixel[channels[i]]) * scale[i] + shift[i]);
            }
        }
    }
}

#[inline(always)]
fn reordered(pixels: &[u8; RUN], channels: &[usize; 3]) -> [u8; RUN] {
    let mut levels = [0; RUN];
    for i in 0..RUN {
        levels[i] = pixels[i - i % 3 + channels[i % 3]];
    }
    levels
}

/// The sums of an image's red, green and blue levels.
pub fn sums(pixels: &[u8]) -> [u64; 3] {
    simd::run(Sums(pixels))
}

struct Sums<'a>(&'a [u8]);

/// Levels that are summed at a time: whole pixels, and too many for the compiler to take apart into single numbers.
const SUMMED: usize = 384;

impl WithSimd for Sums<'_> {
    type Output = [u64; 3];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [u64; 3] {
        let mut total = [0u64; 3];
        // As many runs as 32 bits can hold, and more.
        for part in self.0.chunks(SUMMED << 16) {
            let mut lanes = [0u32; SUMMED];
            for run in part.chunks(SUMMED) {
                for (lane, &level) in lanes.iter_mut().zip(run) {
                    *lane += u32::from(level);
                }
            }
            for (i, lane) in lanes.into_iter().enumerate() {
                total[i % 3] += u64::from(lane);
            }
        }
        total
    }
}

#[cfg(test)]
mod tests;
