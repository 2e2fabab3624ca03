//! ReLU, ReLU6, sigmoid: `f(x)`, with gradients that are functions of the result.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};

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

/// `max(x + y, 0)` of two tensors of one shape, in one pass: the end of a residual block.
pub fn add_relu(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&y.contiguous()?, AddRelu)
}

/// A function of one value whose slope follows from its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// The logistic function.
    Sigmoid,
}

impl Activation {
    /// The function. It keeps a NaN visible; `f32::max` would turn it into 0.
    #[inline(always)]
    pub(super) fn of(self, x: f32) -> f32 {
        match self {
            Self::Relu if x < 0.0 => 0.0,
            Self::Relu => x,
            Self::Relu6 => x.clamp(0.0, 6.0),
            Self::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        }
    }

    /// The gradient of `x` from the results and their gradients.
    pub(super) fn gradient(self, y: &[f32], dy: &[f32]) -> Vec<f32> {
        match self {
            Self::Relu => zip(y, dy, |y, dy| if y > 0.0 { dy } else { 0.0 }),
            Self::Relu6 => zip(y, dy, |y, dy| if y > 0.0 && y < 6.0 { dy } else { 0.0 }),
            Self::Sigmoid => zip(y, dy, |y, dy| dy * y * (1.0 - y)),
        }
    }
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
        // One loop for each kind, so that the kind is not asked for every value.
        let y = match self {
            Self::Relu => map(x, |x| Self::Relu.of(x)),
            Self::Relu6 => map(x, |x| Self::Relu6.of(x)),
            Self::Sigmoid => map(x, |x| Self::Sigmoid.of(x)),
        };
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let dx = with(y, |y| with(dy, |dy| self.gradient(y, dy)))??;
        Tensor::from_vec(dx, y.dims(), y.device()).map(Some)
    }
}

struct AddRelu;

impl CustomOp2 for AddRelu {
    fn name(&self) -> &'static str {
        "derm-add-relu"
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_layout: &Layout, y: &CpuStorage, y_layout: &Layout) -> Result<(CpuStorage, Shape)> {
        if x_layout.shape() != y_layout.shape() {
            bail!("both sides of an addition have one shape, not {:?} and {:?}", x_layout.dims(), y_layout.dims());
        }
        let sum = zip(slice(x, x_layout)?, slice(y, y_layout)?, |x, y| Activation::Relu.of(x + y));
        Ok((CpuStorage::F32(sum), x_layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, sum: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let dx = with(sum, |sum| with(dy, |dy| Activation::Relu.gradient(sum, dy)))??;
        let dx = Tensor::from_vec(dx, sum.dims(), sum.device())?;
        Ok((Some(dx.clone()), Some(dx)))
    }
}
