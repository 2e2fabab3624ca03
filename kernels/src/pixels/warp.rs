//! An image through a map of the plane and one of the colours, sampled once.
//!
//! A line is worked out in three loops: where its pixels come from, what stands there, and what comes of it. The first and the last hold
//! no look-up, so that the compiler turns them into vectors of whichever instruction set they are compiled for.

use std::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use super::super::fresh::Uninit;
use super::super::simd;
use super::super::sizes::volume;
use super::Scaling;
use super::bend::Frame;
use super::line::{Line, number};
use super::places::{counted, mirrored, wrapped};

/// Where each pixel comes from and what becomes of its colour: through the frame, if there is one, then through the plane. Between pixels it is interpolated bilinearly; what lies outside is mirrored
/// at the border, as often as needed; levels are rounded and stay within 0 and 255.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Warp {
    /// The picture within the result, bent; nothing where `plane` alone says where a pixel comes from.
    pub frame: Option<Frame>,
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

    /// A mask `[height, width, channels]` as [`Self::apply`] moves its image: each pixel is the nearest of the source's, never a
    /// mixture; what lies outside of the frame is 0. Panics where lengths do not fit.
    pub fn apply_nearest(&self, mask: &[u8], size: [usize; 2], channels: usize, out: &mut [u8]) {
        let values = check(size, channels);
        assert!(mask.len() == values && out.len() == values, "masks of {size:?} with {channels} channels");
        if values > 0 {
            simd::run(Nearest { warp: self, mask, size, channels, out });
        }
    }

    fn run<T: Become>(&self, pixels: &[u8], size @ [height, width]: [usize; 2], out: &mut [T::Value], become_: T) {
        let bytes = check(size, 3);
        assert!(pixels.len() == bytes && out.len() == bytes, "images of {height} x {width}");
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

/// The values of an image of a size that can be sampled.
fn check([height, width]: [usize; 2], channels: usize) -> usize {
    assert!(height < 1 << 22 && width < 1 << 22, "sides that single precision counts, and twice as far");
    assert!(volume([height, width]) < u32::MAX as usize, "pixels that 32 bits count, and one more");
    volume([height, width, channels])
}

/// What a level becomes.
pub(super) trait Become: Copy {
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
        let (near, black) = (warp.is_near(size), (pixels.len() / 3) as u32);
        let mut line = Line::new(width);
        for (row, out) in out.as_chunks_mut::<3>().0.chunks_exact_mut(width).enumerate() {
            match &warp.frame {
                Some(frame) => line.find_bent(frame, &warp.plane, row, [height as f32, width as f32], black),
                None if near => line.find_near(&warp.plane, row, [height as f32, width as f32]),
                None => line.find_far(&warp.plane, row, [height as i64, width as i64]),
            }
            line.look_up(&source);
            line.finish(&warp.colours, out, become_);
        }
    }
}

/// One number for the three levels of each pixel, and of a black one at the end.
#[inline(always)]
fn packed(pixels: &[u8]) -> Vec<u32> {
    let mut numbers = vec![0; pixels.len() / 3 + 1];
    for (number, pixel) in numbers.iter_mut().zip(pixels.as_chunks::<3>().0) {
        *number = u32::from(pixel[0]) | u32::from(pixel[1]) << 8 | u32::from(pixel[2]) << 16;
    }
    numbers
}

struct Nearest<'a> {
    warp: &'a Warp,
    mask: &'a [u8],
    size: [usize; 2],
    channels: usize,
    out: &'a mut [u8],
}

impl WithSimd for Nearest<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { warp: Warp { frame, plane: [a, b, c, d, e, f], .. }, mask, size: size @ [height, width], channels, out } = self;
        let (mut x, mut y, mut outside) = (vec![0.0; width], vec![0.0; width], vec![0; width]);
        let sides = size.map(|side| side as f32);
        for (row, line) in out.chunks_exact_mut(width * channels).enumerate() {
            let frame = frame.as_ref().inspect(|frame| frame.find(row, sides, &mut x, &mut y, &mut outside));
            for (column, pixel) in line.chunks_exact_mut(channels).enumerate() {
                let (u, v) = if frame.is_some() { (x[column], y[column]) } else { (column as f32 + 0.5, row as f32 + 0.5) };
                let (across, down) = (a * u + b * v + c, d * u + e * v + f);
                let from = match frame {
                    Some(_) if outside[column] != 0 => {
                        pixel.fill(0);
                        continue;
                    }
                    Some(_) => [(down, sides[0]), (across, sides[1])].map(|(at, side)| wrapped(counted(at).floor(), side, 0.5 / side)),
                    None => [(down, height), (across, width)].map(|(at, side)| mirrored(at.floor() as i64, side as i64)),
                };
                let from = (from[0] as usize * width + from[1] as usize) * channels;
                pixel.copy_from_slice(&mask[from..from + channels]);
            }
        }
    }
}
