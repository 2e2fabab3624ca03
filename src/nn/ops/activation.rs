//! ReLU, ReLU6, sigmoid: `f(x)`, with gradients that are functions of the result.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::elementwise::{map, zip};
use super::slices::{slice, with};

/// `max(x, 0)`; the gradient at 0 is 0, as PyTorch's.
pub fn relu(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Activation::Relu)
}

/// `min(max(x, 0), 6)`; the gradient at 0 and at 6 is 0, as PyTorch's.
pub fn relu6(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Activation::Relu6)
}

/// `1 / (1 + exp(-x))`, without overflow at either end.
pub fn sigmoid(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Activation::Sigmoid)
}

#[derive(Clone, Copy)]
enum Activation {
    Relu,
    Relu6,
    Sigmoid,
}

impl CustomOp1 for Activation {
    fn name(&self) -> &'static str {
        match self {
            Self::Relu => "derm-relu",
            Self::Relu6 => "derm-relu6",
            Self::Sigmoid => "derm-sigmoid",
        }
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = slice(x, layout)?;
        let y = match self {
            // These keep a NaN visible; `max` would turn it into 0.
            Self::Relu => map(x, |x| if x < 0.0 { 0.0 } else { x }),
            Self::Relu6 => map(x, |x| x.clamp(0.0, 6.0)),
            Self::Sigmoid => map(x, |x| 1.0 / (1.0 + (-x).exp())),
        };
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let dx = with(y, |y| {
            with(dy, |dy| match self {
                Self::Relu => zip(y, dy, |y, dy| if y > 0.0 { dy } else { 0.0 }),
                Self::Relu6 => zip(y, dy, |y, dy| if y > 0.0 && y < 6.0 { dy } else { 0.0 }),
                Self::Sigmoid => zip(y, dy, |y, dy| dy * y * (1.0 - y)),
            })
        })??;
        Tensor::from_vec(dx, y.dims(), y.device()).map(Some)
    }
}
