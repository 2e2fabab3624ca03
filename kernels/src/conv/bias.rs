//! The bias gradient: the sum of `dy` over all pixels.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::simd::{self, Isa};

/// Pixels of a chunk. Chunks are summed apart and then added in order, whatever the number of threads.
const CHUNK: usize = 1024;

/// Sums `dy`, `[pixels, channels]`, over its pixels.
pub fn gradient(isa: Isa, dy: &[f32], channels: usize) -> Vec<f32> {
    let sums: Vec<Vec<f32>> = dy.par_chunks((CHUNK * channels).max(1)).map(|dy| simd::run_on(isa, Sum { dy, channels })).collect();
    let mut total = vec![0.0; channels];
    sums.iter().for_each(|sum| add(&mut total, sum));
    total
}

struct Sum<'a> {
    dy: &'a [f32],
    channels: usize,
}

impl WithSimd for Sum<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<f32> {
        let mut sum = vec![0.0; self.channels];
        for pixel in self.dy.chunks_exact(self.channels) {
            add(&mut sum, pixel);
        }
        sum
    }
}

#[inline(always)]
fn add(total: &mut [f32], values: &[f32]) {
    for (total, value) in total.iter_mut().zip(values) {
        *total += value;
    }
}
