//! Products of matrices whose factors are rounded to bfloat16, on both ways.

use candle_core::Tensor;
use derm_kernels::bf16::rounded;

use super::support::{both_ways, close, device, gradients, noise, values, var};
use crate::nn::Precision;
use crate::nn::graph::Conv2d;
use crate::nn::ops::{Conv, Linear, Way, custom};

/// `x w^T` of rounded factors, and the gradients of its sum weighted by noise: that is rounded where it is a factor, too.
fn expected(x: &[f32], w: &[f32], [rows, wide, outputs]: [usize; 3]) -> [Vec<f64>; 3] {
    let dy = rounded(&noise(rows * outputs, 99));
    let (x, w) = (rounded(x), rounded(w));
    let (mut y, mut dx, mut dw) = (vec![0.0; rows * outputs], vec![0.0; x.len()], vec![0.0; w.len()]);
    for row in 0..rows {
        for output in 0..outputs {
            for k in 0..wide {
                let (at_y, at_x, at_w) = (row * outputs + output, row * wide + k, output * wide + k);
                y[at_y] += f64::from(x[at_x]) * f64::from(w[at_w]);
                dx[at_x] += f64::from(dy[at_y]) * f64::from(w[at_w]);
                dw[at_w] += f64::from(dy[at_y]) * f64::from(x[at_x]);
            }
        }
    }
    [y, dx, dw]
}

/// Compares `product` of `x`, whose last axis is the inner one, and `w` with its definition.
fn check(shape: &[usize], w: &[usize], product: impl Fn(&[Tensor]) -> Tensor) {
    both_ways(|| {
        let (x, w) = (var(shape, 1), var(w, 2));
        let (wide, outputs) = (w.dims()[1], w.dims()[0]);
        let rows = shape.iter().product::<usize>() / wide;
        let [y, dx, dw] = expected(&values(&x), &values(&w), [rows, wide, outputs]);
        // Candle rounds results, too.
        let tolerance = if Way::on(&device()) == Way::Kernels { 2e-5 } else { 2e-2 };
        close(&values(&product(&[x.as_tensor().clone(), w.as_tensor().clone()])), &y, tolerance);
        let gradients = gradients(&[x, w], &product);
        close(&gradients[0], &dx, tolerance);
        close(&gradients[1], &dw, tolerance);
    });
}

#[test]
fn linear_layers_multiply_rounded_factors() {
    let linear = |t: &[Tensor]| custom::apply(Linear { precision: Precision::Bf16 }, &[&t[0], &t[1]]).unwrap();
    check(&[3, 5, 131], &[130, 131], linear);
}

#[test]
fn convolutions_of_one_pixel_multiply_rounded_factors() {
    let conv = |t: &[Tensor]| {
        custom::apply(Conv::new(&Conv2d { in_channels: 131, ..Conv2d::new(130, 1) }).at(Precision::Bf16), &[&t[0], &t[1]]).unwrap()
    };
    check(&[2, 3, 2, 131], &[130, 131, 1, 1], conv);
}
