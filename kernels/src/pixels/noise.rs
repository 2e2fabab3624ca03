//! Noise of a camera: normally distributed, each level by itself, from a stream without state.

use pulp::{Simd, WithSimd};

use super::super::dropout::mixed;
use super::super::simd;

/// Adds noise of standard deviation `sigma`, in levels, to each level in place; the result is rounded and stays within 0 and 255.
///
/// Noise `i` is a function of `seed` and `i` alone: eight uniform bytes added up, of which the sum is nearly normal (its kurtosis is 2.85
/// and not 3, and nothing lies beyond 4.9 standard deviations).
pub fn noise(pixels: &mut [u8], sigma: f32, seed: u64) {
    simd::run(Noise { pixels, sigma, seed });
}

struct Noise<'a> {
    pixels: &'a mut [u8],
    sigma: f32,
    seed: u64,
}

impl WithSimd for Noise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        // Eight times the variance of a uniform byte, (256^2 - 1) / 12, and eight times its mean.
        let scale = self.sigma / (8.0f32 * 65_535.0 / 12.0).sqrt();
        for (i, level) in self.pixels.iter_mut().enumerate() {
            let sum = bytes(mixed(self.seed.wrapping_add(i as u64)));
            let noisy = f32::from(*level) + (sum as i32 as f32 - 1020.0) * scale;
            // In this order, so that what is no number becomes 0.
            let noisy = if noisy > 0.0 { noisy } else { 0.0 };
            *level = (if noisy < 255.0 { noisy + 0.5 } else { 255.0 }) as u8;
        }
    }
}

/// The sum of a number's bytes.
#[inline(always)]
fn bytes(z: u64) -> u32 {
    let pairs = (z & 0x00FF_00FF_00FF_00FF) + ((z >> 8) & 0x00FF_00FF_00FF_00FF);
    let fours = (pairs & 0x0000_FFFF_0000_FFFF) + ((pairs >> 16) & 0x0000_FFFF_0000_FFFF);
    (fours as u32) + (fours >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_the_moments_of_a_normal_distribution() {
        let mut pixels = vec![128u8; 300_000];
        noise(&mut pixels, 10.0, 7);
        let n = pixels.len() as f64;
        let moment = |power: i32| pixels.iter().map(|&level| (f64::from(level) - 128.0).powi(power)).sum::<f64>() / n;
        let (mean, variance, kurtosis) = (moment(1), moment(2), moment(4) / moment(2).powi(2));
        // Rounding adds a twelfth to the variance; 1.2 / 8 are missing in the kurtosis.
        assert!(mean.abs() < 0.1 && (variance - 100.083).abs() < 1.0 && (kurtosis - 2.85).abs() < 0.04, "{mean} {variance} {kurtosis}");
        let mut other = vec![128u8; 300_000];
        noise(&mut other, 10.0, 8);
        let shared = pixels.iter().zip(&other).map(|(&a, &b)| (f64::from(a) - 128.0) * (f64::from(b) - 128.0)).sum::<f64>() / n;
        assert!(shared.abs() < 1.0, "covariance {shared}");
    }

    #[test]
    fn levels_stay_within_their_range() {
        let mut pixels = [0u8, 255].repeat(500);
        noise(&mut pixels, 1e9, 1);
        assert!(pixels.iter().all(|&level| level == 0 || level == 255));
        let mut pixels = [0u8, 17, 255];
        noise(&mut pixels, 0.0, 1);
        assert_eq!(pixels, [0, 17, 255]);
        noise(&mut pixels, f32::NAN, 1);
    }
}
