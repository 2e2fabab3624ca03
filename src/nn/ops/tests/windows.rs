//! Windows of images, what is done to queries and keys, attention of channels, gated rows and shares of responses.

use proptest::prelude::*;

use super::support::{apart, check_gradients, close, each, values, var};
use crate::nn::graph::{Angles, Rotary, WindowAttention, WindowBias, Windows};
use crate::nn::ops::custom::apply;
use crate::nn::ops::*;

fn windows() -> impl Strategy<Value = Windows> {
    (1usize..6, 1usize..6, 1usize..4, any::<bool>()).prop_map(|(h, w, side, shifted)| Windows::new([h, w], side, shifted))
}

#[test]
fn gradients_of_pixels_in_another_order_are_differences() {
    each(30, (1usize..3, windows(), 1usize..4), |(n, windows, c)| {
        let [h, w] = windows.map;
        check_gradients(&[var(&[n, h, w, c], 1)], 0.1, 1e-3, |t| to_windows(&t[0], windows).unwrap());
        check_gradients(&[var(&[n, windows.tokens(), c], 1)], 0.1, 1e-3, |t| from_windows(&t[0], windows).unwrap());
        check_gradients(&[var(&[n, h, w, c], 1)], 0.1, 1e-3, |t| two_by_two(&t[0]).unwrap());
    });
}

#[test]
fn windows_give_back_their_image() {
    each(30, (1usize..3, windows(), 1usize..4), |(n, windows, c)| {
        let x = var(&[n, windows.map[0], windows.map[1], c], 1);
        let back = from_windows(&to_windows(&x, windows).unwrap(), windows).unwrap();
        assert_eq!((back.dims(), values(&back)), (x.dims(), values(&x)));
    });
}

#[test]
fn gradients_of_attention_inside_windows_are_differences() {
    each(20, (1usize..3, windows(), 1usize..3, 1usize..4), |(n, windows, heads, d)| {
        let inputs = [var(&[n, windows.tokens(), 3 * heads * d], 1), var(&[windows.distance_count(), heads], 2)];
        let settings = WindowAttention { windows, heads, bias: WindowBias::Table };
        check_gradients(&inputs, 2e-2, 4e-3, |t| window_attention(&t[0], &t[1], &settings).unwrap());
    });
}

#[test]
fn gradients_of_turned_queries_and_keys_are_differences() {
    each(30, (1usize..3, 0usize..3, [1usize..4, 1usize..4], 1usize..3, 1usize..3, any::<bool>()), |(n, prefix, grid, heads, d, halves)| {
        let angles = match halves {
            true => Angles::Centred { temperature: 100.0 },
            false => Angles::Index { reference: [3, 2], temperature: 10_000.0 },
        };
        let settings = Rotary { heads, prefix, grid, halves, angles };
        let tokens = prefix + grid[0] * grid[1];
        check_gradients(&[var(&[n, tokens, 3 * heads * 4 * d], 1)], 0.1, 1e-3, |t| rotary(&t[0], &settings).unwrap());
    });
}

/// Two patches beside each other and one frequency: worked out by hand.
#[test]
fn angles_are_those_of_places() {
    let x = || var(&[1, 2, 12], 1);
    let of = |halves, angles| {
        let y = rotary(&x(), &Rotary { heads: 1, prefix: 0, grid: [1, 2], halves, angles }).unwrap();
        values(&y).into_iter().zip(values(&x())).collect::<Vec<_>>()
    };
    let turned = |a: f32, b: f32, angle: f64| {
        let (a, b) = (f64::from(a), f64::from(b));
        [a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()]
    };
    // The second patch of one row: nothing turns by the row, and twice the column's number where the grid stands for four columns.
    let y = of(false, Angles::Index { reference: [1, 4], temperature: 10_000.0 });
    let (got, x): (Vec<f32>, Vec<f32>) = y[12..16].iter().copied().unzip();
    let [c, d] = turned(x[2], x[3], 2.0);
    close(&got, &[f64::from(x[0]), f64::from(x[1]), c, d], 1e-6);
    // The first of two columns has its middle at -1/2, the only row at 0; pairs are two channels apart.
    let y = of(true, Angles::Centred { temperature: 100.0 });
    let (got, x): (Vec<f32>, Vec<f32>) = y[..4].iter().copied().unzip();
    let [b, d] = turned(x[1], x[3], -std::f64::consts::PI);
    close(&got, &[f64::from(x[0]), b, f64::from(x[2]), d], 1e-6);
}

#[test]
fn gradients_of_cosines_are_differences() {
    each(30, (1usize..3, 1usize..4, 1usize..3, 1usize..5), |(n, tokens, heads, d)| {
        // No vector is short: directions of short ones change fast.
        let inputs = [apart(&[n, tokens, 3 * heads * d], 1), var(&[heads, 1, 1], 2)];
        let far = (inputs[0].as_tensor() * 4.0).unwrap();
        let inputs = [candle_core::Var::from_tensor(&far).unwrap(), inputs[1].clone()];
        check_gradients(&inputs, 2e-3, 2e-2, |t| cosine(&t[0], &t[1]).unwrap());
    });
}

#[test]
fn gradients_of_attention_of_channels_are_differences() {
    each(20, (1usize..3, 2usize..4, 2usize..4, 1usize..3, 1usize..4), |(n, h, w, heads, d)| {
        let far = (apart(&[n, h, w, 3 * heads * d], 1).as_tensor() * 4.0).unwrap();
        let inputs = [candle_core::Var::from_tensor(&far).unwrap(), var(&[heads, 1, 1], 2)];
        check_gradients(&inputs, 2e-3, 2e-2, |t| cross_covariance(&t[0], &t[1]).unwrap());
    });
}

#[test]
fn gradients_of_places_and_of_some_channels_are_differences() {
    each(10, (1usize..3, 1usize..4, 1usize..4, 2usize..4), |(n, h, w, c)| {
        let inputs = [var(&[n, h, w, c], 1), var(&[c, 64, 1, 1], 2), var(&[c], 3)];
        check_gradients(&inputs, 0.1, 2e-3, |t| fourier_positions(&t[0], &t[1], &t[2]).unwrap());
        check_gradients(&inputs[..1], 0.1, 1e-3, |t| some_channels(&t[0], 1, c - 1).unwrap());
    });
}

#[test]
fn gradients_of_gates_means_and_shares_are_differences() {
    each(30, (1usize..3, 1usize..5, 1usize..4, 1usize..4), |(n, h, w, c)| {
        check_gradients(&[var(&[n, h * w, 2 * c], 1)], 1e-2, 2e-3, |t| swiglu(&t[0]).unwrap());
        check_gradients(&[var(&[n, h + w, c], 1)], 0.1, 1e-3, |t| mean_tokens(&t[0], h).unwrap());
        let inputs = [apart(&[n, h, w, c], 1), var(&[c], 2), var(&[c], 3)];
        check_gradients(&inputs, 1e-2, 1e-2, |t| response_norm(&t[0], &t[1], &t[2], 1e-3).unwrap());
    });
}

#[test]
fn a_linear_layer_may_add_nothing() {
    each(20, (1usize..4, 1usize..6, 1usize..6), |(rows, inputs, outputs)| {
        check_gradients(&[var(&[rows, inputs], 1), var(&[outputs, inputs], 2)], 0.1, 1e-3, |t| {
            apply(Linear::default(), &[&t[0], &t[1]]).unwrap()
        });
    });
}
