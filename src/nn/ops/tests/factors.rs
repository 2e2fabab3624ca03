//! Linear layers, gates, joined channels, convolutions along the channels.

use candle_core::Tensor;

use super::planes::{channel_conv, concat, gate, global_avg_pool};
use super::support::{both_ways, check_gradients, device, each, values, var};
use crate::nn::ops::{dropout, linear};

#[test]
fn small_operations_have_right_gradients() {
    check_gradients(&[var(&[2, 3, 4, 5], 1), var(&[2, 3, 1, 1], 2)], 0.1, 1e-3, |t| gate(&t[0], &t[1]).unwrap());
    check_gradients(&[var(&[2, 3, 4, 5], 1), var(&[2, 2, 4, 5], 2)], 0.1, 1e-3, |t| concat(&t[0], &t[1]).unwrap());
    check_gradients(&[var(&[3, 4], 1), var(&[3, 2], 2)], 0.1, 1e-3, |t| crate::nn::ops::concat(&t[0], &t[1]).unwrap());
    check_gradients(&[var(&[2, 3, 4, 5], 1)], 0.1, 1e-3, |t| global_avg_pool(&t[0]).unwrap());
    check_gradients(&[var(&[2, 7, 1, 1], 1), var(&[1, 1, 3], 2)], 0.1, 1e-3, |t| channel_conv(&t[0], &t[1]).unwrap());
    check_gradients(&[var(&[2, 3, 1, 1], 1), var(&[1, 1, 5], 2)], 0.1, 1e-3, |t| channel_conv(&t[0], &t[1]).unwrap());
    check_gradients(&[var(&[40, 6], 1), var(&[5, 6], 2), var(&[5], 3)], 0.1, 1e-3, |t| linear(&t[0], &t[1], &t[2]).unwrap());
    check_gradients(&[var(&[2, 6], 1), var(&[70, 6, 1, 1], 2), var(&[70], 3)], 0.1, 1e-3, |t| linear(&t[0], &t[1], &t[2]).unwrap());
    check_gradients(&[var(&[4, 50], 1)], 0.1, 1e-3, |t| dropout(&t[0], 0.3, 11, 2).unwrap());
}

#[test]
fn gradients_are_differences() {
    each(30, (1usize..3, 1usize..4, 1usize..4, 1usize..6, 1usize..6, 0usize..3), |(n, h, w, c, other, half)| {
        let x = || var(&[n, c, h, w], 1);
        check_gradients(&[x(), var(&[n, c, 1, 1], 2)], 0.1, 1e-3, |t| gate(&t[0], &t[1]).unwrap());
        check_gradients(&[x(), var(&[n, other, h, w], 2)], 0.1, 1e-3, |t| concat(&t[0], &t[1]).unwrap());
        check_gradients(&[var(&[n, c, 1, 1], 1), var(&[1, 1, 2 * half + 1], 2)], 0.1, 1e-3, |t| channel_conv(&t[0], &t[1]).unwrap());
        let inputs = [var(&[n, h, c], 1), var(&[other, c], 2), var(&[other], 3)];
        check_gradients(&inputs, 0.1, 1e-3, |t| linear(&t[0], &t[1], &t[2]).unwrap());
    });
}

#[test]
fn channel_convolution_by_hand() {
    both_ways(|| {
        let x = Tensor::from_vec(vec![1f32, 2.0, 3.0, 4.0], (1, 4, 1, 1), &device()).unwrap();
        let w = Tensor::from_vec(vec![10f32, 100.0, 1000.0], (1, 1, 3), &device()).unwrap();
        assert_eq!(values(&channel_conv(&x, &w).unwrap()), [2100.0, 3210.0, 4320.0, 430.0]);
    });
}
