//! Functions of one value, and sums.

use candle_core::{Tensor, Var};

use super::support::{apart, both_ways, check_gradients, device, each, values, var};
use crate::nn::ops::{Activation, add, add_relu, apply, relu, relu6, sigmoid};

#[test]
fn activations_are_torch_s_at_their_corners() {
    both_ways(|| {
        let x = Var::new(&[-2f32, 0.0, 3.0, 6.0, 7.0, f32::NAN], &device()).unwrap();
        let slope = |f: fn(&Tensor) -> candle_core::Result<Tensor>| {
            let y = f(&x).unwrap();
            let grads = y.sum_all().unwrap().backward().unwrap();
            (values(&y), values(grads.get(&x).unwrap()))
        };
        let (y, dx) = slope(relu);
        assert_eq!((&y[..5], &dx[..5]), (&[0.0, 0.0, 3.0, 6.0, 7.0][..], &[0.0, 0.0, 1.0, 1.0, 1.0][..]));
        assert!(y[5].is_nan(), "a NaN stays visible");
        let (y, dx) = slope(relu6);
        assert_eq!((&y[..5], &dx[..5]), (&[0.0, 0.0, 3.0, 6.0, 6.0][..], &[0.0, 0.0, 1.0, 0.0, 0.0][..]));
        check_gradients(&[var(&[3, 7], 1)], 1e-2, 1e-3, |t| sigmoid(&t[0]).unwrap());
        let ends = Tensor::new(&[-200f32, 200.0], &device()).unwrap();
        assert_eq!(values(&sigmoid(&ends).unwrap()), [0.0, 1.0]);
    });
}

/// torch 2.15, autograd at 0.
#[test]
fn relu_has_no_slope_at_zero() {
    both_ways(|| {
        let zeros = Var::new(&[0f32, -0.0], &device()).unwrap();
        let slope = |y: Tensor| values(y.sum_all().unwrap().backward().unwrap().get(&zeros).unwrap());
        assert_eq!(slope(relu(&zeros).unwrap()), [0.0, 0.0]);
        assert_eq!(slope(add_relu(&zeros, &zeros.as_detached_tensor()).unwrap()), [0.0, 0.0]);
    });
}

#[test]
fn gradients_are_differences() {
    use Activation::*;
    let kinds = [Relu, Relu6, Sigmoid, HardSigmoid, Silu, HardSwish, Gelu, GeluTanh];
    each(40, (0..kinds.len(), 1usize..9, 1usize..12), |(kind, rows, columns)| {
        check_gradients(&[apart(&[rows, columns], 1)], 1e-2, 1e-3, |t| apply(&t[0], kinds[kind]).unwrap());
    });
}

#[test]
fn gradients_of_sums_are_differences() {
    each(30, (1usize..9, 1usize..12), |(rows, columns)| {
        check_gradients(&[var(&[rows, columns], 1), var(&[rows, columns], 2)], 0.1, 1e-3, |t| add(&t[0], &t[1]).unwrap());
        let tenths = Var::from_tensor(&(var(&[rows, columns], 2).as_tensor() * 5.0).unwrap().round().unwrap()).unwrap();
        check_gradients(&[apart(&[rows, columns], 1), tenths], 1e-2, 1e-3, |t| add_relu(&t[0], &t[1]).unwrap());
    });
}
