//! Max pool, average pool, both over bins that fit an output of any size, and the average of whole images; `x` is `[n, h, w, c]`.
//!
//! Gradients are gathered: every input adds up what its windows give it, in a fixed order.

mod adaptive;
mod average;
mod global;
mod max;
#[cfg(test)]
mod tests;

pub use adaptive::Adaptive;
pub use average::{Divisor, average_pool, average_pool_backward};
pub use global::{global_average, global_average_backward};
pub use max::{max_pool, max_pool_backward};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::fresh::{Uninit, filled};
use super::simd;
use super::window::Window;

/// What an output gives to a pixel that it has read.
trait Give: Copy + Sync {
    /// Adds it to `sums [channels]`. The output's values start at `place`; `tap` is the pixel's place in its window.
    fn give(self, output: [usize; 2], place: usize, tap: usize, sums: &mut [f32]);
}

/// The gradient of the input: for every pixel what all outputs that read it give.
#[allow(unsafe_code)] // The result's memory is new.
fn gather(window: &Window, gift: impl Give) -> Vec<f32> {
    let Window { channels, rows, columns, .. } = *window;
    let write = |[dx]: [&mut [Uninit]; 1]| {
        dx.par_chunks_mut((columns.input * channels).max(1)).enumerate().for_each_init(
            || vec![0f32; channels],
            |sums, (number, dx)| simd::run(Line { gift, window, image: number / rows.input, row: number % rows.input, sums, dx }),
        );
    };
    // SAFETY: the chunks are the result's lines, and `Line` writes every pixel of one.
    let [dx] = unsafe { filled(window.input_len(), write) };
    dx
}

/// A line of pixels.
struct Line<'a, G> {
    gift: G,
    window: &'a Window,
    image: usize,
    row: usize,
    /// Room for a pixel's sums.
    sums: &'a mut [f32],
    dx: &'a mut [Uninit],
}

impl<G: Give> WithSimd for Line<'_, G> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Window { channels, rows, columns, .. } = *self.window;
        let lines: Vec<(usize, usize)> = rows.readers(self.row).collect();
        for (column, dx) in self.dx.chunks_mut(channels).enumerate() {
            self.sums.fill(0.0);
            for &(oy, ky) in &lines {
                for (ox, kx) in columns.readers(column) {
                    let place = ((self.image * rows.output + oy) * columns.output + ox) * channels;
                    self.gift.give([oy, ox], place, ky * columns.kernel + kx, self.sums);
                }
            }
            for (dx, &sum) in dx.iter_mut().zip(self.sums.iter()) {
                dx.write(sum);
            }
        }
    }
}
