//! Truth and probabilities of labels, label by label, and every number that follows from them.
//!
//! A probability of [`THRESHOLD`] or more says that the image shows the label. AUC and average precision are those of
//! [`ranking`](crate::evaluation::metrics::ranking); of a label with one kind of image they have no value, and are left out of means. Precision, recall and F1 that are
//! 0/0 count as 0 in means. So scikit-learn has them, but for the average precision of a label without an image, which it takes for 0.

use std::fmt;
use std::str::FromStr;

use crate::evaluation::Error;
use crate::evaluation::metrics::confusion::{Confusion, mean};
use crate::evaluation::metrics::ranking::Ranking;
use crate::evaluation::metrics::{Direction, probability};

/// From this probability on an image is said to show a label.
pub const THRESHOLD: f64 = 0.5;

/// The rows' truth and probabilities, one column a label.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// Whether the row shows the label.
    pub truth: Vec<Vec<bool>>,
    /// The label's probability.
    pub scores: Vec<Vec<f64>>,
    /// How many rows there are.
    pub rows: usize,
}

impl Columns {
    /// Of the labels that each row shows and its probabilities.
    pub fn of<S: AsRef<[usize]>>(shown: &[S], probabilities: &[Vec<f64>], labels: usize) -> Self {
        let truth = |label: usize| shown.iter().map(|shown| shown.as_ref().contains(&label)).collect();
        let scores = |label: usize| probabilities.iter().map(|row| row[label]).collect();
        Self { truth: (0..labels).map(truth).collect(), scores: (0..labels).map(scores).collect(), rows: shown.len() }
    }

    /// How many labels there are.
    pub fn labels(&self) -> usize {
        self.truth.len()
    }

    /// Whether `row` is said to show `label`.
    pub fn said(&self, label: usize, row: usize) -> bool {
        self.scores[label][row] >= THRESHOLD
    }

    /// Ready for AUC and average precision.
    pub fn ranking(&self, label: usize) -> Ranking {
        Ranking::new(&self.scores[label], &self.truth[label])
    }

    /// Rows that do not show the label (class 0) and that do (class 1), against what is said.
    pub fn confusion(&self, label: usize, weights: Option<&[f64]>) -> Confusion {
        let mut confusion = Confusion::empty(2);
        for (row, truth) in self.truth[label].iter().enumerate() {
            confusion.add(usize::from(*truth), usize::from(self.said(label, row)), weights.map_or(1.0, |weights| weights[row]));
        }
        confusion
    }

    /// Of each row the mean over labels of -ln of what was said of the truth, clipped as [`probability::row_log_loss`] clips.
    pub fn row_log_losses(&self) -> Vec<f64> {
        let of = |label: usize, row: usize| {
            let p = self.scores[label][row];
            probability::row_log_loss(usize::from(self.truth[label][row]), &[1.0 - p, p])
        };
        (0..self.rows).map(|row| (0..self.labels()).map(|label| of(label, row)).sum::<f64>() / self.labels().max(1) as f64).collect()
    }

    /// Of each row the share of labels that are said wrongly.
    pub fn row_errors(&self) -> Vec<f64> {
        let wrong = |row: usize| (0..self.labels()).filter(|&label| self.said(label, row) != self.truth[label][row]).count();
        (0..self.rows).map(|row| wrong(row) as f64 / self.labels().max(1) as f64).collect()
    }

    /// Mean F1 over labels, 0 where undefined.
    pub fn macro_f1(&self, weights: Option<&[f64]>) -> Option<f64> {
        let f1 = |label: usize| self.confusion(label, weights).f1(1).unwrap_or(0.0);
        if self.rows == 0 { None } else { mean((0..self.labels()).map(f1)) }
    }
}

