//! Cross-entropy: softmax, logarithm and weighted mean in one, with the gradient worked out beside the value.

use candle_core::Tensor;

use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, wanted};
use derm_kernels::losses;

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
    /// One for each class; empty where all are 1.
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
}

impl Operation for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let classes = self.check(inputs)?;
        let weights = (!self.weights.is_empty()).then_some(self.weights.as_slice());
        let settings = losses::CrossEntropy { weights, smoothing: self.smoothing };
        let loss = losses::cross_entropy(inputs[0].values, classes, losses::Targets::Classes(&self.targets), &settings);
        self.gradient = loss.gradient;
        Ok(Array::new(vec![loss.value as f32], Vec::new()))
    }

    fn backward(&self, _: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        vec![wanted(want[0], || self.gradient.iter().map(|g| g * dy[0]).collect())]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}
