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
    let mut all = Moments { count: 0.0, each: vec![Moment::default(); channels] };
    for (x, sums) in x.chunks(chunk).zip(&parts) {
        all.join((x.len() / channels) as f64, &x[..channels], sums);
    }
    let squares_over = |below: f64| all.each.iter().map(|moment| (moment.squares / below) as f32).collect();
    Statistics {
        mean: all.each.iter().map(|moment| moment.mean as f32).collect(),
        var: squares_over(all.count),
        unbiased_var: squares_over(all.count - 1.0),
    }
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

/// Of some rows: how many, and the moments of each channel.
struct Moments {
    count: f64,
    each: Vec<Moment>,
}

/// Of a channel: the mean, and the sum of squared distances from it.
#[derive(Clone, Copy, Default)]
struct Moment {
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Joins a chunk of `count` rows: its first row, and the sums of distances from that row and of their squares.
    ///
    /// All channels of one chunk before the next chunk: they do not wait for each other, so that they go in vectors.
    fn join(&mut self, count: f64, first: &[f32], [sums, squares]: &[Vec<f32>; 2]) {
        let all = self.count + count;
        for (((moment, &origin), &sum), &squares) in self.each.iter_mut().zip(first).zip(sums).zip(squares) {
            let sum = f64::from(sum);
            let inside = f64::from(squares) - sum * sum / count;
            // Rounding may leave a little less than nothing; a NaN stays.
            let inside = if inside < 0.0 { 0.0 } else { inside };
            let apart = f64::from(origin) + sum / count - moment.mean;
            moment.mean += apart * count / all;
            moment.squares = moment.squares + inside + apart * apart * self.count * count / all;
        }
        self.count = all;
    }
}
