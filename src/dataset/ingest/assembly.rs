//! A dataset being put together, beside its place.

use std::path::{Path, PathBuf};

use crate::dataset::split::{Part, Split};
use crate::dataset::staging::Staging;
use crate::dataset::{Dataset, Error, Info, Row, Subset, info, manifest};

/// The folder that becomes the dataset.
pub struct Assembly(Staging);

impl Assembly {
    /// Makes the folder. `replace`: a dataset at `out` may go.
    pub fn begin(out: &Path, replace: bool) -> Result<Self, Error> {
        let staging = Staging::begin_over(out, "ingest", replace)?;
        for part in ["images", "masks"] {
            staging.make_folder(part)?;
        }
        Ok(Self(staging))
    }

    /// Writes a file of the dataset to its `place`.
    pub fn write(&self, place: &Path, bytes: &[u8]) -> Result<(), Error> {
        self.0.write_place(place, bytes)
    }

    /// Where an image of this name goes; makes its folder.
    pub fn image_place(&self, name: &str) -> Result<PathBuf, Error> {
        self.0.place(&format!("images/{name}"))
    }

    /// Where a mask of this name goes; makes its folder.
    pub fn mask_place(&self, name: &str) -> Result<PathBuf, Error> {
        self.0.place(&format!("masks/{name}"))
    }

    /// Takes back what lies in a folder of images and masks.
    pub fn take_back(&self, folder: &str) -> Result<(), Error> {
        ["images", "masks"].iter().try_for_each(|part| self.0.remove_folder(&format!("{part}/{folder}")))
    }

    /// Writes the tables and puts the dataset in its place. `rows` are sorted by image; `subsets` become `split.csv` if all are known.
    pub fn finish(self, info: Info, rows: Vec<Row>, subsets: &[Option<Subset>]) -> Result<Dataset, Error> {
        if rows.iter().all(|row| row.mask.is_none()) {
            self.0.remove_folder("masks")?;
        }
        self.0.write_durably(manifest::FILE, &manifest::to_csv(&rows, &info))?;
        let dataset = Dataset { root: self.0.out().to_owned(), info, rows };
        let parts: Option<Vec<Part>> = subsets.iter().map(|subset| subset.map(|subset| Part { subset, fold: None })).collect();
        if let Some(parts) = parts.filter(|parts| parts.len() == dataset.rows.len()) {
            self.0.write_durably("split.csv", &Split::new(&dataset, parts).to_csv())?;
        }
        // Last, so that nothing opens before it is whole.
        self.0.write_durably(info::FILE, dataset.info.to_yaml()?.as_bytes())?;
        self.0.finish()?;
        Ok(dataset)
    }
}
