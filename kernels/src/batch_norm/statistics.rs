//! Mean and variance of each channel, in one pass over memory.
//!
//! Order of summation: each chunk of rows sums distances from its own first row, as [`super::super::columns`] does, and chunks
//! are joined in f64 in their order (Chan, Golub and LeVeque 1983). Distances inside a chunk are of the size of the deviation,
//! so nothing cancels however far the mean is from 0.

use pulp::Simd;
use rayon::prelude::*;

use super::super::columns::{Terms, chunk_sums, rows_per_chunk};
use super::super::lanes::F32s;

/// Moments of each channel of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Means.
    pub mean: Vec<f32>,
    /// Variances with the number of rows below: what the batch is normalised with.
    pub var: Vec<f32>,
    /// Variances with one row less below: what PyTorch's running variance is made of. NaN for a single row.
    pub unbiased_var: Vec<f32>,
}

/// Statistics of `x [rows, channels]`; of no row they are NaN. Panics where rows are left unfinished.
pub fn statistics(x: &[f32], channels: usize) -> Statistics {
    assert!(x.len().checked_rem(channels).unwrap_or(x.len()) == 0, "{} values in rows of {channels}", x.len());
    if x.is_empty() {
        let [mean, var, unbiased_var] = [(); 3].map(|()| vec![f32::NAN; channels]);
        return Statistics { mean, var, unbiased_var };
    }
    let chunk = rows_per_chunk(channels) * channels;
    let parts: Vec<_> = x.par_chunks(chunk).map(|x| chunk_sums(Distances, channels, [&x[..channels]], [x])).collect();
    let rows = (x.len() / channels) as f64;
    let mut all = Statistics { mean: Vec::with_capacity(channels), var: Vec::new(), unbiased_var: Vec::new() };
    for channel in 0..channels {
        let parts = x.chunks(chunk).zip(&parts);
        let parts = parts.map(|(x, sums)| Moments::new(x.len() / channels, x[channel], sums[0][channel], sums[1][channel]));
        let moments = parts.fold(Moments::default(), Moments::joined);
        all.mean.push(moments.mean as f32);
        all.var.push((moments.squares / rows) as f32);
        all.unbiased_var.push((moments.squares / (rows - 1.0)) as f32);
    }
    all
}

/// Distance from the parameter, and its square.
#[derive(Clone, Copy)]
struct Distances;

impl Terms<1, 1, 2> for Distances {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [from]: [F32s<S>; 1], [x]: [F32s<S>; 1]) -> [F32s<S>; 2] {
        let distance = x - from;
        [distance, distance * distance]
    }
}

/// Of some values: how many, their mean, and the sum of squared distances from it.
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// From sums of distances from `origin` and of their squares.
    fn new(count: usize, origin: f32, sum: f32, squares: f32) -> Self {
        let (count, sum) = (count as f64, f64::from(sum));
        let squares = f64::from(squares) - sum * sum / count;
        // Rounding may leave a little less than nothing; a NaN stays.
        Self { count, mean: f64::from(origin) + sum / count, squares: if squares < 0.0 { 0.0 } else { squares } }
    }

    fn joined(self, other: Self) -> Self {
        let count = self.count + other.count;
        let apart = other.mean - self.mean;
        let mean = self.mean + apart * other.count / count;
        Self { count, mean, squares: self.squares + other.squares + apart * apart * self.count * other.count / count }
    }
}
