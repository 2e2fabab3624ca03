//! The focal loss over a softmax (Lin et al. 2017, <https://arxiv.org/abs/1708.02002>).

use super::Loss;

/// The loss of `logits [n, classes]`: the mean over rows, weighted by the targets' weights, of `(1 - p)^gamma * -log p`, where `p` is the
/// softmax's share of the target. Panics at other lengths, and at targets that are no class; NaN of no rows.
pub fn focal(logits: &[f32], classes: usize, targets: &[u32], weights: Option<&[f32]>, gamma: f32) -> Loss {
    assert!(logits.len() == targets.len() * classes && weights.is_none_or(|weights| weights.len() == classes));
    assert!(targets.iter().all(|&target| (target as usize) < classes), "a class for each row");
    let weight = |target: u32| weights.map_or(1.0, |weights| f64::from(weights[target as usize]));
    let divisor: f64 = targets.iter().map(|&target| weight(target)).sum();
    let (gamma, mut value, mut gradient) = (f64::from(gamma), 0.0, vec![0.0; logits.len()]);
    for ((logits, gradient), &target) in logits.chunks(classes.max(1)).zip(gradient.chunks_mut(classes.max(1))).zip(targets) {
        let top = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let sum: f64 = logits.iter().map(|&x| (f64::from(x) - top).exp()).sum();
        let log_p = f64::from(logits[target as usize]) - top - sum.ln();
        let (p, share) = (log_p.exp(), weight(target) / divisor);
        // 1 - p, also where p is so near 1 that their difference would be lost.
        let rest = -log_p.exp_m1();
        value -= share * rest.powf(gamma) * log_p;
        // p times the derivative by p; (1 - p)^(gamma - 1) * log p goes to a limit as p goes to 1.
        let ratio = if rest > 0.0 { log_p / rest } else { -1.0 };
        let slope = share * rest.powf(gamma) * (gamma * p * ratio - 1.0);
        for (class, (&x, gradient)) in logits.iter().zip(gradient).enumerate() {
            let own = if class == target as usize { 1.0 } else { 0.0 };
            *gradient = (slope * (own - (f64::from(x) - top).exp() / sum)) as f32;
        }
    }
    Loss { value: value / if divisor == 0.0 { divisor } else { 1.0 }, gradient }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::values;
    use super::super::{CrossEntropy, Targets, cross_entropy};
    use super::*;

    #[test]
    fn without_a_focus_it_is_cross_entropy() {
        let (logits, targets, weights) = (values(5 * 4, 1), [3, 0, 1, 1, 2], [1.0, 0.5, 2.0, 0.25]);
        let focal = focal(&logits, 4, &targets, Some(&weights), 0.0);
        let plain = cross_entropy(&logits, 4, Targets::Classes(&targets), &CrossEntropy { weights: Some(&weights), smoothing: 0.0 });
        assert!((focal.value - plain.value).abs() < 1e-12);
        assert!(focal.gradient.iter().zip(&plain.gradient).all(|(a, b)| (a - b).abs() < 1e-7));
    }

    #[test]
    fn gradients_are_the_slopes() {
        let (logits, targets) = (values(6 * 3, 2), [0, 1, 2, 2, 1, 0]);
        for gamma in [0.5, 1.0, 2.0, 5.0] {
            let exact = |logits: &[f64]| -> f64 {
                let row = |(x, &target): (&[f64], &u32)| {
                    let p = x[target as usize].exp() / x.iter().map(|x| x.exp()).sum::<f64>();
                    -(1.0 - p).powf(gamma) * p.ln()
                };
                logits.chunks(3).zip(&targets).map(row).sum::<f64>() / 6.0
            };
            let wide: Vec<f64> = logits.iter().map(|&x| f64::from(x)).collect();
            let loss = focal(&logits, 3, &targets, None, gamma as f32);
            assert!((loss.value - exact(&wide)).abs() < 1e-12);
            for i in 0..wide.len() {
                let moved = |by: f64| exact(&wide.iter().enumerate().map(|(j, x)| if i == j { x + by } else { *x }).collect::<Vec<_>>());
                let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((f64::from(loss.gradient[i]) - slope).abs() < 1e-6, "gamma {gamma}: {} is not {slope}", loss.gradient[i]);
            }
        }
    }

    #[test]
    fn a_sure_network_has_no_slope_and_a_wrong_one_a_finite_one() {
        let loss = focal(&[100.0, 0.0, -100.0, 100.0], 2, &[0, 0], None, 2.0);
        assert!(loss.value > 99.0 && loss.gradient.iter().all(|g| g.is_finite()) && loss.gradient[0] == 0.0, "{loss:?}");
        assert!(focal(&[], 3, &[], None, 2.0).value.is_nan());
    }
}
