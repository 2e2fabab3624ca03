//! Numbers that depend on the order of scores alone: AUC, average precision, top-k.

use super::confusion::mean;
use crate::evaluation::predictions::top;

/// Scores in falling order with their labels, ready for several weightings.
///
/// Sorting is done once; [`Ranking::auc`] and [`Ranking::average_precision`] then take O(n) for each
/// weighting, which is what a bootstrap needs.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// Indices of rows, the highest score first.
    order: Vec<u32>,
    /// Whether the score at this place differs from the one before it.
    starts: Vec<bool>,
    /// Whether the row at this place is positive.
    positive: Vec<bool>,
}

impl Ranking {
    /// Of `scores`, where `positive[i]` tells whether row i is of the class. No score may be NaN.
    pub fn new(scores: &[f64], positive: &[bool]) -> Self {
        let mut order: Vec<u32> = (0..scores.len() as u32).collect();
        order.sort_unstable_by(|a, b| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b)));
        let starts = (0..order.len()).map(|i| i == 0 || scores[order[i] as usize] != scores[order[i - 1] as usize]).collect();
        let positive = order.iter().map(|row| positive[*row as usize]).collect();
        Self { order, starts, positive }
    }

    /// Calls `step` with the weights of positive and negative rows of each distinct score, the highest first.
    fn blocks(&self, weights: Option<&[f64]>, mut step: impl FnMut(f64, f64)) {
        let (mut p, mut n) = (0.0, 0.0);
        for (i, row) in self.order.iter().enumerate() {
            if self.starts[i] && i > 0 {
                step(p, n);
                (p, n) = (0.0, 0.0);
            }
            let weight = weights.map_or(1.0, |w| w[*row as usize]);
            if self.positive[i] {
                p += weight;
            } else {
                n += weight;
            }
        }
        if !self.order.is_empty() {
            step(p, n);
        }
    }

    /// Area under the ROC curve: the probability that a positive row scores above a negative one, ties
    /// counting one half (Mann-Whitney, midranks). None without a positive or without a negative row.
    pub fn auc(&self, weights: Option<&[f64]>) -> Option<f64> {
        self.areas(weights).0
    }

    /// Sum over distinct scores of (R_n - R_{n-1}) P_n: no interpolation (scikit-learn's `average_precision_score`).
    /// None without a positive row.
    pub fn average_precision(&self, weights: Option<&[f64]>) -> Option<f64> {
        self.areas(weights).1
    }

    /// AUC and average precision in one pass.
    pub fn areas(&self, weights: Option<&[f64]>) -> (Option<f64>, Option<f64>) {
        let (mut tp, mut fp, mut won, mut precisions) = (0.0, 0.0, 0.0, 0.0);
        self.blocks(weights, |p, n| {
            won += n * (tp + 0.5 * p);
            tp += p;
            fp += n;
            if p > 0.0 {
                precisions += p * (tp / (tp + fp));
            }
        });
        ((tp > 0.0 && fp > 0.0).then(|| won / (tp * fp)), (tp > 0.0).then(|| precisions / tp))
    }

    /// For each row, in the order of the rows: the share of the other kind that it beats, ties counting one half
    /// (DeLong's structural components V10 of positives and V01 of negatives). Their mean over either kind is the AUC.
    pub fn components(&self) -> Vec<f64> {
        let positives = self.positive.iter().filter(|positive| **positive).count() as f64;
        let negatives = self.positive.len() as f64 - positives;
        let mut out = vec![0.0; self.order.len()];
        let (mut above_p, mut above_n, mut start) = (0.0, 0.0, 0);
        while start < self.order.len() {
            let end = (start + 1..self.order.len()).find(|i| self.starts[*i]).unwrap_or(self.order.len());
            let p = self.positive[start..end].iter().filter(|positive| **positive).count() as f64;
            let n = (end - start) as f64 - p;
            for i in start..end {
                let below_n = negatives - above_n - n;
                let (wins, ties, of) = if self.positive[i] { (below_n, n, negatives) } else { (above_p, p, positives) };
                out[self.order[i] as usize] = (wins + 0.5 * ties) / of;
            }
            (above_p, above_n, start) = (above_p + p, above_n + n, end);
        }
        out
    }

    /// Cumulative weights (positives, negatives) after each distinct score, the highest first.
    pub fn cumulative(&self) -> Vec<(f64, f64)> {
        let mut out = Vec::new();
        let (mut tp, mut fp) = (0.0, 0.0);
        self.blocks(None, |p, n| {
            tp += p;
            fp += n;
            out.push((tp, fp));
        });
        out
    }
}

