//! Against the definitions in f64, and values that PyTorch gives.

use super::super::testing::{close, each, same_for_any_threads, slopes, values, wide};
use super::*;

/// Values from 0 to 1.
fn shares(len: usize, salt: u64) -> Vec<f32> {
    values(len, salt).iter().map(|x| (x / 4.0 + 0.5).clamp(0.0, 1.0)).collect()
}

fn near(what: &str, got: f64, expected: f64) {
    assert!((got - expected).abs() <= 2e-6 * expected.abs().max(1.0), "{what}: {got} is not {expected}");
}

#[test]
fn cross_entropies_are_the_formula() {
    each(40, (1usize..9, 1usize..20, 0usize..8, 0f32..0.5), |isa, (n, classes, case, smoothing)| {
        let (weighted, smoothing, soft) = (case % 2 == 1, if case / 2 % 2 == 1 { smoothing } else { 0.0 }, case > 3);
        let logits: Vec<f32> = values(n * classes, 1).iter().map(|x| 4.0 * x).collect();
        let (weights, given) = (shares(classes, 2), shares(logits.len(), 3));
        let numbers: Vec<u32> = given[..n].iter().map(|x| (x * classes as f32) as u32 % classes as u32).collect();
        let weight = |c: usize| if weighted { f64::from(weights[c]) } else { 1.0 };
        let exact = |x: &[f64]| {
            let smoothing = f64::from(smoothing);
            let mut sum = 0.0;
            for (i, x) in x.chunks(classes).enumerate() {
                let log_sum = x.iter().map(|x| x.exp()).sum::<f64>().ln();
                for (c, x) in x.iter().enumerate() {
                    let target = if soft { f64::from(given[i * classes + c]) } else { f64::from(u8::from(numbers[i] as usize == c)) };
                    sum -= weight(c) * ((1.0 - smoothing) * target + smoothing / classes as f64) * (x - log_sum);
                }
            }
            let divisor = if soft { n as f64 } else { numbers.iter().map(|&t| weight(t as usize)).sum() };
            vec![sum / divisor]
        };
        let targets = if soft { Targets::Shares(&given) } else { Targets::Classes(&numbers) };
        let got = cross_entropy(&logits, classes, targets, &CrossEntropy { weights: weighted.then_some(&weights), smoothing });
        near(&format!("{isa:?}"), got.value, exact(&wide(&logits))[0]);
        close(&format!("{isa:?}"), &got.gradient, &slopes(&wide(&logits), &[1.0], exact), 2e-6);
    });
}

#[test]
fn cross_entropies_are_pytorchs() {
    let inf = f32::INFINITY;
    let logits = [1.0, 2.0, 3.0, 1e4, -1e4, 0.0];
    let settings = CrossEntropy { weights: Some(&[0.5, 2.0, 1.0]), smoothing: 0.1 };
    near("classes", cross_entropy(&logits, 3, Targets::Classes(&[0, 2]), &settings).value, 7111.931640625);
    let shares = Targets::Shares(&[0.2, 0.3, 0.5, 0.1, 0.0, 0.9]);
    near("shares", cross_entropy(&logits, 3, shares, &settings).value, 4883.98681640625);
    let plain = CrossEntropy { weights: None, smoothing: 0.0 };
    let of = |logits: &[f32], target: u32, smoothing: f32| {
        cross_entropy(logits, 3, Targets::Classes(&[target]), &CrossEntropy { smoothing, ..plain })
    };
    assert!(of(&[inf, 0.0, 1.0], 0, 0.0).value.is_nan());
    let got = of(&[-inf, 0.0, 1.0], 1, 0.0);
    near("-inf elsewhere", got.value, 1.313_261_7);
    close("-inf elsewhere", &got.gradient, &[0.0, -0.731_058_6, 0.731_058_6], 1e-6);
    let got = of(&[-inf, 0.0, 1.0], 0, 0.0);
    assert_eq!(got.value, f64::INFINITY);
    close("-inf at the target", &got.gradient, &[-1.0, 0.268_941_4, 0.731_058_6], 1e-6);
    assert_eq!(of(&[-inf, 0.0, 1.0], 1, 0.1).value, f64::INFINITY);
    let soft = cross_entropy(&[-inf, 0.0, 1.0], 3, Targets::Shares(&[0.0, 1.0, 0.0]), &plain);
    assert!(soft.value.is_nan() && soft.gradient[0] == 0.0);
    assert!(cross_entropy(&[], 3, Targets::Classes(&[]), &plain).value.is_nan());
    let none = CrossEntropy { weights: Some(&[0.0, 0.0, 1.0]), smoothing: 0.0 };
    assert!(cross_entropy(&logits, 3, Targets::Classes(&[0, 1]), &none).value.is_nan());
}

