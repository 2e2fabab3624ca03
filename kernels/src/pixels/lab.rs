//! Lightness apart from colour: sRGB to CIE L\*a\*b\* under D65 and back, with the constants of OpenCV's `COLOR_RGB2LAB`.
//!
//! Nothing is fused and nothing calls the C library, so that results are the same to the bit everywhere.

use std::sync::OnceLock;

/// Pixels that are worked out at a time.
const RUN: usize = 64;

/// Rows of XYZ from linear RGB, each divided by the white's: they add up to 1.
const TO_XYZ: [[f32; 3]; 3] = [
    [0.412_453 / 0.950_456, 0.357_58 / 0.950_456, 0.180_423 / 0.950_456],
    [0.212_671, 0.715_16, 0.072_169],
    [0.019_334 / 1.088_754, 0.119_193 / 1.088_754, 0.950_227 / 1.088_754],
];

/// The inverse: linear RGB from XYZ in parts of the white's.
const TO_RGB: [[f32; 3]; 3] = [
    [3.240_479 * 0.950_456, -1.537_15, -0.498_535 * 1.088_754],
    [-0.969_256 * 0.950_456, 1.875_991, 0.041_556 * 1.088_754],
    [0.055_648 * 0.950_456, -0.204_043, 1.057_311 * 1.088_754],
];

/// Entries of the table from the square root of linear light to a level: at most 0.07 of a level apart.
const ROOTS: usize = 2048;

struct Tables {
    /// Linear light of each level, 0 to 1.
    linear: [f32; 256],
    /// The level of `(i / (ROOTS - 1))^2` of linear light.
    level: [u8; ROOTS],
    /// CIE's `f(Y)` of each lightness, 0 to 255 standing for 0 to 100.
    of_light: [f32; 256],
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut own = Tables { linear: [0.0; 256], level: [0; ROOTS], of_light: [0.0; 256] };
        for i in 0..256 {
            own.linear[i] = linear(i as f64) as f32;
            own.of_light[i] = ((i as f64 * (100.0 / 255.0) + 16.0) / 116.0) as f32;
        }
        let mut level = 0;
        for (i, own) in own.level.iter_mut().enumerate() {
            let light = (i as f64 / (ROOTS - 1) as f64).powi(2);
            while level < 255 && linear(f64::from(level) + 0.5) <= light {
                level += 1;
            }
            *own = level;
        }
        own
    })
}

/// The linear light of a level in sRGB (IEC 61966-2-1).
fn linear(level: f64) -> f64 {
    let part = level / 255.0;
    if part <= 0.040_45 {
        return part / 12.92;
    }
    // x^2.4 as x^2 times the fifth root of x^2, by Newton's steps from above.
    let square = ((part + 0.055) / 1.055) * ((part + 0.055) / 1.055);
    let mut root = 1.0f64;
    for _ in 0..40 {
        let fourth = root * root * root * root;
        root -= (fourth * root - square) / (5.0 * fourth);
    }
    square * root
}

/// An image taken apart.
pub(super) struct Lab {
    /// Lightness, 0 to 255 standing for 0 to 100.
    pub light: Vec<u8>,
    /// `f(X) - f(Y)` and `f(Z) - f(Y)`: a\* and -b\* over 500 and 200.
    colour: [Vec<f32>; 2],
}

/// Of an image u8 `[.., 3]`.
#[inline(always)]
pub(super) fn apart(pixels: &[u8]) -> Lab {
    let n = pixels.len() / 3;
    let mut lab = Lab { light: vec![0; n], colour: [vec![0.0; n], vec![0.0; n]] };
    let linear = &tables().linear;
    let [green, blue] = &mut lab.colour;
    let runs = lab.light.chunks_mut(RUN).zip(green.chunks_mut(RUN).zip(blue.chunks_mut(RUN)));
    for (pixels, (light, (first, second))) in pixels.as_chunks::<3>().0.chunks(RUN).zip(runs) {
        let mut rgb = [[0.0f32; RUN]; 3];
        for (i, pixel) in pixels.iter().enumerate() {
            (0..3).for_each(|channel| rgb[channel][i] = linear[usize::from(pixel[channel])]);
        }
        let mut own = [[0.0f32; RUN]; 3];
        for i in 0..RUN {
            let f = TO_XYZ.map(|[r, g, b]| compressed(r * rgb[0][i] + g * rgb[1][i] + b * rgb[2][i]));
            own[0][i] = (116.0 * f[1] - 16.0) * 2.55;
            (own[1][i], own[2][i]) = (f[0] - f[1], f[2] - f[1]);
        }
        for i in 0..light.len() {
            light[i] = (own[0][i] + 0.5) as u8;
        }
        first.copy_from_slice(&own[1][..first.len()]);
        second.copy_from_slice(&own[2][..second.len()]);
    }
    lab
}

