//! Sizes of the register tiles: rows (pixels, or input channels) x vectors of columns (output channels).
//!
//! With 32 registers 14 x 2 sums leave room for two vectors of weights and one broadcast value; with 16 registers 6 x 2 do. So
//! a step needs fewer loads than multiplications, and there are enough independent sums to hide the latency of each.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::simd::{self, Isa};

/// Vectors of columns in a full tile.
pub const VECTORS: usize = 2;

/// Rows of the highest tile.
pub const MAX_HEIGHT: usize = 14;

/// Rows of a full tile.
pub const fn height<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { MAX_HEIGHT } else { 6 }
}

/// Rows of the next tile where `remaining` rows are left: the smallest that takes them all, or a full one.
pub const fn next_height<S: Simd>(remaining: usize) -> usize {
    match remaining {
        1 => 1,
        2 => 2,
        3 | 4 => 4,
        5..=8 if height::<S>() > 8 => 8,
        _ => height::<S>(),
    }
}

/// Whether [`next_height`] can ask for tiles of `rows`.
pub const fn has_height<S: Simd>(rows: usize) -> bool {
    rows <= 4 || rows == height::<S>() || (rows == 8 && height::<S>() > 8)
}

/// How columns are cut into panels, each as wide as a tile.
#[derive(Clone, Copy, Debug)]
pub struct PanelSize {
    /// Lanes of a vector.
    pub lanes: usize,
    /// Columns of a full panel.
    pub width: usize,
}

impl PanelSize {
    /// The panels of an instruction set.
    pub fn of(isa: Isa) -> Self {
        simd::run_on(isa, MeasurePanel)
    }

    /// Panels that `columns` take.
    pub fn count(self, columns: usize) -> usize {
        columns.div_ceil(self.width)
    }

    /// The columns of panel `index`, and its width with padding: whole vectors, only as many as it needs.
    pub fn panel(self, columns: usize, index: usize) -> (Range<usize>, usize) {
        let start = index * self.width;
        let end = columns.min(start + self.width);
        (start..end, if end - start <= self.lanes { self.lanes } else { self.width })
    }
}

struct MeasurePanel;

impl WithSimd for MeasurePanel {
    type Output = PanelSize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> PanelSize {
        PanelSize { lanes: S::F32_LANES, width: VECTORS * S::F32_LANES }
    }
}
