//! Softmax, logarithm and weighted mean in one.

use rayon::prelude::*;

use super::super::map::CHUNK;
use super::Loss;

/// What a row ought to be.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a> {
    /// Its class's number, `[n]`.
    Classes(&'a [u32]),
    /// A share for each class, `[n, classes]`.
    Shares(&'a [f32]),
}

/// Settings.
#[derive(Clone, Copy, Debug)]
pub struct CrossEntropy<'a> {
    /// A weight for each class.
    pub weights: Option<&'a [f32]>,
    /// How much of each row's target is spread over all classes.
    pub smoothing: f32,
}

/// The loss of `logits [n, classes]`; NaN of none, as in PyTorch. Panics at other lengths, and at targets that are no class.
///
/// With `p = softmax(logits)` and `share = smoothing / classes + (1 - smoothing) * target`, the sum over rows and classes of
/// `weight * share * -log p` is divided by the sum of the targets' weights, or by `n` where targets are shares.
pub fn cross_entropy(logits: &[f32], classes: usize, targets: Targets, settings: &CrossEntropy) -> Loss {
    let n = logits.len().checked_div(classes).unwrap_or(0);
    assert!(logits.len() == n * classes && settings.weights.is_none_or(|weights| weights.len() == classes));
    let weight = |class: usize| settings.weights.map_or(1.0, |weights| f64::from(weights[class]));
    let divisor = match targets {
        Targets::Classes(targets) => {
            assert!(targets.len() == n && targets.iter().all(|&target| (target as usize) < classes), "a class for each row");
            targets.iter().map(|&target| weight(target as usize)).sum()
        }
        Targets::Shares(shares) => {
            assert_eq!(shares.len(), logits.len());
            n as f64
        }
    };
    let (rows, mut gradient) = ((CHUNK / classes.max(1)).max(1), vec![0.0; logits.len()]);
    let chunk = rows * classes.max(1);
    let chunks = gradient.par_chunks_mut(chunk).zip(logits.par_chunks(chunk)).enumerate();
    let sums: Vec<f64> = chunks
        .map(|(chunk, (gradient, logits))| {
            let mut row = Row { targets, settings, divisor, shares: vec![0.0; classes], powers: vec![0.0; classes] };
            let each = gradient.chunks_mut(classes).zip(logits.chunks(classes)).enumerate();
            each.map(|(i, (gradient, logits))| row.loss(chunk * rows + i, logits, gradient)).sum()
        })
        .collect();
    Loss { value: sums.iter().sum::<f64>() / divisor, gradient }
}

struct Row<'a> {
    targets: Targets<'a>,
    settings: &'a CrossEntropy<'a>,
    divisor: f64,
    /// Of a row: each class's share times its weight.
    shares: Vec<f64>,
    /// Of a row: exponentials of the logits less the largest.
    powers: Vec<f64>,
}

impl Row<'_> {
    /// The loss of a row, not divided yet, and its gradient.
    fn loss(&mut self, row: usize, logits: &[f32], gradient: &mut [f32]) -> f64 {
        self.set_shares(row);
        let top = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        self.powers.iter_mut().zip(logits).for_each(|(power, &x)| *power = (f64::from(x) - top).exp());
        let (sum, total): (f64, f64) = (self.powers.iter().sum(), self.shares.iter().sum());
        let log_sum = sum.ln();
        let only = match self.targets {
            Targets::Classes(targets) if self.settings.smoothing == 0.0 => Some(targets[row] as usize),
            _ => None,
        };
        let mut loss = 0.0;
        for (class, (&x, gradient)) in logits.iter().zip(gradient).enumerate() {
            let share = self.shares[class];
            // Classes that are not asked about may have a logit of -inf, whose product with no share at all is NaN.
            if only.is_none_or(|only| only == class) {
                loss -= share * (f64::from(x) - top - log_sum);
            }
            *gradient = ((total * self.powers[class] / sum - share) / self.divisor) as f32;
        }
        loss
    }

    fn set_shares(&mut self, row: usize) {
        let (classes, smoothing) = (self.shares.len(), f64::from(self.settings.smoothing));
        let spread = smoothing / classes as f64;
        match self.targets {
            Targets::Classes(targets) => {
                self.shares.fill(spread);
                self.shares[targets[row] as usize] += 1.0 - smoothing;
            }
            Targets::Shares(targets) => {
                let targets = &targets[row * classes..][..classes];
                self.shares.iter_mut().zip(targets).for_each(|(share, &target)| *share = spread + (1.0 - smoothing) * f64::from(target));
            }
        }
        if let Some(weights) = self.settings.weights {
            self.shares.iter_mut().zip(weights).for_each(|(share, &weight)| *share *= f64::from(weight));
        }
    }
}
