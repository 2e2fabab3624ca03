//! Transformed weights, in panels of rows `[plane][source channel]` and columns of target channels.

use pulp::{Simd, WithSimd};

use super::super::pack::Panels;
use super::super::simd::{self, Isa};
use super::super::tile::PanelSize;
use super::super::vector::load;
use super::grid::PLANES;
use super::planes::store;
use super::transform::{Transform, Weight};

/// Which pass the weights are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Forward,
    /// Channels change roles and kernels are turned by half a circle.
    InputGradient,
}

/// Packs `weight`, `[out, in, 3, 3]`.
pub fn pack(isa: Isa, weight: &[f32], c_in: usize, c_out: usize, purpose: Use, size: PanelSize) -> Panels {
    let turned = purpose == Use::InputGradient;
    let ([rows, columns], [row_step, column_step]) =
        if turned { ([c_out, c_in], [c_in * TAPS, TAPS]) } else { ([c_in, c_out], [TAPS, c_in * TAPS]) };
    Panels::new([1, PLANES * rows, columns], size, |_, columns, panel, width| {
        let weight = &weight[columns.start * column_step..];
        simd::run_on(isa, Fill { weight, row_step, column_step, turned, rows, columns: columns.len(), panel, width });
    })
}

/// Weights of a kernel.
const TAPS: usize = 9;
/// Columns of the widest panel.
const WIDEST: usize = 32;
/// Rows at a time.
const ROWS: usize = 8;

/// One panel. The weights between two channels are `weight[row * row_step + column * column_step..]`.
struct Fill<'a> {
    weight: &'a [f32],
    row_step: usize,
    column_step: usize,
    /// By half a circle.
    turned: bool,
    rows: usize,
    columns: usize,
    panel: &'a mut [f32],
    width: usize,
}

impl WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // Some rows at a time: kernels of one column lie together if columns are far apart, and would be loaded anew for each row.
        let mut taps = [[[0.0; WIDEST]; TAPS]; ROWS];
        for first in (0..self.rows).step_by(ROWS) {
            let rows = ROWS.min(self.rows - first);
            for column in 0..self.columns {
                for (row, taps) in taps.iter_mut().enumerate().take(rows) {
                    let kernel = &self.weight[(first + row) * self.row_step + column * self.column_step..][..TAPS];
                    for tap in 0..TAPS {
                        taps[if self.turned { TAPS - 1 - tap } else { tap }][column] = kernel[tap];
                    }
                }
            }
            for (row, taps) in taps.iter().enumerate().take(rows) {
                self.transform(simd, first + row, taps);
            }
        }
    }
}

impl Fill<'_> {
    /// Transforms the kernels of one row, `[tap][column]`.
    #[inline(always)]
    fn transform<S: Simd>(&mut self, simd: S, row: usize, taps: &[[f32; WIDEST]; TAPS]) {
        for column in (0..self.width).step_by(S::F32_LANES) {
            let mut kernel = [[simd.splat_f32s(0.0); 3]; 3];
            for tap in 0..TAPS {
                kernel[tap / 3][tap % 3] = load(simd, &taps[tap][column..]);
            }
            let square = Weight::both_axes(simd, kernel);
            let at = row * self.width + column;
            store(simd, square, &mut self.panel[at..], self.rows * self.width);
        }
    }
}
