//! Against PyTorch's formulas in f64.

use super::super::testing::{close, each, same_for_any_threads, values, wide};
use super::*;

/// Values of parameters of these lengths.
fn several(lengths: &[usize], salt: u64) -> Vec<Vec<f32>> {
    lengths.iter().enumerate().map(|(i, &len)| values(len, salt + 100 * i as u64)).collect()
}

fn zeros(lengths: &[usize]) -> Vec<Vec<f32>> {
    lengths.iter().map(|&len| vec![0.0; len]).collect()
}

fn lengths() -> impl proptest::strategy::Strategy<Value = Vec<usize>> {
    proptest::collection::vec(0usize..60, 0..9)
}

#[test]
fn adamw_is_its_formula() {
    each(30, (lengths(), 0f64..0.2), |isa, (lengths, weight_decay)| {
        let (mut p, mut mean, mut square) = (several(&lengths, 9), zeros(&lengths), zeros(&lengths));
        let mut p64: Vec<Vec<f64>> = p.iter().map(|p| wide(p)).collect();
        let (mut m64, mut v64) = (p64.clone(), p64.clone());
        m64.iter_mut().chain(&mut v64).for_each(|x| x.fill(0.0));
        // Parameters have rates and numbers of steps of their own.
        let rate = |k: usize| 0.01 * (k + 1) as f64;
        for t in 1..6 {
            let gradients = several(&lengths, t);
            let state = p.iter_mut().zip(&gradients).zip(mean.iter_mut().zip(&mut square)).enumerate();
            let mut all: Vec<AdamWParameter> = state
                .map(|(k, ((values, gradient), (mean, square)))| {
                    let rule = AdamW { rate: rate(k), beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay, scale: 0.5 };
                    AdamWParameter { rule, step: t + k as u64, values, gradient, mean, square }
                })
                .collect();
            adamw(&mut all);
            for (k, gradient) in gradients.iter().enumerate() {
                let step = t as i32 + k as i32;
                for (i, g) in gradient.iter().map(|&g| 0.5 * f64::from(g)).enumerate() {
                    m64[k][i] = 0.9 * m64[k][i] + 0.1 * g;
                    v64[k][i] = 0.999 * v64[k][i] + 0.001 * g * g;
                    let (m_hat, v_hat) = (m64[k][i] / (1.0 - 0.9f64.powi(step)), v64[k][i] / (1.0 - 0.999f64.powi(step)));
                    p64[k][i] -= rate(k) * weight_decay * p64[k][i] + rate(k) * m_hat / (v_hat.sqrt() + 1e-8);
                }
                close(&format!("{isa:?} step {t}"), &p[k], &p64[k], 2e-6);
                close(&format!("{isa:?} step {t} square"), &square[k], &v64[k], 1e-9);
            }
        }
    });
}

#[test]
fn sgd_is_its_formula() {
    each(30, (lengths(), 0usize..3, 0f64..0.2), |isa, (lengths, kind, weight_decay)| {
        let momentum = if kind == 0 { 0.0 } else { 0.9 };
        let rule = Sgd { rate: 0.01, momentum, nesterov: kind == 2, weight_decay, scale: 0.5 };
        let (mut p, mut velocities) = (several(&lengths, 9), if kind == 0 { vec![Vec::new(); lengths.len()] } else { zeros(&lengths) });
        let mut p64: Vec<Vec<f64>> = p.iter().map(|p| wide(p)).collect();
        let mut v64: Vec<Vec<f64>> = lengths.iter().map(|&len| vec![0.0; len]).collect();
        for t in 1..6 {
            let gradients = several(&lengths, t);
            let state = p.iter_mut().zip(&gradients).zip(&mut velocities);
            let mut all: Vec<SgdParameter> =
                state.map(|((values, gradient), velocity)| SgdParameter { rule, values, gradient, velocity }).collect();
            sgd(&mut all);
            for (k, gradient) in gradients.iter().enumerate() {
                for (i, g) in gradient.iter().map(|&g| 0.5 * f64::from(g)).enumerate() {
                    let g = g + weight_decay * p64[k][i];
                    v64[k][i] = momentum * v64[k][i] + g;
                    p64[k][i] -= 0.01 * if kind == 2 { g + momentum * v64[k][i] } else { v64[k][i] };
                }
                close(&format!("{isa:?} step {t}"), &p[k], &p64[k], 1e-6);
            }
        }
    });
}

#[test]
fn averages_and_sums_are_their_formulas() {
    each(30, (lengths(), 0f64..1.0), |isa, (lengths, weight)| {
        let (before, values) = (several(&lengths, 1), several(&lengths, 2));
        let mut averages = before.clone();
        let mut all: Vec<Averaged> = averages.iter_mut().zip(&values).map(|(average, values)| Averaged { average, values }).collect();
        average(weight, &mut all);
        for ((average, before), values) in averages.iter().zip(&before).zip(&values) {
            let expected = wide(before).into_iter().zip(wide(values)).map(|(before, value)| (1.0 - weight) * before + weight * value);
            close(&format!("{isa:?}"), average, &expected.collect::<Vec<_>>(), 1e-6);
        }
        let squares: f64 = values.iter().flatten().map(|&x| f64::from(x).powi(2)).sum();
        let got = sum_of_squares(&values.iter().map(Vec::as_slice).collect::<Vec<_>>());
        assert!((got - squares).abs() <= 1e-12 * squares, "{isa:?} {got} {squares}");
    });
}

#[test]
fn what_is_not_finite_shows_in_the_sum() {
    assert!(sum_of_squares(&[&[1.0], &[f32::NAN, 1.0]]).is_nan());
    assert_eq!(sum_of_squares(&[&[f32::INFINITY]]), f64::INFINITY);
    assert_eq!(sum_of_squares(&[&[3e38], &[]]), f64::from(3e38f32) * f64::from(3e38f32));
    assert_eq!(sum_of_squares(&[]), 0.0);
}

#[test]
fn threads_do_not_change_bits() {
    let lengths = [100_001, 3, 40_000, 7];
    let (gradients, before) = (several(&lengths, 1), several(&lengths, 2));
    each(1, 0usize..1, |_, _| {
        same_for_any_threads(|| {
            let rule = AdamW { rate: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.1, scale: 1.0 };
            let (mut p, mut mean, mut square) = (before.clone(), zeros(&lengths), zeros(&lengths));
            let state = p.iter_mut().zip(&gradients).zip(mean.iter_mut().zip(&mut square));
            let mut all: Vec<AdamWParameter> = state
                .map(|((values, gradient), (mean, square))| AdamWParameter { rule, step: 3, values, gradient, mean, square })
                .collect();
            adamw(&mut all);
            let sum = sum_of_squares(&gradients.iter().map(Vec::as_slice).collect::<Vec<_>>());
            p.into_iter().chain(mean).chain(square).chain([vec![sum as f32, (sum - f64::from(sum as f32)) as f32]]).collect()
        });
    });
}
