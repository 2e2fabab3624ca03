//! One factor for each channel of each image.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::elementwise::{planes_per_task, sum2};
use super::slices::{slice, with};

/// `x * gate` with `x [n, c, h, w]` and `gate [n, c, 1, 1]`.
pub fn gate(x: &Tensor, gate: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&gate.contiguous()?, Gate)
}

struct Gate;

/// `x` times the gate of its plane.
fn scaled(x: &[f32], gate: &[f32]) -> Vec<f32> {
    let plane = x.len() / gate.len();
    let mut y = vec![0.0; x.len()];
    let planes = y.par_chunks_mut(plane).zip(x.par_chunks(plane)).zip(gate);
    planes.with_min_len(planes_per_task(plane)).for_each(|((y, x), &gate)| {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = x * gate;
        }
    });
    y
}

impl CustomOp2 for Gate {
    fn name(&self) -> &'static str {
        "derm-gate"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout, gate: &CpuStorage, gate_layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, c, _, _) = layout.shape().dims4()?;
        let (gate_n, gate_c, 1, 1) = gate_layout.shape().dims4()? else { candle_core::bail!("a gate is [n, c, 1, 1]") };
        if (n, c) != (gate_n, gate_c) {
            candle_core::bail!("a gate has one value for each channel");
        }
        let y = scaled(slice(x, layout)?, slice(gate, gate_layout)?);
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, gate: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let dx = with(dy, |dy| with(gate, |gate| scaled(dy, gate)))??;
        let plane = x.elem_count() / gate.elem_count();
        let dgate: Vec<f32> = with(dy, |dy| {
            with(x, |x| {
                let pairs = dy.par_chunks(plane).zip(x.par_chunks(plane));
                pairs.with_min_len(planes_per_task(plane)).map(|(dy, x)| sum2(dy, x, |dy, x| dy * x) as f32).collect()
            })
        })??;
        Ok((Some(Tensor::from_vec(dx, x.dims(), x.device())?), Some(Tensor::from_vec(dgate, gate.dims(), x.device())?)))
    }
}
