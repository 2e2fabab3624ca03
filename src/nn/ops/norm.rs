//! Batch norm (Ioffe and Szegedy 2015, <https://arxiv.org/abs/1502.03167>): for each channel
//! `y = (x - mean) / sqrt(var + eps) * scale + shift`.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, Var, bail};
use rayon::prelude::*;

use super::elementwise::{planes_per_task, sum, sum2};
use super::slices::{in_place, slice, with};

/// Statistics of one batch, for the running ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Mean of each channel.
    pub mean: Vec<f32>,
    /// Variance of each channel with `count - 1` below (what torch keeps; the batch itself is normalised with `count`).
    pub unbiased_var: Vec<f32>,
}

/// Normalises `x [n, c, h, w]` by its own statistics; gives those too.
pub fn batch_norm_train(x: &Tensor, scale: &Tensor, shift: &Tensor, eps: f32) -> Result<(Tensor, Statistics)> {
    let (n, c, h, w) = x.dims4()?;
    let count = n * h * w;
    if count < 2 {
        bail!("batch norm needs more than one value a channel in training, got {:?}", x.dims());
    }
    let x = x.contiguous()?;
    let moments = with(&x, |x| moments(x, n, c, h * w))?;
    let unbias = count as f64 / (count - 1) as f64;
    let statistics = Statistics {
        mean: moments.iter().map(|m| m.0 as f32).collect(),
        unbiased_var: moments.iter().map(|m| (m.1 * unbias) as f32).collect(),
    };
    let inverse = moments.iter().map(|m| inverse_deviation(m.1, eps)).collect();
    let op = BatchNorm { mean: statistics.mean.clone(), inverse, own: true };
    Ok((x.apply_op3(&scale.contiguous()?, &shift.contiguous()?, op)?, statistics))
}

/// Normalises `x [n, c, h, w]` by given statistics, which get no gradient.
pub fn batch_norm_eval(x: &Tensor, scale: &Tensor, shift: &Tensor, mean: &Tensor, var: &Tensor, eps: f32) -> Result<Tensor> {
    let mean = with(mean, <[f32]>::to_vec)?;
    let inverse = with(var, |var| var.iter().map(|&v| inverse_deviation(f64::from(v), eps)).collect())?;
    let op = BatchNorm { mean, inverse, own: false };
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

fn inverse_deviation(var: f64, eps: f32) -> f32 {
    (var + f64::from(eps)).sqrt().recip() as f32
}

/// Mean and biased variance of each channel, in two passes.
fn moments(x: &[f32], n: usize, c: usize, plane: usize) -> Vec<(f64, f64)> {
    let count = (n * plane) as f64;
    (0..c)
        .into_par_iter()
        .map(|channel| {
            let planes = || (0..n).map(move |i| &x[(i * c + channel) * plane..][..plane]);
            let mean = planes().map(|p| sum(p, |v| v)).sum::<f64>() / count;
            let centre = mean as f32;
            let squares: f64 = planes().map(|p| sum(p, |v| (v - centre) * (v - centre))).sum();
            // The centre was rounded to f32; this takes its error out again.
            let off = mean - f64::from(centre);
            (mean, (squares / count - off * off).max(0.0))
        })
        .collect()
}

struct BatchNorm {
    mean: Vec<f32>,
    inverse: Vec<f32>,
    /// The statistics are the batch's own, so the gradient passes through them.
    own: bool,
}

/// `y = x * factor[c] + offset[c]` for each plane, with `x` and a second input in `f`.
fn per_plane(x: &[f32], c: usize, plane: usize, f: impl Fn(usize, &[f32], &mut [f32], usize) + Sync) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    let planes = y.par_chunks_mut(plane).zip(x.par_chunks(plane)).enumerate();
    planes.with_min_len(planes_per_task(plane)).for_each(|(i, (y, x))| f(i % c, x, y, i));
    y
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
        let (_, c, h, w) = layout.shape().dims4()?;
        let (scale, shift) = (slice(scale, scale_layout)?, slice(shift, shift_layout)?);
        if [scale.len(), shift.len(), self.mean.len(), self.inverse.len()] != [c; 4] {
            bail!("a batch norm of {} channels cannot read {:?}", scale.len(), layout.dims());
        }
        let y = per_plane(slice(x, layout)?, c, h * w, |c, x, y, _| {
            let (mean, factor, shift) = (self.mean[c], self.inverse[c] * scale[c], shift[c]);
            for (y, &x) in y.iter_mut().zip(x) {
                *y = (x - mean) * factor + shift;
            }
        });
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
        let (n, c, h, w) = x.dims4()?;
        let plane = h * w;
        let (dx, dscale, dshift) = with(x, |x| {
            with(dy, |dy| {
                with(scale, |scale| {
                    let sums = self.sums(x, dy, n, c, plane);
                    let dx = self.input_gradient(x, dy, scale, &sums, [n, c, plane]);
                    let (dshift, dscale): (Vec<f32>, Vec<f32>) = sums.iter().map(|s| (s.0 as f32, s.1 as f32)).unzip();
                    (dx, dscale, dshift)
                })
            })
        })???;
        let device = x.device();
        let dx = Tensor::from_vec(dx, x.dims(), device)?;
        Ok((Some(dx), Some(Tensor::from_vec(dscale, scale.dims(), device)?), Some(Tensor::from_vec(dshift, shift.dims(), device)?)))
    }
}

impl BatchNorm {
    /// For each channel the sums of `dy` and of `dy` times the normalised `x`.
    fn sums(&self, x: &[f32], dy: &[f32], n: usize, c: usize, plane: usize) -> Vec<(f64, f64)> {
        (0..c)
            .into_par_iter()
            .map(|channel| {
                let (mean, inverse) = (self.mean[channel], f64::from(self.inverse[channel]));
                (0..n).fold((0.0, 0.0), |(plain, times), i| {
                    let at = (i * c + channel) * plane;
                    let (x, dy) = (&x[at..][..plane], &dy[at..][..plane]);
                    (plain + sum(dy, |dy| dy), times + sum2(x, dy, |x, dy| (x - mean) * dy) * inverse)
                })
            })
            .collect()
    }

    fn input_gradient(&self, x: &[f32], dy: &[f32], scale: &[f32], sums: &[(f64, f64)], [n, c, plane]: [usize; 3]) -> Vec<f32> {
        let count = (n * plane) as f64;
        per_plane(x, c, plane, |c, x, dx, i| {
            let dy = &dy[i * plane..][..plane];
            let (mean, inverse) = (self.mean[c], self.inverse[c]);
            let factor = inverse * scale[c];
            let through = |total: f64| if self.own { (total / count) as f32 } else { 0.0 };
            let (plain, times) = (through(sums[c].0), through(sums[c].1) * inverse);
            for ((dx, &x), &dy) in dx.iter_mut().zip(x).zip(dy) {
                *dx = factor * (dy - plain - (x - mean) * times);
            }
        })
    }
}
