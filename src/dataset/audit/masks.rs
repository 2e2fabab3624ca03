//! What an audit finds in the masks.

use rayon::prelude::*;
use serde::Serialize;

use super::Unreadable;
use crate::dataset::masks::{self, decode, other_shape, same_shape};
use crate::dataset::{Dataset, Error, Row, Work, check, decode as images};
use crate::digest::ObjectId;
use crate::observer::Unit;

/// The masks of a dataset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Masks {
    /// Images with a mask.
    pub count: usize,
    /// Images without one.
    pub without: usize,
    /// Masks that cannot be used: gone, no image, not binary, of another shape than their image.
    pub unusable: Vec<Unreadable>,
    /// Masks whose bytes are not those that were ingested.
    pub changed: Vec<String>,
    /// Masks that show nothing: right where there is nothing to see.
    pub empty: Vec<String>,
}

/// What one mask's file says.
struct Look {
    bytes: Option<ObjectId>,
    /// Whether it is empty, or why it cannot be used.
    empty: Result<bool, String>,
}

/// Reads every mask; `None` if the dataset has none.
pub(super) fn audit(dataset: &Dataset, work: Work<'_>) -> Result<Option<Masks>, Error> {
    let with: Vec<(&Row, &String)> = dataset.rows.iter().filter_map(|row| Some((row, row.mask.as_ref()?))).collect();
    if with.is_empty() && !dataset.info.is_segmentation() {
        return Ok(None);
    }
    let task = work.observer.begin("auditing masks", Some(with.len() as u64), Unit::Items("masks"));
    let channels = dataset.mask_classes().len();
    let look = |(row, _): &(&Row, &String)| {
        check(work)?;
        let looked = look_at(dataset, row, channels);
        task.advance(1);
        Ok(looked)
    };
    let looks: Result<Vec<Look>, Error> = with.par_iter().map(look).collect();
    let mut found =
        Masks { count: with.len(), without: dataset.rows.len() - with.len(), unusable: Vec::new(), changed: Vec::new(), empty: Vec::new() };
    for ((row, mask), look) in with.iter().zip(looks?) {
        match look.empty {
            Err(reason) => found.unusable.push(Unreadable { image: (*mask).clone(), reason }),
            Ok(true) => found.empty.push((*mask).clone()),
            Ok(false) => {}
        }
        if row.mask_hash.is_some() && look.bytes.is_some() && row.mask_hash != look.bytes {
            found.changed.push((*mask).clone());
        }
    }
    Ok(Some(found))
}

fn look_at(dataset: &Dataset, row: &Row, channels: usize) -> Look {
    let path = dataset.mask_path(row).unwrap_or_default();
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Look { bytes: None, empty: Err("the file is gone".to_owned()) };
        }
        Err(error) => return Look { bytes: None, empty: Err(error.to_string()) },
    };
    let judge = || {
        let mask: masks::Mask = decode(&bytes, channels).map_err(|error| error.to_string())?;
        match image_size(dataset, row) {
            Some(image) if !same_shape((mask.width, mask.height), image) => Err(other_shape((mask.width, mask.height), image)),
            _ => Ok(mask.is_empty()),
        }
    };
    Look { bytes: Some(ObjectId::of(&bytes)), empty: judge() }
}

/// From the manifest, else from the image's header; `None`: the image is unreadable, which is told of the image.
fn image_size(dataset: &Dataset, row: &Row) -> Option<(u32, u32)> {
    let known = row.width.zip(row.height);
    known.or_else(|| images::dimensions(&std::fs::read(dataset.image_path(row)).ok()?).ok())
}
