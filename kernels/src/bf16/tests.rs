//! Products against sums in f64 of the rounded factors, on drawn shapes.

use proptest::prelude::*;

use super::{Matrix, is_fast, pack, product, rounded};
use crate::simd::Isa;
use crate::testing::{close, same_for_any_threads, values};

/// Drawn sizes: fewer and more than a tile, a panel and a stretch of the depth.
fn sizes() -> impl Strategy<Value = [usize; 3]> {
    prop_oneof![[0usize..70, 0usize..70, 0usize..70], [1usize..20, 500usize..2100, 1usize..40]]
}

/// The factors of each order in memory.
fn factors<'a>(x: &'a [f32], w: &'a [f32], [rows, depth, columns]: [usize; 3], turned: [bool; 2]) -> [Matrix<'a>; 2] {
    let matrix = |values, rows, columns, turned| match turned {
        false => Matrix::new(values, rows, columns),
        true => Matrix::new(values, columns, rows).turned(),
    };
    [matrix(x, rows, depth, turned[0]), matrix(w, depth, columns, turned[1])]
}

/// The definition, in f64.
fn expected([left, right]: [Matrix<'_>; 2], bias: Option<&[f32]>) -> Vec<f64> {
    let at = |m: &Matrix<'_>, values: &[f32], row: usize, column: usize| {
        f64::from(if m.turned { values[column * m.rows + row] } else { values[row * m.columns + column] })
    };
    let (x, w) = (rounded(left.values), rounded(right.values));
    let mut y = Vec::new();
    for row in 0..left.rows {
        for column in 0..right.columns {
            let sum: f64 = (0..left.columns).map(|k| at(&left, &x, row, k) * at(&right, &w, k, column)).sum();
            y.push(sum + bias.map_or(0.0, |bias| f64::from(bias[column])));
        }
    }
    y
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn products_are_sums_of_rounded_factors(sizes in sizes(), turned in any::<[bool; 2]>(), biased in any::<bool>()) {
        if is_fast(Isa::Avx512) {
            let [rows, depth, columns] = sizes;
            let (x, w, bias) = (values(rows * depth, 1), values(depth * columns, 2), values(columns, 3));
            let [left, right] = factors(&x, &w, sizes, turned);
            let bias = biased.then_some(&bias[..]);
            close("y", &product(left, right, bias), &expected([left, right], bias), 2e-6 * (depth.max(1) as f64).sqrt());
        }
    }
}

#[test]
fn a_long_depth_is_summed_slice_by_slice() {
    if is_fast(Isa::Avx512) {
        let sizes = [70, 9001, 65];
        let (x, w) = (values(70 * 9001, 1), values(9001 * 65, 2));
        let [left, right] = factors(&x, &w, sizes, [true, false]);
        close("y", &product(left, right, None), &expected([left, right], None), 3e-4);
    }
}

#[test]
fn rounding_is_to_the_nearest_and_ties_go_to_even() {
    // As `torch.tensor([...]).bfloat16()` has them: 8 bits of precision, so that neighbours of 1 lie 2^-7 apart above it.
    let ulp = 2f32.powi(-7);
    for (value, nearest) in [
        (1.0, 1.0),
        (1.0 + 0.5 * ulp, 1.0),
        (1.0 + 0.500_1 * ulp, 1.0 + ulp),
        (1.0 + 1.5 * ulp, 1.0 + 2.0 * ulp),
        (-1.0 - 1.5 * ulp, -1.0 - 2.0 * ulp),
        (f32::MAX, f32::INFINITY),
        (f32::NEG_INFINITY, f32::NEG_INFINITY),
        (0.0, 0.0),
    ] {
        assert_eq!(rounded(&[value])[0], nearest, "{value}");
    }
    // Every NaN stays one, whichever of its bits are set.
    assert!([0x7F80_0001u32, 0x7FFF_FFFF, 0xFF80_0001].iter().all(|&bits| pack::round(f32::from_bits(bits)) & 0x7F > 0));
}

#[test]
fn what_is_not_a_number_stays_in_its_row() {
    if !is_fast(Isa::Avx512) {
        return;
    }
    let (mut x, w) = (values(20 * 33, 1), values(33 * 40, 2));
    (x[33], x[2 * 33 + 32]) = (f32::NAN, f32::INFINITY);
    let y = product(Matrix::new(&x, 20, 33), Matrix::new(&w, 33, 40), None);
    for (row, y) in y.chunks_exact(40).enumerate() {
        assert!(y.iter().all(|y| match row {
            1 => y.is_nan(),
            2 => y.is_infinite(),
            _ => y.is_finite(),
        }));
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    if is_fast(Isa::Avx512) {
        let (x, w) = (values(300 * 130, 1), values(130 * 70, 2));
        same_for_any_threads(|| {
            let turned = product(Matrix::new(&x, 130, 300).turned(), Matrix::new(&w, 130, 70), None);
            vec![product(Matrix::new(&x, 300, 130), Matrix::new(&w, 70, 130).turned(), None), turned]
        });
    }
}
