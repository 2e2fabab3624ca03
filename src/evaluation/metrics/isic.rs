//! The ISIC challenge's scorer (isic-challenge-scoring 5.6.0), rule by rule.
//!
//! A row whose largest probability is not unique is undecided and wrong for every class. Per class, truth and
//! prediction are each `> 0.5`, and 0/0 counts as 1.

use super::confusion::mean;
use super::ranking::{Ranking, one_vs_rest};

/// The scorer's numbers of one class.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct ClassScore {
    /// (TP + TN) / n.
    pub accuracy: f64,
    /// TP / (TP + FN).
    pub sensitivity: f64,
    /// TN / (TN + FP).
    pub specificity: f64,
    /// 2 TP / (2 TP + FP + FN).
    pub dice: f64,
    /// TP / (TP + FP).
    pub ppv: f64,
    /// TN / (TN + FN).
    pub npv: f64,
    /// Area under the ROC curve where the true-positive rate is above 0.8, not rescaled: 1 is perfect. None for a
    /// class without positive or negative rows (the scorer crashes).
    pub auc_sens_80: Option<f64>,
}

/// Index of the largest probability, none when two share it.
pub fn decided(row: &[f64]) -> Option<usize> {
    let best = crate::evaluation::predictions::top(row);
    let ties = row.iter().filter(|p| **p == row[best]).count();
    (ties == 1).then_some(best)
}

/// Mean over classes with rows of the share of their rows that are decided and right.
pub fn balanced_accuracy(labels: &[usize], probabilities: &[Vec<f64>], classes: usize) -> Option<f64> {
    let (mut right, mut rows) = (vec![0.0; classes], vec![0.0; classes]);
    for (label, row) in labels.iter().zip(probabilities) {
        rows[*label] += 1.0;
        if decided(row) == Some(*label) {
            right[*label] += 1.0;
        }
    }
    mean((0..classes).filter(|k| rows[*k] > 0.0).map(|k| right[k] / rows[k]))
}

/// The numbers of class `k` at the threshold 0.5.
pub fn class_score(labels: &[usize], probabilities: &[Vec<f64>], k: usize) -> ClassScore {
    let (mut tp, mut fp, mut fne, mut tn) = (0.0, 0.0, 0.0, 0.0);
    for (label, row) in labels.iter().zip(probabilities) {
        let cell = match (*label == k, row[k] > 0.5) {
            (true, true) => &mut tp,
            (false, true) => &mut fp,
            (true, false) => &mut fne,
            (false, false) => &mut tn,
        };
        *cell += 1.0;
    }
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
    let (scores, positive) = one_vs_rest(labels, probabilities, k);
    ClassScore {
        accuracy: share(tp + tn, labels.len() as f64),
        sensitivity: share(tp, tp + fne),
        specificity: share(tn, tn + fp),
        dice: share(2.0 * tp, 2.0 * tp + fp + fne),
        ppv: share(tp, tp + fp),
        npv: share(tn, tn + fne),
        auc_sens_80: area_right_of(0.8, &Ranking::new(&scores, &positive)),
    }
}

/// Integral of TPR d(FPR) from where the interpolated curve reaches `floor` to FPR = 1.
fn area_right_of(floor: f64, ranking: &Ranking) -> Option<f64> {
    let cumulative = ranking.cumulative();
    let (p, n) = *cumulative.last()?;
    if p == 0.0 || n == 0.0 {
        return None;
    }
    let mut area = 0.0;
    let mut before = (0.0, 0.0);
    for (tp, fp) in cumulative {
        let here = (fp / n, tp / p);
        let from = if before.1 >= floor {
            before
        } else if here.1 >= floor {
            (before.0 + (here.0 - before.0) * (floor - before.1) / (here.1 - before.1), floor)
        } else {
            here
        };
        area += (here.0 - from.0) * (here.1 + from.1) / 2.0;
        before = here;
    }
    Some(area)
}
