//! Softmax, logarithm and weighted mean in one, with the gradient worked out beside the value.

use std::sync::Mutex;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

use super::slices::slice;

/// Scalar loss of logits `[n, classes]` against class numbers.
///
/// torch's rule for `CrossEntropyLoss(weight, reduction="mean", label_smoothing=e)`: with `p = softmax(logits)` and
/// `W = sum of weight[target]`, the loss is
/// `sum over i of ((1 - e) * weight[t_i] * -log p[i, t_i] + e / classes * sum over c of weight[c] * -log p[i, c]) / W`.
pub fn cross_entropy(logits: &Tensor, targets: &[u32], weights: Option<&[f32]>, smoothing: f32) -> Result<Tensor> {
    let (n, classes) = logits.dims2()?;
    if targets.len() != n || targets.iter().any(|&t| t as usize >= classes) {
        bail!("{} targets below {classes} are needed for logits {:?}", n, logits.dims());
    }
    let weights = weights.map_or_else(|| vec![1.0; classes], <[f32]>::to_vec);
    if weights.len() != classes {
        bail!("{} class weights do not fit {classes} classes", weights.len());
    }
    logits.contiguous()?.apply_op1(CrossEntropy { targets: targets.to_vec(), weights, smoothing, gradient: Mutex::default() })
}

struct CrossEntropy {
    targets: Vec<u32>,
    weights: Vec<f32>,
    smoothing: f32,
    gradient: Mutex<Vec<f32>>,
}

impl CrossEntropy {
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

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "derm-cross-entropy"
    }

    fn cpu_fwd(&self, logits: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let classes = layout.dims()[1];
        let logits = slice(logits, layout)?;
        let mut gradient = vec![0.0; logits.len()];
        let rows = logits.chunks(classes).zip(gradient.chunks_mut(classes)).zip(&self.targets);
        let sum: f64 = rows.map(|((logits, gradient), &target)| self.row(logits, target as usize, gradient)).sum();
        let total: f64 = self.targets.iter().map(|&t| f64::from(self.weights[t as usize])).sum();
        gradient.iter_mut().for_each(|g| *g = (f64::from(*g) / total) as f32);
        *self.gradient.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = gradient;
        Ok((CpuStorage::F32(vec![(sum / total) as f32]), Shape::from(())))
    }

    fn bwd(&self, logits: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let gradient = self.gradient.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let factor = f64::from(dy.to_scalar::<f32>()?);
        Tensor::from_vec(gradient, logits.dims(), logits.device())?.affine(factor, 0.0).map(Some)
    }
}
