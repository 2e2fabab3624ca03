//! Candle's own graph as the way back.

use candle_core::Tensor;

use super::Gradients;
use crate::nn::{Error, Param};

/// The end of a graph that begins at the parameters.
#[derive(Debug, Default)]
pub struct Composed {
    output: Option<Tensor>,
}

impl Composed {
    /// The graph now reaches to `result`.
    pub fn reach(&mut self, result: &Tensor) {
        self.output = Some(result.clone());
    }

    /// Gradients of the parameters that are wanted, from `dy`, that of the output. Candle works out all of them.
    pub fn backward(self, parameters: &[&Param], wanted: &[bool], dy: &Tensor) -> Result<Gradients, Error> {
        let mut gradients = Gradients { of_parameters: vec![None; parameters.len()] };
        let Some(output) = self.output.filter(Tensor::track_op) else { return Ok(gradients) };
        // The sum whose gradient by the output is `dy`.
        let mut found = (output * dy)?.sum_all()?.backward()?;
        for (param, _) in parameters.iter().zip(wanted).filter(|(_, wanted)| **wanted) {
            gradients.of_parameters[param.place] = found.remove(param.var.as_tensor());
        }
        Ok(gradients)
    }
}
