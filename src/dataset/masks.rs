//! Masks: which pixels of an image show what.
//!
//! # Files
//!
//! A mask file has the shape of its image, perhaps at another scale ([`same_shape`]). Of a dataset with one mask class it holds
//! two colours, black and one other, which is what the mask shows: 0 and 255, 0 and 1, or a palette. Of a dataset
//! with two or three mask classes its channels red, green and blue are those classes in order, each 0 or one other value;
//! classes may overlap. Soft masks (several grey levels, such as probabilities or a JPEG's noise) are refused: which level is
//! meant is not derm's to guess. Any image format that [`decode`](super::decode) takes will do, 8 or 16 bits a sample.
//!
//! # At a network's size
//!
//! A mask goes the way of its image ([`Geometry`]): the same scaling, the same crop. It is resampled as a coverage between 0 and
//! 1 by the antialiased triangle filter, then cut at one half: a pixel belongs to the class if at least half of what it stands for does.
//! Outlines stay where the image's edges are (both filters are symmetric) to a fraction of a pixel, where taking the
//! nearest pixel would shift them by up to half a pixel of the larger grid and lose thin parts by chance. [`restore`] goes back.

mod folder;
mod read;
mod resample;
mod write;

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Dataset, Error, Geometry, ImageError, Work, check};
use crate::observer::Unit;

pub use folder::Folder;
pub use read::{Mask, decode, decode_soft};
pub use resample::{resize, restore};
pub use write::probabilities_png;

/// As many classes as a mask file has channels.
pub const MOST_CLASSES: usize = 3;

/// Masks of one size: `data` is `[n, height, width, channels]`, each 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masks {
    /// Masks.
    pub n: usize,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Mask classes.
    pub channels: usize,
    /// Row-major, channels last.
    pub data: Vec<u8>,
}

impl Masks {
    /// One mask, `[height, width, channels]`.
    pub fn mask(&self, i: usize) -> &[u8] {
        let size = self.width as usize * self.height as usize * self.channels;
        &self.data[i * size..(i + 1) * size]
    }
}

/// Loads the masks of rows of a dataset, in the order of `rows`, one channel for each of [`Dataset::mask_classes`].
///
/// # Errors
///
/// [`Error::NoMask`] for the first row without a mask; [`Error::Image`] for the first file, in that order, that cannot be used as one;
/// [`Error::Interrupted`].
pub fn load(dataset: &Dataset, rows: &[usize], geometry: &Geometry, work: Work<'_>) -> Result<Masks, Error> {
    load_paths(&paths(dataset, rows)?, geometry, dataset.mask_classes().len(), work)
}

/// The mask files of rows.
///
/// # Errors
///
/// [`Error::NoMask`] for the first row without one.
pub fn paths(dataset: &Dataset, rows: &[usize]) -> Result<Vec<PathBuf>, Error> {
    let path = |&at: &usize| {
        let row = dataset.rows.get(at).ok_or_else(|| Error::settings("a row was asked for that the dataset does not have"))?;
        dataset.mask_path(row).ok_or_else(|| Error::NoMask { image: row.image.clone(), dataset: dataset.root.clone() })
    };
    rows.iter().map(path).collect()
}

/// Loads files, in the order of `paths`; see [`load`].
pub fn load_paths(paths: &[PathBuf], geometry: &Geometry, channels: usize, work: Work<'_>) -> Result<Masks, Error> {
    let size = geometry.width as usize * geometry.height as usize * channels;
    let mut data = vec![0; size * paths.len()];
    let task = work.observer.begin("loading masks", Some(paths.len() as u64), Unit::Items("masks"));
    let failed = data.par_chunks_exact_mut(size.max(1)).zip(paths).enumerate().filter_map(|(at, (out, path))| {
        let done = check(work).and_then(|()| load_mask(path, geometry, channels)).map(|mask| out.copy_from_slice(&mask));
        task.advance(1);
        done.err().map(|error| (at, error))
    });
    match failed.min_by_key(|(at, _)| *at) {
        Some((_, error)) => Err(error),
        None => Ok(Masks { n: paths.len(), width: geometry.width, height: geometry.height, channels, data }),
    }
}

/// Reads one file and brings it to the geometry: `[height, width, channels]`, each 0 or 1.
///
/// # Errors
///
/// [`Error::Image`] with the file and the reason.
pub fn load_mask(path: &Path, geometry: &Geometry, channels: usize) -> Result<Vec<u8>, Error> {
    let mask = open(path, channels)?;
    resample::resample(&mask, geometry).map_err(|source| Error::Image { path: path.to_owned(), source })
}

/// Reads one file at its own size.
///
/// # Errors
///
/// As [`load_mask`].
pub fn open(path: &Path, channels: usize) -> Result<Mask, Error> {
    let failed = |source: ImageError| Error::Image { path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(|error| failed(error.into()))?;
    decode(&bytes, channels).map_err(failed)
}

/// As [`open`]; soft masks are cut at `threshold` of their type's largest value (255 or 65,535), if one is given.
///
/// # Errors
///
/// As [`load_mask`].
pub fn open_at(path: &Path, channels: usize, threshold: Option<f64>) -> Result<Mask, Error> {
    let Some(threshold) = threshold else { return open(path, channels) };
    let failed = |source: ImageError| Error::Image { path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(|error| failed(error.into()))?;
    decode_soft(&bytes, channels, threshold).map_err(failed)
}

/// Whether a mask has the shape of its image, at whatever scale: enlarged to the larger of the two, the smaller one's sides
/// must be the larger one's to within a pixel of the smaller grid.
pub fn same_shape(mask: (u32, u32), image: (u32, u32)) -> bool {
    let (small, large) = if mask.0 <= image.0 { (mask, image) } else { (image, mask) };
    let scale = f64::from(large.0) / f64::from(small.0.max(1));
    (f64::from(large.1) - f64::from(small.1) * scale).abs() <= scale && small.1 <= large.1
}

/// Why a mask does not fit its image, in words.
pub(super) fn other_shape(mask: (u32, u32), image: (u32, u32)) -> String {
    format!("it is {} x {} pixels, another shape than its image's {} x {}", mask.0, mask.1, image.0, image.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_at_three_times_its_image_has_its_shape() {
        assert!(same_shape((600, 450), (200, 150)) && same_shape((200, 150), (600, 450)) && same_shape((7, 5), (7, 5)));
        // 1022 x 767 shrunk to 256 wide is 192.1 high.
        assert!(same_shape((1022, 767), (256, 192)) && same_shape((256, 193), (1022, 767)));
        assert!(!same_shape((450, 600), (200, 150)) && !same_shape((256, 194), (1022, 767)) && !same_shape((200, 152), (200, 150)));
    }
}
