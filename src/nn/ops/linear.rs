//! `y = x w^T + b`.

use candle_core::{DType, Tensor};

use super::compose::shapes;
use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View, both_wanted};
use crate::nn::Precision;
use derm_kernels::arithmetic;
use derm_kernels::conv::{self, Geometry};

/// `x [.., in]`, `w [out, in]` or `[out, in, 1, 1]`, `b [out]` to `[.., out]`.
pub fn linear(x: &Tensor, w: &Tensor, b: &Tensor) -> candle_core::Result<Tensor> {
    apply(Linear::default(), &[x, w, b])
}

/// See [`linear`]. Without the third input nothing is added; with a fourth these two are added to the first and to the last third of
/// the outputs, queries and values, each `[out / 3]`, and nothing to the keys between them.
#[derive(Debug, Default)]
pub struct Linear {
    /// Of both factors, on both ways.
    pub precision: Precision,
}

impl Linear {
    /// Rows, inputs, outputs.
    fn sizes(inputs: &[View<'_>]) -> Result<[usize; 3]> {
        let (x, w) = (inputs[0].dims, inputs[1].dims);
        let weighs = matches!((x.last(), w), (Some(inputs), [_, w_in] | [_, w_in, 1, 1]) if inputs == w_in) && !w[..2].contains(&0);
        let adds = weighs
            && match &inputs[2..] {
                [] => true,
                [bias] => bias.dims == &w[..1],
                [queries, values] => w[0].is_multiple_of(3) && [queries, values].iter().all(|part| part.dims == [w[0] / 3]),
                _ => false,
            };
        if !adds {
            return Err(Error::new("linear", inputs, "the weight must be [outputs, inputs], neither of them 0, and the bias [outputs]"));
        }
        Ok([x[..x.len() - 1].iter().product(), w[1], w[0]])
    }
}

/// What a linear layer of so many outputs adds, from its parameters after the weight.
pub(super) fn whole_bias(parts: &[&[f32]], outputs: usize) -> Option<Vec<f32>> {
    match parts {
        [] => None,
        [whole] => Some(whole.to_vec()),
        [queries, values, ..] => Some([queries, &vec![0.0; outputs / 3][..], values].concat()),
    }
}

/// A matrix product as a convolution of images of one pixel.
pub(super) fn geometry([rows, wide, outputs]: [usize; 3]) -> Geometry {
    let one = [1; 2];
    Geometry {
        n: rows,
        groups: 1,
        c_in: wide,
        c_out: outputs,
        input: one,
        output: one,
        kernel: one,
        stride: one,
        dilation: one,
        pad: [0; 2],
    }
}

/// The shape of the result: that of `x` with another last axis.
pub(super) fn result_dims(x: &[usize], outputs: usize) -> Vec<usize> {
    x[..x.len() - 1].iter().copied().chain([outputs]).collect()
}

impl Operation for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        Ok(result_dims(inputs[0].dims, Self::sizes(inputs)?[2]))
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let sizes = Self::sizes(inputs)?;
        let bias = whole_bias(&inputs[2..].iter().map(|part| part.values).collect::<Vec<_>>(), sizes[2]);
        let y = conv::forward(inputs[0].values, inputs[1].values, bias.as_deref(), &geometry(sizes), self.precision.mode());
        Ok(Array::new(y, result_dims(inputs[0].dims, sizes[2])))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let [rows, wide, outputs] = Self::sizes(&shapes(inputs))?;
        let weight = inputs[1].reshape((outputs, wide))?.t()?.contiguous()?;
        let x = inputs[0].reshape((rows, wide))?;
        let mut y = if self.precision.rounds(&geometry([rows, wide, outputs])) {
            // Candle has no product of bfloat16 on the CPU.
            let within = if x.device().is_cpu() { DType::F32 } else { DType::BF16 };
            let [x, weight] = [&x, &weight].map(|factor| factor.to_dtype(DType::BF16)?.to_dtype(within));
            x?.matmul(&weight?)?.to_dtype(DType::F32)?
        } else {
            x.matmul(&weight)?
        };
        match inputs[2..] {
            [bias] => y = y.broadcast_add(bias)?,
            [queries, values] => y = y.broadcast_add(&Tensor::cat(&[queries, &values.zeros_like()?, values], 0)?)?,
            _ => {}
        }
        y.reshape(result_dims(inputs[0].dims(), outputs))
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let Ok(sizes) = Self::sizes(inputs) else { unreachable!("the forward pass took these shapes") };
        let (g, mode) = (geometry(sizes), self.precision.mode());
        let dx = || conv::input_gradient(dy, inputs[1].values, &g, mode);
        let dw = || conv::weight_gradient(inputs[0].values, dy, &g, mode);
        let mut gradients = Vec::from(both_wanted([want[0], want[1]], dx, dw));
        if want[2..].contains(&true) {
            let whole = arithmetic::bias_gradient(dy, sizes[2]);
            match want[2..] {
                [_] => gradients.push(Gradient::Values(whole)),
                _ => gradients.extend([0, 2].map(|third| Gradient::Values(whole[third * sizes[2] / 3..][..sizes[2] / 3].to_vec()))),
            }
        } else {
            gradients.extend(want[2..].iter().map(|_| Gradient::Unwanted));
        }
        gradients
    }

    fn reads_input(&self, input: usize) -> bool {
        input < 2
    }
}