/// Puts pixels `first..` together again, with another lightness.
#[inline(always)]
pub(super) fn together(lab: &Lab, first: usize, light: &[u8], out: &mut [u8]) {
    let tables = tables();
    let parts = lab.colour[0][first..].chunks(RUN).zip(lab.colour[1][first..].chunks(RUN));
    for ((light, (x, z)), out) in light.chunks(RUN).zip(parts).zip(out.as_chunks_mut::<3>().0.chunks_mut(RUN)) {
        let mut f = [[0.0f32; RUN]; 3];
        for (i, &light) in light.iter().enumerate() {
            f[1][i] = tables.of_light[usize::from(light)];
            (f[0][i], f[2][i]) = (f[1][i] + x[i], f[1][i] + z[i]);
        }
        let mut roots = [[0u32; RUN]; 3];
        for i in 0..RUN {
            let [x, y, z] = [expanded(f[0][i]), expanded(f[1][i]), expanded(f[2][i])];
            for (channel, [r, g, b]) in TO_RGB.iter().enumerate() {
                let light = r * x + g * y + b * z;
                let light = if light > 0.0 { light } else { 0.0 };
                let light = if light < 1.0 { light } else { 1.0 };
                // The nearest whole number, in the last bits.
                roots[channel][i] = (light.sqrt() * (ROOTS - 1) as f32 + 8_388_608.0).to_bits() & (ROOTS as u32 - 1);
            }
        }
        for (i, pixel) in out.iter_mut().enumerate() {
            (0..3).for_each(|channel| pixel[channel] = tables.level[roots[channel][i] as usize]);
        }
    }
}

/// CIE's `f`: the cube root, and a straight line below.
#[inline(always)]
fn compressed(part: f32) -> f32 {
    let line = 7.787 * part + 16.0 / 116.0;
    if part > 0.008_856 { cube_root(part) } else { line }
}

#[inline(always)]
fn expanded(f: f32) -> f32 {
    let line = (f - 16.0 / 116.0) / 7.787;
    if f > 0.206_893 { f * f * f } else { line }
}

/// Of a value from 0.008 to 4: a third of the exponent to begin with, then two of Halley's steps, to a relative error of 3e-7.
#[inline(always)]
fn cube_root(x: f32) -> f32 {
    // The upper bits of a number of this size are a whole number that single precision holds.
    let third = (x.to_bits() >> 8) as i32 as f32 * (1.0 / 3.0) + 2_773_274.0;
    let mut root = f32::from_bits(((third + 8_388_608.0).to_bits() & 0x7F_FFFF) << 8);
    for _ in 0..2 {
        let cube = root * root * root;
        root *= (cube + 2.0 * x) / (2.0 * cube + x);
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_and_levels_are_right() {
        for i in 0..1000 {
            let x = 0.008 + i as f32 * 0.0011;
            assert!((f64::from(cube_root(x)) / f64::from(x).cbrt() - 1.0).abs() < 3e-7, "{x}");
        }
        for level in 1..=255u8 {
            let part = f64::from(level) / 255.0;
            let exact = if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
            assert!((linear(f64::from(level)) / exact - 1.0).abs() < 1e-12);
            let root = (f64::from(tables().linear[usize::from(level)]).sqrt() * (ROOTS - 1) as f64).round() as usize;
            assert_eq!(tables().level[root], level);
        }
    }

    #[test]
    fn an_image_apart_and_together_again_is_the_same() {
        // Rounding the lightness to 255 steps moves a level by two at most: dark blues, which have little lightness, most.
        let pixels: Vec<u8> =
            (0..32 * 32 * 32).flat_map(|i| [i & 31, i >> 5 & 31, i >> 10].map(|step: i32| (step * 8 + step / 4) as u8)).collect();
        let lab = apart(&pixels);
        let mut out = vec![0; pixels.len()];
        together(&lab, 0, &lab.light, &mut out);
        let worst = pixels.iter().zip(&out).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(4), "{worst:?}");
    }
}
