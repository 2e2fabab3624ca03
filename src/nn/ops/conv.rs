//! 2-d convolution, both passes.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};

use super::geometry;
use super::slices::{slice, tensor_like, with, with_all};
use crate::nn::graph::Conv2d;
use derm_kernels::conv::{self, Geometry, Mode};
use derm_kernels::depthwise;
use derm_kernels::window::Window;

/// `x [n, h, w, in]`, `weight [out, in / groups, kh, kw]`, `bias [out]` to `[n, h', w', out]`.
///
/// Cross-correlation, as in every deep-learning library. A gradient is worked out only for what tracks one.
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, settings: &Conv2d) -> Result<Tensor> {
    let (x, weight) = (x.contiguous()?, weight.contiguous()?);
    let geometry = geometry::geometry(x.dims(), weight.dims(), settings)?;
    let op = Conv { geometry, depthwise: geometry::depthwise(&geometry) };
    match bias {
        Some(bias) => x.apply_op3(&weight, &bias.contiguous()?, op),
        None => x.apply_op2(&weight, op),
    }
}

struct Conv {
    geometry: Geometry,
    /// Set where every channel is convolved by itself, for which there are kernels of its own.
    depthwise: Option<Window>,
}

impl Conv {
    fn run(&self, x: &[f32], weight: &[f32], bias: Option<&[f32]>) -> (CpuStorage, Shape) {
        let g = &self.geometry;
        let y = match &self.depthwise {
            Some(window) => depthwise::forward(x, weight, bias, window),
            None => conv::forward(x, weight, bias, g, Mode::default()),
        };
        (CpuStorage::F32(y), (g.n, g.output[0], g.output[1], g.groups * g.c_out).into())
    }

    fn input_gradient(&self, dy: &[f32], weight: &[f32]) -> Vec<f32> {
        match &self.depthwise {
            Some(window) => depthwise::input_gradient(dy, weight, window),
            None => conv::input_gradient(dy, weight, &self.geometry, Mode::default()),
        }
    }

    fn weight_gradient(&self, x: &[f32], dy: &[f32]) -> Vec<f32> {
        match &self.depthwise {
            Some(window) => depthwise::weight_gradient(x, dy, window),
            None => conv::weight_gradient(x, dy, &self.geometry, Mode::default()),
        }
    }

    fn gradients(&self, x: &Tensor, weight: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let dx = match x.track_op() {
            true => Some(tensor_like(with_all([dy, weight], |[dy, weight]| self.input_gradient(dy, weight))?, x)?),
            false => None,
        };
        let dw = match weight.track_op() {
            true => Some(tensor_like(with_all([x, dy], |[x, dy]| self.weight_gradient(x, dy))?, weight)?),
            false => None,
        };
        Ok((dx, dw))
    }
}

impl CustomOp2 for Conv {
    fn name(&self) -> &'static str {
        "derm-conv2d"
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_layout: &Layout, w: &CpuStorage, w_layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok(self.run(slice(x, x_layout)?, slice(w, w_layout)?, None))
    }

    fn bwd(&self, x: &Tensor, weight: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        self.gradients(x, weight, dy)
    }
}

impl CustomOp3 for Conv {
    fn name(&self) -> &'static str {
        "derm-conv2d"
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
        Ok(self.run(slice(x, x_layout)?, slice(w, w_layout)?, Some(slice(b, b_layout)?)))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, b: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (dx, dw) = self.gradients(x, w, dy)?;
        let db = match b.track_op() {
            true => Some(tensor_like(with(dy, |dy| conv::bias_gradient(dy, &self.geometry, Mode::default()))?, b)?),
            false => None,
        };
        Ok((dx, dw, db))
    }
}
