//! Parameters brought to another shape, by timm's rules.
//!
//! | parameter | rule |
//! | --- | --- |
//! | first convolution, other input channels | one channel: the sum of all; more: repeated, times old by new channels |
//! | first convolution of patches, other size | the pseudo-inverse of resizing images, so that resized images give the same features (FlexiViT) |
//! | table of places | bicubic with antialiasing on the grid; rows before it stay |
//! | table of distances in a window | linear between places that stand in a geometric progression (BEiT) |
//! | the same values in another layout | taken as they are: `[o, i]` and `[o, c, h, w]`, axes of one |
//!
//! Source: <https://github.com/huggingface/pytorch-image-models/blob/main/timm/layers/pos_embed.py> and the files beside it.

mod resample;

use std::fmt;

use candle_core::{Device, Tensor};

use crate::nn::Error;
use crate::nn::graph::{ParamSpec, Places};
use resample::Matrix;

/// How a parameter of a file was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adaptation {
    /// The same values, laid out differently.
    Reshaped,
    /// Of a number of input channels to another.
    Channels {
        /// In the file.
        from: usize,
        /// In the network.
        to: usize,
    },
    /// Patches of another height and width.
    Patches {
        /// In the file.
        from: [usize; 2],
        /// In the network.
        to: [usize; 2],
    },
    /// Places of another grid.
    Places {
        /// Rows that are no places.
        prefix: usize,
        /// Rows and columns in the file.
        from: [usize; 2],
        /// In the network.
        to: [usize; 2],
    },
    /// Distances inside another window.
    Distances {
        /// Rows and columns of distances in the file.
        from: [usize; 2],
        /// In the network.
        to: [usize; 2],
    },
}

impl fmt::Display for Adaptation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |[rows, columns]: [usize; 2]| format!("{rows}x{columns}");
        match *self {
            Self::Reshaped => write!(f, "laid out differently"),
            Self::Channels { from, to: 1 } => write!(f, "{from} input channels summed to 1"),
            Self::Channels { from, to } => write!(f, "{from} input channels repeated to {to}, times {from}/{to}"),
            Self::Patches { from, to } => write!(f, "patches of {} resampled to {}", size(from), size(to)),
            Self::Places { from, to, .. } => write!(f, "places of {} resampled to {}", size(from), size(to)),
            Self::Distances { from, to } => write!(f, "distances of {} resampled to {}", size(from), size(to)),
        }
    }
}

/// Whether a parameter of shape `from` can become what the network wants, and how; `Some(None)` for one that fits as it is.
///
/// Without `freely` only its layout may differ.
pub(super) fn plan(from: &[usize], spec: &ParamSpec, first_conv: &str, freely: bool) -> Option<Option<Adaptation>> {
    let resampled = match spec.places.filter(|_| freely) {
        Some(Places::Absolute { prefix, grid }) => table(from, prefix, grid).map(|from| Adaptation::Places { prefix, from, to: grid }),
        Some(Places::Relative { window }) => {
            let to = window.map(|side| 2 * side - 1);
            distances(from, to).map(|from| Adaptation::Distances { from, to })
        }
        None => None,
    };
    if let Some(adaptation) = resampled {
        return Some(Some(adaptation));
    }
    if from == spec.shape {
        return Some(None);
    }
    if same_memory(from, &spec.shape) {
        return Some(Some(Adaptation::Reshaped));
    }
    let first = freely && spec.name.strip_suffix(".weight").is_some_and(|name| name == first_conv);
    match (from, spec.shape.as_slice()) {
        (&[o, from, h, w], &[oo, to, hh, ww]) if first && from > 0 && [o, h, w] == [oo, hh, ww] => {
            Some(Some(Adaptation::Channels { from, to }))
        }
        // Of other networks the first convolution with another kernel is that of another network.
        (&[o, i, h, w], &[oo, ii, hh, ww])
            if first && first_conv.ends_with("patch_embed.proj") && h * w > 0 && h.max(w) <= MOST_PIXELS && [o, i] == [oo, ii] =>
        {
            Some(Some(Adaptation::Patches { from: [h, w], to: [hh, ww] }))
        }
        _ => None,
    }
}

