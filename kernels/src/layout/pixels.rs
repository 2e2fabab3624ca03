//! PyTorch's pixel shuffle on `[n, h, w, c]`: channel `c * r * r + i * r + j` of a pixel goes to channel `c` of the pixel `i` rows and
//! `j` columns into the `r` x `r` pixels that it becomes.

use rayon::prelude::*;

use super::super::fresh::{Uninit, filled};
use super::super::sizes::volume;

/// Values of a line of the large images, of which `r` make one of the small images.
fn line(x: &[f32], width: usize, channels: usize, r: usize) -> usize {
    let small = volume([width, channels, r, r]);
    assert!(x.len().checked_rem(small).unwrap_or(x.len()) == 0, "{} values in lines of {small}", x.len());
    width * r * channels
}

/// `x [n, h, w, channels * r * r]` as `[n, h * r, w * r, channels]`; also the gradient of [`pixel_unshuffle`].
///
/// Panics where a row of images is left unfinished.
pub fn pixel_shuffle(x: &[f32], width: usize, channels: usize, r: usize) -> Vec<f32> {
    let line = line(x, width, channels, r);
    let write = |[y]: [&mut [Uninit]; 1]| {
        y.par_chunks_mut(line.max(1)).enumerate().for_each(|(row, y)| {
            let (x, i) = (&x[row / r * line * r..][..line * r], row % r);
            for (column, y) in y.chunks_mut(channels).enumerate() {
                let (pixel, j) = (&x[column / r * channels * r * r..][..channels * r * r], column % r);
                y.iter_mut().zip(pixel[i * r + j..].iter().step_by(r * r)).for_each(|(y, &x)| _ = y.write(x));
            }
        });
    };
    // SAFETY: the chunks are the result's lines, and each of a pixel's channels has its place in `x`.
    let [y] = unsafe { filled(x.len(), write) };
    y
}

/// `x [n, h * r, w * r, channels]` as `[n, h, w, channels * r * r]`; also the gradient of [`pixel_shuffle`].
///
/// `width` is `w`, that of the result. Panics where a row of images is left unfinished.
pub fn pixel_unshuffle(x: &[f32], width: usize, channels: usize, r: usize) -> Vec<f32> {
    let line = line(x, width, channels, r);
    let write = |[y]: [&mut [Uninit]; 1]| {
        y.par_chunks_mut((line * r).max(1)).zip(x.par_chunks((line * r).max(1))).for_each(|(y, x)| {
            for (column, y) in y.chunks_mut(channels * r * r).enumerate() {
                for (c, y) in y.chunks_mut(r * r).enumerate() {
                    for (i, y) in y.chunks_mut(r).enumerate() {
                        let x = x[i * line + column * r * channels + c..].iter().step_by(channels);
                        y.iter_mut().zip(x).for_each(|(y, &x)| _ = y.write(x));
                    }
                }
            }
        });
    };
    // SAFETY: the chunks cover the result, and every value of one is written.
    let [y] = unsafe { filled(x.len(), write) };
    y
}