/// Column `k` of the probabilities and whether each row is of class `k`.
pub fn one_vs_rest(labels: &[usize], probabilities: &[Vec<f64>], k: usize) -> (Vec<f64>, Vec<bool>) {
    (probabilities.iter().map(|row| row[k]).collect(), labels.iter().map(|label| *label == k).collect())
}

/// AUC of scores; see [`Ranking::auc`].
pub fn auc(scores: &[f64], positive: &[bool]) -> Option<f64> {
    Ranking::new(scores, positive).auc(None)
}

/// Average precision of scores; see [`Ranking::average_precision`].
pub fn average_precision(scores: &[f64], positive: &[bool]) -> Option<f64> {
    Ranking::new(scores, positive).average_precision(None)
}

fn per_class(labels: &[usize], probabilities: &[Vec<f64>], classes: usize, f: impl Fn(&[f64], &[bool]) -> Option<f64>) -> Vec<Option<f64>> {
    (0..classes)
        .map(|k| {
            let (scores, positive) = one_vs_rest(labels, probabilities, k);
            f(&scores, &positive)
        })
        .collect()
}

/// Mean of the one-vs-rest AUCs that have a value (a class without rows has none).
pub fn macro_auc(labels: &[usize], probabilities: &[Vec<f64>], classes: usize) -> Option<f64> {
    mean(per_class(labels, probabilities, classes, auc).into_iter().flatten())
}

/// Mean of the one-vs-rest average precisions that have a value.
pub fn macro_average_precision(labels: &[usize], probabilities: &[Vec<f64>], classes: usize) -> Option<f64> {
    mean(per_class(labels, probabilities, classes, average_precision).into_iter().flatten())
}

/// MedMNIST's AUC (medmnist 3.0.2, `evaluator.py`): for two classes that of the last column, else the plain mean
/// over all columns, which has no value when a class has no rows (the package raises).
pub fn medmnist_auc(labels: &[usize], probabilities: &[Vec<f64>], classes: usize) -> Option<f64> {
    let all = per_class(labels, probabilities, classes, auc);
    if classes == 2 {
        return all[1];
    }
    all.into_iter().collect::<Option<Vec<f64>>>().and_then(mean)
}

/// MedMNIST's ACC: for two classes the last column above 0.5 against the label, else the share of correct rows.
pub fn medmnist_acc(labels: &[usize], probabilities: &[Vec<f64>], classes: usize) -> Option<f64> {
    let guess = |row: &Vec<f64>| if classes == 2 { usize::from(row[1] > 0.5) } else { top(row) };
    mean(labels.iter().zip(probabilities).map(|(label, row)| f64::from(u8::from(guess(row) == *label))))
}

/// Share of rows whose label is among the `k` most probable classes; of equal probabilities the earlier class is in first.
pub fn top_k(labels: &[usize], probabilities: &[Vec<f64>], k: usize) -> Option<f64> {
    let within = |label: usize, row: &[f64]| {
        row.iter().enumerate().filter(|(i, p)| **p > row[label] || (**p == row[label] && *i < label)).count() < k
    };
    mean(labels.iter().zip(probabilities).map(|(label, row)| f64::from(u8::from(within(*label, row)))))
}
