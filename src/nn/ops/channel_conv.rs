//! ECA's convolution along the channels.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::slices::{slice, tensor_like, with_all};
use derm_kernels::channel_conv as kernel;

/// `y[i, c] = sum over t of w[t] * x[i, c + t - k / 2]` with zeros outside; `x [n, 1, 1, c]`, `w [1, 1, k]`, k odd.
pub fn channel_conv(x: &Tensor, w: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&w.contiguous()?, ChannelConv)
}

struct ChannelConv;

impl CustomOp2 for ChannelConv {
    fn name(&self) -> &'static str {
        "derm-channel-conv"
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_layout: &Layout, w: &CpuStorage, w_layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, 1, 1, channels) = x_layout.shape().dims4()? else {
            bail!("a channel convolution reads [n, 1, 1, c], not {:?}", x_layout.dims())
        };
        let &[1, 1, taps] = w_layout.dims() else { bail!("the weight of a channel convolution is [1, 1, k], not {:?}", w_layout.dims()) };
        if taps % 2 == 0 {
            bail!("a channel convolution has an odd number of taps, not {taps}");
        }
        let y = kernel::forward(slice(x, x_layout)?, slice(w, w_layout)?, channels);
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let channels = x.dim(3)?;
        let (dx, dw) = with_all([x, w, dy], |[x, w, dy]| kernel::backward(x, w, dy, channels))?;
        Ok((Some(tensor_like(dx, x)?), Some(tensor_like(dw, w)?)))
    }
}
