//! `y = x w^T + b`.

use candle_core::Tensor;
use rayon::prelude::*;

use super::custom::apply;
use super::error::{Error, Result};
use super::matrix::{Matrix, MatrixMut, Write, multiply};
use super::operation::{Array, Gradient, Operation, View, wanted};
use derm_kernels::arithmetic;

/// Rows that one task computes.
const ROWS: usize = 32;

/// `x [.., in]`, `w [out, in]` or `[out, in, 1, 1]`, `b [out]` to `[.., out]`.
pub fn linear(x: &Tensor, w: &Tensor, b: &Tensor) -> candle_core::Result<Tensor> {
    apply(Linear, &[x, w, b])
}

/// See [`linear`].
pub struct Linear;

impl Linear {
    /// Rows, inputs, outputs.
    fn sizes(inputs: &[View<'_>]) -> Result<[usize; 3]> {
        let (x, w, b) = (inputs[0].dims, inputs[1].dims, inputs[2].dims);
        let fits = matches!((x.last(), w), (Some(inputs), [_, w_in] | [_, w_in, 1, 1]) if inputs == w_in) && *b == w[..1];
        if !fits || w[0] == 0 {
            return Err(Error::new("linear", inputs, "the weight must be [outputs, inputs] and the bias [outputs]"));
        }
        Ok([x[..x.len() - 1].iter().product(), w[1], w[0]])
    }
}

/// `a b` in blocks of rows of `a`; `a [rows, inner]` row-major or, with `turned`, `[inner, rows]`.
fn product(a: &[f32], turned: bool, b: Matrix<'_>, [rows, inner, columns]: [usize; 3]) -> Vec<f32> {
    let mut out = vec![0.0; rows * columns];
    out.par_chunks_mut((ROWS * columns).max(1)).enumerate().for_each(|(block, out)| {
        let (first, count) = (block * ROWS, out.len() / columns);
        let a = if turned {
            Matrix::strided(&a[first..], inner, count, rows).transposed()
        } else {
            Matrix::new(&a[first * inner..], count, inner)
        };
        multiply(MatrixMut::new(out, count, columns), a, b, Write::Replace);
    });
    out
}

impl Operation for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let [rows, wide, outputs] = Self::sizes(inputs)?;
        let (x, bias) = (inputs[0], inputs[2].values);
        let weight = Matrix::new(inputs[1].values, outputs, wide);
        let mut y = product(x.values, false, weight.transposed(), [rows, wide, outputs]);
        y.par_chunks_mut(outputs.max(1)).for_each(|row| row.iter_mut().zip(bias).for_each(|(y, b)| *y += b));
        let mut dims = x.dims.to_vec();
        dims.pop();
        dims.push(outputs);
        Ok(Array::new(y, dims))
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let Ok([rows, wide, outputs]) = Self::sizes(inputs) else { unreachable!("the forward pass took these shapes") };
        let (x, w) = (inputs[0].values, inputs[1].values);
        vec![
            wanted(want[0], || product(dy, false, Matrix::new(w, outputs, wide), [rows, outputs, wide])),
            wanted(want[1], || product(dy, true, Matrix::new(x, rows, wide), [outputs, rows, wide])),
            wanted(want[2], || arithmetic::bias_gradient(dy, outputs)),
        ]
    }

    fn reads_input(&self, input: usize) -> bool {
        input < 2
    }
}
