//! Batch norm: with the batch's own statistics in training, with the running ones otherwise.
//!
//! Normalised with the biased variance, while the running one moves towards the unbiased: torch's rule.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, Var, bail};

use super::slices::{in_place, slice, tensor_like, with, with_all};
use derm_kernels::batch_norm::{self as kernel, Norm};

pub use derm_kernels::batch_norm::{After, Statistics};

/// Normalises `x [n, h, w, c]` by its own statistics and applies `after`; gives the statistics too.
pub fn batch_norm_train(x: &Tensor, scale: &Tensor, shift: &Tensor, eps: f32, after: After) -> Result<(Tensor, Statistics)> {
    let (n, h, w, c) = x.dims4()?;
    if n * h * w < 2 {
        bail!("batch norm needs more than one value a channel in training, got {:?}", x.dims());
    }
    let x = x.contiguous()?;
    let statistics = with(&x, |x| kernel::statistics(x, c))?;
    let inverse = kernel::inverse_deviation(&statistics.var, eps);
    let op = BatchNorm { mean: statistics.mean.clone(), inverse, own: true, after };
    Ok((x.apply_op3(&scale.contiguous()?, &shift.contiguous()?, op)?, statistics))
}

/// Normalises `x [n, h, w, c]` by given statistics `[mean, variance]`, which get no gradient, and applies `after`.
pub fn batch_norm_eval(x: &Tensor, scale: &Tensor, shift: &Tensor, [mean, var]: [&Tensor; 2], eps: f32, after: After) -> Result<Tensor> {
    let (mean, inverse) = with_all([mean, var], |[mean, var]| (mean.to_vec(), kernel::inverse_deviation(var, eps)))?;
    let op = BatchNorm { mean, inverse, own: false, after };
    x.contiguous()?.apply_op3(&scale.contiguous()?, &shift.contiguous()?, op)
}

/// `running = (1 - momentum) * running + momentum * batch`.
pub fn move_towards(running: &Var, batch: &[f32], momentum: f32) -> Result<()> {
    in_place(running, |running| {
        for (running, &batch) in running.iter_mut().zip(batch) {
            *running = (1.0 - momentum) * *running + momentum * batch;
        }
    })
}

struct BatchNorm {
    mean: Vec<f32>,
    inverse: Vec<f32>,
    /// The statistics are the batch's own, so the gradient passes through them.
    own: bool,
    /// Applied to the normalised values in the same pass.
    after: After,
}

impl BatchNorm {
    fn norm<'a>(&'a self, gamma: &'a [f32], beta: &'a [f32]) -> Norm<'a> {
        Norm { mean: &self.mean, inverse: &self.inverse, gamma, beta, own: self.own, after: self.after }
    }
}

impl CustomOp3 for BatchNorm {
    fn name(&self) -> &'static str {
        "derm-batch-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        scale: &CpuStorage,
        scale_layout: &Layout,
        shift: &CpuStorage,
        shift_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (_, _, _, c) = layout.shape().dims4()?;
        let (scale, shift) = (slice(scale, scale_layout)?, slice(shift, shift_layout)?);
        if [scale.len(), shift.len(), self.mean.len(), self.inverse.len()] != [c; 4] {
            bail!("a batch norm of {} channels cannot read {:?}", scale.len(), layout.dims());
        }
        let y = kernel::forward(slice(x, layout)?, None, &self.norm(scale, shift));
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        scale: &Tensor,
        shift: &Tensor,
        _: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let gradients = with_all([x, dy, scale, shift], |[x, dy, scale, shift]| kernel::backward(x, None, dy, &self.norm(scale, shift)))?;
        let dx = tensor_like(gradients.dx, x)?;
        Ok((Some(dx), Some(tensor_like(gradients.dgamma, scale)?), Some(tensor_like(gradients.dbeta, shift)?)))
    }
}
