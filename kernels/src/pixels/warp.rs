//! An image through an affine map of the plane and one of the colours, sampled once.

use std::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use super::super::fresh::Uninit;
use super::super::simd;
use super::super::sizes::volume;
use super::Scaling;

/// Pixels that are worked out at a time.
const LANES: usize = 16;

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
    pub fn apply(&self, pixels: &[u8], [height, width]: [usize; 2], out: &mut [u8]) {
        self.run(pixels, [height, width], out, |out, channel, level| out[channel] = level as u8);
    }

    /// The same, scaled.
    pub fn apply_scaled(&self, pixels: &[u8], [height, width]: [usize; 2], scaling: &Scaling, out: &mut [Uninit]) {
        let Scaling { channels, scale, shift } = *scaling;
        let own = Self { colours: channels.map(|channel| self.colours[channel]), ..*self };
        own.run(pixels, [height, width], out, |out: &mut [Uninit], place, level| {
            out[place] = MaybeUninit::new(level * scale[place] + shift[place]);
        });
    }

    fn run<T>(&self, pixels: &[u8], [height, width]: [usize; 2], out: &mut [T], put: impl Fn(&mut [T], usize, f32)) {
        assert!(height < 1 << 24 && width < 1 << 24, "sides that single precision counts");
        let bytes = volume([height, width, 3]);
        assert!(pixels.len() == bytes && out.len() == bytes, "images of {height} x {width}");
        if bytes > 0 {
            simd::run(Run { warp: self, pixels, size: [height, width], out, put });
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

struct Run<'a, T, F> {
    warp: &'a Warp,
    pixels: &'a [u8],
    size: [usize; 2],
    out: &'a mut [T],
    put: F,
}

impl<T, F: Fn(&mut [T], usize, f32)> WithSimd for Run<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { warp, pixels, size: size @ [height, width], out, put } = self;
        // One load for the three levels of a pixel.
        let source: Vec<u32> = pixels.chunks_exact(3).map(|pixel| u32::from_le_bytes([pixel[0], pixel[1], pixel[2], 0])).collect();
        let near = warp.is_near(size);
        let [a, b, c, d, e, f] = warp.plane;
        let last = width as f32 - 0.5;
        for (row, line) in out.chunks_exact_mut(width * 3).enumerate() {
            let v = row as f32 + 0.5;
            let start = (b * v + c - 0.5, e * v + f - 0.5);
            for (block, out) in line.chunks_mut(LANES * 3).enumerate() {
                let first = (block * LANES) as f32 + 0.5;
                // Behind the line's end there is nothing to work out, nor to look up.
                let u: [f32; LANES] = std::array::from_fn(|i| (first + i as f32).min(last));
                let (x, y) = (u.map(|u| a * u + start.0), u.map(|u| d * u + start.1));
                let across = if near { Between::near(&x, width) } else { Between::far(&x, width) };
                let down = if near { Between::near(&y, height) } else { Between::far(&y, height) };
                let levels = colours(&sample(&source, width as u32, &across, &down), &warp.colours);
                for (i, pixel) in out.chunks_exact_mut(3).enumerate() {
                    for (channel, levels) in levels.iter().enumerate() {
                        put(pixel, channel, levels[i]);
                    }
                }
            }
        }
    }
}

/// Between which pixels of a line places lie, and how far from the lesser one.
struct Between {
    lesser: [u32; LANES],
    greater: [u32; LANES],
    part: [f32; LANES],
}

impl Between {
    /// Of places less than a line's length outside of it.
    #[inline(always)]
    fn near(places: &[f32; LANES], side: usize) -> Self {
        let side = side as i32;
        let fold = |i: i32| {
            let i = if i < 0 { -1 - i } else { i };
            (if i < side { i } else { 2 * side - 1 - i }) as u32
        };
        let whole = places.map(f32::floor);
        let lesser = whole.map(|place| place as i32);
        Self { lesser: lesser.map(fold), greater: lesser.map(|i| fold(i + 1)), part: std::array::from_fn(|i| places[i] - whole[i]) }
    }

    /// Of any places.
    #[inline(always)]
    fn far(places: &[f32; LANES], side: usize) -> Self {
        let side = side as i64;
        let fold = |i: i64| {
            let folded = i.rem_euclid(2 * side);
            (if folded < side { folded } else { 2 * side - 1 - folded }) as u32
        };
        let whole = places.map(f32::floor);
        // A place that is no number counts as 0; what is beyond counting as the last that counts.
        let lesser = whole.map(|place| i64::from(place as i32));
        Self { lesser: lesser.map(fold), greater: lesser.map(|i| fold(i + 1)), part: std::array::from_fn(|i| places[i] - whole[i]) }
    }
}

/// Red, green and blue, each interpolated between four pixels.
#[inline(always)]
fn sample(source: &[u32], width: u32, across: &Between, down: &Between) -> [[f32; LANES]; 3] {
    let corner = |rows: &[u32; LANES], columns: &[u32; LANES]| -> [u32; LANES] {
        let at: [u32; LANES] = std::array::from_fn(|i| rows[i] * width + columns[i]);
        at.map(|at| source[at as usize])
    };
    let (upper, lower) = (&down.lesser, &down.greater);
    let corners =
        [corner(upper, &across.lesser), corner(upper, &across.greater), corner(lower, &across.lesser), corner(lower, &across.greater)];
    std::array::from_fn(|channel| {
        std::array::from_fn(|i| {
            let [p, q, r, s] = corners.map(|corner| (corner[i] >> (8 * channel) & 255) as i32 as f32);
            let upper = p + (q - p) * across.part[i];
            upper + (r + (s - r) * across.part[i] - upper) * down.part[i]
        })
    })
}

/// Rounded levels, each a row of the map of colours times a pixel.
#[inline(always)]
fn colours(levels: &[[f32; LANES]; 3], rows: &[[f32; 4]; 3]) -> [[f32; LANES]; 3] {
    /// What added and taken away again leaves whole numbers, of those that single precision holds with a fraction.
    const WHOLE: f32 = (1 << 23) as f32;
    rows.map(|[r, g, b, offset]| {
        std::array::from_fn(|i| {
            let level = r * levels[0][i] + g * levels[1][i] + b * levels[2][i] + offset;
            // In this order, so that what is no number becomes 0.
            let level = if level > 0.0 { level } else { 0.0 };
            let level = if level < 255.0 { level } else { 255.0 };
            (level + WHOLE) - WHOLE
        })
    })
}
