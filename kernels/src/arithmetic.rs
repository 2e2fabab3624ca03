//! Sums of two activations, and biases.

use pulp::Simd;

use super::activation::{Function, Identity, Relu};
use super::columns::{Terms, column_sums};
use super::lanes::F32s;
use super::map::{Map, Shape, map, map_rows};

/// `x + y`.
pub fn add(x: &[f32], y: &[f32]) -> Vec<f32> {
    let [sum] = map(Add(Identity), [x, y]);
    sum
}

/// `max(x + y, 0)`; its gradient, of both, is that of [`super::activation::Activation::Relu`] with the result saved.
pub fn add_relu(x: &[f32], y: &[f32]) -> Vec<f32> {
    let [sum] = map(Add(Relu), [x, y]);
    sum
}

/// `x [rows, c] + bias [c]`; panics where rows are left unfinished.
pub fn add_bias(x: &[f32], bias: &[f32]) -> Vec<f32> {
    let [y] = map_rows(AddBias, Shape::one_group(x.len(), bias.len()), [bias], [x]);
    y
}

/// Gradient of a bias `[c]`: the sums of the columns of `dy [rows, c]`; panics where rows are left
/// unfinished.
pub fn bias_gradient(dy: &[f32], channels: usize) -> Vec<f32> {
    let [sums] = column_sums(Itself, Shape::one_group(dy.len(), channels), [], [dy]);
    sums.into_iter().map(|sum| sum as f32).collect()
}

#[derive(Clone, Copy)]
struct Add<F>(F);

impl<F: Function> Map<0, 2, 1> for Add<F> {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, []: [F32s<S>; 0], [x, y]: [F32s<S>; 2]) -> [F32s<S>; 1] {
        [self.0.of(x + y)]
    }
}

#[derive(Clone, Copy)]
struct AddBias;

impl Map<1, 1, 1> for AddBias {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [bias]: [F32s<S>; 1], [x]: [F32s<S>; 1]) -> [F32s<S>; 1] {
        [x + bias]
    }
}

/// The values as they are.
#[derive(Clone, Copy, Debug)]
pub struct Itself;

impl Terms<0, 1, 1> for Itself {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, []: [F32s<S>; 0], x: [F32s<S>; 1]) -> [F32s<S>; 1] {
        x
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, each, same_for_any_threads, values, wide};
    use super::*;

    #[test]
    fn sums_are_sums() {
        each(30, (0usize..70, 1usize..40), |_, (rows, channels)| {
            let (x, y, bias) = (values(rows * channels, 1), values(rows * channels, 2), values(channels, 3));
            assert!(add(&x, &y).iter().zip(x.iter().zip(&y)).all(|(sum, (x, y))| *sum == x + y));
            assert!(add_relu(&x, &y).iter().zip(x.iter().zip(&y)).all(|(sum, (x, y))| *sum == (x + y).max(0.0)));
            assert!(add_bias(&x, &bias).iter().enumerate().all(|(i, y)| *y == x[i] + bias[i % channels]));
        });
    }

    #[test]
    fn bias_gradients_are_column_sums() {
        each(30, (0usize..3000, 1usize..40), |isa, (rows, channels)| {
            let dy = values(rows * channels, 1);
            let mut sums = vec![0.0; channels];
            wide(&dy).iter().enumerate().for_each(|(i, dy)| sums[i % channels] += dy);
            close(&format!("{isa:?}"), &bias_gradient(&dy, channels), &sums, 1e-5);
            same_for_any_threads(|| vec![bias_gradient(&dy, channels)]);
        });
    }

    #[test]
    fn nan_stays_and_nothing_sums_to_zero() {
        each(1, 0usize..1, |_, _| {
            assert_eq!(bias_gradient(&[], 3), [0.0; 3]);
            assert!(add_relu(&[f32::NAN], &[1.0])[0].is_nan() && add_relu(&[f32::INFINITY], &[f32::NEG_INFINITY])[0].is_nan());
            assert!(bias_gradient(&[1.0, f32::NAN, 1.0, 1.0], 2)[1].is_nan());
        });
    }
}
