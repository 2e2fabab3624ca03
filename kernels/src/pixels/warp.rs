//! An image through an affine map of the plane and one of the colours, sampled once.
//!
//! A line is worked out in three loops: where its pixels come from, what stands there, and what comes of it. The first and the last hold
//! no look-up, so that the compiler turns them into vectors of whichever instruction set they are compiled for.

use std::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use super::super::fresh::Uninit;
use super::super::simd;
use super::super::sizes::volume;
use super::Scaling;

/// Where each pixel comes from and what becomes of its colour. Between pixels it is interpolated bilinearly; what lies outside is mirrored
/// at the border, as often as needed; levels are rounded and stay within 0 and 255.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Warp {
    /// `x' = a x + b y + c`, `y' = d x + e y + f`, in pixels from the corner: the centre of the first is at 0.5.
    pub plane: [f32; 6],
    /// `level' = row[0] red + row[1] green + row[2] blue + row[3]`, a row for each of red, green and blue.
    pub colours: [[f32; 4]; 3],
}

impl Warp {
    /// The image that comes of `pixels`, both `[height, width, 3]`; panics where they are not of that size.
    pub fn apply(&self, pixels: &[u8], size: [usize; 2], out: &mut [u8]) {
        self.run(pixels, size, out, Levels);
    }

    /// The same, scaled.
    pub fn apply_scaled(&self, pixels: &[u8], size: [usize; 2], scaling: &Scaling, out: &mut [Uninit]) {
        let own = Self { colours: scaling.channels.map(|channel| self.colours[channel]), ..*self };
        own.run(pixels, size, out, Values(scaling));
    }

    fn run<T: Become>(&self, pixels: &[u8], size @ [height, width]: [usize; 2], out: &mut [T::Value], become_: T) {
        assert!(height < 1 << 22 && width < 1 << 22, "sides that single precision counts, and twice as far");
        let bytes = volume([height, width, 3]);
        assert!(pixels.len() == bytes && out.len() == bytes, "images of {height} x {width}");
        assert!(bytes / 3 <= u32::MAX as usize, "pixels that 32 bits count");
        if bytes > 0 {
            simd::run(Run { warp: self, pixels, size, out, become_ });
        }
    }

    /// Whether no pixel comes from further outside than the image is wide or high.
    fn is_near(&self, [height, width]: [usize; 2]) -> bool {
        let [a, b, c, d, e, f] = self.plane;
        let (width, height) = (width as f32, height as f32);
        let within = |[a, b, c]: [f32; 3], side: f32| {
            let ends = [c, a * width + c, b * height + c, a * width + b * height + c];
            // Two pixels short, for rounding and for the neighbour.
            ends.iter().all(|&end| end > 2.0 - side && end < 2.0 * side - 2.0)
        };
        within([a, b, c], width) && within([d, e, f], height)
    }
}

/// What a level becomes.
trait Become: Copy {
    type Value;
    /// The value at one of a pixel's three places.
    fn value(self, place: usize, level: f32) -> Self::Value;
}

/// Itself.
#[derive(Clone, Copy)]
struct Levels;

impl Become for Levels {
    type Value = u8;

    #[inline(always)]
    fn value(self, _: usize, level: f32) -> u8 {
        number(level) as u8
    }
}

/// A scaled value.
#[derive(Clone, Copy)]
struct Values<'a>(&'a Scaling);

impl Become for Values<'_> {
    type Value = Uninit;

    #[inline(always)]
    fn value(self, place: usize, level: f32) -> Uninit {
        MaybeUninit::new(level * self.0.scale[place] + self.0.shift[place])
    }
}

struct Run<'a, T: Become> {
    warp: &'a Warp,
    pixels: &'a [u8],
    size: [usize; 2],
    out: &'a mut [T::Value],
    become_: T,
}

impl<T: Become> WithSimd for Run<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { warp, pixels, size: size @ [height, width], out, become_ } = self;
        let source = packed(pixels);
        let near = warp.is_near(size);
        let mut line = Line::new(width);
        for (row, out) in out.as_chunks_mut::<3>().0.chunks_exact_mut(width).enumerate() {
            match near {
                true => line.find_near(&warp.plane, row, [height as f32, width as f32]),
                false => line.find_far(&warp.plane, row, [height as i64, width as i64]),
            }
            line.look_up(&source);
            line.finish(&warp.colours, out, become_);
        }
    }
}

