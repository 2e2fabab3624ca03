//! Against the definitions, on drawn shapes.

use proptest::prelude::*;

use super::super::testing::{close, each, same_for_any_threads, values, wide};
use super::super::window::Axis;
use super::*;

fn axis(dilations: std::ops::Range<usize>) -> impl Strategy<Value = Axis> {
    (1usize..16, 1usize..6, 1usize..4, 0usize..3, dilations, any::<bool>()).prop_filter_map(
        "no window, or too much padding",
        |(input, kernel, stride, padding, dilation, ceil)| {
            let make = if ceil { Axis::ceil } else { Axis::new };
            let axis = make(input, kernel, stride, padding, dilation)?;
            // PyTorch allows padding of up to half a window, and then each window reaches into the input unless it is dilated.
            (2 * padding <= kernel && (0..axis.output).all(|o| !axis.taps(o).is_empty())).then_some(axis)
        },
    )
}

fn window(dilations: std::ops::Range<usize>) -> impl Strategy<Value = Window> {
    let axes = (axis(dilations.clone()), axis(dilations));
    (0usize..3, 1usize..=40, axes).prop_map(|(n, channels, (rows, columns))| Window { n, channels, rows, columns })
}

/// For each output: the places of its window in the input, each with its tap.
fn windows(w: &Window) -> Vec<Vec<(usize, usize)>> {
    let mut all = Vec::with_capacity(w.output_len());
    for image in 0..w.n {
        for (oy, ox) in (0..w.rows.output).flat_map(|y| (0..w.columns.output).map(move |x| (y, x))) {
            for c in 0..w.channels {
                let place = |ky, kx| {
                    let row = image * w.rows.input + w.rows.place(oy, ky);
                    ((row * w.columns.input + w.columns.place(ox, kx)) * w.channels + c, ky * w.columns.kernel + kx)
                };
                all.push(w.rows.taps(oy).flat_map(|ky| w.columns.taps(ox).map(move |kx| place(ky, kx))).collect());
            }
        }
    }
    all
}

#[test]
fn readers_are_the_inverse_of_taps() {
    each(200, axis(1..4), |_, axis| {
        for input in 0..axis.input {
            let mut readers: Vec<_> = axis.readers(input).collect();
            readers.sort_unstable();
            let places = (0..axis.output).flat_map(|o| axis.taps(o).map(move |t| (o, t)));
            assert_eq!(readers, places.filter(|&(o, t)| axis.place(o, t) == input).collect::<Vec<_>>());
        }
    });
}

#[test]
fn ceil_mode_counts_as_pytorch() {
    let output = |input, kernel, stride, padding| Axis::ceil(input, kernel, stride, padding, 1).unwrap().output;
    assert_eq!([output(112, 3, 2, 0), output(5, 2, 2, 0), output(4, 2, 2, 1), output(3, 1, 3, 0)], [56, 3, 3, 1]);
}

#[test]
fn the_largest_wins_first_come_and_nan_above_all() {
    each(120, window(1..3), |isa, window| {
        // Few different values make ties; some are NaN, some -inf.
        let pick = |x: f32| {
            if x > 1.6 {
                f32::NAN
            } else if x < -1.0 {
                f32::NEG_INFINITY
            } else {
                (2.0 * x).round()
            }
        };
        let x: Vec<f32> = values(window.input_len(), 1).into_iter().map(pick).collect();
        let dy = values(window.output_len(), 2);
        let (y, winners) = max_pool(&x, &window);
        let mut dx = vec![0f64; x.len()];
        for (o, places) in windows(&window).iter().enumerate() {
            let mut best = (f32::NEG_INFINITY, places[0]);
            for &place in places {
                if x[place.0] > best.0 || x[place.0].is_nan() {
                    best = (x[place.0], place);
                }
            }
            let (value, (place, tap)) = best;
            assert!(y[o] == value || (y[o].is_nan() && value.is_nan()), "{isa:?}");
            assert_eq!(usize::from(winners[o]), tap, "{isa:?}");
            dx[place] += f64::from(dy[o]);
        }
        close(&format!("{isa:?} dx"), &max_pool_backward(&dy, &winners, &window), &dx, 1e-6);
    });
}

#[test]
fn averages_are_pytorchs() {
    each(120, window(1..2), |isa, window| {
        let (x, dy) = (values(window.input_len(), 1), values(window.output_len(), 2));
        for divisor in [Divisor::Inside, Divisor::WithPadding, Divisor::Fixed(3)] {
            let length = |axis: &Axis, o: usize| {
                let start = axis.start(o);
                let padded = (start + axis.kernel as isize).min(axis.input as isize + axis.padding) - start;
                if divisor == Divisor::Inside { axis.taps(o).len() as f64 } else { padded as f64 }
            };
            let (mut y, mut dx) = (Vec::new(), vec![0f64; x.len()]);
            for (o, places) in windows(&window).iter().enumerate() {
                let pixel = o / window.channels;
                let (row, column) = (pixel / window.columns.output % window.rows.output, pixel % window.columns.output);
                let fixed = divisor == Divisor::Fixed(3);
                let count = if fixed { 3.0 } else { length(&window.rows, row) * length(&window.columns, column) };
                y.push(places.iter().map(|&(place, _)| f64::from(x[place])).sum::<f64>() / count);
                places.iter().for_each(|&(place, _)| dx[place] += f64::from(dy[o]) / count);
            }
            close(&format!("{isa:?} {divisor:?} y"), &average_pool(&x, &window, divisor), &y, 1e-6);
            close(&format!("{isa:?} {divisor:?} dx"), &average_pool_backward(&dy, &window, divisor), &dx, 2e-6);
        }
    });
}

