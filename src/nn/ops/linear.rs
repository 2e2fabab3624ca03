//! `y = x w^T + b`.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::matrix::{Matrix, MatrixMut, Write, multiply};
use super::slices::{slice, with};

/// Rows that one task computes.
const ROWS: usize = 32;

/// `x [n, in]`, `w [out, in]` or `[out, in, 1, 1]`, `b [out]` to `[n, out]`.
pub fn linear(x: &Tensor, w: &Tensor, b: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op3(&w.contiguous()?, &b.contiguous()?, Linear)
}

struct Linear;

/// `a b` in blocks of rows of `a`; `a [rows, inner]` row-major or, with `turned`, `[inner, rows]`.
fn product(a: &[f32], turned: bool, b: Matrix<'_>, [rows, inner, columns]: [usize; 3]) -> Vec<f32> {
    let mut out = vec![0.0; rows * columns];
    out.par_chunks_mut(ROWS * columns).enumerate().for_each(|(block, out)| {
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

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "derm-linear"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, inputs) = x_layout.shape().dims2()?;
        let outputs = w_layout.dims()[0];
        if w_layout.shape().elem_count() != outputs * inputs || b_layout.dims() != [outputs] {
            bail!("a linear layer of {:?} cannot read {:?}", w_layout.dims(), x_layout.dims());
        }
        let (w, b) = (Matrix::new(slice(w, w_layout)?, outputs, inputs), slice(b, b_layout)?);
        let mut y = product(slice(x, x_layout)?, false, w.transposed(), [n, inputs, outputs]);
        for row in y.chunks_mut(outputs) {
            row.iter_mut().zip(b).for_each(|(y, b)| *y += b);
        }
        Ok((CpuStorage::F32(y), (n, outputs).into()))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, b: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let ((n, inputs), outputs) = (x.dims2()?, b.elem_count());
        let dx = if x.track_op() {
            let dx = with(dy, |dy| with(w, |w| product(dy, false, Matrix::new(w, outputs, inputs), [n, outputs, inputs])))??;
            Some(Tensor::from_vec(dx, x.dims(), x.device())?)
        } else {
            None
        };
        let dw = with(dy, |dy| with(x, |x| product(dy, true, Matrix::new(x, n, inputs), [outputs, n, inputs])))??;
        let db = with(dy, |dy| {
            let column = |j: usize| dy.iter().skip(j).step_by(outputs).map(|&v| f64::from(v)).sum::<f64>() as f32;
            (0..outputs).map(column).collect::<Vec<_>>()
        })?;
        Ok((dx, Some(Tensor::from_vec(dw, w.dims(), w.device())?), Some(Tensor::from_vec(db, outputs, b.device())?)))
    }
}
