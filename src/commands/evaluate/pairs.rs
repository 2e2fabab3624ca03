//! True masks and the predicted ones beside them.

use std::path::Path;

use rayon::prelude::*;

use crate::commands::Failure;
use crate::dataset::masks::{self, Folder, Mask};
use crate::dataset::pixels::Source;
use crate::dataset::{Dataset, Error, ImageError, Work};
use crate::nn::Bundle;
use crate::observer::Unit;
use crate::training::{self, MaskProbabilities, Views};

/// Masks that wait to be compared while the network goes on.
const WAITING: usize = 16;

/// Where probabilities are cut if nothing else is asked for.
pub const THRESHOLD: f64 = 0.5;

/// Where predicted masks come from.
pub enum Predicted<'a> {
    /// Files.
    Folder(&'a Folder),
    /// A network.
    Model {
        bundle: &'a Bundle,
        views: Views,
        /// Where decoded images are kept.
        kept: Option<&'a Path>,
    },
}

/// Pairs of masks of a dataset's rows.
pub struct Pairs<'a> {
    pub dataset: &'a Dataset,
    pub predicted: Predicted<'a>,
    /// Where soft masks are cut; of files `None` means that they must be binary.
    pub threshold: Option<f64>,
}

impl Pairs<'_> {
    /// What `of` makes of each row's true and predicted mask, both of the true mask's size, in the order of `rows`.
    pub fn each<T: Send>(&self, rows: &[usize], work: Work<'_>, of: &(dyn Fn(usize, &Mask, &Mask) -> T + Sync)) -> Result<Vec<T>, Failure> {
        match self.predicted {
            Predicted::Folder(folder) => Ok(self.of_folder(folder, rows, work, of)?),
            Predicted::Model { bundle, views, kept } => self.of_model(bundle, views, kept, rows, work, of),
        }
    }

    fn of_folder<T: Send>(
        &self,
        folder: &Folder,
        rows: &[usize],
        work: Work<'_>,
        of: &(dyn Fn(usize, &Mask, &Mask) -> T + Sync),
    ) -> Result<Vec<T>, Error> {
        let task = work.observer.begin("comparing masks", Some(rows.len() as u64), Unit::Items("masks"));
        let one = |&row: &usize| {
            if work.interrupt.is_raised() {
                return Err(Error::Interrupted);
            }
            let truth = self.truth(row)?;
            let path = folder.file(row).ok_or_else(|| Error::NoMask { image: self.name(row), dataset: self.dataset.root.clone() })?;
            let mask = masks::open_at(path, truth.channels, self.threshold)?;
            let mask = mask.fitted(truth.width, truth.height).map_err(|source| Error::Image { path: path.to_owned(), source })?;
            let made = of(row, &truth, &mask);
            task.advance(1);
            Ok(made)
        };
        rows.par_iter().map(one).collect()
    }

    fn of_model<T: Send>(
        &self,
        bundle: &Bundle,
        views: Views,
        kept: Option<&Path>,
        rows: &[usize],
        work: Work<'_>,
        of: &(dyn Fn(usize, &Mask, &Mask) -> T + Sync),
    ) -> Result<Vec<T>, Failure> {
        // Before the network works for hours.
        masks::paths(self.dataset, rows)?;
        let source = |&row: &usize| (self.name(row), Source::of(self.dataset, &self.dataset.rows[row]));
        let files: Vec<(String, Source)> = rows.iter().map(source).collect();
        let one = |(row, drawn): (usize, MaskProbabilities)| {
            let truth = self.truth(row)?;
            let size = (truth.width, truth.height);
            let failed = |source: ImageError| Error::Image { path: self.dataset.image_path(&self.dataset.rows[row]), source };
            let values = drawn.at_size(&bundle.config.preprocess, size).map_err(failed)?;
            let mask = Mask::cut(&values, size, truth.channels, self.threshold.unwrap_or(THRESHOLD));
            Ok::<T, Error>(of(row, &truth, &mask))
        };
        let (mut made, mut waiting) = (Vec::with_capacity(rows.len()), Vec::new());
        let unreadable = training::predict_masks(bundle, &files, views, kept, work, &mut |place, drawn| {
            waiting.push((rows[place], drawn));
            if waiting.len() == WAITING {
                made.par_extend(std::mem::take(&mut waiting).into_par_iter().map(one));
            }
        })?;
        made.par_extend(waiting.into_par_iter().map(one));
        match unreadable.into_iter().next() {
            Some(first) => Err(first.error.into()),
            None => Ok(made.into_iter().collect::<Result<_, Error>>()?),
        }
    }

    fn name(&self, row: usize) -> String {
        self.dataset.rows[row].image.clone()
    }

    fn truth(&self, row: usize) -> Result<Mask, Error> {
        let path = masks::paths(self.dataset, &[row])?;
        masks::open(&path[0], self.dataset.mask_classes().len())
    }
}
