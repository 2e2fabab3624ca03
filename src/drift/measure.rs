//! From image files to a table of features, in parallel.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::Error;
use super::features::{Features, NAMES, file_bytes};
use super::table::{Level, Table};
use crate::dataset::decode::decode;
use crate::observer::{Interrupt, Observer, Unit};

/// An image to measure.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its name in tables.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// The lesion or patient it belongs to, if known.
    pub group: Option<String>,
}

/// The features of many images.
#[derive(Debug)]
pub struct Measured {
    /// One an image, in the given order; `None` for an image that cannot be read.
    pub features: Vec<Option<Features>>,
    /// Names of the images that cannot be read, with the reason.
    pub unreadable: Vec<(String, String)>,
}

/// Measures images. One that cannot be read is listed and its features are missing; if none can be read, that is an error.
pub fn measure(folder: &Path, pictures: &[Picture], observer: &dyn Observer, interrupt: &Interrupt) -> Result<Measured, Error> {
    if pictures.is_empty() {
        return Err(Error::NoImages(folder.to_owned()));
    }
    let task = observer.begin("measuring images", Some(pictures.len() as u64), Unit::Items("images"));
    let results: Vec<Option<Result<Features, String>>> = pictures
        .par_iter()
        .map(|picture| {
            if interrupt.is_raised() {
                return None;
            }
            let result = decode(&picture.path).map(|image| Features::of(&image, file_bytes(&picture.path)));
            task.advance(1);
            Some(result.map_err(|error| error.to_string()))
        })
        .collect();
    let mut measured = Measured { features: Vec::with_capacity(pictures.len()), unreadable: Vec::new() };
    for (picture, result) in pictures.iter().zip(results) {
        match result.ok_or(Error::Interrupted)? {
            Ok(features) => measured.features.push(Some(features)),
            Err(reason) => {
                measured.features.push(None);
                measured.unreadable.push((picture.name.clone(), reason));
            }
        }
    }
    match measured.unreadable.first() {
        Some((_, first)) if measured.unreadable.len() == pictures.len() => {
            Err(Error::NothingReadable { folder: folder.to_owned(), count: pictures.len(), first: first.clone() })
        }
        _ => Ok(measured),
    }
}

impl Measured {
    /// A table with one column a feature; an image without a group is its own.
    pub fn table(&self, pictures: &[Picture]) -> Table {
        let groups = pictures.iter().map(|picture| picture.group.clone().unwrap_or_else(|| format!("image {}", picture.name)));
        let mut table = Table::new(groups.collect());
        for (at, feature) in NAMES.iter().enumerate() {
            let values = self.features.iter().map(|features| features.as_ref().and_then(|f| f.0[at])).collect();
            table.numbers(Level::Features, feature.name, values);
        }
        table
    }

    /// `image,<features>` with an empty cell where a feature is missing.
    pub fn csv(&self, pictures: &[Picture]) -> Result<Vec<u8>, Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(std::iter::once("image").chain(NAMES.iter().map(|feature| feature.name)))?;
        for (picture, features) in pictures.iter().zip(&self.features) {
            let cell = |at: usize| features.as_ref().and_then(|f| f.0[at]).map(|value| value.to_string()).unwrap_or_default();
            writer.write_record(std::iter::once(picture.name.clone()).chain((0..NAMES.len()).map(cell)))?;
        }
        writer.into_inner().map_err(|error| Error::Csv(error.into_error().into()))
    }
}
