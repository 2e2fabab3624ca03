//! Residual branches and dropout.

use candle_core::Tensor;
use proptest::prelude::*;

use super::support::{both_ways, check_gradients, device, each, values, var};
use crate::nn::ops::{drop_path_branch, dropout, scaled_branch};

#[test]
fn dropout_is_a_fixed_stream_of_the_right_rate() {
    both_ways(|| {
        let x = Tensor::ones((100, 1000), candle_core::DType::F32, &device()).unwrap();
        let y = values(&dropout(&x, 0.25, 1, 0).unwrap());
        let kept = y.iter().filter(|&&v| v > 0.0).count();
        assert!(y.iter().all(|&v| v == 0.0 || (v - 4.0 / 3.0).abs() < 1e-6));
        assert!((74_000..76_000).contains(&kept), "{kept}");
        assert_eq!(y, values(&dropout(&x, 0.25, 1, 0).unwrap()));
        assert_ne!(y, values(&dropout(&x, 0.25, 2, 0).unwrap()));
        assert_ne!(y, values(&dropout(&x, 0.25, 1, 1).unwrap()));
    });
}

#[test]
fn gradients_are_differences() {
    each(30, (1usize..4, 1usize..5, 1usize..9, 0f32..0.9, any::<u64>()), |(n, tokens, c, p, key)| {
        let x = |salt| var(&[n, tokens, c], salt);
        check_gradients(&[x(1), x(2), var(&[c], 3)], 0.1, 1e-3, |t| scaled_branch(&t[0], &t[1], &t[2]).unwrap());
        check_gradients(&[x(1), x(2)], 0.1, 1e-3, |t| drop_path_branch(&t[0], &t[1], p, key, 1).unwrap());
        check_gradients(&[x(1)], 0.1, 1e-3, |t| dropout(&t[0], p, key, 2).unwrap());
    });
}
