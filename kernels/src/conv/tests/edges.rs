//! Every width of channels, and images and kernels as narrow as they come: where tiles, panels and registers end.
//!
//! All slices are as long as their values and no longer, so that a step past their ends ends the test.

use super::super::winograd;
use super::{Case, Geometry, Mode, SETS, geometry_of};

impl Case {
    fn check_all(&self) {
        for isa in SETS {
            for exact in [true, false] {
                self.check(Mode { isa, exact, ..Mode::default() });
            }
            self.check_epilogues(Mode { isa, exact: false, ..Mode::default() });
        }
    }
}

/// Axes `[input, kernel, stride, dilation, pad before, pad after]`: one row, one column, one pixel, strides beyond the kernel, wide
/// dilations, padding all around.
const AXES: [[[usize; 6]; 2]; 10] = [
    [[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 0, 0]],
    [[1, 1, 1, 1, 0, 0], [17, 5, 1, 1, 2, 2]],
    [[13, 7, 1, 1, 3, 3], [1, 1, 1, 1, 0, 0]],
    [[1, 3, 1, 1, 1, 1], [15, 3, 1, 1, 1, 1]],
    [[9, 2, 5, 1, 0, 0], [8, 1, 3, 1, 0, 0]],
    [[7, 2, 4, 1, 1, 0], [10, 3, 5, 1, 0, 2]],
    [[11, 3, 1, 3, 3, 3], [12, 2, 1, 5, 0, 1]],
    [[6, 3, 2, 2, 2, 2], [7, 1, 1, 4, 0, 0]],
    [[2, 5, 1, 1, 4, 4], [3, 4, 2, 1, 3, 3]],
    [[5, 3, 1, 1, 1, 1], [6, 3, 1, 1, 1, 1]],
];

#[test]
fn every_width_on_narrow_images() {
    for c in 1..=40 {
        for (i, axes) in AXES.into_iter().enumerate() {
            // Of ten shapes each width of the input meets five, and each of the output the other five with others.
            let channels = if (c + i) % 2 == 0 { [1, c, 1 + (7 * c + i) % 40] } else { [1, 1 + (11 * c + i) % 40, c] };
            Case::new(geometry_of(1 + i % 2, channels, axes)).check_all();
        }
    }
}

#[test]
fn every_width_of_groups() {
    for c in 1..=20 {
        for (i, axes) in AXES.into_iter().enumerate().filter(|(i, _)| (i + c) % 3 == 0) {
            let [c_in, c_out] = [1 + (c + i) % 6, 1 + (c * 5 + i) % 9];
            Case::new(geometry_of(1, [c, c_in, c_out], axes)).check_all();
        }
    }
}

#[test]
fn every_width_of_transforms() {
    for c in 16..=40 {
        let g = geometry_of(1, [1, c, 56 - c], [[22, 3, 1, 1, 1, 1], [23, 3, 1, 1, 1, 1]]);
        let all = [winograd::PRODUCT, winograd::GRADIENT];
        assert!(all.into_iter().all(|overhead| winograd::pays(&g, g.output, overhead)), "{g:?}");
        Case::new(g).check_all();
    }
}

#[test]
fn nothing_to_convolve() {
    for (i, axes) in AXES.into_iter().enumerate() {
        let g = geometry_of(i % 2, [1 + i % 3, 20, 17], axes);
        Case::new(Geometry { n: 0, ..g }).check_all();
        // Images without a row, whose padding alone makes results.
        let [y, x] = axes;
        Case::new(Geometry { n: 1, input: [0, x[0]], pad: [y[1], x[4]], ..g }).check_all();
    }
}
