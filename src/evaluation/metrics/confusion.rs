//! The confusion matrix and everything that follows from it.

use crate::evaluation::predictions::top;

/// Rows of true class r that were predicted as class c, for every r and c.
///
/// Counts are weights: 1 a row, or how often the bootstrap drew it.
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion {
    classes: usize,
    /// [true class, predicted class], row by row.
    counts: Vec<f64>,
}

impl Confusion {
    /// An empty matrix.
    pub fn empty(classes: usize) -> Self {
        Self { classes, counts: vec![0.0; classes * classes] }
    }

    /// From labels and the most probable class of each row.
    pub fn of(labels: &[usize], probabilities: &[Vec<f64>], classes: usize) -> Self {
        let mut matrix = Self::empty(classes);
        for (label, row) in labels.iter().zip(probabilities) {
            matrix.add(*label, top(row), 1.0);
        }
        matrix
    }

    /// Adds rows. Classes that are not declared are left out.
    pub fn add(&mut self, label: usize, predicted: usize, weight: f64) {
        if label < self.classes && predicted < self.classes {
            self.counts[label * self.classes + predicted] += weight;
        }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Rows of class `label` predicted as `predicted`.
    pub fn at(&self, label: usize, predicted: usize) -> f64 {
        self.counts[label * self.classes + predicted]
    }

    /// Rows of true class `k`.
    pub fn support(&self, k: usize) -> f64 {
        (0..self.classes).map(|c| self.at(k, c)).sum()
    }

    /// Rows predicted as class `k`.
    pub fn predicted(&self, k: usize) -> f64 {
        (0..self.classes).map(|r| self.at(r, k)).sum()
    }

    /// All rows.
    pub fn total(&self) -> f64 {
        self.counts.iter().sum()
    }

    /// Rows on the diagonal.
    pub fn correct(&self) -> f64 {
        (0..self.classes).map(|k| self.at(k, k)).sum()
    }

    /// Rows neither of class `k` nor predicted as it.
    pub fn true_negatives(&self, k: usize) -> f64 {
        self.total() - self.support(k) - self.predicted(k) + self.at(k, k)
    }

    /// Correct rows / all rows.
    pub fn accuracy(&self) -> Option<f64> {
        ratio(self.correct(), self.total())
    }

    /// Mean recall over classes that have rows.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        mean((0..self.classes).filter_map(|k| self.recall(k)))
    }

    /// TP / (TP + FP); none when the class was never predicted.
    pub fn precision(&self, k: usize) -> Option<f64> {
        ratio(self.at(k, k), self.predicted(k))
    }

    /// TP / (TP + FN), also called sensitivity; none when the class has no rows.
    pub fn recall(&self, k: usize) -> Option<f64> {
        ratio(self.at(k, k), self.support(k))
    }

    /// TN / (TN + FP); none when every row is of this class.
    pub fn specificity(&self, k: usize) -> Option<f64> {
        ratio(self.true_negatives(k), self.total() - self.support(k))
    }

    /// TN / (TN + FN); none when every row was predicted as this class.
    pub fn npv(&self, k: usize) -> Option<f64> {
        ratio(self.true_negatives(k), self.total() - self.predicted(k))
    }

    /// 2 TP / (2 TP + FP + FN); none when the class has neither rows nor predictions.
    pub fn f1(&self, k: usize) -> Option<f64> {
        ratio(2.0 * self.at(k, k), self.support(k) + self.predicted(k))
    }

    /// Cohen's kappa: (po - pe) / (1 - pe). Unweighted: diagnoses have no order.
    pub fn kappa(&self) -> Option<f64> {
        let n = self.total();
        let by_chance: f64 = (0..self.classes).map(|k| self.support(k) * self.predicted(k)).sum();
        ratio(n * self.correct() - by_chance, n * n - by_chance)
    }

    /// Matthews' correlation for K classes: (c s - sum p t) / sqrt((s² - sum p²)(s² - sum t²)), Gorodkin 2004.
    /// None where labels or predictions are all of one class (scikit-learn says 0).
    pub fn mcc(&self) -> Option<f64> {
        let s = self.total();
        let sum = |f: &dyn Fn(usize) -> f64| (0..self.classes).map(f).sum::<f64>();
        let both = sum(&|k| self.support(k) * self.predicted(k));
        let truth = s * s - sum(&|k| self.support(k).powi(2));
        let guess = s * s - sum(&|k| self.predicted(k).powi(2));
        ratio(self.correct() * s - both, (truth * guess).sqrt())
    }
}

/// `part / whole`, none for 0 / 0.
pub(crate) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// The plain mean, none of nothing.
pub(crate) fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.into_iter().fold((0.0, 0usize), |(sum, n), v| (sum + v, n + 1));
    (n > 0).then(|| sum / n as f64)
}
