//! Softmax, logarithm and weighted mean in one, with the gradient worked out beside the value.

use candle_core::Tensor;

use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, wanted};

/// Scalar loss of logits `[n, classes]` against class numbers.
///
/// torch's rule for `CrossEntropyLoss(weight, reduction="mean", label_smoothing=e)`: with `p = softmax(logits)` and
/// `W = sum of weight[target]`, the loss is
/// `sum over i of ((1 - e) * weight[t_i] * -log p[i, t_i] + e / classes * sum over c of weight[c] * -log p[i, c]) / W`.
pub fn cross_entropy(logits: &Tensor, targets: &[u32], weights: Option<&[f32]>, smoothing: f32) -> candle_core::Result<Tensor> {
    apply(CrossEntropy::new(targets, weights, smoothing), &[logits])
}

/// See [`cross_entropy`].
pub struct CrossEntropy {
    targets: Vec<u32>,
    /// One for each class; empty until the number of classes is known where none were given.
    weights: Vec<f32>,
    smoothing: f32,
    gradient: Vec<f32>,
}

impl CrossEntropy {
    /// Against these class numbers, with a weight for each class, or 1 for each.
    pub fn new(targets: &[u32], weights: Option<&[f32]>, smoothing: f32) -> Self {
        Self { targets: targets.to_vec(), weights: weights.unwrap_or_default().to_vec(), smoothing, gradient: Vec::new() }
    }

    /// The gradient by the logits, once the value was computed.
    pub fn into_gradient(self) -> Vec<f32> {
        self.gradient
    }

    /// The number of classes.
    fn check(&self, inputs: &[View<'_>]) -> Result<usize> {
        let refuse = |reason: String| Err(Error::new(self.name(), inputs, reason));
        let &[n, classes] = inputs[0].dims else { return refuse("logits are [n, classes]".into()) };
        if n == 0 || self.targets.len() != n || self.targets.iter().any(|&target| target as usize >= classes) {
            return refuse(format!("it needs one target below {classes} for each of 1 or more rows"));
        }
        if !self.weights.is_empty() && self.weights.len() != classes {
            return refuse(format!("{} class weights do not fit", self.weights.len()));
        }
        Ok(classes)
    }

    /// Adds one row's share of the loss, and gives its gradient; both still to be divided by the total weight.
    fn row(&self, logits: &[f32], target: usize, gradient: &mut [f32]) -> f64 {
        let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let shifted = |x: f32| f64::from(x) - f64::from(top);
        let log_sum = logits.iter().map(|&x| shifted(x).exp()).sum::<f64>().ln();
        let smoothing = f64::from(self.smoothing);
        // The share of -log p[c] in the loss.
        let share = |c: usize| {
            let weight = f64::from(self.weights[c]);
            weight * (smoothing / logits.len() as f64 + if c == target { 1.0 - smoothing } else { 0.0 })
        };
        let total: f64 = (0..logits.len()).map(share).sum();
        let mut loss = 0.0;
        for (c, (&x, gradient)) in logits.iter().zip(gradient).enumerate() {
            let log_p = shifted(x) - log_sum;
            let own = share(c);
            if own > 0.0 {
                loss -= own * log_p;
            }
            *gradient = (total * log_p.exp() - own) as f32;
        }
        loss
    }
}

impl Operation for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let (logits, classes) = (inputs[0].values, self.check(inputs)?);
        self.weights.resize(classes, 1.0);
        let mut gradient = vec![0.0; logits.len()];
        let rows = logits.chunks(classes).zip(gradient.chunks_mut(classes)).zip(&self.targets);
        let sum: f64 = rows.map(|((logits, gradient), &target)| self.row(logits, target as usize, gradient)).sum();
        let total: f64 = self.targets.iter().map(|&t| f64::from(self.weights[t as usize])).sum();
        gradient.iter_mut().for_each(|g| *g = (f64::from(*g) / total) as f32);
        self.gradient = gradient;
        Ok(Array::new(vec![(sum / total) as f32], Vec::new()))
    }

    fn backward(&self, _: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        vec![wanted(want[0], || self.gradient.iter().map(|g| g * dy[0]).collect())]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}
