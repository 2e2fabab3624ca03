//! One factor for each channel of each image.

use candle_core::Tensor;

use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, image};
use derm_kernels::gate as kernel;

/// `x * gate` with `x [n, h, w, c]` and `gate [n, 1, 1, c]`.
pub fn gate(x: &Tensor, gate: &Tensor) -> candle_core::Result<Tensor> {
    apply(Gate, &[x, gate])
}

/// See [`gate`].
pub struct Gate;

impl Operation for Gate {
    fn name(&self) -> &'static str {
        "gate"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let [n, _, _, c] = image(self.name(), inputs, 0)?;
        if inputs[1].dims != [n, 1, 1, c] {
            return Err(Error::new(self.name(), inputs, format!("the gate must be [{n}, 1, 1, {c}]")));
        }
        Ok(inputs[0].dims.to_vec())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let dims = self.shape(inputs)?;
        if inputs[0].values.is_empty() {
            return Ok(Array::new(Vec::new(), dims));
        }
        Ok(Array::new(kernel::forward(inputs[0].values, inputs[1].values, dims[3]), dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        inputs[0].broadcast_mul(inputs[1])
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        if inputs[0].values.is_empty() {
            return vec![Gradient::Values(Vec::new()), Gradient::Values(vec![0.0; inputs[1].values.len()])];
        }
        let (dx, dgate) = kernel::backward(inputs[0].values, inputs[1].values, dy, inputs[0].dims[3]);
        vec![Gradient::Values(dx), Gradient::Values(dgate)]
    }
}
