//! The images of one subset that can be learnt from.

use super::error::Error;
use crate::dataset::{Dataset, Subset};

/// Those images, and how many could not be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examples {
    /// Positions in the dataset's rows.
    pub rows: Vec<usize>,
    /// The class of each; empty where masks or any number of labels are learnt.
    pub labels: Vec<u32>,
    /// The labels of each, where any number of them are learnt.
    pub sets: Vec<Vec<usize>>,
    /// Images of the subset without what is to be learnt: a label, or a mask.
    pub left_out: usize,
}

impl Examples {
    /// The images among `rows` that have a label.
    pub fn labelled(data: &Dataset, rows: Vec<usize>) -> Self {
        let mut found = Self::default();
        for row in rows {
            match data.rows.get(row).and_then(|row| row.label) {
                Some(label) => {
                    found.rows.push(row);
                    found.labels.push(label as u32);
                }
                None => found.left_out += 1,
            }
        }
        found
    }

    /// The images among `rows` of which it is known which labels they have.
    pub fn with_labels(data: &Dataset, rows: Vec<usize>) -> Self {
        let mut found = Self::default();
        for row in rows {
            match data.rows.get(row).and_then(|row| row.labels.as_ref()) {
                Some(labels) => {
                    found.rows.push(row);
                    found.sets.push(labels.clone());
                }
                None => found.left_out += 1,
            }
        }
        found
    }

    /// The images among `rows` that have a mask.
    pub fn masked(data: &Dataset, rows: Vec<usize>) -> Self {
        let has_mask = |row: &usize| data.rows.get(*row).is_some_and(|row| row.mask.is_some());
        let all = rows.len();
        let rows: Vec<usize> = rows.into_iter().filter(has_mask).collect();
        Self { left_out: all - rows.len(), rows, ..Self::default() }
    }

    /// An error where nothing can be learnt from the training images.
    pub fn check(&self, data: &Dataset, masks: bool, fold: Option<u32>) -> Result<(), Error> {
        let subset = Subset::Train;
        if self.rows.is_empty() {
            return Err(match self.left_out {
                0 => Error::NoImages { subset, fold },
                images if masks => Error::NoMasks { subset, images },
                images => Error::NoLabels { subset, images },
            });
        }
        if self.sets.first().is_some_and(|first| self.sets.iter().all(|set| set == first)) {
            return Err(Error::SameLabels { images: self.sets.len() });
        }
        match self.labels.first() {
            Some(first) if self.labels.iter().all(|label| label == first) => {
                let class = data.classes().get(*first as usize).cloned().unwrap_or_default();
                Err(Error::SingleClass { class, images: self.labels.len() })
            }
            _ => Ok(()),
        }
    }
}
