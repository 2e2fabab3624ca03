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

    /// How much each row's loss of each class counts; all together 1.
    fn shares(&self, classes: usize) -> Vec<f32> {
        let weight = |class: usize| self.weights.get(class).map_or(1.0, |&weight| f64::from(weight));
        let all: f64 = self.targets.iter().map(|&target| weight(target as usize)).sum();
        let smoothing = f64::from(self.smoothing);
        let share = |target: usize, class: usize| {
            let own = if class == target { 1.0 - smoothing } else { 0.0 };
            ((own + smoothing / classes as f64) * weight(class) / all) as f32
        };
        self.targets.iter().flat_map(|&target| (0..classes).map(move |class| share(target as usize, class))).collect()
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

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        self.check(inputs).map(|_| Vec::new())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let classes = self.check(inputs)?;
        let weights = (!self.weights.is_empty()).then_some(self.weights.as_slice());
        let settings = losses::CrossEntropy { weights, smoothing: self.smoothing };
        let loss = losses::cross_entropy(inputs[0].values, classes, losses::Targets::Classes(&self.targets), &settings);
        self.gradient = loss.gradient;
        Ok(Array::new(vec![loss.value as f32], Vec::new()))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let classes = inputs[0].dim(1)?;
        let shares = self.shares(classes);
        let shares = Tensor::from_vec(shares, inputs[0].dims(), inputs[0].device())?;
        // Any constant of a row leaves softmax as it is: no gradient passes through the largest.
        let scores = inputs[0].broadcast_sub(&inputs[0].detach().max_keepdim(1)?)?;
        let losses = scores.exp()?.sum_keepdim(1)?.log()?.broadcast_sub(&scores)?;
        // What has no share may be infinite.
        shares.eq(0f64)?.where_cond(&losses.zeros_like()?, &(losses * shares)?)?.sum_all()
    }

    fn backward(&self, _: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        vec![wanted(want[0], || self.gradient.iter().map(|g| g * dy[0]).collect())]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}
