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

/// The loss of masks: mean binary cross-entropy of logits `[n, height, width, masks]` against targets 0 or 1 in the same order, and
/// `dice_weight` times the soft Dice loss (Milletari et al. 2016, <https://arxiv.org/abs/1606.04797>), whose sums run over all images, a
/// mean over masks, as nnU-Net and segmentation models have it.
pub fn masks(logits: &Tensor, targets: &[u8], dice_weight: f32) -> Result<Loss, Error> {
    let &[n, height, width, masks] = logits.dims() else { return Err(misfit("logits", "f32 [n, height, width, masks]", logits)) };
    if targets.is_empty() || targets.len() != n * masks * height * width {
        let expected = format!("{} values of 0 or 1", n * masks * height * width);
        return Err(Error::Argument { what: "targets", expected, got: format!("{} values", targets.len()) });
    }
    let targets: Vec<f32> = targets.iter().copied().map(f32::from).collect();
    let mut loss = ops::with(logits, |logits| losses::binary_cross_entropy(logits, &targets, &losses::Binary::default()))?;
    if dice_weight > 0.0 {
        let shares = ops::sigmoid(logits)?.flatten_all()?.to_vec1::<f32>()?;
        let dice = losses::dice(&shares, &targets, 1, masks, DICE_SMOOTHING);
        loss.value += f64::from(dice_weight) * dice.value;
        for ((gradient, slope), share) in loss.gradient.iter_mut().zip(dice.gradient).zip(shares) {
            *gradient += dice_weight * slope * share * (1.0 - share);
        }
    }
    made(loss, logits)
}

/// Keeps the Dice of an empty mask from 0 / 0, as in nnU-Net.
const DICE_SMOOTHING: f32 = 1e-5;

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

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn the_loss_of_masks_is_cross_entropy_and_dice() {
        // Two images of one mask and two pixels. With p = sigmoid(logits) = 1/2, 3/4, 1/4, 1/2 and targets 1, 1, 0, 0:
        // cross-entropy is (ln 2 + ln 4/3 + ln 4/3 + ln 2) / 4, Dice 2 * (1/2 + 3/4) / (2 + 2).
        let third = 3f32.ln();
        let logits = Tensor::new(&[[[[0f32], [third]]], [[[-third], [0.0]]]], &Device::Cpu).unwrap();
        let cross_entropy = (2f64.ln() + (4f64 / 3.0).ln()) / 2.0;
        let of = |weight: f32| f64::from(masks(&logits, &[1, 1, 0, 0], weight).unwrap().value);
        assert!((of(0.0) - cross_entropy).abs() < 1e-6);
        assert!((of(2.0) - cross_entropy - 2.0 * (1.0 - 2.5 / 4.0)).abs() < 1e-5);
    }

    #[test]
    fn gradients_of_masks_are_the_slopes() {
        let (n, height, width, channels) = (2, 3, 4, 2);
        let values: Vec<f32> = (0..n * channels * height * width).map(|i| ((i * 37 % 23) as f32 - 11.0) / 6.0).collect();
        let targets: Vec<u8> = (0..values.len()).map(|i| u8::from(i * 11 % 7 < 3)).collect();
        let shape = (n, height, width, channels);
        let of = |values: &[f32]| {
            let logits = Tensor::from_vec(values.to_vec(), shape, &Device::Cpu).unwrap();
            masks(&logits, &targets, 1.0).unwrap()
        };
        let gradient = of(&values).gradient;
        assert_eq!(gradient.dims4().unwrap(), shape);
        let gradient = gradient.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for i in 0..values.len() {
            let moved = |by: f32| {
                let mut values = values.clone();
                values[i] += by;
                of(&values).value
            };
            let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            assert!((gradient[i] - slope).abs() < 2e-4, "{i}: {} is not {slope}", gradient[i]);
        }
    }

    #[test]
    fn masks_of_another_size_are_refused() {
        let logits = Tensor::zeros((1, 1, 2, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(matches!(masks(&logits, &[0; 3], 1.0), Err(Error::Argument { .. })));
    }
}
