//! Against the definition in f64, on drawn shapes.

use proptest::prelude::*;

use super::super::activation::{self, Activation};
use super::super::testing::{close, each, same_for_any_threads, values, wide};
use super::super::window::Axis;
use super::*;

/// Any kernel that fits; small ones with stride 1 or 2 and no dilation often, since they have their own code.
fn axis() -> impl Strategy<Value = Axis> {
    let usual = (1usize..24, prop::sample::select(vec![1usize, 3, 5, 7]), 1usize..3, 0usize..4, Just(1usize));
    let any = (1usize..12, 1usize..5, 1usize..4, 0usize..4, 1usize..4);
    prop_oneof![3 => usual.boxed(), 1 => any.boxed()]
        .prop_filter_map("larger than the input", |(input, kernel, stride, padding, dilation)| {
            Axis::new(input, kernel, stride, padding, dilation)
        })
}

fn window() -> impl Strategy<Value = Window> {
    (0usize..4, 1usize..=40, axis(), axis()).prop_map(|(n, channels, rows, columns)| Window { n, channels, rows, columns })
}

/// Calls `f(input, weight, output)` with the places of every product.
fn products(w: &Window, mut f: impl FnMut(usize, usize, usize)) {
    for image in 0..w.n {
        for (oy, ox) in (0..w.rows.output).flat_map(|y| (0..w.columns.output).map(move |x| (y, x))) {
            for (ky, kx) in w.rows.taps(oy).flat_map(|y| w.columns.taps(ox).map(move |x| (y, x))) {
                for c in 0..w.channels {
                    let input =
                        ((image * w.rows.input + w.rows.place(oy, ky)) * w.columns.input + w.columns.place(ox, kx)) * w.channels + c;
                    let output = ((image * w.rows.output + oy) * w.columns.output + ox) * w.channels + c;
                    f(input, (c * w.rows.kernel + ky) * w.columns.kernel + kx, output);
                }
            }
        }
    }
}

#[test]
fn taps_are_those_inside() {
    each(200, axis(), |_, axis| {
        for o in 0..axis.output {
            let inside = |t: usize| (0..axis.input as isize).contains(&(axis.start(o) + (t * axis.dilation) as isize));
            let taps: Vec<usize> = (0..axis.kernel).filter(|&t| inside(t)).collect();
            assert_eq!(axis.taps(o).collect::<Vec<_>>(), taps);
            assert_eq!(axis.interior().contains(&o), taps.len() == axis.kernel);
        }
    });
}

#[test]
fn all_passes_are_the_definition() {
    each(150, window(), |isa, window| {
        let (x, dy) = (values(window.input_len(), 1), values(window.output_len(), 2));
        let (weight, bias) = (values(window.channels * window.taps(), 3), values(window.channels, 4));
        let (x64, dy64, w64) = (wide(&x), wide(&dy), wide(&weight));
        let mut y64: Vec<f64> = (0..dy.len()).map(|i| f64::from(bias[i % window.channels])).collect();
        let (mut dx64, mut dw64) = (vec![0.0; x.len()], vec![0.0; weight.len()]);
        products(&window, |i, w, o| {
            y64[o] += x64[i] * w64[w];
            dx64[i] += dy64[o] * w64[w];
            dw64[w] += dy64[o] * x64[i];
        });
        close(&format!("{isa:?} y"), &forward(&x, &weight, Some(&bias), &window), &y64, 1e-5);
        close(&format!("{isa:?} dx"), &input_gradient(&dy, &weight, &window), &dx64, 1e-5);
        close(&format!("{isa:?} dw"), &weight_gradient(&x, &dy, &window), &dw64, 1e-5);
    });
}

#[test]
fn epilogues_are_their_steps() {
    each(20, window(), |isa, window| {
        let (x, residual) = (values(window.input_len(), 1), values(window.output_len(), 2));
        let (weight, bias) = (values(window.channels * window.taps(), 3), values(window.channels, 4));
        let sums: Vec<f32> = forward(&x, &weight, Some(&bias), &window).iter().zip(&residual).map(|(y, r)| y + r).collect();
        for activation in [Activation::Relu6, Activation::HardSwish, Activation::Gelu] {
            let epilogue = Epilogue { bias: Some(&bias), residual: Some(&residual), activation: Some(activation) };
            let y = forward_with(&x, &weight, epilogue, &window);
            close(&format!("{isa:?} {activation:?}"), &y, &wide(&activation::forward(activation, &sums)), 1e-6);
        }
    });
}

#[test]
fn a_nan_reaches_the_windows_that_hold_it() {
    let axis = Axis::new(9, 3, 1, 1, 1).unwrap();
    let window = Window { n: 1, channels: 5, rows: axis, columns: axis };
    each(1, Just(()), |_, ()| {
        let mut x = values(window.input_len(), 1);
        x[(4 * 9 + 4) * 5 + 2] = f32::NAN;
        let y = forward(&x, &values(45, 2), None, &window);
        let nan: Vec<usize> = (0..y.len()).filter(|&i| y[i].is_nan()).collect();
        let near: Vec<usize> = (0..81).filter(|p| (3..6).contains(&(p / 9)) && (3..6).contains(&(p % 9))).map(|p| p * 5 + 2).collect();
        assert_eq!(nan, near);
    });
}

#[test]
fn threads_do_not_change_bits() {
    let axis = |stride| Axis::new(30, 5, stride, 2, 1).unwrap();
    let window = Window { n: 3, channels: 40, rows: axis(1), columns: axis(2) };
    let (x, dy, weight) = (values(window.input_len(), 1), values(window.output_len(), 2), values(40 * 25, 3));
    each(1, Just(()), |_, ()| {
        same_for_any_threads(|| {
            vec![forward(&x, &weight, None, &window), input_gradient(&dy, &weight, &window), weight_gradient(&x, &dy, &window)]
        });
    });
}
