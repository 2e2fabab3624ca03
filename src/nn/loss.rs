//! Losses, worked out in main memory: logits are few.

use candle_core::Tensor;

use super::ops::Operation;
use super::{Error, ops};
use derm_kernels::losses;

/// A loss and where it falls.
#[derive(Clone, Debug)]
pub struct Loss {
    /// Its value.
    pub value: f32,
    /// Its gradient by the logits, of their shape and on their device.
    pub gradient: Tensor,
}

/// Mean binary cross-entropy of logits of any shape against targets from 0 to 1 of the same shape; torch's `BCEWithLogitsLoss`.
pub fn binary_cross_entropy(logits: &Tensor, targets: &Tensor) -> Result<Loss, Error> {
    if logits.dims() != targets.dims() || logits.elem_count() == 0 {
        let (expected, got) = (format!("{:?}, and not empty", logits.dims()), format!("{:?}", targets.dims()));
        return Err(Error::Argument { what: "targets", expected, got });
    }
    let settings = losses::Binary::default();
    let loss = ops::with_views(&[logits, targets], |views| losses::binary_cross_entropy(views[0].values, views[1].values, &settings))?;
    Ok(Loss { value: loss.value as f32, gradient: Tensor::from_vec(loss.gradient, logits.dims(), logits.device())? })
}

/// Cross-entropy of logits f32 `[n, classes]` against class numbers; torch's `CrossEntropyLoss`.
///
/// With class weights it is the weighted mean: the sum of `weight[target] * loss` over the sum of `weight[target]`.
/// `smoothing` in `0..1` moves that share of each target evenly to all classes (Szegedy et al. 2015,
/// <https://arxiv.org/abs/1512.00567>); see [`ops::cross_entropy`] for the formula.
pub fn cross_entropy(logits: &Tensor, targets: &[u32], class_weights: Option<&[f32]>, smoothing: f32) -> Result<Loss, Error> {
    if !(0.0..1.0).contains(&smoothing) {
        let expected = "at least 0 and below 1".to_owned();
        return Err(Error::Argument { what: "label smoothing", expected, got: smoothing.to_string() });
    }
    let mut loss = ops::CrossEntropy::new(targets, class_weights, smoothing);
    let value = ops::with_views(&[logits], |views| loss.forward(views))??.values[0];
    let gradient = Tensor::from_vec(loss.into_gradient(), logits.dims(), logits.device())?;
    Ok(Loss { value, gradient })
}
