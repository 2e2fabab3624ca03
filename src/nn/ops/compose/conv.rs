//! Convolutions as matrix products of what the taps read, for any stride, dilation, padding and groups.
//!
//! All taps of a window lie side by side in memory while the gradients are waited for. With the feature `cudnn`, convolutions on
//! CUDA are cuDNN's instead, which keeps the image alone.

use candle_core::{Result, Tensor};
use derm_kernels::conv::Geometry;

use super::super::geometry;
use super::taps::{Windows, shifted};

/// `x [n, h, w, in]`, `weight [out, in / groups, kh, kw]`, `bias [out]` to `[n, h', w', out]`; the sizes were checked.
pub fn convolution(inputs: &[&Tensor], g: &Geometry) -> Result<Tensor> {
    let (x, weight) = (inputs[0], inputs[1]);
    let y = product(x, weight, g)?;
    inputs.get(2).map_or(Ok(y.clone()), |bias| y.broadcast_add(bias))
}

fn product(x: &Tensor, weight: &Tensor, g: &Geometry) -> Result<Tensor> {
    #[cfg(feature = "cudnn")]
    if x.device().is_cuda() {
        return super::cudnn::convolution(x, weight, g);
    }
    let windows = Windows::new(x, [0, 1].map(|axis| geometry::axis(g, axis)), 0.0)?;
    if g.groups > 1 && g.c_in == 1 && g.c_out == 1 { depthwise(&windows, weight, g) } else { dense(&windows, weight, g) }
}

/// Every channel by itself: the sum of what each tap reads times its factors.
fn depthwise(windows: &Windows, weight: &Tensor, g: &Geometry) -> Result<Tensor> {
    let factors = weight.reshape((g.groups, g.kernel[0] * g.kernel[1]))?.t()?.contiguous()?;
    let parts = windows.taps().enumerate().map(|(tap, x)| x?.broadcast_mul(&factors.narrow(0, tap, 1)?));
    match parts.reduce(|sum, part| sum? + part?) {
        Some(sum) => sum,
        None => unreachable!("a kernel has taps"),
    }
}

/// For each group `[places, taps * in] [taps * in, out]`.
fn dense(windows: &Windows, weight: &Tensor, g: &Geometry) -> Result<Tensor> {
    let (places, taps) = (g.n * g.output[0] * g.output[1], g.kernel[0] * g.kernel[1]);
    let read = windows.taps().map(|x| x?.reshape((places, g.groups, g.c_in))).collect::<Result<Vec<_>>>()?;
    let read = Tensor::stack(&read, 2)?.transpose(0, 1)?.reshape((g.groups, places, taps * g.c_in))?;
    let weight = weight.reshape((g.groups, g.c_out, g.c_in, taps))?.permute((0, 3, 2, 1))?.reshape((g.groups, taps * g.c_in, g.c_out))?;
    let y = read.contiguous()?.matmul(&weight.contiguous()?)?;
    y.transpose(0, 1)?.reshape((g.n, g.output[0], g.output[1], g.groups * g.c_out))
}

/// The transpose of the convolution `g`: `x [n, h', w', out]`, `weight [out, in / groups, kh, kw]`, `bias [in]` to `[n, h, w, in]`.
pub fn transposed(inputs: &[&Tensor], g: &Geometry) -> Result<Tensor> {
    let [h, w] = g.output;
    let (places, taps, channels) = (g.n * h * w, g.kernel[0] * g.kernel[1], g.groups * g.c_in);
    let x = inputs[0].reshape((places, g.groups, g.c_out))?.transpose(0, 1)?.contiguous()?;
    let weight = inputs[1].reshape((g.groups, g.c_out, g.c_in, taps))?.permute((0, 1, 3, 2))?;
    let spread = x.matmul(&weight.reshape((g.groups, g.c_out, taps * g.c_in))?.contiguous()?)?;
    let spread = spread.reshape((g.groups, places, taps, g.c_in))?;
    let mut sum: Option<Tensor> = None;
    for tap in 0..taps {
        let part = spread.narrow(2, tap, 1)?.squeeze(2)?.transpose(0, 1)?.reshape((g.n, h, w, channels))?;
        let part = scattered(&part, g, [tap / g.kernel[1], tap % g.kernel[1]])?;
        sum = Some(match sum {
            Some(sum) => (sum + part)?,
            None => part,
        });
    }
    let y = match sum {
        Some(sum) => sum.narrow(1, g.pad[0], g.input[0])?.narrow(2, g.pad[1], g.input[1])?,
        None => unreachable!("a kernel has taps"),
    };
    inputs.get(2).map_or(Ok(y.clone()), |bias| y.broadcast_add(bias))
}

/// What a tap writes, a stride apart, in an image that holds what all taps write.
fn scattered(part: &Tensor, g: &Geometry, tap: [usize; 2]) -> Result<Tensor> {
    let mut image = part.clone();
    for (axis, tap) in tap.into_iter().enumerate() {
        let (dim, stride, places) = (axis + 1, g.stride[axis], g.output[axis]);
        if stride > 1 {
            let mut dims = image.dims().to_vec();
            image = shifted(&image.unsqueeze(dim + 1)?, dim + 1, 0, stride, 0.0)?;
            dims[dim] = places * stride;
            image = image.reshape(dims)?;
        }
        let length = (places * stride + (g.kernel[axis] - 1) * g.dilation[axis]).max(g.pad[axis] + g.input[axis]);
        image = shifted(&image, dim, tap * g.dilation[axis], length, 0.0)?;
    }
    Ok(image)
}
