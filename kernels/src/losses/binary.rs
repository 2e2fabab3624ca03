//! Cross-entropy of the logistic function.

use pulp::Simd;
use rayon::prelude::*;

use super::super::lanes::F32s;
use super::super::map::{CHUNK, Map, Shape, map, map_rows};
use super::super::math::{log_one_plus_exp, sigmoid};
use super::Loss;

/// Settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Binary<'a> {
    /// A weight for each value.
    pub weights: Option<&'a [f32]>,
    /// For each column how much more targets of 1 weigh: one for all, or one for each.
    pub positives: Option<&'a [f32]>,
}

/// The mean loss of `logits` against as many targets from 0 to 1, without overflow however large they are: of each value
/// `weight * ((1 - t) * x - (1 + (positive - 1) * t) * log(sigmoid(x)))`.
pub fn binary_cross_entropy(logits: &[f32], targets: &[f32], settings: &Binary) -> Loss {
    assert!(targets.len() == logits.len() && settings.weights.is_none_or(|weights| weights.len() == logits.len()));
    let f = Terms { share: 1.0 / logits.len() as f32, positive: 1.0 };
    let [values, gradient] = match (settings.positives, settings.weights) {
        (None | Some([_]), weights) => {
            let f = Terms { positive: settings.positives.map_or(1.0, |one| one[0]), ..f };
            match weights {
                None => map(f, [logits, targets]),
                Some(weights) => map(f, [logits, targets, weights]),
            }
        }
        (Some(positives), None) => map_rows(f, Shape::one_group(logits.len(), positives.len()), [positives], [logits, targets]),
        (Some(positives), Some(weights)) => {
            map_rows(f, Shape::one_group(logits.len(), positives.len()), [positives], [logits, targets, weights])
        }
    };
    let sums: Vec<f64> = values.par_chunks(CHUNK).map(|values| values.iter().copied().map(f64::from).sum()).collect();
    Loss { value: sums.iter().sum::<f64>() / logits.len() as f64, gradient }
}

/// The loss of a value, and its gradient's part in the mean's.
#[derive(Clone, Copy)]
struct Terms {
    /// Of a value in the mean.
    share: f32,
    /// Weight of targets of 1 where columns have none.
    positive: f32,
}

impl Terms {
    #[inline(always)]
    fn terms<S: Simd>(self, x: F32s<S>, target: F32s<S>, positive: F32s<S>) -> [F32s<S>; 2] {
        let one = x.like(1.0);
        let log_sigmoid = x.at_most(0.0) - log_one_plus_exp(x);
        let weight = (positive - one).mul_add(target, one);
        let loss = (one - target) * x - weight * log_sigmoid;
        [loss, (weight * sigmoid(x) - positive * target) * x.like(self.share)]
    }
}

impl Map<0, 2, 2> for Terms {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, []: [F32s<S>; 0], [x, target]: [F32s<S>; 2]) -> [F32s<S>; 2] {
        self.terms(x, target, x.like(self.positive))
    }
}

impl Map<0, 3, 2> for Terms {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, []: [F32s<S>; 0], [x, target, weight]: [F32s<S>; 3]) -> [F32s<S>; 2] {
        self.terms(x, target, x.like(self.positive)).map(|term| term * weight)
    }
}

impl Map<1, 2, 2> for Terms {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [positive]: [F32s<S>; 1], [x, target]: [F32s<S>; 2]) -> [F32s<S>; 2] {
        self.terms(x, target, positive)
    }
}

impl Map<1, 3, 2> for Terms {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [positive]: [F32s<S>; 1], [x, target, weight]: [F32s<S>; 3]) -> [F32s<S>; 2] {
        self.terms(x, target, positive).map(|term| term * weight)
    }
}
