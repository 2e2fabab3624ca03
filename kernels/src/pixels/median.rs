//! The median of a window around each pixel, of each of its three levels by itself.
//!
//! Of more than half of a window's values the least and the greatest cannot be the median: they are forgotten, another value is taken
//! in, and so on until three are left. Comparisons are made for many pixels at a time.

use pulp::{Simd, WithSimd};

use super::super::simd;
use super::blur::Window;
use super::border::{Border, padded};

/// Levels that are compared at a time.
const LANES: usize = 64;

type Levels = [u8; LANES];

/// The median filter of an image u8 `[height, width, 3]`; beyond the border its last pixels are repeated, as in OpenCV's `medianBlur`.
///
/// Panics where the image is not of its size.
pub fn median(pixels: &[u8], size @ [height, width]: [usize; 2], window: Window) -> Vec<u8> {
    assert_eq!(pixels.len(), height * width * 3, "bytes of an image of {height} x {width}");
    match window {
        Window::Three => simd::run(Filter::<3, 9> { pixels, size }),
        Window::Five => simd::run(Filter::<5, 25> { pixels, size }),
    }
}

struct Filter<'a, const SIDE: usize, const CELLS: usize> {
    pixels: &'a [u8],
    size: [usize; 2],
}

impl<const SIDE: usize, const CELLS: usize> WithSimd for Filter<'_, SIDE, CELLS> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<u8> {
        let Self { pixels, size: size @ [_, width] } = self;
        let mut out = vec![0; pixels.len()];
        let mut source = padded(pixels, size, SIDE / 2, Border::Repeated);
        let stride = (width + SIDE - 1) * 3;
        // Room to read whole registers from the last pixels on.
        source.resize(source.len() + LANES, 0);
        for (row, line) in out.chunks_exact_mut((width * 3).max(1)).enumerate() {
            for (run, levels) in line.chunks_mut(LANES).enumerate() {
                let first = row * stride + run * LANES;
                let mut cells = [[0; LANES]; CELLS];
                for (cell, own) in cells.iter_mut().enumerate() {
                    let at = first + cell / SIDE * stride + cell % SIDE * 3;
                    own.copy_from_slice(&source[at..at + LANES]);
                }
                levels.copy_from_slice(&middle(&mut cells)[..levels.len()]);
            }
        }
        out
    }
}

/// The median of an odd number of values.
#[inline(always)]
fn middle<const CELLS: usize>(cells: &mut [Levels; CELLS]) -> Levels {
    let first = CELLS / 2 + 2;
    for next in first..=CELLS {
        extremes(&mut cells[..2 * first - next]);
        if next < CELLS {
            cells[0] = cells[next];
        }
    }
    cells[1]
}

/// Brings the least value to the beginning and the greatest to the end.
#[inline(always)]
fn extremes(cells: &mut [Levels]) {
    let last = cells.len() - 1;
    for i in 0..cells.len() / 2 {
        exchange(cells, i, last - i);
    }
    for i in 1..=last / 2 {
        exchange(cells, 0, i);
    }
    for i in last.div_ceil(2)..last {
        exchange(cells, i, last);
    }
}

/// The lesser of two values to the first place, the greater to the second.
#[inline(always)]
fn exchange(cells: &mut [Levels], low: usize, high: usize) {
    let (a, b) = (cells[low], cells[high]);
    let (mut less, mut more) = ([0; LANES], [0; LANES]);
    for lane in 0..LANES {
        (less[lane], more[lane]) = (a[lane].min(b[lane]), a[lane].max(b[lane]));
    }
    (cells[low], cells[high]) = (less, more);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_those_of_sorted_windows() {
        let mixed = |i: usize| (i * i * 31 + i / 7 * 13) as u8;
        for size @ [height, width] in [[1, 1], [2, 3], [9, 40], [31, 23]] {
            let pixels: Vec<u8> = (0..height * width * 3).map(mixed).collect();
            for window in [Window::Three, Window::Five] {
                let out = median(&pixels, size, window);
                let reach = window.side() as i64 / 2;
                for (i, &level) in out.iter().enumerate() {
                    let (row, column) = ((i / 3 / width) as i64, (i / 3 % width) as i64);
                    let mut around = Vec::new();
                    for (y, x) in (-reach..=reach).flat_map(|y| (-reach..=reach).map(move |x| (y, x))) {
                        let (y, x) = ((row + y).clamp(0, height as i64 - 1), (column + x).clamp(0, width as i64 - 1));
                        around.push(pixels[(y as usize * width + x as usize) * 3 + i % 3]);
                    }
                    around.sort_unstable();
                    assert_eq!(level, around[around.len() / 2], "value {i} of {size:?}, {window:?}");
                }
            }
        }
    }
}
