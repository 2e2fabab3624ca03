//! ECA's convolution along the channels.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::slices::{slice, with};

/// `y[i, c] = sum over t of w[t] * x[i, c + t - k / 2]` with zeros outside; `x [n, c, 1, 1]`, `w [1, 1, k]`, k odd.
pub fn channel_conv(x: &Tensor, w: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&w.contiguous()?, ChannelConv)
}

struct ChannelConv;

/// Calls `f(tap, channel of x, channel of y)` for every product inside the image.
fn products(channels: usize, taps: usize, mut f: impl FnMut(usize, usize, usize)) {
    for y in 0..channels {
        for tap in 0..taps {
            if let Some(x) = (y + tap).checked_sub(taps / 2).filter(|&x| x < channels) {
                f(tap, x, y);
            }
        }
    }
}

impl CustomOp2 for ChannelConv {
    fn name(&self) -> &'static str {
        "derm-channel-conv"
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_layout: &Layout, w: &CpuStorage, w_layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, channels, 1, 1) = x_layout.shape().dims4()? else { bail!("a channel convolution reads [n, c, 1, 1]") };
        let (x, w) = (slice(x, x_layout)?, slice(w, w_layout)?);
        let mut out = vec![0.0; x.len()];
        for (out, x) in out.chunks_mut(channels).zip(x.chunks(channels)) {
            products(channels, w.len(), |tap, from, to| out[to] += w[tap] * x[from]);
        }
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let channels = x.dim(1)?;
        let (dx, dw) = with(x, |x| {
            with(w, |w| {
                with(dy, |dy| {
                    let mut dx = vec![0f32; x.len()];
                    let mut dw = vec![0f64; w.len()];
                    for ((dx, x), dy) in dx.chunks_mut(channels).zip(x.chunks(channels)).zip(dy.chunks(channels)) {
                        products(channels, w.len(), |tap, from, to| {
                            dx[from] += w[tap] * dy[to];
                            dw[tap] += f64::from(x[from] * dy[to]);
                        });
                    }
                    (dx, dw.into_iter().map(|v| v as f32).collect::<Vec<_>>())
                })
            })
        })???;
        Ok((Some(Tensor::from_vec(dx, x.dims(), x.device())?), Some(Tensor::from_vec(dw, w.dims(), w.device())?)))
    }
}
