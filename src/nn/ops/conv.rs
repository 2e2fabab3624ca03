//! 2-d convolution.

use candle_core::Tensor;

use super::compose;
use super::custom::apply;
use super::error::Result;
use super::geometry;
use super::linear::Linear;
use super::operation::{Array, Gradient, Operation, View, both_wanted, wanted};
use crate::nn::Precision;
use crate::nn::graph::Conv2d;
use derm_kernels::arithmetic;
use derm_kernels::conv::{self, Geometry};
use derm_kernels::depthwise;
use derm_kernels::window::Window;

/// `x [n, h, w, in]`, `weight [out, in / groups, kh, kw]`, `bias [out]` to `[n, h', w', out]`.
///
/// Cross-correlation, as in every deep-learning library.
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, settings: &Conv2d) -> candle_core::Result<Tensor> {
    let inputs: Vec<&Tensor> = [x, weight].into_iter().chain(bias).collect();
    apply(Conv::new(settings), &inputs)
}

/// See [`conv2d`]; inputs are `x`, `weight` and, if there is one, `bias`.
pub struct Conv {
    settings: Conv2d,
    precision: Precision,
}

impl Conv {
    /// With these settings; the channels are those of the inputs.
    pub fn new(settings: &Conv2d) -> Self {
        Self { settings: settings.clone(), precision: Precision::F32 }
    }

    /// The same, with factors of this precision where it is a matrix product.
    #[must_use]
    pub fn at(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    fn geometry(&self, inputs: &[View<'_>]) -> Result<(Geometry, Option<Window>)> {
        let geometry = geometry::geometry(inputs, &self.settings)?;
        Ok((geometry, geometry::depthwise(&geometry)))
    }
}

impl Operation for Conv {
    fn name(&self) -> &'static str {
        geometry::NAME
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let (g, _) = self.geometry(inputs)?;
        Ok(vec![g.n, g.output[0], g.output[1], g.groups * g.c_out])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let (g, window) = self.geometry(inputs)?;
        let (x, weight, bias) = (inputs[0].values, inputs[1].values, inputs.get(2).map(|bias| bias.values));
        let y = match &window {
            Some(window) => depthwise::forward(x, weight, bias, window),
            None => conv::forward(x, weight, bias, &g, self.precision.mode()),
        };
        Ok(Array::new(y, [g.n, g.output[0], g.output[1], g.groups * g.c_out]))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let (g, _) = self.geometry(&compose::shapes(inputs))?;
        if self.precision.rounds(&g) {
            return Linear { precision: self.precision }.compose(inputs);
        }
        compose::convolution(inputs, &g)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let Ok((g, window)) = self.geometry(inputs) else { unreachable!("the forward pass took these shapes") };
        let (x, weight, mode) = (inputs[0].values, inputs[1].values, self.precision.mode());
        let dx = || match &window {
            Some(window) => depthwise::input_gradient(dy, weight, window),
            None => conv::input_gradient(dy, weight, &g, mode),
        };
        let dw = || match &window {
            Some(window) => depthwise::weight_gradient(x, dy, window),
            None => conv::weight_gradient(x, dy, &g, mode),
        };
        let db = want.get(2).map(|&want| wanted(want, || arithmetic::bias_gradient(dy, g.groups * g.c_out)));
        both_wanted([want[0], want[1]], dx, dw).into_iter().chain(db).collect()
    }
}
