//! Losses, worked out in main memory: logits are few.

use candle_core::{Device, Tensor};

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

/// Mean binary cross-entropy of logits `[n, labels]` against targets from 0 to 1 in the same order; `positives`: how much more of each label a
/// target of 1 weighs, torch's `BCEWithLogitsLoss(pos_weight)`.
pub fn labels(logits: &Tensor, targets: &[f32], positives: Option<&[f32]>) -> Result<Loss, Error> {
    let &[n, labels] = logits.dims() else { return Err(misfit("logits", "f32 [n, labels]", logits)) };
    if targets.is_empty() || targets.len() != n * labels || positives.is_some_and(|positives| positives.len() != labels) {
        let expected = format!("{} values, and as many weights as labels", n * labels);
        return Err(Error::Argument { what: "targets", expected, got: format!("{} values", targets.len()) });
    }
    let settings = losses::Binary { positives, ..losses::Binary::default() };
    made(ops::with(logits, |logits| losses::binary_cross_entropy(logits, targets, &settings))?, logits)
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

/// The loss of masks under deep supervision: logits `[n, height, width, outputs * masks]`, each output's masks side by side, the
/// network's own first, then those of coarser and coarser steps. The mean of their losses, each weighing half of the one before it, as in nnU-Net
/// (Isensee et al. 2021, <https://arxiv.org/abs/1904.08128>). A coarse pixel is repeated over what it covers, so that its target is
/// the share of it that the mask takes; nnU-Net takes the mask at one point of it. With one output it is [`masks`].
pub fn deep_masks(logits: &Tensor, targets: &[u8], masks: usize, dice_weight: f32) -> Result<Loss, Error> {
    let &[n, height, width, channels] = logits.dims() else {
        return Err(misfit("logits", "f32 [n, height, width, outputs * masks]", logits));
    };
    if masks == 0 || channels == 0 || !channels.is_multiple_of(masks) {
        return Err(misfit("logits", &format!("a multiple of {masks} channels"), logits));
    }
    let outputs = channels / masks;
    let total: f32 = (0..outputs).map(share_of).sum();
    let values = logits.flatten_all()?.to_vec1::<f32>()?;
    let (mut value, mut gradient) = (0.0, vec![0.0; values.len()]);
    for output in 0..outputs {
        let own: Vec<f32> = values.chunks_exact(channels).flat_map(|pixel| &pixel[output * masks..][..masks]).copied().collect();
        let own = Tensor::from_vec(own, (n, height, width, masks), &Device::Cpu)?;
        let loss = self::masks(&own, targets, dice_weight)?;
        let share = share_of(output) / total;
        value += share * loss.value;
        let slopes = loss.gradient.flatten_all()?.to_vec1::<f32>()?;
        for (pixel, slopes) in gradient.chunks_exact_mut(channels).zip(slopes.chunks_exact(masks)) {
            let places = pixel[output * masks..].iter_mut().zip(slopes);
            places.for_each(|(place, slope)| *place = share * slope);
        }
    }
    Ok(Loss { value, gradient: Tensor::from_vec(gradient, logits.dims(), logits.device())? })
}

/// How much an output counts beside the network's own.
fn share_of(output: usize) -> f32 {
    0.5f32.powi(output as i32)
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
    fn coarser_outputs_count_half_as_much_each() {
        // One image of 1 x 2 pixels and one mask: own logits (a, b), then one coarse pixel, repeated: its target is one half.
        let (a, b, c) = (0.3f32, -1.2, 0.8);
        let logits = Tensor::new(&[[[[a, c], [b, c]]]], &Device::Cpu).unwrap();
        let loss = deep_masks(&logits, &[1, 0], 1, 0.0).unwrap();
        let softplus = |x: f64| x.exp().ln_1p();
        let [a, b, c] = [a, b, c].map(f64::from);
        let (own, coarse) = ((softplus(a) - a + softplus(b)) / 2.0, softplus(c) - c / 2.0);
        assert!((f64::from(loss.value) - (own + coarse / 2.0) / 1.5).abs() < 1e-6);
        let slopes = loss.gradient.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let expected = [(sigmoid(a) - 1.0) / 3.0, (sigmoid(c) - 1.0) / 6.0, sigmoid(b) / 3.0, sigmoid(c) / 6.0];
        assert!(slopes.iter().zip(expected).all(|(slope, expected)| (f64::from(*slope) - expected).abs() < 1e-6), "{slopes:?}");
    }

    #[test]
    fn masks_of_another_size_are_refused() {
        let logits = Tensor::zeros((1, 1, 2, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(matches!(masks(&logits, &[0; 3], 1.0), Err(Error::Argument { .. })));
    }
}