/// A metric that a model of labels can be chosen by: one number from all rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelMetric {
    /// Mean AUC over the labels that have one.
    MacroAuc,
    /// Mean average precision over the labels that have one.
    MacroAp,
    /// Mean F1 over labels at [`THRESHOLD`], 0 where undefined.
    MacroF1,
    /// Mean binary log loss over rows and labels.
    LogLoss,
    /// Share of rows of which every label is said rightly.
    SubsetAccuracy,
    /// Share of labels of all rows that are said wrongly.
    HammingLoss,
}

impl LabelMetric {
    /// All, in the order of a help text.
    pub const ALL: [Self; 6] = [Self::MacroAuc, Self::MacroAp, Self::MacroF1, Self::LogLoss, Self::SubsetAccuracy, Self::HammingLoss];

    /// Its name in `metrics.json`, in parameters and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::MacroAuc => "macro_auc",
            Self::MacroAp => "macro_ap",
            Self::MacroF1 => "macro_f1",
            Self::LogLoss => "log_loss",
            Self::SubsetAccuracy => "subset_accuracy",
            Self::HammingLoss => "hamming_loss",
        }
    }

    /// Whether larger is better.
    pub fn direction(self) -> Direction {
        match self {
            Self::LogLoss | Self::HammingLoss => Direction::Minimize,
            _ => Direction::Maximize,
        }
    }

    /// Its value; `None` where there is none.
    pub fn compute(self, columns: &Columns) -> Option<f64> {
        let areas = || (0..columns.labels()).map(|label| columns.ranking(label).areas(None));
        match self {
            Self::MacroAuc => mean(areas().filter_map(|(auc, _)| auc)),
            Self::MacroAp => mean(areas().filter_map(|(_, ap)| ap)),
            Self::MacroF1 => columns.macro_f1(None),
            Self::LogLoss => mean(columns.row_log_losses()),
            Self::SubsetAccuracy => mean(columns.row_errors().into_iter().map(|share| f64::from(u8::from(share == 0.0)))),
            Self::HammingLoss => mean(columns.row_errors()),
        }
    }
}

impl fmt::Display for LabelMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for LabelMetric {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|metric| metric.name() == name);
        found.ok_or_else(|| Error::UnknownLabelMetric { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_by_hand() {
        // Truth of four rows: label 0 in rows 0 and 1, label 1 in row 0, label 2 nowhere.
        let shown: [&[usize]; 4] = [&[0, 1], &[0], &[], &[]];
        let said = [vec![0.9, 0.5, 0.1], vec![0.4, 0.2, 0.1], vec![0.6, 0.7, 0.1], vec![0.1, 0.1, 0.1]];
        let columns = Columns::of(&shown, &said, 3);
        let of = |metric: LabelMetric| metric.compute(&columns).unwrap();
        // AUC: label 0 wins 3 of 4 pairs, label 1 wins 2 of 3; AP: (1 + 2/3) / 2 and 1/2.
        assert!((of(LabelMetric::MacroAuc) - (0.75 + 2.0 / 3.0) / 2.0).abs() < 1e-15);
        assert!((of(LabelMetric::MacroAp) - (5.0 / 6.0 + 0.5) / 2.0).abs() < 1e-15);
        // F1: label 0 one hit, one miss, one false alarm; label 1 one hit and one false alarm; label 2 has none.
        assert!((of(LabelMetric::MacroF1) - (0.5 + 2.0 / 3.0 + 0.0) / 3.0).abs() < 1e-15);
        assert!((of(LabelMetric::SubsetAccuracy) - 0.5).abs() < 1e-15);
        assert!((of(LabelMetric::HammingLoss) - 3.0 / 12.0).abs() < 1e-15);
        let right: [f64; 12] = [0.9, 0.5, 0.9, 0.4, 0.8, 0.9, 0.4, 0.3, 0.9, 0.9, 0.9, 0.9];
        assert!((of(LabelMetric::LogLoss) + right.iter().map(|p| p.ln()).sum::<f64>() / 12.0).abs() < 1e-15);
        assert_eq!(
            "accuracy".parse::<LabelMetric>().unwrap_err().to_string(),
            "no metric of images with any number of labels is called `accuracy`"
        );
    }
}
