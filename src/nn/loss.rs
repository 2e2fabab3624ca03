//! Losses.

use candle_core::Tensor;

use super::{Error, ops};

/// Cross-entropy of logits f32 `[n, classes]` against class numbers, a scalar; torch's `CrossEntropyLoss`.
///
/// With class weights it is the weighted mean: the sum of `weight[target] * loss` over the sum of `weight[target]`.
/// `smoothing` in `0..1` moves that share of each target evenly to all classes (Szegedy et al. 2015,
/// <https://arxiv.org/abs/1512.00567>); see [`ops::cross_entropy`] for the formula.
pub fn cross_entropy(logits: &Tensor, targets: &[u32], class_weights: Option<&[f32]>, smoothing: f32) -> Result<Tensor, Error> {
    if !(0.0..1.0).contains(&smoothing) {
        let expected = "at least 0 and below 1".to_owned();
        return Err(Error::Argument { what: "label smoothing", expected, got: smoothing.to_string() });
    }
    Ok(ops::cross_entropy(logits, targets, class_weights, smoothing)?)
}
