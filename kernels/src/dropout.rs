//! Leaving out at random, of single values or of whole samples, by a stream of random numbers without state.
//!
//! Number `i` of a stream depends on its seed and on `i` alone, so results are the same for any number of threads, and the backward
//! pass draws what the forward pass drew.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::fresh::{Uninit, filled};
use super::map::CHUNK;
use super::simd;

/// The seed of stream `stream` of a key.
pub fn seed(key: u64, stream: u64) -> u64 {
    mixed(key ^ mixed(stream))
}

/// Each value times 0 with probability `p` and times `1 / (1 - p)` else, and so the gradient of that. NaN stays, as in PyTorch.
#[allow(unsafe_code)] // The result's memory is new.
pub fn dropout(x: &[f32], p: f32, seed: u64) -> Vec<f32> {
    let write = |[y]: [&mut [Uninit]; 1]| {
        y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).enumerate().for_each(|(chunk, (y, x))| {
            simd::run(Masked { x, y, p, first: seed.wrapping_add((chunk * CHUNK) as u64) });
        });
    };
    // SAFETY: the chunks cover the result, and `Masked` writes every value of one.
    let [y] = unsafe { filled(x.len(), write) };
    y
}

/// For each of `n` samples 0 with probability `p` and `1 / (1 - p)` else: what [`residual`](super::residual) takes as drop path.
pub fn drop_path(n: usize, p: f32, seed: u64) -> Vec<f32> {
    (0..n as u64).map(|i| factor(seed.wrapping_add(i), p)).collect()
}

/// SplitMix64's finaliser (Steele, Lea and Flood 2014): every input bit moves every output bit.
#[inline(always)]
pub(super) fn mixed(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// What a value is multiplied with, from its number in the stream.
#[inline(always)]
fn factor(number: u64, p: f32) -> f32 {
    let uniform = (mixed(number) >> 40) as u32 as f32 / (1u32 << 24) as f32;
    if uniform < p { 0.0 } else { 1.0 / (1.0 - p) }
}

struct Masked<'a> {
    x: &'a [f32],
    y: &'a mut [Uninit],
    p: f32,
    /// Number of the first value.
    first: u64,
}

impl WithSimd for Masked<'_> {
    type Output = ();

    /// Plain code: the compiler has 64-bit products in vectors, which the instruction sets' common part has not.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (i, (y, &x)) in self.y.iter_mut().zip(self.x).enumerate() {
            y.write(x * factor(self.first.wrapping_add(i as u64), self.p));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{each, same_for_any_threads, values};
    use super::*;

    #[test]
    fn values_stay_or_go_by_their_number() {
        each(40, (0usize..40_000, 0f32..1.0, 0u64..1000), |isa, (len, p, seed)| {
            let (x, kept) = (values(len, 1), 1.0 / (1.0 - p));
            let y = dropout(&x, p, seed);
            let factors = drop_path(len, p, seed);
            assert!(y.len() == len && (0..len).all(|i| y[i] == x[i] * factors[i] && [0.0, kept].contains(&factors[i])), "{isa:?}");
            let share = factors.iter().filter(|&&f| f == 0.0).count() as f32 / len.max(1) as f32;
            assert!((share - p).abs() < 5.0 * (p * (1.0 - p) / len.max(1) as f32).sqrt() + 2.0 / len.max(1) as f32, "{share} {p}");
        });
    }

    #[test]
    fn streams_are_fixed_and_apart() {
        assert_eq!(drop_path(8, 0.5, seed(1, 0)), drop_path(8, 0.5, seed(1, 0)));
        assert!(seed(1, 0) != seed(0, 1) && drop_path(64, 0.5, seed(1, 0)) != drop_path(64, 0.5, seed(1, 1)));
        // SplitMix64's first output from state 0, as published.
        assert_eq!(mixed(0), 0xE220_A839_7B1D_CDAF);
    }

    #[test]
    fn ends_are_those_of_pytorch() {
        each(1, 0usize..1, |_, _| {
            assert_eq!(dropout(&[1.0, -2.0], 0.0, 3), [1.0, -2.0]);
            assert_eq!(dropout(&[1.0, -2.0], 1.0, 3), [0.0, 0.0]);
            assert!(dropout(&[f32::NAN, f32::INFINITY], 1.0, 3).iter().all(|y| y.is_nan()));
        });
    }

    #[test]
    fn threads_do_not_change_bits() {
        let x = values(100_001, 1);
        each(1, 0usize..1, |_, _| same_for_any_threads(|| vec![dropout(&x, 0.3, 7)]));
    }
}
