//! Every number, one formula a function.
//!
//! Everywhere: `labels[i]` is the index of row i's true class, `probabilities[i]` holds one number a
//! class in [0, 1] (rows need not sum to 1), `classes` is the number of declared classes, whether or
//! not each has a row. `None` means that the quantity has no value on these rows. Nothing here
//! allocates more than O(n) or takes longer than O(n log n) a class.

pub mod confusion;
pub mod isic;
pub mod probability;
pub mod ranking;

use std::str::FromStr;

pub use confusion::Confusion;
pub use probability::{brier, ece, log_loss, mce, reliability};
pub use ranking::{auc, average_precision, macro_auc, macro_average_precision, medmnist_acc, medmnist_auc, top_k};

use super::Error;

/// Share of rows whose most probable class is the label (micro; of equal probabilities the first class).
pub fn accuracy(labels: &[usize], probabilities: &[Vec<f64>], classes: usize) -> Option<f64> {
    Confusion::of(labels, probabilities, classes).accuracy()
}

/// Mean recall over the classes that have a row (scikit-learn's `balanced_accuracy_score`).
pub fn balanced_accuracy(labels: &[usize], probabilities: &[Vec<f64>], classes: usize) -> Option<f64> {
    Confusion::of(labels, probabilities, classes).balanced_accuracy()
}

/// Mean F1 over all declared classes, 0 where a class has neither rows nor predictions.
pub fn macro_f1(labels: &[usize], probabilities: &[Vec<f64>], classes: usize) -> Option<f64> {
    let confusion = Confusion::of(labels, probabilities, classes);
    (!labels.is_empty()).then(|| (0..classes).map(|k| confusion.f1(k).unwrap_or(0.0)).sum::<f64>() / classes as f64)
}

/// Whether a metric is better when larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Larger is better.
    Maximize,
    /// Smaller is better.
    Minimize,
}

impl Direction {
    /// Whether `new` is better than `old`. Nothing is better than a value that is equal, or when `new` is NaN.
    pub fn better(self, new: f64, old: f64) -> bool {
        match self {
            Direction::Maximize => new > old || (old.is_nan() && !new.is_nan()),
            Direction::Minimize => new < old || (old.is_nan() && !new.is_nan()),
        }
    }
}

/// A metric that a model can be chosen by: one number from a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// [`accuracy`].
    Accuracy,
    /// [`balanced_accuracy`].
    BalancedAccuracy,
    /// [`macro_f1`].
    MacroF1,
    /// [`macro_auc`].
    MacroAuc,
    /// [`macro_average_precision`].
    MacroAp,
    /// [`Confusion::kappa`].
    Kappa,
    /// [`Confusion::mcc`].
    Mcc,
    /// [`log_loss`].
    LogLoss,
    /// [`brier`].
    Brier,
    /// [`ece`].
    Ece,
}

impl Metric {
    /// All of them, in the order of a help text.
    pub const ALL: [Metric; 10] = [
        Metric::BalancedAccuracy,
        Metric::Accuracy,
        Metric::MacroAuc,
        Metric::MacroAp,
        Metric::MacroF1,
        Metric::Kappa,
        Metric::Mcc,
        Metric::LogLoss,
        Metric::Brier,
        Metric::Ece,
    ];

    /// Its name in `metrics.json`, in parameters and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Metric::Accuracy => "accuracy",
            Metric::BalancedAccuracy => "balanced_accuracy",
            Metric::MacroF1 => "macro_f1",
            Metric::MacroAuc => "macro_auc",
            Metric::MacroAp => "macro_ap",
            Metric::Kappa => "kappa",
            Metric::Mcc => "mcc",
            Metric::LogLoss => "log_loss",
            Metric::Brier => "brier",
            Metric::Ece => "ece",
        }
    }

    /// Whether larger is better.
    pub fn direction(self) -> Direction {
        match self {
            Metric::LogLoss | Metric::Brier | Metric::Ece => Direction::Minimize,
            _ => Direction::Maximize,
        }
    }

    /// Its value on these rows.
    pub fn compute(self, labels: &[usize], probabilities: &[Vec<f64>], classes: usize) -> Option<f64> {
        match self {
            Metric::Accuracy => accuracy(labels, probabilities, classes),
            Metric::BalancedAccuracy => balanced_accuracy(labels, probabilities, classes),
            Metric::MacroF1 => macro_f1(labels, probabilities, classes),
            Metric::MacroAuc => macro_auc(labels, probabilities, classes),
            Metric::MacroAp => macro_average_precision(labels, probabilities, classes),
            Metric::Kappa => Confusion::of(labels, probabilities, classes).kappa(),
            Metric::Mcc => Confusion::of(labels, probabilities, classes).mcc(),
            Metric::LogLoss => log_loss(labels, probabilities),
            Metric::Brier => brier(labels, probabilities),
            Metric::Ece => ece(labels, probabilities),
        }
    }
}

impl FromStr for Metric {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let found = Metric::ALL.into_iter().find(|metric| metric.name() == name);
        found.ok_or_else(|| Error::UnknownMetric { name: name.to_owned() })
    }
}

/// The metric called `name` on these rows.
///
/// # Errors
/// [`Error::UnknownMetric`], or [`Error::Undefined`] where it has no value (no rows, one class only).
pub fn by_name(name: &str, labels: &[usize], probabilities: &[Vec<f64>], classes: usize) -> Result<f64, Error> {
    let metric: Metric = name.parse()?;
    metric.compute(labels, probabilities, classes).ok_or(Error::Undefined { name: metric.name(), rows: labels.len() })
}

/// The direction of the metric called `name`.
///
/// # Errors
/// [`Error::UnknownMetric`].
pub fn direction(name: &str) -> Result<Direction, Error> {
    name.parse().map(Metric::direction)
}

#[cfg(test)]
mod tests;
