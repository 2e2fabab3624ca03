//! Operations on candle tensors, as parts of candle's own graph.
//!
//! Networks are trained on a [`tape`](crate::nn::tape) instead, which frees as it goes. This is for composing operations freely.

use std::sync::{Mutex, MutexGuard, PoisonError};

use candle_core::{CpuStorage, CustomOp1, CustomOp2, CustomOp3, DType, Layout, Result, Shape, Tensor, bail};

use super::compose::{Way, compose};
use super::error::{self, Error};
use super::operation::{Gradient, Operation, View};
use super::slices::{slice, with_views};

/// The result of `operation` on tensors of one device, which candle can differentiate. Takes one to three inputs.
pub fn apply<O: Operation + Sync + 'static>(mut operation: O, inputs: &[&Tensor]) -> Result<Tensor> {
    check(operation.name(), inputs)?;
    if Way::on(inputs[0].device()) == Way::Compositions {
        return compose(&mut operation, inputs);
    }
    let custom = Custom { name: operation.name(), operation: Mutex::new(operation) };
    let contiguous = inputs.iter().map(|input| input.contiguous()).collect::<Result<Vec<_>>>()?;
    match contiguous.as_slice() {
        [x] => x.apply_op1(custom),
        [x, y] => x.apply_op2(y, custom),
        [x, y, z] => x.apply_op3(y, z, custom),
        _ => bail!("{} takes {} inputs, and candle's graph at most three", custom.name, inputs.len()),
    }
}

/// Refuses what no operation can read.
pub(super) fn check(operation: &'static str, inputs: &[&Tensor]) -> error::Result<()> {
    let refused = |reason: String| Error { operation, shapes: inputs.iter().map(|input| input.dims().to_vec()).collect(), reason };
    for (i, input) in inputs.iter().enumerate() {
        if input.dtype() != DType::F32 {
            return Err(refused(format!("input {i} is {}, not f32", input.dtype().as_str())));
        }
        if !input.device().same_device(inputs[0].device()) {
            return Err(refused(format!("input {i} is on another device than the first")));
        }
    }
    Ok(())
}

struct Custom<O> {
    name: &'static str,
    operation: Mutex<O>,
}

impl<O: Operation> Custom<O> {
    fn operation(&self) -> MutexGuard<'_, O> {
        self.operation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run<const N: usize>(&self, inputs: [(&CpuStorage, &Layout); N]) -> Result<(CpuStorage, Shape)> {
        let views = inputs.iter().map(|(storage, layout)| Ok(View { values: slice(storage, layout)?, dims: layout.dims() }));
        let result = self.operation().forward(&views.collect::<Result<Vec<_>>>()?)?;
        Ok((CpuStorage::F32(result.values), result.dims.into()))
    }

    fn gradients<const N: usize>(&self, inputs: [&Tensor; N], result: &Tensor, dy: &Tensor) -> Result<[Option<Tensor>; N]> {
        let wanted = inputs.map(Tensor::track_op);
        let all: Vec<&Tensor> = inputs.into_iter().chain([result, dy]).collect();
        let gradients = with_views(&all, |views| {
            let (views, [result, dy]) = (&views[..N], [views[N], views[N + 1]]);
            self.operation().backward(views, result, dy.values, &wanted)
        })?;
        let mut tensors = [const { None }; N];
        for (i, (gradient, input)) in gradients.into_iter().zip(inputs).enumerate() {
            tensors[i] = match gradient {
                Gradient::Unwanted => None,
                Gradient::Values(values) => Some(Tensor::from_vec(values, input.dims(), input.device())?),
                Gradient::Passed => Some(dy.reshape(input.dims())?),
                Gradient::Like(earlier) => tensors[earlier].clone(),
            };
        }
        Ok(tensors)
    }
}

impl<O: Operation + Sync> CustomOp1 for Custom<O> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        self.run([(x, layout)])
    }

    fn bwd(&self, x: &Tensor, result: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let [dx] = self.gradients([x], result, dy)?;
        Ok(dx)
    }
}

impl<O: Operation + Sync> CustomOp2 for Custom<O> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_layout: &Layout, y: &CpuStorage, y_layout: &Layout) -> Result<(CpuStorage, Shape)> {
        self.run([(x, x_layout), (y, y_layout)])
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, result: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let [dx, dy] = self.gradients([x, y], result, dy)?;
        Ok((dx, dy))
    }
}

impl<O: Operation + Sync> CustomOp3 for Custom<O> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        y: &CpuStorage,
        y_layout: &Layout,
        z: &CpuStorage,
        z_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.run([(x, x_layout), (y, y_layout), (z, z_layout)])
    }

    fn bwd(
        &self,
        x: &Tensor,
        y: &Tensor,
        z: &Tensor,
        result: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [dx, dy, dz] = self.gradients([x, y, z], result, dy)?;
        Ok((dx, dy, dz))
    }
}
