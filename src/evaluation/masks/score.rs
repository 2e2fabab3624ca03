//! One true and one predicted mask.

use super::surface;

/// Jaccards below this count as 0 in the thresholded Jaccard: where experts start to disagree (ISIC 2018 task 1).
pub const THRESHOLD: f64 = 0.65;

/// What two masks of one image and class have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    /// Pixels in both.
    pub true_positive: u64,
    /// Pixels in the predicted mask alone.
    pub false_positive: u64,
    /// Pixels in the true mask alone.
    pub false_negative: u64,
    /// Pixels in neither.
    pub true_negative: u64,
    /// 95th percentile Hausdorff distance in pixels; none where a mask is empty.
    pub hd95: Option<f64>,
    /// Average symmetric surface distance in pixels; none where a mask is empty.
    pub assd: Option<f64>,
    /// The image's diagonal in pixels: what a failure counts as.
    pub diagonal: f64,
}

/// Compares two masks of `width` x `height` pixels, each `[height, width]` of 0 and 1.
pub fn score(truth: &[u8], predicted: &[u8], width: usize, height: usize) -> Scores {
    let mut counts = [0u64; 4];
    for (truth, predicted) in truth.iter().zip(predicted) {
        counts[usize::from(*truth > 0) * 2 + usize::from(*predicted > 0)] += 1;
    }
    let [true_negative, false_positive, false_negative, true_positive] = counts;
    let distances = surface::distances(truth, predicted, width, height);
    Scores {
        true_positive,
        false_positive,
        false_negative,
        true_negative,
        hd95: distances.as_ref().map(surface::Distances::hd95),
        assd: distances.as_ref().map(surface::Distances::assd),
        diagonal: (width as f64).hypot(height as f64),
    }
}

/// A share; 1 of nothing.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

impl Scores {
    /// 2 TP / (2 TP + FP + FN), 1 where both are empty.
    pub fn dice(&self) -> f64 {
        share(2 * self.true_positive, 2 * self.true_positive + self.false_positive + self.false_negative)
    }

    /// TP / (TP + FP + FN), 1 where both are empty.
    pub fn jaccard(&self) -> f64 {
        share(self.true_positive, self.true_positive + self.false_positive + self.false_negative)
    }

    /// The Jaccard from [`THRESHOLD`] on, else 0.
    pub fn thresholded_jaccard(&self) -> f64 {
        let jaccard = self.jaccard();
        if jaccard >= THRESHOLD { jaccard } else { 0.0 }
    }

    /// TP / (TP + FN), 1 where the true mask is empty.
    pub fn sensitivity(&self) -> f64 {
        share(self.true_positive, self.true_positive + self.false_negative)
    }

    /// TN / (TN + FP), 1 where the true mask is the whole image.
    pub fn specificity(&self) -> f64 {
        share(self.true_negative, self.true_negative + self.false_positive)
    }

    /// Pixels of the true mask.
    pub fn truth(&self) -> u64 {
        self.true_positive + self.false_negative
    }

    /// Pixels of the predicted mask.
    pub fn predicted(&self) -> u64 {
        self.true_positive + self.false_positive
    }

    /// Whether there is something and nothing was found.
    pub fn missed(&self) -> bool {
        self.truth() > 0 && self.predicted() == 0
    }

    /// Whether there is nothing and something was found.
    pub fn invented(&self) -> bool {
        self.truth() == 0 && self.predicted() > 0
    }

    /// A distance with failures as the diagonal; none where both masks are empty.
    pub(super) fn penalised(&self, distance: Option<f64>) -> Option<f64> {
        distance.or_else(|| (self.missed() || self.invented()).then_some(self.diagonal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_are_those_of_the_definitions() {
        // 3 in both, 1 false, 2 missed of 12 pixels.
        let truth = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
        let said = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        let scores = score(&truth, &said, 4, 3);
        assert_eq!((scores.dice(), scores.jaccard(), scores.thresholded_jaccard()), (6.0 / 9.0, 0.5, 0.0));
        assert_eq!((scores.sensitivity(), scores.specificity(), scores.diagonal), (0.6, 6.0 / 7.0, 5.0));
        assert_eq!(Scores { false_negative: 0, true_positive: 13, false_positive: 7, ..scores }.thresholded_jaccard(), 0.65);
    }

    #[test]
    fn empty_masks_agree_and_one_empty_mask_is_a_failure() {
        let (nothing, all) = ([0; 6], [1; 6]);
        let both = score(&nothing, &nothing, 3, 2);
        assert_eq!((both.dice(), both.jaccard(), both.sensitivity(), both.hd95, both.penalised(both.hd95)), (1.0, 1.0, 1.0, None, None));
        let missed = score(&all, &nothing, 3, 2);
        assert!(missed.missed() && !missed.invented() && score(&nothing, &all, 3, 2).invented());
        assert_eq!((missed.dice(), missed.specificity(), missed.hd95), (0.0, 1.0, None));
        assert_eq!(missed.penalised(missed.hd95), Some(13f64.sqrt()));
    }
}
