//! From tensors to slices.

use std::sync::Mutex;

use super::operation::View;
use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Result, Storage, Tensor, Var, bail};

/// The values of a contiguous f32 storage.
pub(super) fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        (CpuStorage::F32(_), None) => bail!("derm's operations take contiguous tensors"),
        _ => bail!("derm's operations take f32 tensors"),
    }
}

/// Gives `f` the values of a tensor, row-major; copies only what is not contiguous.
pub(in crate::nn) fn with<R>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> R) -> Result<R> {
    with_all([tensor], |[values]| f(values))
}

/// Gives `f` the values of several tensors, each as [`with`] does.
pub(in crate::nn) fn with_all<const N: usize, R>(tensors: [&Tensor; N], f: impl FnOnce([&[f32]; N]) -> R) -> Result<R> {
    with_views(&tensors, |views| {
        let mut values = [&[][..]; N];
        values.iter_mut().zip(views).for_each(|(values, view)| *values = view.values);
        f(values)
    })
}

/// Gives `f` values and shapes of tensors; copies what is not contiguous or not in main memory.
pub(in crate::nn) fn with_views<R>(tensors: &[&Tensor], f: impl FnOnce(&[View<'_>]) -> R) -> Result<R> {
    let contiguous = tensors.iter().map(|tensor| tensor.to_device(&Device::Cpu)?.contiguous()).collect::<Result<Vec<_>>>()?;
    let storages: Vec<_> = contiguous.iter().map(|tensor| tensor.storage_and_layout()).collect();
    let views = storages.iter().map(|(storage, layout)| match &**storage {
        Storage::Cpu(storage) => Ok(View { values: slice(storage, layout)?, dims: layout.dims() }),
        _ => bail!("a copy in main memory is not there"),
    });
    Ok(f(&views.collect::<Result<Vec<_>>>()?))
}

/// Batches put together along the first axis: f32 tensors on the CPU whose other axes are the same.
pub(in crate::nn) fn joined(parts: &[&Tensor]) -> Result<Tensor> {
    let mut dims = parts[0].dims().to_vec();
    dims[0] = parts.iter().map(|part| part.dims()[0]).sum();
    let values = with_views(parts, |views| derm_kernels::layout::joined(&views.iter().map(|view| view.values).collect::<Vec<_>>()))?;
    Tensor::from_vec(values, dims, parts[0].device())
}

/// Gives `f` the values of a variable in main memory to change.
pub(in crate::nn) fn in_place(var: &Var, f: impl FnOnce(&mut [f32])) -> Result<()> {
    var.inplace_op1(&Change(Mutex::new(Some(f))))
}

struct Change<F>(Mutex<Option<F>>);

impl<F: FnOnce(&mut [f32])> InplaceOp1 for Change<F> {
    fn name(&self) -> &'static str {
        "derm-in-place"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let f = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        match (storage, layout.contiguous_offsets(), f) {
            (CpuStorage::F32(values), Some((start, end)), Some(f)) => f(&mut values[start..end]),
            _ => bail!("parameters are contiguous f32 tensors"),
        }
        Ok(())
    }
}