#[test]
fn binary_cross_entropies_are_the_formula() {
    each(40, (1usize..60, 1usize..20, 0usize..6), |isa, (rows, columns, case)| {
        let len = rows * columns;
        let logits: Vec<f32> = values(len, 1).iter().map(|x| 4.0 * x).collect();
        let (targets, weights) = (shares(len, 2), shares(len, 3));
        let positives: Vec<f32> = shares([1, columns][case % 2], 4).iter().map(|x| 4.0 * x).collect();
        let settings = Binary { weights: (case > 2).then_some(&weights[..]), positives: (case % 3 > 0).then_some(&positives[..]) };
        let exact = |x: &[f64]| {
            let term = |i: usize| {
                let (p, t) = (1.0 / (1.0 + (-x[i]).exp()), f64::from(targets[i]));
                let positive = settings.positives.map_or(1.0, |all| f64::from(all[i % columns % all.len()]));
                let weight = settings.weights.map_or(1.0, |all| f64::from(all[i]));
                -weight * (positive * t * p.ln() + (1.0 - t) * (1.0 - p).ln())
            };
            vec![(0..len).map(term).sum::<f64>() / len as f64]
        };
        let got = binary_cross_entropy(&logits, &targets, &settings);
        near(&format!("{isa:?}"), got.value, exact(&wide(&logits))[0]);
        close(&format!("{isa:?}"), &got.gradient, &slopes(&wide(&logits), &[1.0], exact), 2e-6);
    });
}

#[test]
fn binary_cross_entropies_are_pytorchs() {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    let logits = [1e38, -1e38, inf, -inf, nan, 100.0, -100.0];
    let cases = [
        (0.0, [1e38, 0.0, inf, nan, nan, 100.0, 0.0], [1.0, 0.0, 1.0, 0.0, nan, 1.0, 0.0]),
        (1.0, [0.0, 3e38, nan, nan, nan, 0.0, 300.0], [0.0, -3.0, 0.0, -3.0, nan, 0.0, -3.0]),
        (0.3, [7e37, 9e37, inf, nan, nan, 70.0, 90.0], [0.7, -0.9, 0.7, -0.9, nan, 0.7, -0.9]),
    ];
    each(1, 0usize..1, |isa, _| {
        for (target, losses, slopes) in cases {
            for (i, x) in logits.into_iter().enumerate() {
                let got = binary_cross_entropy(&[x], &[target], &Binary { positives: Some(&[3.0]), weights: None });
                close(&format!("{isa:?} {x} {target}"), &[got.value as f32], &wide(&losses[i..=i]), 1e-6);
                close(&format!("{isa:?} {x} {target}"), &got.gradient, &wide(&slopes[i..=i]), 1e-6);
            }
        }
    });
}

#[test]
fn dice_is_the_formula() {
    each(40, (1usize..4, 1usize..40, 1usize..20, 0usize..2), |isa, (groups, places, classes, smooth)| {
        let (p, t) = (shares(groups * places * classes, 1), shares(groups * places * classes, 2));
        let exact = |p: &[f64]| {
            let one = |g: usize, c: usize| {
                let all = || (0..places).map(|i| (g * places + i) * classes + c);
                let both: f64 = all().map(|i| p[i] * f64::from(t[i])).sum();
                let sum: f64 = all().map(|i| p[i] + f64::from(t[i])).sum();
                (2.0 * both + smooth as f64) / (sum + smooth as f64)
            };
            let sum: f64 = (0..groups * classes).map(|i| one(i / classes, i % classes)).sum();
            vec![1.0 - sum / (groups * classes) as f64]
        };
        let got = dice(&p, &t, groups, classes, smooth as f32);
        near(&format!("{isa:?}"), got.value, exact(&wide(&p))[0]);
        close(&format!("{isa:?}"), &got.gradient, &slopes(&wide(&p), &[1.0], exact), 2e-6);
    });
}

#[test]
fn threads_do_not_change_bits() {
    let (x, t) = (values(60_000, 1), shares(60_000, 2));
    each(1, 0usize..1, |_, _| {
        same_for_any_threads(|| {
            let losses = [
                cross_entropy(&x, 3, Targets::Shares(&t), &CrossEntropy { weights: None, smoothing: 0.1 }),
                binary_cross_entropy(&x, &t, &Binary::default()),
                dice(&t, &t, 2, 3, 1.0),
            ];
            losses.into_iter().flat_map(|loss| [vec![loss.value as f32], loss.gradient]).collect()
        });
    });
}
