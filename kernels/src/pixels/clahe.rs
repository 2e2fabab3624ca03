//! Contrast-limited adaptive histogram equalisation of the lightness (Zuiderveld, "Contrast limited adaptive histogram equalization",
//! Graphics Gems IV, 1994), as OpenCV's `createCLAHE` does it.
//!
//! The image is cut into tiles. Each has a table from level to level that makes its levels as frequent as each other, as far as no level
//! counts for more than the limit; a pixel's level comes from the tables of the four tiles around it, bilinearly. Where tiles do not
//! divide a side, the image is mirrored to the next whole number of pixels a tile.

use pulp::{Simd, WithSimd};

use super::super::simd;
use super::lab;

/// Tiles along each side.
const TILES: usize = 8;

/// Equalises the lightness (L\* of CIE L\*a\*b\*, in 255 steps) of an image u8 `[height, width, 3]` in place; its colour stays. `limit` is how
/// many times the mean a level may count.
///
/// Panics where the image is not of its size.
pub fn clahe(pixels: &mut [u8], size @ [height, width]: [usize; 2], limit: f32) {
    assert_eq!(pixels.len(), height * width * 3, "bytes of an image of {height} x {width}");
    if !pixels.is_empty() {
        simd::run(Clahe { pixels, size, limit });
    }
}

struct Clahe<'a> {
    pixels: &'a mut [u8],
    size: [usize; 2],
    limit: f32,
}

impl WithSimd for Clahe<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { pixels, size: size @ [_, width], limit } = self;
        let lab = lab::apart(pixels);
        let tables = Tables::of(&lab.light, size, limit);
        let columns: Vec<Between> = (0..width).map(|column| Between::of(column, tables.tile[1])).collect();
        let mut light = vec![0; width];
        for (row, out) in pixels.chunks_exact_mut(width * 3).enumerate() {
            let between = Between::of(row, tables.tile[0]);
            let upper = &tables.tables[between.first * TILES..][..TILES];
            let lower = &tables.tables[between.second * TILES..][..TILES];
            for ((new, &old), across) in light.iter_mut().zip(&lab.light[row * width..]).zip(&columns) {
                let from = |row: &[[u8; 256]]| {
                    let (left, right) = (row[across.first][usize::from(old)], row[across.second][usize::from(old)]);
                    f32::from(left) * (1.0 - across.part) + f32::from(right) * across.part
                };
                *new = (from(upper) * (1.0 - between.part) + from(lower) * between.part + 0.5) as u8;
            }
            lab::together(&lab, row * width, &light, out);
        }
    }
}

/// The two tiles that a row or column lies between, and how far from the first; as in OpenCV, from its edge and not its middle.
struct Between {
    first: usize,
    second: usize,
    part: f32,
}

impl Between {
    fn of(place: usize, tile: usize) -> Self {
        let at = place as f32 / tile as f32 - 0.5;
        let first = at.floor();
        let part = at - first;
        let tile = |i: f32| (i.max(0.0) as usize).min(TILES - 1);
        Self { first: tile(first), second: tile(first + 1.0), part }
    }
}

/// A table from level to level for each tile, row by row.
struct Tables {
    /// Height and width of a tile.
    tile: [usize; 2],
    tables: Vec<[u8; 256]>,
}

impl Tables {
    fn of(light: &[u8], [height, width]: [usize; 2], limit: f32) -> Self {
        let tile = [height.div_ceil(TILES), width.div_ceil(TILES)];
        // What stands at places beyond the last.
        let mirrored = |i: usize, side: usize| if i < side { i } else { (2 * (side - 1)).saturating_sub(i).min(side - 1) };
        let columns: Vec<usize> = (0..TILES * tile[1]).map(|column| mirrored(column, width)).collect();
        let mut tables = Vec::with_capacity(TILES * TILES);
        for row in 0..TILES {
            let mut counts = [[0u32; 256]; TILES];
            for line in (row * tile[0]..(row + 1) * tile[0]).map(|line| mirrored(line, height)) {
                let line = &light[line * width..][..width];
                for (counts, columns) in counts.iter_mut().zip(columns.chunks_exact(tile[1])) {
                    columns.iter().for_each(|&column| counts[usize::from(line[column])] += 1);
                }
            }
            tables.extend(counts.iter().map(|counts| table(counts, (tile[0] * tile[1]) as u32, limit)));
        }
        Self { tile, tables }
    }
}

/// The cumulated share of a tile's levels, none of which counts more than `limit` times the mean; what is cut off is spread over all.
fn table(counts: &[u32; 256], pixels: u32, limit: f32) -> [u8; 256] {
    let limit = ((limit * pixels as f32 / 256.0) as u32).max(1);
    let mut counts = counts.map(|count| count.min(limit));
    let excess = pixels - counts.iter().sum::<u32>();
    let (each, rest) = (excess / 256, excess as usize % 256);
    counts.iter_mut().for_each(|count| *count += each);
    let apart = (256 / rest.max(1)).max(1);
    counts.iter_mut().step_by(apart).take(rest).for_each(|count| *count += 1);
    let (scale, mut sum) = (255.0 / pixels as f32, 0);
    counts.map(|count| {
        sum += count;
        (sum as f32 * scale).round_ties_even() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_off_counts_are_spread_over_all_levels() {
        // 1000 pixels of one level, a limit of 4 * 1000 / 256 = 15: 985 are spread, 3 for each level and 217 more, one for each of the
        // first 217. Below the level the sum rises by 4 a level, at it by 19, beyond it by 4 and later by 3.
        let mut counts = [0; 256];
        counts[100] = 1000;
        let table = table(&counts, 1000, 4.0);
        for (level, sum) in [(0, 4), (50, 51 * 4), (99, 400), (100, 419), (216, 419 + 116 * 4), (255, 1000)] {
            assert_eq!(table[level], (sum as f32 * 0.255).round_ties_even() as u8, "{level}");
        }
    }

    #[test]
    fn small_and_odd_images_are_taken() {
        for size @ [height, width] in [[1, 1], [1, 9], [3, 2], [15, 17], [8, 64], [0, 4]] {
            let mut pixels: Vec<u8> = (0..height * width * 3).map(|i| (i * 37) as u8).collect();
            clahe(&mut pixels, size, 4.0);
        }
    }
}
