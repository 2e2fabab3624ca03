//! Against the definition in f64, its gradients by differences.

use super::super::testing::{close, each, same_for_any_threads, slopes, values, wide};
use super::*;

const EPS: f32 = 1e-3;

fn after(f: After, z: f64) -> f64 {
    match f {
        After::Nothing => z,
        After::Relu => z.max(0.0),
        After::Relu6 => z.clamp(0.0, 6.0),
        After::Silu => z / (1.0 + (-z).exp()),
        After::HardSwish => z * (z + 3.0).clamp(0.0, 6.0) / 6.0,
    }
}

/// Two-pass moments.
fn moments(x: &[f64], channels: usize) -> (Vec<f64>, Vec<f64>) {
    let rows = (x.len() / channels) as f64;
    let column = |c: usize| x.iter().skip(c).step_by(channels);
    let mean: Vec<f64> = (0..channels).map(|c| column(c).sum::<f64>() / rows).collect();
    let var = (0..channels).map(|c| column(c).map(|x| (x - mean[c]).powi(2)).sum::<f64>() / rows).collect();
    (mean, var)
}

/// The definition; with `own` statistics where none are given.
fn exact(x: &[f64], residual: &[f64], gamma: &[f64], beta: &[f64], given: Option<&(Vec<f64>, Vec<f64>)>, f: After) -> Vec<f64> {
    let channels = gamma.len();
    let own = moments(x, channels);
    let (mean, var) = given.unwrap_or(&own);
    let z = |i: usize| {
        let c = i % channels;
        (x[i] - mean[c]) / (var[c] + f64::from(EPS)).sqrt() * gamma[c] + beta[c] + residual[i]
    };
    (0..x.len()).map(|i| after(f, z(i))).collect()
}

#[test]
fn statistics_are_exact_far_from_zero() {
    each(40, (1usize..3000, 1usize..40, -3i32..4), |isa, (rows, channels, size)| {
        let offset = 10f32.powi(size);
        let x: Vec<f32> = values(rows * channels, 1).iter().map(|x| x + offset).collect();
        let (mean, var) = moments(&wide(&x), channels);
        let got = statistics(&x, channels);
        let relative = |got: &[f32], exact: &[f64], what: &str| {
            for (got, exact) in got.iter().zip(exact) {
                assert!((f64::from(*got) - exact).abs() <= 3e-6 * exact.abs() + 1e-6, "{isa:?} {what} {got} {exact}");
            }
        };
        relative(&got.mean, &mean, "mean");
        relative(&got.var, &var, "var");
        if rows > 1 {
            let unbiased: Vec<f64> = var.iter().map(|v| v * rows as f64 / (rows - 1) as f64).collect();
            relative(&got.unbiased_var, &unbiased, "unbiased");
        }
    });
}

#[test]
fn all_passes_are_the_definition() {
    each(75, (2usize..9, 1usize..20, 0usize..5, 0usize..4), |isa, (rows, channels, kind, case)| {
        let f = [After::Nothing, After::Relu, After::Relu6, After::Silu, After::HardSwish][kind];
        let (own, added) = (case % 2 == 0, case > 1 && !matches!(f, After::Silu | After::HardSwish));
        // Gamma brings values past 6.
        let (x, dy) = (values(rows * channels, 1), values(rows * channels, 2));
        let gamma: Vec<f32> = values(channels, 3).iter().map(|g| 4.0 * g).collect();
        let beta: Vec<f32> = values(channels, 4).iter().map(|b| b + 2.0).collect();
        let residual = if added { values(x.len(), 5) } else { vec![0.0; x.len()] };
        let statistics = if own { statistics(&x, channels) } else { statistics(&values(6 * channels, 6), channels) };
        let inverse = inverse_deviation(&statistics.var, EPS);
        let norm = Norm { mean: &statistics.mean, inverse: &inverse, gamma: &gamma, beta: &beta, own, after: f };
        let y = forward(&x, added.then_some(&residual[..]), &norm);
        let got = backward(&x, added.then_some(&y[..]), &dy, &norm);

        let (x, residual, gamma, beta) = (wide(&x), wide(&residual), wide(&gamma), wide(&beta));
        let given = (!own).then(|| (wide(&statistics.mean), wide(&statistics.var)));
        let given = given.as_ref();
        let what = format!("{isa:?} {f:?} own {own} added {added}");
        close(&what, &y, &exact(&x, &residual, &gamma, &beta, given, f), 1e-5);
        // Differences say nothing at a corner; a value within a step of one makes no case.
        let z = exact(&x, &residual, &gamma, &beta, given, After::Nothing);
        let corners: &[f64] = match f {
            After::Relu => &[0.0],
            After::Relu6 => &[0.0, 6.0],
            After::HardSwish => &[-3.0, 3.0],
            After::Nothing | After::Silu => &[],
        };
        if z.iter().any(|z| corners.iter().any(|corner| (z - corner).abs() < 1e-3)) {
            return;
        }
        close(&what, &got.dx, &slopes(&x, &dy, |x| exact(x, &residual, &gamma, &beta, given, f)), 2e-4);
        close(&what, &got.dgamma, &slopes(&gamma, &dy, |gamma| exact(&x, &residual, gamma, &beta, given, f)), 2e-5);
        close(&what, &got.dbeta, &slopes(&beta, &dy, |beta| exact(&x, &residual, &gamma, beta, given, f)), 2e-5);
        if let Some(dresidual) = got.dresidual {
            close(&what, &dresidual, &slopes(&residual, &dy, |residual| exact(&x, residual, &gamma, &beta, given, f)), 2e-5);
        }
    });
}

#[test]
fn a_nan_spoils_its_channel_alone() {
    each(1, 0usize..1, |_, _| {
        let mut x = values(200 * 20, 1);
        x[33 * 20 + 7] = f32::NAN;
        let statistics = statistics(&x, 20);
        for c in 0..20 {
            assert_eq!((statistics.mean[c].is_nan(), statistics.var[c].is_nan()), (c == 7, c == 7));
        }
    });
}

#[test]
fn threads_do_not_change_bits() {
    let (x, dy, ones) = (values(40 * 3000, 1), values(40 * 3000, 2), vec![1.0; 40]);
    each(1, 0usize..1, |_, _| {
        same_for_any_threads(|| {
            let Statistics { mean, var, .. } = statistics(&x, 40);
            let inverse = inverse_deviation(&var, EPS);
            let norm = Norm { mean: &mean, inverse: &inverse, gamma: &ones, beta: &ones, own: true, after: After::Relu };
            let y = forward(&x, Some(&dy), &norm);
            let Gradients { dx, dresidual, dgamma, dbeta } = backward(&x, Some(&y), &dy, &norm);
            vec![y, dx, dresidual.unwrap(), dgamma, dbeta]
        });
    });
}
