//! ReLU, ReLU6, sigmoid, and sums of two tensors: `f(x)` and `f(x + y)`.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::slices::{slice, tensor_like, with_all};
use derm_kernels::{activation, arithmetic};

pub use derm_kernels::activation::Activation;

/// `max(x, 0)`; the gradient at 0 is 0, as PyTorch's.
pub fn relu(x: &Tensor) -> Result<Tensor> {
    apply(x, Activation::Relu)
}

/// `min(max(x, 0), 6)`; the gradient at 0 and at 6 is 0, as PyTorch's.
pub fn relu6(x: &Tensor) -> Result<Tensor> {
    apply(x, Activation::Relu6)
}

/// `1 / (1 + exp(-x))`, without overflow at either end.
pub fn sigmoid(x: &Tensor) -> Result<Tensor> {
    apply(x, Activation::Sigmoid)
}

/// A function of one value, of every value.
pub fn apply(x: &Tensor, activation: Activation) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Apply(activation))
}

/// `x + y` of two tensors of one shape.
pub fn add(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&y.contiguous()?, Add { relu: false })
}

/// `max(x + y, 0)` of two tensors of one shape, in one pass: the end of a residual block.
pub fn add_relu(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&y.contiguous()?, Add { relu: true })
}

struct Apply(Activation);

impl CustomOp1 for Apply {
    fn name(&self) -> &'static str {
        "derm-activation"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(activation::forward(self.0, slice(x, layout)?)), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let saved = if self.0.saves_results() { y } else { x };
        let dx = with_all([saved, dy], |[saved, dy]| activation::backward(self.0, saved, dy))?;
        tensor_like(dx, x).map(Some)
    }
}

struct Add {
    relu: bool,
}

impl CustomOp2 for Add {
    fn name(&self) -> &'static str {
        "derm-add"
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_layout: &Layout, y: &CpuStorage, y_layout: &Layout) -> Result<(CpuStorage, Shape)> {
        if x_layout.shape() != y_layout.shape() {
            bail!("both sides of an addition have one shape, not {:?} and {:?}", x_layout.dims(), y_layout.dims());
        }
        let (x, y) = (slice(x, x_layout)?, slice(y, y_layout)?);
        let sum = if self.relu { arithmetic::add_relu(x, y) } else { arithmetic::add(x, y) };
        Ok((CpuStorage::F32(sum), x_layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, sum: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let dx = if self.relu {
            tensor_like(with_all([sum, dy], |[sum, dy]| activation::backward(Activation::Relu, sum, dy))?, sum)?
        } else {
            dy.clone()
        };
        Ok((Some(dx.clone()), Some(dx)))
    }
}
