//! The inner kernel of the convolutions that sum over channels: gathered rows times a packed panel.
#![allow(unsafe_code)] // Pixels are reached through offsets that the caller checked.

use pulp::Simd;

use super::activation::{Function, Light, with_light};
use super::buffer::Canvas;
use super::epilogue::{Epilogue, Finish};
use super::lanes::{F32s, Lanes, MAX_LANES, Part};
use super::pack::Panel;
use super::prefetch::prefetch;
use super::tile::{self, MAX_HEIGHT, VECTORS};
use super::vector::{load, multiply_add, store, store_floats};

/// In a list of rows, a row of zeros.
pub const ZERO: u32 = u32::MAX;

/// Repeats `$body` for each number below `$end`, a constant: sums that an index reaches which may not be one are kept in memory through
/// all the products, and the compiler does not unroll every loop.
macro_rules! each {
    ($number:ident of $end:ident => $body:expr) => {
        each!($number of $end => $body; 0 1 2 3 4 5 6 7 8 9 10 11 12 13)
    };
    ($number:ident of $end:ident => $body:expr; $($value:literal)*) => {{
        const { assert!($end <= MAX_HEIGHT) };
        $({
            const $number: usize = $value;
            if $number < $end {
                $body
            }
        })*
    }};
}

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
    /// Whether the canvas is likely to be out of the caches, so that it should be asked for ahead of the writes.
    pub far: bool,
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
        if self.far {
            self.ask_for(targets, panel);
        }
        let sums = sums::<S, M, V>(simd, self.source, rows, self.zeros, panel.data, self.bias_of(simd, panel));
        if let (Some(light), Some(targets)) = (self.epilogue.light(), targets.first_chunk::<M>()) {
            // SAFETY: by the contract.
            return unsafe { self.write(simd, sums, light, targets, panel) };
        }
        // By way of memory: were the sums themselves reached by an index that is not a constant, they would be kept in memory
        // through all the products.
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

    /// Finishes sums in their registers and writes them to their targets.
    ///
    /// # Safety
    ///
    /// As [`Gather::tile`]'s.
    #[inline(always)]
    unsafe fn write<S: Simd, const M: usize, const V: usize>(
        &self,
        simd: S,
        mut sums: [[S::f32s; V]; M],
        light: Light,
        targets: &[usize; M],
        panel: Panel<'_>,
    ) {
        if let Some(residual) = self.epilogue.residual {
            each!(ROW of M => {
                let residual = &residual[targets[ROW] + panel.start..][..panel.len];
                each!(VECTOR of V => {
                    let added = load(simd, &residual[(VECTOR * S::F32_LANES).min(panel.len)..]);
                    sums[ROW][VECTOR] = simd.add_f32s(sums[ROW][VECTOR], added);
                }; 0 1);
            });
        }
        with_light!(light, function => each!(ROW of M => each!(VECTOR of V => {
            sums[ROW][VECTOR] = function.of(F32s::new(simd, sums[ROW][VECTOR])).register();
        }; 0 1)));
        each!(VECTOR of V => {
            let start = panel.start + VECTOR * S::F32_LANES;
            let count = panel.len.saturating_sub(VECTOR * S::F32_LANES);
            if count >= S::F32_LANES {
                each!(ROW of M => {
                    // SAFETY: by the contract.
                    let out = unsafe { self.canvas.part(targets[ROW] + start..targets[ROW] + start + S::F32_LANES) };
                    store::<S>(out, sums[ROW][VECTOR]);
                });
            } else {
                let part = Part::new(simd, count);
                each!(ROW of M => {
                    // SAFETY: by the contract.
                    let out = unsafe { self.canvas.part(targets[ROW] + start..targets[ROW] + start + count) };
                    part.init(out, 0, F32s::new(simd, sums[ROW][VECTOR]));
                });
            }
        }; 0 1);
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
