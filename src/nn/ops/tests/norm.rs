//! Batch, layer and group norm.

use super::planes::{batch_norm_eval, batch_norm_train};
use super::support::{both_ways, check_gradients, close, device, each, noise, values, var};
use crate::nn::ops::{self, After, group_norm, layer_norm, move_towards};
use candle_core::{Tensor, Var};

#[test]
fn batch_norm_trains_by_the_book() {
    both_ways(|| {
        let inputs = [var(&[3, 2, 3, 2], 1), var(&[2], 2), var(&[2], 3)];
        check_gradients(&inputs, 1e-2, 2e-3, |t| batch_norm_train(&t[0], &t[1], &t[2], 1e-3, After::Nothing).unwrap().0);
        let x = Tensor::from_vec(vec![1f32, 2.0, 3.0, 6.0], (2, 1, 1, 2), &device()).unwrap();
        let one = |v: f32| Tensor::new(&[v], &device()).unwrap();
        let (y, batch) = batch_norm_train(&x, &one(2.0), &one(1.0), 0.0, After::Nothing).unwrap();
        // Mean 3, biased variance 3.5, unbiased 14/3.
        close(&values(&y), &[-2.0, -1.0, 0.0, 3.0].map(|d| d / 3.5f64.sqrt() * 2.0 + 1.0), 1e-6);
        close(&[batch.mean[0], batch.unbiased_var[0]], &[3.0, 14.0 / 3.0], 1e-6);
        let running = Var::new(&[1f32], &device()).unwrap();
        move_towards(&running, &batch.mean, 0.1).unwrap();
        assert!((values(&running)[0] - 1.2).abs() < 1e-6);
        assert!(batch_norm_train(&x.narrow(0, 0, 1).unwrap().narrow(3, 0, 1).unwrap(), &one(1.0), &one(0.0), 0.0, After::Nothing).is_err());
    });
}

/// PyTorch refuses it too: "Expected more than 1 value per channel when training".
#[test]
fn batch_norm_of_one_value_is_refused_in_training_only() {
    both_ways(|| {
        let (x, one) = (Tensor::new(&[[[[3f32]]]], &device()).unwrap(), Tensor::new(&[1f32], &device()).unwrap());
        let error = ops::batch_norm_train(&x, &one, &one, 1e-5, After::Nothing).unwrap_err();
        assert!(error.to_string().contains("more than one value a channel"), "{error}");
        let y = ops::batch_norm_eval(&x, &one, &one, [&one, &one], 0.0, After::Nothing).unwrap();
        assert_eq!(values(&y), [3.0]);
    });
}

/// Two values are -1 and 1 once normalised, whatever they were: nothing is left to change.
#[test]
fn batch_norm_of_two_values_has_no_slope() {
    both_ways(|| {
        let x = Var::from_vec(vec![5f32, 1.0], (2, 1, 1, 1), &device()).unwrap();
        let (scale, shift) = (Tensor::new(&[2f32], &device()).unwrap(), Tensor::new(&[0.5f32], &device()).unwrap());
        let (y, batch) = ops::batch_norm_train(&x, &scale, &shift, 0.0, After::Nothing).unwrap();
        assert_eq!((values(&y), batch.mean[0], batch.unbiased_var[0]), (vec![2.5, -1.5], 3.0, 8.0));
        let weights = Tensor::from_vec(vec![1f32, 3.0], (2, 1, 1, 1), &device()).unwrap();
        let gradients = (y * weights).unwrap().sum_all().unwrap().backward().unwrap();
        close(&values(gradients.get(&x).unwrap()), &[0.0, 0.0], 1e-6);
    });
}

#[test]
fn batch_norm_survives_a_large_mean() {
    both_ways(|| {
        let x: Vec<f32> = noise(4096, 5).iter().map(|v| 1000.0 + v).collect();
        let mean = x.iter().map(|&v| f64::from(v)).sum::<f64>() / 4096.0;
        let var = x.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / 4095.0;
        let x = Tensor::from_vec(x, (16, 1, 16, 16), &device()).unwrap();
        let one = Tensor::new(&[1f32], &device()).unwrap();
        let (_, batch) = batch_norm_train(&x, &one, &one, 1e-5, After::Nothing).unwrap();
        close(&batch.unbiased_var, &[var], 1e-5);
    });
}

#[test]
fn batch_norm_with_given_statistics() {
    both_ways(|| {
        let inputs = [var(&[2, 2, 3, 2], 1), var(&[2], 2), var(&[2], 3)];
        let (mean, spread) = (Tensor::new(&[0.5f32, -0.25], &device()).unwrap(), Tensor::new(&[2f32, 0.5], &device()).unwrap());
        check_gradients(&inputs, 0.1, 1e-3, |t| batch_norm_eval(&t[0], &t[1], &t[2], [&mean, &spread], 1e-5, After::Nothing).unwrap());
    });
}

#[test]
fn batch_norm_gradients_are_differences() {
    each(30, (2usize..4, 1usize..4, 1usize..4, 1usize..5), |(n, h, w, c)| {
        let inputs = [var(&[n, h, w, c], 1), var(&[c], 2), var(&[c], 3)];
        check_gradients(&inputs, 2e-2, 4e-3, |t| ops::batch_norm_train(&t[0], &t[1], &t[2], 0.5, After::Silu).unwrap().0);
    });
}

#[test]
fn layer_norm_gradients_are_differences() {
    each(30, (1usize..4, 1usize..4, 1usize..20), |(n, tokens, c)| {
        let inputs = [var(&[n, tokens, c], 1), var(&[c], 2), var(&[c], 3)];
        check_gradients(&inputs, 2e-2, 4e-3, |t| layer_norm(&t[0], &t[1], &t[2], 0.5).unwrap());
    });
}

#[test]
fn group_norm_gradients_are_differences() {
    each(30, (1usize..3, 1usize..4, 1usize..4, 1usize..4, 1usize..4), |(n, h, w, groups, own)| {
        let c = groups * own;
        let inputs = [var(&[n, h, w, c], 1), var(&[c], 2), var(&[c], 3)];
        check_gradients(&inputs, 2e-2, 4e-3, |t| group_norm(&t[0], &t[1], &t[2], groups, 0.5).unwrap());
    });
}
