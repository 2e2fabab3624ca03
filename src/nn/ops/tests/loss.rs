//! Cross-entropy.

use candle_core::Tensor;
use proptest::prelude::*;

use super::support::{both_ways, check_gradients, device, each, noise, var};
use crate::nn::ops::cross_entropy;

#[test]
fn cross_entropy_is_torch_s() {
    both_ways(|| {
        let inputs = [var(&[5, 4], 1)];
        let weights = [0.5f32, 2.0, 1.0, 3.0];
        check_gradients(&inputs, 1e-2, 1e-3, |t| cross_entropy(&t[0], &[0, 3, 1, 1, 2], Some(&weights), 0.1).unwrap());
        // By hand: softmax of (0, ln 3) is (1/4, 3/4); of (0, 0) it is (1/2, 1/2).
        let logits = Tensor::new(&[[0f32, 3f32.ln()], [0.0, 0.0]], &device()).unwrap();
        let loss = |weights, smoothing| f64::from(cross_entropy(&logits, &[1, 0], weights, smoothing).unwrap().to_scalar::<f32>().unwrap());
        let (a, b, c) = ((4f64 / 3.0).ln(), 4f64.ln(), 2f64.ln());
        assert!((loss(None, 0.0) - (a + c) / 2.0).abs() < 1e-6);
        assert!((loss(Some(&[3.0, 1.0]), 0.0) - (a + 3.0 * c) / 4.0).abs() < 1e-6);
        let smooth = 0.8 * (a + 3.0 * c) / 4.0 + 0.1 * (a + 3.0 * b + 4.0 * c) / 4.0;
        assert!((loss(Some(&[3.0, 1.0]), 0.2) - smooth).abs() < 1e-6);
        let huge = Tensor::new(&[[1e4f32, -1e4]], &device()).unwrap();
        assert_eq!(cross_entropy(&huge, &[1], None, 0.0).unwrap().to_scalar::<f32>().unwrap(), 2e4);
    });
}

#[test]
fn gradients_are_differences() {
    each(30, (1usize..7, 1usize..7, any::<bool>(), 0f32..1.0), |(n, classes, weighted, smoothing)| {
        let targets: Vec<u32> = (0..n).map(|i| (i * 5 % classes) as u32).collect();
        let weights: Vec<f32> = noise(classes, 2).iter().map(|v| 1.5 + v).collect();
        let weights = weighted.then_some(weights.as_slice());
        check_gradients(&[var(&[n, classes], 1)], 1e-2, 1e-3, |t| cross_entropy(&t[0], &targets, weights, smoothing).unwrap());
    });
}
