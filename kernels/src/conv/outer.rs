//! The inner kernel of the weight gradients: outer products of pixels, summed over runs of pixels.

use pulp::Simd;

use super::tile::{self, VECTORS};
use super::vector::multiply_add;

/// Neighbouring pixels of a row.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// The float of the left factor where the first pixel starts.
    pub left: usize,
    /// The first pixel in the right factor's panel.
    pub right: usize,
    pub len: usize,
}

/// A strip of the left factor: the channels from some channel on of pixels that lie `step` floats apart.
#[derive(Clone, Copy)]
pub struct Strip<'a> {
    pub floats: &'a [f32],
    pub step: usize,
}

/// Adds to `sums`, `[row][width]`, the outer products `Σ_run Σ_pixel strip[pixel, row] * panel[pixel, column]`, in this order.
///
/// The strip has as many rows as `sums`; the tiles may read and drop a few more.
#[inline(always)]
pub fn add_products<S: Simd>(simd: S, strip: Strip<'_>, panel: &[f32], runs: &[Run], width: usize, sums: &mut [f32]) {
    let rows = sums.len() / width;
    let mut row = 0;
    while row < rows {
        let height = tile::next_height::<S>(rows - row);
        let end = rows.min(row + height);
        let strip = Strip { floats: &strip.floats[row..], ..strip };
        add_tile(simd, height, strip, panel, runs, width, &mut sums[row * width..end * width]);
        row = end;
    }
}

/// [`add_products`] of one tile of `height` rows.
#[inline(always)]
pub fn add_tile<S: Simd>(simd: S, height: usize, strip: Strip<'_>, panel: &[f32], runs: &[Run], width: usize, sums: &mut [f32]) {
    macro_rules! dispatch {
        ($($rows:literal)*) => {
            match height {
                $($rows if tile::has_height::<S>($rows) => {
                    if width == S::F32_LANES {
                        add_tile_of::<S, $rows, 1>(simd, strip, panel, runs, sums);
                    } else {
                        add_tile_of::<S, $rows, VECTORS>(simd, strip, panel, runs, sums);
                    }
                })*
                _ => unreachable!("a tile of {height} rows"),
            }
        };
    }
    dispatch!(14 8 6 4 2 1);
}

#[inline(always)]
fn add_tile_of<S: Simd, const M: usize, const V: usize>(simd: S, strip: Strip<'_>, panel: &[f32], runs: &[Run], sums: &mut [f32]) {
    let products = products::<S, M, V>(simd, strip, S::as_simd_f32s(panel).0.as_chunks::<V>().0, runs);
    let sums = S::as_mut_simd_f32s(sums).0.as_chunks_mut::<V>().0;
    for m in 0..M {
        if m < sums.len() {
            for v in 0..V {
                sums[m][v] = simd.add_f32s(sums[m][v], products[m][v]);
            }
        }
    }
}

/// The sums of a tile, all in registers.
#[inline(always)]
fn products<S: Simd, const M: usize, const V: usize>(simd: S, strip: Strip<'_>, panel: &[[S::f32s; V]], runs: &[Run]) -> [[S::f32s; V]; M] {
    let mut sums = [[simd.splat_f32s(0.0); V]; M];
    for run in runs {
        let right = &panel[run.right..][..run.len];
        let strip = Strip { floats: &strip.floats[run.left..], ..strip };
        // Pixels all of whose rows lie inside; the last ones may have rows that do not exist, past the very end.
        let whole = strip.floats.len().checked_sub(M).map_or(0, |room| (room / strip.step.max(1) + 1).min(run.len));
        for (pixel, right) in right[..whole].iter().enumerate() {
            let left = &strip.floats[pixel * strip.step..][..M];
            for m in 0..M {
                let x = simd.splat_f32s(left[m]);
                for v in 0..V {
                    sums[m][v] = multiply_add(simd, x, right[v], sums[m][v]);
                }
            }
        }
        for (pixel, right) in right.iter().enumerate().skip(whole) {
            let left = &strip.floats[pixel * strip.step..];
            for m in 0..M {
                let x = simd.splat_f32s(left.get(m).copied().unwrap_or(0.0));
                for v in 0..V {
                    sums[m][v] = multiply_add(simd, x, right[v], sums[m][v]);
                }
            }
        }
    }
    sums
}
