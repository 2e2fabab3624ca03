//! Functions of one value: ReLU, ReLU6, sigmoid and the others of [`Activation`].

use candle_core::{Result, Tensor};

use super::compose;
use super::custom;
use super::error;
use super::operation::{Array, Gradient, Operation, View, wanted};
use derm_kernels::activation;

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
    custom::apply(Apply(activation), &[x])
}

/// See [`apply`].
pub struct Apply(pub Activation);

impl Operation for Apply {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn shape(&self, inputs: &[View<'_>]) -> error::Result<Vec<usize>> {
        Ok(inputs[0].dims.to_vec())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> error::Result<Array> {
        Ok(Array::new(activation::forward(self.0, inputs[0].values), inputs[0].dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        compose::activation(inputs[0], self.0)
    }

    fn backward(&self, inputs: &[View<'_>], result: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let saved = if self.0.saves_results() { result } else { inputs[0] };
        vec![wanted(want[0], || activation::backward(self.0, saved.values, dy))]
    }

    fn reads_input(&self, _: usize) -> bool {
        !self.0.saves_results()
    }

    fn reads_result(&self) -> bool {
        self.0.saves_results()
    }
}