#[test]
fn global_averages_are_means() {
    each(40, (1usize..4, 1usize..3000, 1usize..40), |isa, (n, places, channels)| {
        let (x, dy) = (values(n * places * channels, 1), values(n * channels, 2));
        let group = |i: usize| i / (places * channels) * channels + i % channels;
        let mut y = vec![0f64; n * channels];
        wide(&x).iter().enumerate().for_each(|(i, x)| y[group(i)] += x / places as f64);
        close(&format!("{isa:?} y"), &global_average(&x, places, channels), &y, 1e-6);
        let dx: Vec<f64> = (0..x.len()).map(|i| f64::from(dy[group(i)]) / places as f64).collect();
        close(&format!("{isa:?} dx"), &global_average_backward(&dy, places, channels), &dx, 1e-6);
    });
}

#[test]
fn a_window_around_the_input_finds_nothing() {
    let axis = Axis::new(2, 2, 1, 1, 3).unwrap();
    let window = Window { n: 1, channels: 3, rows: axis, columns: axis };
    each(1, Just(()), |isa, ()| {
        let (y, winners) = max_pool(&[1.0; 12], &window);
        assert_eq!(y, [f32::NEG_INFINITY; 3], "{isa:?}");
        assert_eq!(max_pool_backward(&[1.0; 3], &winners, &window), [0.0; 12], "{isa:?}");
    });
}

/// PyTorch's bin of an output of an adaptive pool.
fn bin(input: usize, output: usize, place: usize) -> std::ops::Range<usize> {
    place * input / output..((place + 1) * input).div_ceil(output)
}

#[test]
fn adaptive_pools_are_pytorchs() {
    let sizes = (0usize..3, (1usize..12, 1usize..12), (1usize..15, 1usize..15), prop::sample::select(vec![1usize, 5, 16, 20]));
    each(60, sizes, |isa, (n, (h, w), (rows, columns), channels)| {
        let pool = Adaptive { input: [h, w], output: [rows, columns], channels };
        let pick = |x: f32| {
            if x > 1.7 {
                f32::NAN
            } else if x < -1.0 {
                f32::NEG_INFINITY
            } else {
                (2.0 * x).round()
            }
        };
        let (x, dy) = (values(n * h * w * channels, 1), values(n * rows * columns * channels, 2));
        let rough: Vec<f32> = x.iter().copied().map(pick).collect();
        let (top, winners) = pool.max(&rough);
        let [mut y, mut dx, mut dtop] = [vec![0.0; dy.len()], vec![0.0; x.len()], vec![0.0; x.len()]];
        for o in 0..dy.len() {
            let (image, row, column) = (o / (rows * columns * channels), o / (columns * channels) % rows, o / channels % columns);
            let (down, across) = (bin(h, rows, row), bin(w, columns, column));
            let mut best = (f32::NEG_INFINITY, down.start * w + across.start);
            for place in down.clone().flat_map(|r| across.clone().map(move |c| r * w + c)) {
                let i = (image * h * w + place) * channels + o % channels;
                let count = (down.len() * across.len()) as f64;
                y[o] += f64::from(x[i]) / count;
                dx[i] += f64::from(dy[o]) / count;
                if rough[i] > best.0 || rough[i].is_nan() {
                    best = (rough[i], place);
                }
            }
            assert!(top[o] == best.0 || (top[o].is_nan() && best.0.is_nan()), "{isa:?}");
            assert_eq!(winners[o] as usize, best.1, "{isa:?}");
            dtop[(image * h * w + best.1) * channels + o % channels] += f64::from(dy[o]);
        }
        close(&format!("{isa:?} average"), &pool.average(&x), &y, 2e-6);
        close(&format!("{isa:?} average dx"), &pool.average_backward(&dy), &dx, 3e-6);
        close(&format!("{isa:?} max dx"), &pool.max_backward(&dy, &winners), &dtop, 2e-6);
    });
}

#[test]
fn adaptive_ends_are_those_of_pytorch() {
    let nan = f32::NAN;
    each(1, Just(()), |isa, ()| {
        let pool = |input, output| Adaptive { input: [1, input], output: [1, output], channels: 1 };
        let (y, winners) = pool(5, 3).max(&[1.0, 1.0, nan, nan, 2.0]);
        assert!(y[0] == 1.0 && y[1].is_nan() && y[2].is_nan() && winners == [0, 3, 3], "{isa:?}");
        assert_eq!(pool(3, 1).max(&[f32::NEG_INFINITY; 3]), (vec![f32::NEG_INFINITY], vec![0]), "{isa:?}");
        assert_eq!(pool(3, 5).max(&[0.0, 1.0, 2.0]).0, [0.0, 1.0, 1.0, 2.0, 2.0], "{isa:?}");
        assert_eq!(pool(3, 5).average(&[0.0, 1.0, 2.0]), [0.0, 0.5, 1.0, 1.5, 2.0], "{isa:?}");
    });
}

#[test]
fn threads_do_not_change_bits() {
    let axis = Axis::new(40, 3, 2, 1, 1).unwrap();
    let window = Window { n: 2, channels: 24, rows: axis, columns: axis };
    let x = values(window.input_len(), 1);
    each(1, Just(()), |_, ()| {
        same_for_any_threads(|| {
            let (y, winners) = max_pool(&x, &window);
            let average = average_pool(&x, &window, Divisor::Inside);
            let backward = average_pool_backward(&y, &window, Divisor::Inside);
            let adaptive = Adaptive { input: [40, 40], output: [7, 9], channels: 24 };
            let (top, places) = adaptive.max(&x);
            vec![
                adaptive.max_backward(&top, &places),
                adaptive.average(&x),
                max_pool_backward(&y, &winners, &window),
                average,
                backward,
                global_average(&x, 1600, 24),
                y,
            ]
        });
    });
}
