//! Labels and groups that a table lacks, taken from the dataset that its images belong to.

use std::collections::HashMap;

use super::error::Error;
use super::predictions::Predictions;
use crate::dataset::{Dataset, Row};

/// What a dataset gave to a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// Rows whose image is in the dataset.
    pub found: usize,
    /// Labels taken from the dataset.
    pub labels: usize,
    /// Groups taken from the dataset.
    pub groups: usize,
}

/// The patient of an image or else its group (lesion): what must be resampled together.
pub fn independent_unit(row: &Row) -> Option<String> {
    row.patient.clone().or_else(|| row.group.clone())
}

impl Predictions {
    /// Fills labels and groups where they are empty. Images are found by their path below `images/` or, where that is
    /// unique, by its file name without extension.
    ///
    /// # Errors
    /// [`Error::OtherTask`] where one has one label an image and the other several; [`Error::Stranger`] when no image is in the dataset; [`Error::ForeignClass`] when an image's class is not in the table.
    pub fn join(&mut self, dataset: &Dataset) -> Result<Joined, Error> {
        let several = dataset.info.is_multi_label();
        if several && !self.multi_label && self.rows.iter().all(|row| row.label.is_none()) {
            // A table without a word about labels takes the dataset's.
            self.multi_label = true;
        }
        if self.multi_label != several && !dataset.info.is_segmentation() {
            return Err(Error::OtherTask { several: self.multi_label });
        }
        let index = Index::of(dataset);
        let mut joined = Joined::default();
        for prediction in &mut self.rows {
            let Some(row) = index.find(&prediction.image) else { continue };
            joined.found += 1;
            if let (None, Some(label)) = (prediction.label, row.label.and_then(|label| dataset.classes().get(label))) {
                let class = self.classes.iter().position(|class| class == label);
                let class = class.ok_or_else(|| Error::ForeignClass {
                    class: label.clone(),
                    image: row.image.clone(),
                    classes: self.classes.clone(),
                })?;
                prediction.label = Some(class);
                joined.labels += 1;
            }
            if let (None, Some(labels)) = (&prediction.labels, &row.labels) {
                let place = |label: &usize| {
                    let name = dataset.classes().get(*label).cloned().unwrap_or_default();
                    let found = self.classes.iter().position(|class| *class == name);
                    found.ok_or_else(|| Error::ForeignClass { class: name, image: row.image.clone(), classes: self.classes.clone() })
                };
                let mut labels = labels.iter().map(place).collect::<Result<Vec<usize>, Error>>()?;
                labels.sort_unstable();
                prediction.labels = Some(labels);
                joined.labels += 1;
            }
            if prediction.group.is_none()
                && let Some(group) = independent_unit(row)
            {
                prediction.group = Some(group);
                joined.groups += 1;
            }
        }
        if joined.found == 0 && !self.rows.is_empty() {
            return Err(Error::Stranger { image: self.rows[0].image.clone(), dataset: dataset.root.clone() });
        }
        Ok(joined)
    }
}

/// Rows of a dataset by name.
pub struct Index<'a> {
    full: HashMap<&'a str, &'a Row>,
    stems: HashMap<&'a str, Option<&'a Row>>,
}

impl<'a> Index<'a> {
    /// Of all rows.
    pub fn of(dataset: &'a Dataset) -> Self {
        let mut stems = HashMap::with_capacity(dataset.rows.len());
        for row in &dataset.rows {
            stems.entry(row.stem()).and_modify(|one| *one = None).or_insert(Some(row));
        }
        Self { full: dataset.rows.iter().map(|row| (row.image.as_str(), row)).collect(), stems }
    }

    /// The row of an image's full name, or of its stem where that is unique.
    pub fn find(&self, image: &str) -> Option<&'a Row> {
        self.full.get(image).copied().or_else(|| self.stems.get(image).copied().flatten())
    }
}