/// Longest side of a patch whose pseudo-inverse is worked out.
const MOST_PIXELS: usize = 64;

/// The grid of a file's table, where it is a square other than the network's grid.
fn table(from: &[usize], prefix: usize, grid: [usize; 2]) -> Option<[usize; 2]> {
    let &[1, rows, _] = from else { return None };
    square(rows.checked_sub(prefix)?).filter(|&old| old != grid)
}

fn distances(from: &[usize], to: [usize; 2]) -> Option<[usize; 2]> {
    let &[rows, _] = from else { return None };
    square(rows).filter(|&old| old != to && old[0] % 2 == 1 && old[0] > 1)
}

fn square(count: usize) -> Option<[usize; 2]> {
    let side = count.isqrt();
    (side > 0 && side * side == count).then_some([side; 2])
}

/// Whether two shapes only say the same memory differently: axes of one, or a linear layer's matrix as a convolution's kernels.
fn same_memory(a: &[usize], b: &[usize]) -> bool {
    let count = |shape: &[usize]| shape.iter().product::<usize>();
    let long = |shape: &[usize]| shape.iter().copied().filter(|&n| n != 1).collect::<Vec<_>>();
    let kernels = |matrix: &[usize], kernels: &[usize]| matrix.len() == 2 && kernels.len() == 4 && matrix[0] == kernels[0];
    count(a) == count(b) && (long(a) == long(b) || kernels(a, b) || kernels(b, a))
}

/// Carries an adaptation out; `shape` is the network's.
pub(super) fn adapt(tensor: &Tensor, adaptation: Adaptation, shape: &[usize]) -> Result<Tensor, Error> {
    let values = || Ok::<_, Error>(tensor.flatten_all()?.to_vec1::<f32>()?);
    let values = match adaptation {
        Adaptation::Reshaped => return Ok(tensor.reshape(shape)?),
        Adaptation::Channels { from, to } => return channels(tensor, from, to),
        Adaptation::Patches { from, to } => {
            let sides = [0, 1].map(|axis| Matrix::cubic(from[axis], to[axis]).pseudo_inverse().transposed());
            planes(&values()?, &sides)
        }
        Adaptation::Places { prefix, from, to } => {
            let (values, width) = (values()?, shape[shape.len() - 1]);
            let (before, grid) = values.split_at(prefix * width);
            let sides = [0, 1].map(|axis| Matrix::cubic(from[axis], to[axis]));
            let resampled = swapped(&planes(&swapped(grid, from[0] * from[1], width), &sides), width, to[0] * to[1]);
            [before, &resampled].concat()
        }
        Adaptation::Distances { from, to } => {
            let heads = shape[1];
            let sides = [0, 1].map(|axis| Matrix::geometric(from[axis], to[axis]));
            swapped(&planes(&swapped(&values()?, from[0] * from[1], heads), &sides), heads, to[0] * to[1])
        }
    };
    Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
}

fn channels(tensor: &Tensor, from: usize, to: usize) -> Result<Tensor, Error> {
    if to == 1 {
        return Ok(tensor.sum_keepdim(1)?);
    }
    let repeated = tensor.repeat((1, to.div_ceil(from), 1, 1))?.narrow(1, 0, to)?;
    Ok((repeated * (from as f64 / to as f64))?.contiguous()?)
}

/// Every plane `[h, w]` of `values` times one matrix from each side.
fn planes(values: &[f32], [down, across]: &[Matrix; 2]) -> Vec<f32> {
    values.chunks_exact(down.columns * across.columns).flat_map(|plane| resample::both_sides(plane, down, across)).collect()
}

/// `[rows, columns]` as `[columns, rows]`.
fn swapped(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| values[row * columns + column])).collect()
}

#[cfg(test)]
mod tests;
