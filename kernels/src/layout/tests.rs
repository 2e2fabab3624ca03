//! Against the definitions, value by value.

use super::super::testing::{each, same_for_any_threads, values};
use super::*;

#[test]
fn turning_moves_every_value() {
    each(40, (0usize..4, 1usize..90, 1usize..90), |isa, (n, rows, columns)| {
        let x = values(n * rows * columns, 1);
        let y = transpose(&x, rows, columns);
        let place = |i: usize| (i / (rows * columns) * columns + i % columns) * rows + i / columns % rows;
        assert!(y.len() == x.len() && (0..x.len()).all(|i| y[place(i)] == x[i]), "{isa:?}");
        assert!(channels_last(&channels_first(&x, columns, rows), columns, rows) == x, "{isa:?}");
    });
}

#[test]
fn joining_and_parting_are_inverse() {
    each(40, (0usize..70, 0usize..40, 0usize..20, 1usize..9), |_, (rows, a, b, c)| {
        let parts = [(values(rows * a, 1), a), (values(rows * b, 2), b), (values(rows * c, 3), c)];
        let x = concat(&parts.each_ref().map(|(x, own)| (&x[..], *own)));
        let all = a + b + c;
        let column = |i: usize| match i % all {
            k if k < a => parts[0].0[i / all * a + k],
            k if k < a + b => parts[1].0[i / all * b + k - a],
            k => parts[2].0[i / all * c + k - a - b],
        };
        assert!(x.len() == rows * all && x.iter().enumerate().all(|(i, x)| *x == column(i)));
        assert!(split(&x, &[a, b, c]) == parts.map(|(x, _)| x));
    });
}

#[test]
fn pixels_are_shuffled_as_in_pytorch() {
    // `torch.nn.functional.pixel_shuffle(torch.arange(8.).view(1, 8, 1, 1), 2)`
    assert_eq!(pixel_shuffle(&[0., 1., 2., 3., 4., 5., 6., 7.], 1, 2, 2), [0., 4., 1., 5., 2., 6., 3., 7.]);
    each(40, (0usize..3, 1usize..6, 1usize..6, 1usize..9, 1usize..5), |_, (n, h, w, c, r)| {
        let x = values(n * h * w * c * r * r, 1);
        let y = pixel_shuffle(&x, w, c, r);
        for (i, x) in x.iter().enumerate() {
            let (pixel, channel) = (i / (c * r * r), i % (c * r * r));
            let (row, column) = (pixel / w * r + channel / r % r, pixel % w * r + channel % r);
            assert!(y[(row * w * r + column) * c + channel / (r * r)] == *x);
        }
        assert!(pixel_unshuffle(&y, w, c, r) == x);
    });
}

#[test]
fn threads_do_not_change_bits() {
    let x = values(4 * 100 * 200, 1);
    each(1, 0usize..1, |_, _| same_for_any_threads(|| vec![transpose(&x, 100, 200), concat(&[(&x, 16), (&x, 16)])]));
}

#[test]
fn slices_one_after_the_other() {
    let (short, long) = (values(5, 1), values(200_001, 2));
    let joined = super::joined(&[&short, &[], &long, &short]);
    assert_eq!(joined, [&short[..], &long, &short].concat());
    assert!(super::joined(&[]).is_empty());
}

#[test]
fn picked_rows_come_back() {
    each(40, (0usize..4, 1usize..20, 0usize..9, 0usize..6), |isa, (n, rows, columns, nowhere)| {
        let x = values(n * rows * columns, 1);
        // Every row but the first, backwards, with gaps.
        let mut places: Vec<u32> = (1..rows as u32).rev().collect();
        (0..nowhere).for_each(|i| places.insert(i * 7 % (places.len() + 1), NOWHERE));
        let y = pick(&x, rows, columns, &places);
        assert_eq!(y.len(), if columns == 0 { 0 } else { n * places.len() * columns }, "{isa:?}");
        for (i, y) in y.iter().enumerate() {
            let (image, place, column) = (i / columns / places.len(), places[i / columns % places.len()], i % columns);
            let expected = if place == NOWHERE { 0.0 } else { x[(image * rows + place as usize) * columns + column] };
            assert!(*y == expected, "{isa:?}");
        }
        let back = pick(&y, places.len(), columns, &inverse(&places, rows));
        assert!((0..back.len()).all(|i| back[i] == if i / columns % rows == 0 { 0.0 } else { x[i] }), "{isa:?}");
    });
}
