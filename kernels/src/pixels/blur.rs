//! Blurring: a Gaussian, and the path of a moving camera. Images are u8 `[height, width, 3]`; sums are whole numbers.

use pulp::{Simd, WithSimd};

use super::super::simd;
use super::border::{Border, padded};

/// The side of a filter's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// 3 by 3 pixels.
    Three,
    /// 5 by 5 pixels.
    Five,
}

impl Window {
    /// Pixels along a side.
    pub fn side(self) -> usize {
        match self {
            Self::Three => 3,
            Self::Five => 5,
        }
    }
}

/// A Gaussian in binomial weights, 1 2 1 or 1 4 6 4 1 along each side, rounded once: OpenCV's `GaussianBlur` where no sigma is given.
/// Beyond the border the image is mirrored about its last pixel.
///
/// Panics where the image is not of its size.
pub fn gaussian(pixels: &[u8], size: [usize; 2], window: Window) -> Vec<u8> {
    match window {
        Window::Three => simd::run(Gaussian::new(pixels, size, [1, 2, 1])),
        Window::Five => simd::run(Gaussian::new(pixels, size, [1, 4, 6, 4, 1])),
    }
}

struct Gaussian<'a, const N: usize> {
    pixels: &'a [u8],
    size: [usize; 2],
    weights: [u16; N],
}

impl<'a, const N: usize> Gaussian<'a, N> {
    fn new(pixels: &'a [u8], size @ [height, width]: [usize; 2], weights: [u16; N]) -> Self {
        assert_eq!(pixels.len(), height * width * 3, "bytes of an image of {height} x {width}");
        Self { pixels, size, weights }
    }
}

impl<const N: usize> WithSimd for Gaussian<'_, N> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<u8> {
        let Self { pixels, size: size @ [height, width], weights } = self;
        let mut out = vec![0; pixels.len()];
        if out.is_empty() {
            return out;
        }
        let source = padded(pixels, size, N / 2, Border::Mirrored);
        let stride = (width + N - 1) * 3;
        // The weights of a window add up to a power of two, and times 255 they fit 16 bits.
        let shift = 2 * (N as u32 - 1);
        let mut sums = vec![0u16; stride];
        for row in 0..height {
            let lines: [&[u8]; N] = std::array::from_fn(|i| &source[(row + i) * stride..][..stride]);
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = (0..N).map(|line| weights[line] * u16::from(lines[line][i])).sum();
            }
            let parts: [&[u16]; N] = std::array::from_fn(|i| &sums[3 * i..][..width * 3]);
            for (i, level) in out[row * width * 3..][..width * 3].iter_mut().enumerate() {
                let sum: u16 = (0..N).map(|part| weights[part] * parts[part][i]).sum();
                *level = ((sum + (1 << (shift - 1))) >> shift) as u8;
            }
        }
        out
    }
}

/// The mean over the pixels on a straight line from one cell of a window to another, the window's centre at the pixel: a camera that
/// moved. Cells count from the upper left, `[across, down]`. Beyond the border the image is mirrored about its last pixel.
///
/// Panics where the image is not of its size, or a cell not of the window.
pub fn motion(pixels: &[u8], size @ [height, width]: [usize; 2], window: Window, from: [usize; 2], to: [usize; 2]) -> Vec<u8> {
    assert_eq!(pixels.len(), height * width * 3, "bytes of an image of {height} x {width}");
    assert!(from.iter().chain(&to).all(|&cell| cell < window.side()), "cells of the window");
    simd::run(Motion { pixels, size, margin: window.side() / 2, path: path(from, to) })
}

struct Motion<'a> {
    pixels: &'a [u8],
    size: [usize; 2],
    margin: usize,
    path: Vec<[usize; 2]>,
}

impl WithSimd for Motion<'_> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<u8> {
        let Self { pixels, size: size @ [height, width], margin, path } = self;
        let mut out = vec![0; pixels.len()];
        if out.is_empty() {
            return out;
        }
        let source = padded(pixels, size, margin, Border::Mirrored);
        let stride = (width + 2 * margin) * 3;
        // Rounded up, so that sums of at most five levels are divided exactly.
        let (half, reciprocal) = (path.len() as u32 / 2, (1u32 << 16).div_ceil(path.len() as u32));
        let mut sums = vec![0u32; width * 3];
        for row in 0..height {
            sums.fill(half);
            for &[across, down] in &path {
                let line = &source[(row + down) * stride + across * 3..][..width * 3];
                sums.iter_mut().zip(line).for_each(|(sum, &level)| *sum += u32::from(level));
            }
            for (level, &sum) in out[row * width * 3..][..width * 3].iter_mut().zip(&sums) {
                *level = ((sum * reciprocal) >> 16) as u8;
            }
        }
        out
    }
}

/// The cells on a straight line, one for each step along its longer side, from the left as OpenCV's `line` draws it.
fn path(from: [usize; 2], to: [usize; 2]) -> Vec<[usize; 2]> {
    let [from, to] = if from[0] <= to[0] { [from, to] } else { [to, from] };
    let way = [0, 1].map(|axis| to[axis] as i64 - from[axis] as i64);
    let steps = way[0].abs().max(way[1].abs());
    let at = |step: i64, axis: usize| match steps {
        0 => from[axis],
        // Half-way between two cells it is the nearer one to where the line begins.
        _ => (from[axis] as i64 + way[axis].signum() * ((2 * way[axis].abs() * step + steps - 1) / (2 * steps))) as usize,
    };
    (0..=steps).map(|step| [at(step, 0), at(step, 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_from_cell_to_cell() {
        assert_eq!(path([0, 2], [4, 2]), [[0, 2], [1, 2], [2, 2], [3, 2], [4, 2]]);
        assert_eq!(path([2, 0], [0, 2]), [[0, 2], [1, 1], [2, 0]]);
        assert_eq!(path([0, 0], [2, 1]), [[0, 0], [1, 0], [2, 1]]);
        assert_eq!(path([2, 0], [0, 1]), [[0, 1], [1, 1], [2, 0]]);
        assert_eq!(path([1, 1], [1, 1]), [[1, 1]]);
        assert_eq!(path([0, 0], [1, 4]).len(), 5);
    }

    #[test]
    fn means_of_a_path_are_rounded() {
        // A line of pixels 0, 10, 20, 30, 41: the mean of each and the next; the last one's next is the mirrored 30.
        let line: Vec<u8> = [0, 10, 20, 30, 41].into_iter().flat_map(|level| [level; 3]).collect();
        let out = motion(&line, [1, 5], Window::Three, [1, 1], [2, 1]);
        assert_eq!(out.iter().step_by(3).copied().collect::<Vec<_>>(), [5, 15, 25, 36, 36]);
    }
}
