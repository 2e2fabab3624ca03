//! A table of predictions in memory.

use super::Error;
use super::labels::THRESHOLD;

/// What a model said about one image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prediction {
    /// The image's name: its path below the dataset's `images/`, unique in the table.
    pub image: String,
    /// The lesion or patient; rows of one group are resampled together.
    pub group: Option<String>,
    /// Index of the true class, where it is known.
    pub label: Option<usize>,
    /// Indices of all true labels, ascending, where images have any number of them and they are known.
    pub labels: Option<Vec<usize>>,
    /// One probability a class, in the order of the classes, each in [0, 1].
    pub probabilities: Vec<f64>,
}

/// The classes and one [`Prediction`] an image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// Class names in the order of the probabilities.
    pub classes: Vec<String>,
    /// Whether an image has any number of the classes, each with a probability of its own, rather than one.
    pub multi_label: bool,
    /// The rows, in the order of the file or of the dataset.
    pub rows: Vec<Prediction>,
}

impl Prediction {
    /// Index of the most probable class; of equal ones the first. 0 for an empty row.
    pub fn predicted(&self) -> usize {
        top(&self.probabilities)
    }

    /// Indices of the true classes, none where they are not known.
    pub fn truth(&self) -> &[usize] {
        self.labels.as_deref().unwrap_or(self.label.as_slice())
    }

    /// Indices of the classes whose probability is at least [`THRESHOLD`].
    pub fn said(&self) -> Vec<usize> {
        (0..self.probabilities.len()).filter(|&class| self.probabilities[class] >= THRESHOLD).collect()
    }

    /// The probability of the predicted class.
    pub fn confidence(&self) -> f64 {
        self.probabilities.get(self.predicted()).copied().unwrap_or(0.0)
    }
}

/// Index of the largest value; of equal ones the first, as numpy's `argmax`.
pub(super) fn top(values: &[f64]) -> usize {
    let mut best = 0;
    for (i, value) in values.iter().enumerate().skip(1) {
        if *value > values[best] {
            best = i;
        }
    }
    best
}

impl Predictions {
    /// Holds rows made in memory against the rules that a file is held against.
    ///
    /// # Errors
    /// [`Error::TooFewClasses`], [`Error::Shape`] or [`Error::Probability`] for the first row that breaks one.
    pub fn check(&self) -> Result<(), Error> {
        if self.classes.len() < 2 {
            return Err(Error::TooFewClasses { classes: self.classes.clone() });
        }
        for (row, prediction) in self.rows.iter().enumerate() {
            let found = prediction.probabilities.len();
            if found != self.classes.len() || prediction.truth().iter().any(|label| *label >= self.classes.len()) {
                return Err(Error::Shape { row, image: prediction.image.clone(), found, classes: self.classes.len() });
            }
            if let Some(class) = prediction.probabilities.iter().position(|p| !(0.0..=1.0).contains(p)) {
                let value = prediction.probabilities[class];
                return Err(Error::Probability { image: prediction.image.clone(), class: self.classes[class].clone(), value });
            }
        }
        Ok(())
    }

    /// Labels and probabilities of the rows that have a label, as the functions of [`super::metrics`] want them.
    pub fn labelled(&self) -> (Vec<usize>, Vec<Vec<f64>>) {
        self.rows.iter().filter_map(|row| row.label.map(|label| (label, row.probabilities.clone()))).unzip()
    }
}
