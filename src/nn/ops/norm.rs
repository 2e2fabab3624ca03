//! Batch norm: with the batch's own statistics in training, with the running ones otherwise.
//!
//! Normalised with the biased variance, while the running one moves towards the unbiased: torch's rule.

use candle_core::{Tensor, Var};

use super::custom::{apply, check};
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, image};
use super::slices::{in_place, with, with_all};
use derm_kernels::batch_norm::{self as kernel, Norm};

pub use derm_kernels::batch_norm::{After, Statistics};

/// Normalises `x [n, h, w, c]` by its own statistics and applies `after`; gives the statistics too.
pub fn batch_norm_train(x: &Tensor, scale: &Tensor, shift: &Tensor, eps: f32, after: After) -> candle_core::Result<(Tensor, Statistics)> {
    let y = apply(BatchNorm::own(eps, after), &[x, scale, shift])?;
    let statistics = with(x, |x| kernel::statistics(x, scale.elem_count()))?;
    Ok((y, statistics))
}

/// Normalises `x [n, h, w, c]` by given statistics `[mean, variance]`, which get no gradient, and applies `after`.
pub fn batch_norm_eval(
    x: &Tensor,
    scale: &Tensor,
    shift: &Tensor,
    [mean, var]: [&Tensor; 2],
    eps: f32,
    after: After,
) -> candle_core::Result<Tensor> {
    check("batch_norm", &[x, scale, shift, mean, var])?;
    let given = with_all([mean, var], |[mean, var]| BatchNorm::given(mean, var, eps, after))?;
    apply(given, &[x, scale, shift])
}

/// `running = (1 - momentum) * running + momentum * batch`; `running` is `[c]`, with as many values as `batch`.
pub fn move_towards(running: &Var, batch: &[f32], momentum: f32) -> candle_core::Result<()> {
    let operation = "move_towards";
    check(operation, &[running])?;
    if running.dims() != [batch.len()] {
        let shapes = vec![running.dims().to_vec(), vec![batch.len()]];
        return Err(Error { operation, shapes, reason: "both must have one value a channel".into() }.into());
    }
    in_place(running, |running| {
        for (running, &batch) in running.iter_mut().zip(batch) {
            *running = (1.0 - momentum) * *running + momentum * batch;
        }
    })
}

/// Inputs `x [n, h, w, c]`, scale `[c]`, shift `[c]` and, if something is added before `after`, a residual like `x`.
pub struct BatchNorm {
    after: After,
    eps: f32,
    /// The statistics are the batch's own, so the gradient passes through them.
    own: bool,
    /// Something is added before `after`.
    added: bool,
    mean: Vec<f32>,
    inverse: Vec<f32>,
    statistics: Option<Statistics>,
}

impl BatchNorm {
    /// By the batch's own statistics.
    pub fn own(eps: f32, after: After) -> Self {
        Self { after, eps, own: true, added: false, mean: Vec::new(), inverse: Vec::new(), statistics: None }
    }

    /// By these means and variances, which get no gradient.
    pub fn given(mean: &[f32], var: &[f32], eps: f32, after: After) -> Self {
        Self { after, eps, own: false, added: false, mean: mean.to_vec(), inverse: kernel::inverse_deviation(var, eps), statistics: None }
    }

    /// The batch's statistics, once they were computed.
    pub fn statistics(&self) -> Option<&Statistics> {
        self.statistics.as_ref()
    }

    fn norm<'a>(&'a self, gamma: &'a [f32], beta: &'a [f32]) -> Norm<'a> {
        Norm { mean: &self.mean, inverse: &self.inverse, gamma, beta, own: self.own, after: self.after }
    }

    fn check(&self, inputs: &[View<'_>]) -> Result<usize> {
        let refuse = |reason: String| Err(Error::new(self.name(), inputs, reason));
        let [n, h, w, c] = image(self.name(), inputs, 0)?;
        if inputs[1].dims != [c] || inputs[2].dims != [c] || inputs.get(3).is_some_and(|added| added.dims != inputs[0].dims) {
            return refuse(format!("scale and shift must be [{c}], and what is added like the first input"));
        }
        if !self.own && (self.mean.len() != c || self.inverse.len() != c) {
            return refuse(format!("the running statistics have {} and {} channels", self.mean.len(), self.inverse.len()));
        }
        if self.own && n * h * w < 2 {
            return refuse("in training it needs more than one value a channel".into());
        }
        Ok(c)
    }
}

impl Operation for BatchNorm {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let channels = self.check(inputs)?;
        let x = inputs[0];
        if self.own {
            let statistics = kernel::statistics(x.values, channels);
            self.mean.clone_from(&statistics.mean);
            self.inverse = kernel::inverse_deviation(&statistics.var, self.eps);
            self.statistics = Some(statistics);
        }
        let residual = inputs.get(3).map(|added| added.values);
        self.added = residual.is_some();
        Ok(Array::new(kernel::forward(x.values, residual, &self.norm(inputs[1].values, inputs[2].values)), x.dims))
    }

    fn backward(&self, inputs: &[View<'_>], result: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        let y = self.reads_result().then_some(result.values);
        let gradients = kernel::backward(inputs[0].values, y, dy, &self.norm(inputs[1].values, inputs[2].values));
        let added = inputs.get(3).map(|_| gradients.dresidual.map_or(Gradient::Passed, Gradient::Values));
        [gradients.dx, gradients.dgamma, gradients.dbeta].map(Gradient::Values).into_iter().chain(added).collect()
    }

    fn reads_input(&self, input: usize) -> bool {
        input < 3
    }

    fn reads_result(&self) -> bool {
        // Without an addition the slope of `after` follows from the first input.
        self.added && self.after != After::Nothing
    }
}