/// One number for the three levels of each pixel.
#[inline(always)]
fn packed(pixels: &[u8]) -> Vec<u32> {
    let mut numbers = vec![0; pixels.len() / 3];
    for (number, pixel) in numbers.iter_mut().zip(pixels.as_chunks::<3>().0) {
        *number = u32::from(pixel[0]) | u32::from(pixel[1]) << 8 | u32::from(pixel[2]) << 16;
    }
    numbers
}

/// What is known of the pixels of one line.
struct Line {
    /// The four pixels that each comes from: upper left, upper right, lower left, lower right; first where they are, then what they are.
    corners: [Vec<u32>; 4],
    /// How far across and down from the first of them.
    parts: [Vec<f32>; 2],
}

impl Line {
    fn new(width: usize) -> Self {
        Self { corners: [(); 4].map(|()| vec![0; width]), parts: [(); 2].map(|()| vec![0.0; width]) }
    }

    /// Of places less than the image's size outside of it.
    #[inline(always)]
    fn find_near(&mut self, plane: &[f32; 6], row: usize, [height, width]: [f32; 2]) {
        let ([upper_left, upper_right, lower_left, lower_right], [across, down]) = self.slices();
        for i in 0..upper_left.len() {
            let [x, y] = place(plane, row, i);
            let (left, top) = (x.floor(), y.floor());
            (across[i], down[i]) = (x - left, y - top);
            let (left, right) = (folded(left, width), folded(left + 1.0, width));
            let (top, bottom) = (folded(top, height) * width as u32, folded(top + 1.0, height) * width as u32);
            (upper_left[i], upper_right[i]) = (top + left, top + right);
            (lower_left[i], lower_right[i]) = (bottom + left, bottom + right);
        }
    }

    /// Of any places.
    #[inline(always)]
    fn find_far(&mut self, plane: &[f32; 6], row: usize, [height, width]: [i64; 2]) {
        let ([upper_left, upper_right, lower_left, lower_right], [across, down]) = self.slices();
        for i in 0..upper_left.len() {
            let [x, y] = place(plane, row, i);
            let (left, top) = (x.floor(), y.floor());
            (across[i], down[i]) = (x - left, y - top);
            // A place that is no number counts as 0; what is beyond counting as the last that counts.
            let (left, top) = (i64::from(left as i32), i64::from(top as i32));
            let (left, right) = (mirrored(left, width), mirrored(left + 1, width));
            let (top, bottom) = (mirrored(top, height) * width as u32, mirrored(top + 1, height) * width as u32);
            (upper_left[i], upper_right[i]) = (top + left, top + right);
            (lower_left[i], lower_right[i]) = (bottom + left, bottom + right);
        }
    }

    #[inline(always)]
    fn look_up(&mut self, source: &[u32]) {
        for corner in &mut self.corners {
            for pixel in corner {
                *pixel = source[*pixel as usize];
            }
        }
    }

    #[inline(always)]
    fn finish<T: Become>(&mut self, colours: &[[f32; 4]; 3], out: &mut [[T::Value; 3]], become_: T) {
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
    fn slices(&mut self) -> ([&mut [u32]; 4], [&mut [f32]; 2]) {
        let n = self.parts[0].len();
        let ([a, b, c, d], [e, f]) = (&mut self.corners, &mut self.parts);
        ([&mut a[..n], &mut b[..n], &mut c[..n], &mut d[..n]], [&mut e[..n], &mut f[..n]])
    }
}

/// Where the pixel in this row and column comes from, from the centre of the first pixel.
#[inline(always)]
fn place([a, b, c, d, e, f]: &[f32; 6], row: usize, column: usize) -> [f32; 2] {
    let (u, v) = (column as u32 as i32 as f32 + 0.5, row as f32 + 0.5);
    [a * u + (b * v + c - 0.5), d * u + (e * v + f - 0.5)]
}

/// A whole number within a line's length of it, mirrored into it.
#[inline(always)]
fn folded(place: f32, side: f32) -> u32 {
    let place = if place < 0.0 { -1.0 - place } else { place };
    number(if place < side { place } else { 2.0 * side - 1.0 - place })
}

/// What added to a small number leaves it whole, in the last bits.
const WHOLE: f32 = (1 << 23) as f32;

/// A whole number below 2^23. A conversion would mind what does not fit, and not be made a vector.
#[inline(always)]
fn number(whole: f32) -> u32 {
    (whole + WHOLE).to_bits() & ((1 << 23) - 1)
}

/// A whole number mirrored into a line as often as needed.
#[inline(always)]
fn mirrored(place: i64, side: i64) -> u32 {
    let place = place.rem_euclid(2 * side);
    (if place < side { place } else { 2 * side - 1 - place }) as u32
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
