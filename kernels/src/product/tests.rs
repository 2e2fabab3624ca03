//! Against three loops in f64.

use super::super::testing::{close, each, values};
use super::*;

#[test]
fn products_are_sums_of_products() {
    each(60, (0usize..20, 0usize..40, 0usize..150, 0usize..8), |isa, (rows, depth, columns, case)| {
        let (turned, add, apart) = (case % 2 == 1, case / 2 % 2 == 1, case / 4 * 3);
        let (lefts, rights, before) =
            (values((rows + apart) * (depth + apart), 1), values(depth * (columns + apart), 2), values(rows * (columns + apart), 3));
        let (row, step) = if turned { (1, rows + apart) } else { (depth + apart, 1) };
        let wide = columns + apart;
        let mut y = before.clone();
        let (left, right) = (Left { x: &lefts, row, step }, Right { x: &rights, row: wide });
        product(Size { rows, depth, columns }, left, right, &mut y, wide, add);
        let value = |place: usize| {
            let (r, c) = (place / wide, place % wide);
            let sum = (0..depth).map(|k| f64::from(lefts[r * row + k * step]) * f64::from(rights[k * wide + c.min(columns.max(1) - 1)]));
            let sum: f64 = sum.sum();
            let before = f64::from(before[place]);
            if c >= columns { before } else { sum + if add { before } else { 0.0 } }
        };
        let expected: Vec<f64> = (0..y.len()).map(|place| if columns == 0 { f64::from(before[place]) } else { value(place) }).collect();
        close(&format!("{isa:?}"), &y, &expected, 1e-6);
    });
}

#[test]
#[should_panic(expected = "a factor ends early")]
fn a_short_factor_is_refused() {
    let size = Size { rows: 2, depth: 3, columns: 4 };
    product(size, Left { x: &[0.0; 5], row: 3, step: 1 }, Right { x: &[0.0; 12], row: 4 }, &mut [0.0; 8], 4, false);
}
