//! Batch norm: with the batch's own statistics in training, with the running ones otherwise.
//!
//! Normalised with the biased variance, while the running one moves towards the unbiased: torch's rule.

use candle_core::{Tensor, Var};

use super::activation::Activation;
use super::compose::{Way, activation, compose, normalised};
use super::custom::{apply, check};
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, image};
use super::slices::{in_place, with, with_all};
use derm_kernels::batch_norm::{self as kernel, Norm};

pub use derm_kernels::batch_norm::{After, Statistics};

/// Normalises `x [n, h, w, c]` by its own statistics and applies `after`; gives the statistics too.
pub fn batch_norm_train(x: &Tensor, scale: &Tensor, shift: &Tensor, eps: f32, after: After) -> candle_core::Result<(Tensor, Statistics)> {
    if Way::on(x.device()) == Way::Compositions {
        let mut norm = BatchNorm::own(eps, after);
        let y = compose(&mut norm, &[x, scale, shift])?;
        let [mean, var, unbiased_var] = match &norm.moments {
            Some(moments) => with_all(moments.each_ref(), |moments| moments.map(<[f32]>::to_vec))?,
            None => [const { Vec::new() }; 3],
        };
        return Ok((y, Statistics { mean, var, unbiased_var }));
    }
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
    if Way::on(running.device()) == Way::Compositions {
        let batch = Tensor::from_slice(batch, batch.len(), running.device())?;
        return blend(running, &batch, momentum);
    }
    in_place(running, |running| {
        for (running, &batch) in running.iter_mut().zip(batch) {
            *running = (1.0 - momentum) * *running + momentum * batch;
        }
    })
}

/// The same with the batch's statistics on the variable's device.
fn blend(running: &Var, batch: &Tensor, momentum: f32) -> candle_core::Result<()> {
    let momentum = f64::from(momentum);
    running.set(&((running.as_detached_tensor() * (1.0 - momentum))? + (batch * momentum)?)?)
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
    /// Where the operation was composed: means, variances, unbiased variances.
    moments: Option<[Tensor; 3]>,
}

impl BatchNorm {
    /// By the batch's own statistics.
    pub fn own(eps: f32, after: After) -> Self {
        Self { after, eps, own: true, added: false, mean: Vec::new(), inverse: Vec::new(), statistics: None, moments: None }
    }

    /// By these means and variances, which get no gradient.
    pub fn given(mean: &[f32], var: &[f32], eps: f32, after: After) -> Self {
        Self {
            after,
            eps,
            own: false,
            added: false,
            mean: mean.to_vec(),
            inverse: kernel::inverse_deviation(var, eps),
            statistics: None,
            moments: None,
        }
    }

    /// Moves running mean and variance towards the batch's, if those were computed.
    pub fn move_running(&self, [mean, var]: [&Var; 2], momentum: f32) -> candle_core::Result<()> {
        if let Some(batch) = &self.statistics {
            move_towards(mean, &batch.mean, momentum)?;
            move_towards(var, &batch.unbiased_var, momentum)?;
        }
        if let Some([batch_mean, _, unbiased]) = &self.moments {
            blend(mean, batch_mean, momentum)?;
            blend(var, unbiased, momentum)?;
        }
        Ok(())
    }

    /// `x` normalised by the given statistics.
    fn by_given(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let channels = |values: &[f32]| Tensor::from_slice(values, values.len(), x.device());
        x.broadcast_sub(&channels(&self.mean)?)?.broadcast_mul(&channels(&self.inverse)?)
    }

    /// `x` normalised by its own statistics, which are kept.
    fn by_own(&mut self, x: &Tensor) -> candle_core::Result<Tensor> {
        let (n, h, w, channels) = x.dims4()?;
        let count = (n * h * w) as f64;
        let own = normalised(&x.reshape((n * h * w, channels))?, &[0], self.eps)?;
        let (mean, squares) = (own.mean.squeeze(0)?, own.squares.squeeze(0)?);
        self.moments = Some([mean, (&squares / count)?, (squares / (count - 1.0))?]);
        own.values.reshape((n, h, w, channels))
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

/// As a function of one value.
fn following(after: After) -> Option<Activation> {
    match after {
        After::Nothing => None,
        After::Relu => Some(Activation::Relu),
        After::Relu6 => Some(Activation::Relu6),
        After::Silu => Some(Activation::Silu),
        After::HardSwish => Some(Activation::HardSwish),
    }
}

impl Operation for BatchNorm {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        self.check(inputs)?;
        Ok(inputs[0].dims.to_vec())
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

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let normal = if self.own { self.by_own(inputs[0])? } else { self.by_given(inputs[0])? };
        let mut y = normal.broadcast_mul(inputs[1])?.broadcast_add(inputs[2])?;
        if let Some(added) = inputs.get(3) {
            y = (y + *added)?;
        }
        following(self.after).map_or(Ok(y.clone()), |after| activation(&y, after))
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
