//! Hue, saturation and value of each pixel moved, each by an amount.

use pulp::{Simd, WithSimd};

use super::super::simd;

/// Pixels that are worked out at a time.
const RUN: usize = 64;

/// How far hue, saturation and value are moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// Degrees, from -180 to 180.
    pub hue: f32,
    /// Of 255, the saturation of a pure colour; it stays within 0 and that.
    pub saturation: f32,
    /// Of 255; it stays within 0 and that.
    pub value: f32,
}

/// Moves the colours of an image u8 `[.., 3]` in place: the hexcone of Smith 1978, in single precision, rounded once. As in OpenCV, grey has
/// the hue of red.
pub fn shift(pixels: &mut [u8], shift: Shift) {
    simd::run(Moved { pixels, shift });
}

struct Moved<'a> {
    pixels: &'a mut [u8],
    shift: Shift,
}

impl WithSimd for Moved<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (hue, saturation) = (self.shift.hue / 60.0, self.shift.saturation / 255.0);
        for pixels in self.pixels.as_chunks_mut::<3>().0.chunks_mut(RUN) {
            let mut rgb = [[0.0f32; RUN]; 3];
            for (i, pixel) in pixels.iter().enumerate() {
                (0..3).for_each(|channel| rgb[channel][i] = f32::from(pixel[channel]));
            }
            let [reds, greens, blues] = &mut rgb;
            for ((red, green), blue) in reds.iter_mut().zip(greens).zip(blues) {
                [*red, *green, *blue] = moved([*red, *green, *blue], [hue, saturation, self.shift.value]);
            }
            for (i, pixel) in pixels.iter_mut().enumerate() {
                (0..3).for_each(|channel| pixel[channel] = (rgb[channel][i] + 0.5) as u8);
            }
        }
    }
}

/// A pixel's levels, its hue moved by sixths of a turn, its saturation by parts, its value by levels.
#[inline(always)]
fn moved([red, green, blue]: [f32; 3], [hue, saturation, value]: [f32; 3]) -> [f32; 3] {
    let most = larger(red, larger(green, blue));
    let least = smaller(red, smaller(green, blue));
    let range = most - least;
    let sixth = 1.0 / if range > 0.0 { range } else { 1.0 };
    let of_red = (green - blue) * sixth;
    let of_green = 2.0 + (blue - red) * sixth;
    let of_blue = 4.0 + (red - green) * sixth;
    let own = if most == red {
        of_red
    } else if most == green {
        of_green
    } else {
        of_blue
    };
    let own = own + hue;
    let part = within(range / if most > 0.0 { most } else { 1.0 } + saturation, 1.0);
    let bright = within(most + value, 255.0);
    let chroma = bright * part;
    // How far each primary's sector is away, round the circle.
    [5.0, 3.0, 1.0].map(|primary| {
        let sector = own + primary;
        let sector = if sector >= 6.0 { sector - 6.0 } else { sector };
        let sector = if sector >= 6.0 { sector - 6.0 } else { sector };
        let sector = if sector < 0.0 { sector + 6.0 } else { sector };
        bright - chroma * within(smaller(sector, 4.0 - sector), 1.0)
    })
}

#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// Between 0 and a limit; what is no number is 0.
#[inline(always)]
fn within(value: f32, limit: f32) -> f32 {
    smaller(larger(value, 0.0), limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved_by(pixel: [u8; 3], hue: f32, saturation: f32, value: f32) -> [u8; 3] {
        let mut pixel = pixel;
        shift(&mut pixel, Shift { hue, saturation, value });
        pixel
    }

    #[test]
    fn nothing_moved_is_the_same_and_turns_are_those_of_the_hexcone() {
        for i in 0..4096u32 {
            let pixel = [(i & 15) * 17, (i >> 4 & 15) * 17, (i >> 8) * 17].map(|level| level as u8);
            assert_eq!(moved_by(pixel, 0.0, 0.0, 0.0), pixel);
            let [red, green, blue] = pixel;
            assert_eq!(moved_by(pixel, 120.0, 0.0, 0.0), [blue, red, green], "{pixel:?}");
            assert_eq!(moved_by(pixel, -120.0, 0.0, 0.0), [green, blue, red], "{pixel:?}");
        }
        assert_eq!(moved_by([200, 100, 100], 60.0, 0.0, 0.0), [200, 200, 100]);
        // Half saturated: 127.5 of 255 more is all.
        assert_eq!(moved_by([200, 100, 100], 0.0, 127.5, 0.0), [200, 0, 0]);
        assert_eq!(moved_by([200, 100, 100], 0.0, 0.0, 55.0), [255, 128, 128]);
        assert_eq!(moved_by([90, 90, 90], 180.0, -50.0, -10.0), [80, 80, 80]);
        moved_by([1, 2, 3], f32::NAN, f32::NAN, f32::INFINITY);
    }
}
