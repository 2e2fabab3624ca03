//! The inner kernel of the convolutions that sum over channels: gathered rows times a packed panel.
#![allow(unsafe_code)] // Pixels are reached through offsets that the caller checked.

use pulp::Simd;

use super::buffer::Canvas;
use super::epilogue::{Epilogue, Finish};
use super::lanes::MAX_LANES;
use super::pack::Panel;
use super::prefetch::prefetch;
use super::tile::{self, MAX_HEIGHT, VECTORS};
use super::vector::{load, multiply_add, store, store_floats};

/// In a list of rows, a row of zeros.
pub const ZERO: u32 = u32::MAX;

/// Where the inner kernel reads and writes.
#[derive(Clone, Copy)]
pub struct Gather<'a> {
    /// What `rows` point into.
    pub source: &'a [f32],
    /// As many zeros as a row is long.
    pub zeros: &'a [f32],
    /// What targets point into.
    pub canvas: Canvas<'a>,
    /// The bias has one number for each channel of the target, the residual lies as the canvas does.
    pub epilogue: Epilogue<'a>,
}

impl Gather<'_> {
    /// Writes a tile of up to `height` targets and one panel:
    /// `canvas[targets[m] + n] = bias[n] + Σ_r Σ_c source[rows[r * height + m] + c] * panel[r, c, n]`, summed in this order, and with
    /// what else the epilogue asks for.
    ///
    /// # Safety
    ///
    /// No other part of the canvas that overlaps the targets' columns of this panel may be alive.
    #[inline(always)]
    pub unsafe fn tile<S: Simd>(&self, simd: S, height: usize, rows: &[u32], targets: &[usize], panel: Panel<'_>) {
        macro_rules! dispatch {
            ($($rows:literal)*) => {
                match height {
                    $($rows if tile::has_height::<S>($rows) => {
                        if panel.width == S::F32_LANES {
                            // SAFETY: passed on.
                            unsafe { self.tile_of::<S, $rows, 1>(simd, rows, targets, panel) }
                        } else {
                            // SAFETY: passed on.
                            unsafe { self.tile_of::<S, $rows, VECTORS>(simd, rows, targets, panel) }
                        }
                    })*
                    _ => unreachable!("a tile of {height} rows"),
                }
            };
        }
        dispatch!(14 8 6 4 2 1)
    }

    /// [`Gather::tile`] with its sizes known.
    ///
    /// # Safety
    ///
    /// As there.
    #[inline(always)]
    unsafe fn tile_of<S: Simd, const M: usize, const V: usize>(&self, simd: S, rows: &[u32], targets: &[usize], panel: Panel<'_>) {
        self.ask_for(targets, panel);
        let sums = sums::<S, M, V>(simd, self.source, rows, self.zeros, panel.data, self.bias_of(simd, panel));
        match targets.first_chunk::<M>() {
            Some(targets) if panel.len == V * S::F32_LANES && self.epilogue.is_plain() => {
                for m in 0..M {
                    let start = targets[m] + panel.start;
                    // SAFETY: by the contract.
                    let out = unsafe { self.canvas.part(start..start + V * S::F32_LANES) };
                    for v in 0..V {
                        store::<S>(&mut out[v * S::F32_LANES..][..S::F32_LANES], sums[m][v]);
                    }
                }
            }
            // By way of memory: were the sums themselves reached by an index that is not a constant, they would be kept in memory
            // through all the products.
            _ => {
                let mut floats = [0.0; MAX_HEIGHT * VECTORS * MAX_LANES];
                for m in 0..M {
                    for v in 0..V {
                        store_floats::<S>(&mut floats[(m * V + v) * S::F32_LANES..], sums[m][v]);
                    }
                }
                let floats = &mut floats[..M.min(targets.len()) * panel.width];
                let places = targets.iter().map(|target| Some(target + panel.start..target + panel.start + panel.len));
                // SAFETY: by the contract.
                unsafe { Finish { floats, width: panel.width }.write(simd, &self.epilogue, self.canvas, places) }
            }
        }
    }

    /// Has the memory of a tile's results brought near while they are worked out: writes that miss the caches wait for each other.
    #[inline(always)]
    fn ask_for(&self, targets: &[usize], panel: Panel<'_>) {
        for target in targets {
            self.canvas.prefetch(target + panel.start, panel.len);
            if let Some(residual) = self.epilogue.residual {
                prefetch(&residual[target + panel.start..][..panel.len]);
            }
        }
    }

    #[inline(always)]
    fn bias_of<S: Simd, const V: usize>(&self, simd: S, panel: Panel<'_>) -> [S::f32s; V] {
        let mut sums = [simd.splat_f32s(0.0); V];
        if let Some(bias) = self.epilogue.bias {
            let mut bias = &bias[panel.start..][..panel.len];
            for sum in &mut sums {
                *sum = load(simd, bias);
                bias = &bias[bias.len().min(S::F32_LANES)..];
            }
        }
        sums
    }
}

/// The sums of a tile, all in registers; `sums` on entry is what they start from.
#[inline(always)]
fn sums<S: Simd, const M: usize, const V: usize>(
    simd: S,
    source: &[f32],
    rows: &[u32],
    zeros: &[f32],
    panel: &[f32],
    start: [S::f32s; V],
) -> [[S::f32s; V]; M] {
    let length = zeros.len();
    let mut sums = [start; M];
    let panel = S::as_simd_f32s(panel).0.as_chunks::<V>().0;
    for (rows, panel) in rows.as_chunks::<M>().0.iter().zip(panel.chunks_exact(length)) {
        let mut pixels = [zeros; M];
        for m in 0..M {
            if rows[m] != ZERO {
                pixels[m] = &source[rows[m] as usize..][..length];
            }
        }
        let panel = &panel[..length];
        for c in 0..length {
            for m in 0..M {
                let x = simd.splat_f32s(pixels[m][c]);
                for v in 0..V {
                    sums[m][v] = multiply_add(simd, x, panel[c][v], sums[m][v]);
                }
            }
        }
    }
    sums
}
