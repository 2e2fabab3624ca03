//! Pools.

use candle_core::Var;
use proptest::prelude::*;

use super::planes::max_pool;
use super::support::{apart, both_ways, check_gradients, device, each, values, var};
use crate::nn::graph::{AvgPool, MaxPool};
use crate::nn::ops::{self, adaptive_avg_pool, avg_pool, global_avg_pool};

#[test]
fn max_pools_follow_torch() {
    both_ways(|| {
        let x = Var::from_vec((1..=25).map(|v| v as f32).collect(), (1, 1, 5, 5), &device()).unwrap();
        let pool = |kernel, stride, padding, ceil| {
            let y = max_pool(&x, MaxPool { kernel, stride, padding, ceil }).unwrap();
            let grads = y.sum_all().unwrap().backward().unwrap();
            (y.dims().to_vec(), values(&y), values(grads.get(&x).unwrap()))
        };
        let (shape, y, dx) = pool(3, 2, 1, false);
        assert_eq!((shape, y), (vec![1, 1, 3, 3], vec![7.0, 9.0, 10.0, 17.0, 19.0, 20.0, 22.0, 24.0, 25.0]));
        assert_eq!(dx.iter().sum::<f32>(), 9.0);
        assert_eq!(dx[6], 1.0);
        // Odd size, floor: the last row and column take no part. Ceil: they do.
        assert_eq!(pool(2, 2, 0, false).1, [7.0, 9.0, 17.0, 19.0]);
        assert_eq!(pool(2, 2, 0, true).1, [7.0, 9.0, 10.0, 17.0, 19.0, 20.0, 22.0, 24.0, 25.0]);
        // A window that would start in the padding is left out even when rounding up (torch's rule).
        assert_eq!(pool(2, 3, 1, true).0, [1, 1, 2, 2]);
        // Overlapping windows with one winner: its gradient is the number of windows it won.
        assert_eq!(pool(3, 1, 0, false).2[24], 1.0);
        assert_eq!(pool(5, 1, 2, false).2[24], 9.0);
        check_gradients(&[var(&[2, 3, 6, 5], 4)], 1e-3, 2e-3, |t| {
            max_pool(&t[0], MaxPool { kernel: 3, stride: 2, padding: 1, ceil: true }).unwrap()
        });
    });
}

#[test]
fn of_equal_values_the_first_wins_and_padding_never_does() {
    both_ways(|| {
        let x = Var::from_vec(vec![-3f32; 4], (1, 1, 2, 2), &device()).unwrap();
        let y = max_pool(&x, MaxPool { kernel: 2, stride: 2, padding: 0, ceil: false }).unwrap();
        let grads = y.sum_all().unwrap().backward().unwrap();
        assert_eq!(values(grads.get(&x).unwrap()), [1.0, 0.0, 0.0, 0.0]);
        let padded = max_pool(&x, MaxPool { kernel: 3, stride: 2, padding: 1, ceil: false }).unwrap();
        assert_eq!(values(&padded), [-3.0]);
    });
}

/// A window that fits images of at least its size.
fn windows() -> impl Strategy<Value = (MaxPool, [usize; 4])> {
    (1usize..4, 1usize..4, any::<bool>(), any::<bool>(), 1usize..3, 0usize..5, 0usize..5, 1usize..5).prop_map(
        |(kernel, stride, padded, ceil, n, h, w, c)| {
            let padding = if padded { kernel / 2 } else { 0 };
            (MaxPool { kernel, stride, padding, ceil }, [n, h + kernel, w + kernel, c])
        },
    )
}

#[test]
fn max_pool_gradients_are_differences() {
    each(30, windows(), |(window, shape)| check_gradients(&[apart(&shape, 1)], 1e-2, 1e-3, |t| ops::max_pool(&t[0], window).unwrap()));
}

#[test]
fn average_pool_gradients_are_differences() {
    each(30, (windows(), any::<bool>()), |((window, shape), count_padding)| {
        check_gradients(&[var(&shape, 1)], 0.1, 1e-3, |t| avg_pool(&t[0], AvgPool { window, count_padding }).unwrap());
    });
}

#[test]
fn pools_to_a_size_have_differences_as_gradients() {
    each(40, (1usize..3, 1usize..7, 1usize..7, 1usize..4, [1usize..9, 1..9]), |(n, h, w, c, size)| {
        check_gradients(&[var(&[n, h, w, c], 1)], 0.1, 1e-3, |t| adaptive_avg_pool(&t[0], size).unwrap());
        check_gradients(&[var(&[n, h, w, c], 1)], 0.1, 1e-3, |t| global_avg_pool(&t[0]).unwrap());
    });
}
