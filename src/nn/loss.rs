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
    made(loss, logits)
}

/// Cross-entropy of logits f32 `[n, classes]` against a share for each class, `[n * classes]`; torch's `CrossEntropyLoss` with
/// probabilities as targets: the sum of `weight[class] * share * -log p` over all rows and classes, divided by `n`.
pub fn cross_entropy_of_shares(logits: &Tensor, shares: &[f32], class_weights: Option<&[f32]>, smoothing: f32) -> Result<Loss, Error> {
    let &[n, classes] = logits.dims() else { return Err(misfit("logits", "f32 [n, classes]", logits)) };
    if n == 0 || shares.len() != n * classes || class_weights.is_some_and(|weights| weights.len() != classes) {
        let expected = format!("{n} rows of {classes} shares and as many class weights");
        return Err(Error::Argument { what: "targets", expected, got: format!("{} shares", shares.len()) });
    }
    let settings = losses::CrossEntropy { weights: class_weights, smoothing };
    let of = |values: &[f32]| losses::cross_entropy(values, classes, losses::Targets::Shares(shares), &settings);
    made(ops::with(logits, of)?, logits)
}

/// The focal loss (Lin et al. 2017, <https://arxiv.org/abs/1708.02002>) of logits f32 `[n, classes]` against class numbers, with softmax:
/// the mean of `(1 - p)^gamma * -log p` over the targets' probabilities, weighted as [`cross_entropy`] is.
pub fn focal(logits: &Tensor, targets: &[u32], class_weights: Option<&[f32]>, gamma: f32) -> Result<Loss, Error> {
    let &[n, classes] = logits.dims() else { return Err(misfit("logits", "f32 [n, classes]", logits)) };
    let fits = n > 0 && targets.len() == n && targets.iter().all(|&target| (target as usize) < classes);
    if !fits || class_weights.is_some_and(|weights| weights.len() != classes) {
        let expected = format!("a target below {classes} for each of {n} rows, and as many class weights");
        return Err(Error::Argument { what: "targets", expected, got: format!("{} targets", targets.len()) });
    }
    made(ops::with(logits, |values| losses::focal(values, classes, targets, class_weights, gamma))?, logits)
}

fn made(loss: losses::Loss, logits: &Tensor) -> Result<Loss, Error> {
    Ok(Loss { value: loss.value as f32, gradient: Tensor::from_vec(loss.gradient, logits.dims(), logits.device())? })
}

fn misfit(what: &'static str, expected: &str, got: &Tensor) -> Error {
    Error::Argument { what, expected: expected.to_owned(), got: format!("{:?}", got.dims()) }
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
