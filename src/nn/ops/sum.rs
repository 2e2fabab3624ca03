//! `x + y` and `max(x + y, 0)`.

use candle_core::{Result, Tensor};

use super::compose;
use super::custom::apply;
use super::error;
use super::operation::{Array, Gradient, Operation, View, wanted};
use super::slices::with_views;
use derm_kernels::activation::{self, Activation};
use derm_kernels::arithmetic;

/// `x + y` of two tensors of one shape.
pub fn add(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    apply(Sum { relu: false }, &[x, y])
}

/// `max(x + y, 0)` of two tensors of one shape, in one pass: the end of a residual block.
pub fn add_relu(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    apply(Sum { relu: true }, &[x, y])
}

/// `x + y` of two tensors of one shape, outside of any graph.
pub(in crate::nn) fn add_values(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let sum = with_views(&[x, y], |views| arithmetic::add(views[0].values, views[1].values))?;
    Tensor::from_vec(sum, x.dims(), x.device())
}

/// The sum of two inputs of one shape.
pub struct Sum {
    /// Negative sums become 0.
    pub relu: bool,
}

impl Operation for Sum {
    fn name(&self) -> &'static str {
        "add"
    }

    fn shape(&self, inputs: &[View<'_>]) -> error::Result<Vec<usize>> {
        if inputs[0].dims != inputs[1].dims {
            return Err(error::Error::new(self.name(), inputs, "both sides have one shape"));
        }
        Ok(inputs[0].dims.to_vec())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> error::Result<Array> {
        self.shape(inputs)?;
        let (x, y) = (inputs[0], inputs[1]);
        let sum = if self.relu { arithmetic::add_relu(x.values, y.values) } else { arithmetic::add(x.values, y.values) };
        Ok(Array::new(sum, x.dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let sum = (inputs[0] + inputs[1])?;
        if self.relu { compose::activation(&sum, Activation::Relu) } else { Ok(sum) }
    }

    fn backward(&self, _: &[View<'_>], result: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        if !self.relu {
            return vec![Gradient::Passed; 2];
        }
        let dx = || activation::backward(Activation::Relu, result.values, dy);
        let second = if want[0] && want[1] { Gradient::Like(0) } else { wanted(want[1], dx) };
        vec![wanted(want[0], dx), second]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }

    fn reads_result(&self) -> bool {
        self.relu
    }
}
