//! How a true and a predicted mask lie on each other, in pixels.

/// Jaccards below this count as 0 in the thresholded Jaccard: where experts start to disagree (ISIC 2018 task 1).
pub const THRESHOLD: f64 = 0.65;

/// Counts of the pixels of two masks of one image and class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overlap {
    /// Pixels in both.
    pub true_positive: u64,
    /// Pixels in the predicted mask alone.
    pub false_positive: u64,
    /// Pixels in the true mask alone.
    pub false_negative: u64,
    /// Pixels in neither.
    pub true_negative: u64,
}

/// A share; 1 of nothing.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

impl Overlap {
    /// Of the pixels of two masks, in the same order: whether each is in the true and in the predicted one.
    pub fn of(pixels: impl Iterator<Item = (bool, bool)>) -> Self {
        let mut counts = [0; 4];
        pixels.for_each(|(truth, predicted)| counts[usize::from(truth) * 2 + usize::from(predicted)] += 1);
        let [true_negative, false_positive, false_negative, true_positive] = counts;
        Self { true_positive, false_positive, false_negative, true_negative }
    }

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
}
