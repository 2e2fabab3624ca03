//! One factor for each channel of each image.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::slices::{slice, tensor_like, with_all};
use derm_kernels::gate as kernel;

/// `x * gate` with `x [n, h, w, c]` and `gate [n, 1, 1, c]`.
pub fn gate(x: &Tensor, gate: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&gate.contiguous()?, Gate)
}

struct Gate;

impl CustomOp2 for Gate {
    fn name(&self) -> &'static str {
        "derm-gate"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout, gate: &CpuStorage, gate_layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, _, _, c) = layout.shape().dims4()?;
        if gate_layout.dims() != [n, 1, 1, c] {
            bail!("a gate of {:?} has one value for each channel of an image, not {:?}", layout.dims(), gate_layout.dims());
        }
        let y = kernel::forward(slice(x, layout)?, slice(gate, gate_layout)?, c);
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, gate: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let channels = x.dim(3)?;
        let (dx, dgate) = with_all([x, gate, dy], |[x, gate, dy]| kernel::backward(x, gate, dy, channels))?;
        Ok((Some(tensor_like(dx, x)?), Some(tensor_like(dgate, gate)?)))
    }
}
