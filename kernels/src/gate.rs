//! One factor for each channel of each image: `x [n, places, c] * gate [n, c]`.

use pulp::Simd;

use super::columns::{Terms, column_sums};
use super::lanes::F32s;
use super::map::{Map, Shape, map_rows};

/// `x * gate`; panics where `x` is not places of as many images as `gate`.
pub fn forward(x: &[f32], gate: &[f32], channels: usize) -> Vec<f32> {
    let Some(shape) = shape(x, gate, channels) else { return Vec::new() };
    let [y] = map_rows(Product, shape, [gate], [x]);
    y
}

/// Gradients of `x` and of `gate`. The latter is summed over the places of each image.
pub fn backward(x: &[f32], gate: &[f32], dy: &[f32], channels: usize) -> (Vec<f32>, Vec<f32>) {
    assert_eq!(x.len(), dy.len());
    let Some(shape) = shape(x, gate, channels) else { return (Vec::new(), vec![0.0; gate.len()]) };
    let [dgate] = column_sums(Products, shape, [], [x, dy]);
    (forward(dy, gate, channels), dgate.into_iter().map(|sum| sum as f32).collect())
}

/// A group for each image; none where there is nothing.
fn shape(x: &[f32], gate: &[f32], channels: usize) -> Option<Shape> {
    let fits = gate.len().checked_rem(channels).unwrap_or(gate.len()) == 0;
    assert!(fits && x.len().checked_rem(gate.len()).unwrap_or(x.len()) == 0, "images and gates of {channels} channels");
    (!x.is_empty()).then(|| Shape { rows: x.len() / channels, columns: channels, group: x.len() / gate.len() })
}

#[derive(Clone, Copy)]
struct Product;

impl Map<1, 1, 1> for Product {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [gate]: [F32s<S>; 1], [x]: [F32s<S>; 1]) -> [F32s<S>; 1] {
        [x * gate]
    }
}

#[derive(Clone, Copy)]
struct Products;

impl Terms<0, 2, 1> for Products {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, []: [F32s<S>; 0], [x, dy]: [F32s<S>; 2]) -> [F32s<S>; 1] {
        [x * dy]
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, each, same_for_any_threads, values, wide};
    use super::*;

    #[test]
    fn both_passes_are_the_definition() {
        each(40, (0usize..4, 0usize..200, 0usize..40), |isa, (n, places, channels)| {
            let (x, gate, dy) = (values(n * places * channels, 1), values(n * channels, 2), values(n * places * channels, 3));
            let gate_of = |i: usize| i / (places * channels) * channels + i % channels;
            let y: Vec<f64> = (0..x.len()).map(|i| f64::from(x[i]) * f64::from(gate[gate_of(i)])).collect();
            close(&format!("{isa:?} y"), &forward(&x, &gate, channels), &y, 1e-6);
            let dx: Vec<f64> = (0..x.len()).map(|i| f64::from(dy[i]) * f64::from(gate[gate_of(i)])).collect();
            let mut dgate = vec![0.0; gate.len()];
            wide(&x).iter().zip(wide(&dy)).enumerate().for_each(|(i, (x, dy))| dgate[gate_of(i)] += x * dy);
            let (got_dx, got_dgate) = backward(&x, &gate, &dy, channels);
            close(&format!("{isa:?} dx"), &got_dx, &dx, 1e-6);
            close(&format!("{isa:?} dgate"), &got_dgate, &dgate, 1e-5);
        });
    }

    #[test]
    fn threads_do_not_change_bits() {
        let (x, gate) = (values(3 * 2000 * 24, 1), values(3 * 24, 2));
        each(1, 0usize..1, |_, _| {
            same_for_any_threads(|| {
                let (dx, dgate) = backward(&x, &gate, &x, 24);
                vec![dx, dgate]
            });
        });
    }
}
