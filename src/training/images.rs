//! The images of one subset as batches of a network's input.
//!
//! They are decoded and brought to size once, and kept as [`pixels`] says; what can neither be kept nor held is decoded again for
//! every batch. All ways give the same batches.

use std::borrow::Cow;
use std::path::Path;

use candle_core::Tensor;
use rayon::prelude::*;
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::augment::{Augment, augment};
use super::error::Error;
use super::mixing::Mix;
use crate::dataset::pixels::{self, Shelf, Source, Spot};
use crate::dataset::{Dataset, Filter, Fit, Geometry, Work};
use crate::nn::{self, Preprocess};
use crate::observer::Unit;

/// The geometry of the loader for a network's preprocessing.
pub fn geometry(preprocess: &Preprocess) -> Geometry {
    Geometry {
        width: preprocess.width,
        height: preprocess.height,
        fit: match preprocess.fit {
            nn::Fit::Squash => Fit::Squash,
            nn::Fit::ShortestCrop { crop_pct } => Fit::ShortestCrop { crop_pct },
        },
        filter: match preprocess.interpolation {
            nn::Interpolation::Bilinear => Filter::Bilinear,
            nn::Interpolation::Bicubic => Filter::Bicubic,
        },
    }
}

/// Images of a dataset, at one size.
pub struct Images {
    files: Vec<Source>,
    preprocess: Preprocess,
    /// Where each is found; nothing for those that are decoded when they are needed.
    spots: Vec<Option<Spot>>,
}

/// How a batch of the training subset is augmented.
#[derive(Clone, Copy)]
pub struct Augmentation<'a> {
    pub settings: &'a Augment,
    pub seed: u64,
    pub epoch: usize,
}

impl Images {
    /// Decodes those of `rows` that are not kept in `folder` yet, and keeps them there.
    pub fn load(data: &Dataset, rows: &[usize], preprocess: Preprocess, folder: Option<&Path>, work: Work<'_>) -> Result<Self, Error> {
        let files = Source::of_rows(data, rows)?;
        let task = work.observer.begin("loading images", Some(files.len() as u64), Unit::Items("images"));
        let mut shelf = Shelf::open(folder, &geometry(&preprocess), free_memory() / 2, work.observer);
        let mut names = Vec::with_capacity(files.len());
        for files in files.chunks(shelf.images_in_a_pack()) {
            for found in shelf.fetch(files, &*task, work)? {
                names.push(found?.0);
            }
        }
        shelf.keep();
        let spots = names.iter().map(|name| shelf.spot(name).cloned()).collect();
        Ok(Self { files, preprocess, spots })
    }

    /// Decodes whatever a batch needs when it needs it.
    pub fn streamed(data: &Dataset, rows: &[usize], preprocess: Preprocess) -> Result<Self, Error> {
        Ok(Self { files: Source::of_rows(data, rows)?, preprocess, spots: Vec::new() })
    }

    /// The images at these positions among the rows, augmented and mixed: f32 `[n, 3, height, width]`, normalised.
    pub fn batch(&self, positions: &[usize], augmentation: Option<Augmentation<'_>>, mix: Option<&Mix>) -> Result<Tensor, Error> {
        let (width, height) = (self.preprocess.width as usize, self.preprocess.height as usize);
        let mut pixels = vec![0u8; positions.len() * width * height * 3];
        let slots = pixels.par_chunks_exact_mut(width * height * 3).zip(positions);
        slots.try_for_each(|(slot, &position)| self.pixels(position).map(|pixels| slot.copy_from_slice(&pixels)))?;
        if let Some(Augmentation { settings, seed, epoch }) = augmentation {
            augment(&mut pixels, (width, height), positions, settings, seed, epoch);
        }
        let mut values = nn::normalise::values(&pixels, &self.preprocess)?;
        if let Some(mix) = mix {
            mix.apply(&mut values, [height, width]);
        }
        Ok(nn::normalise::tensor(values, &self.preprocess)?)
    }

    /// The pixels of one image, u8 `[height, width, 3]`.
    fn pixels(&self, position: usize) -> Result<Cow<'_, [u8]>, Error> {
        let spot = self.spots.get(position).and_then(Option::as_ref);
        Ok(pixels::of(spot, &self.files[position], &geometry(&self.preprocess))?)
    }
}

/// Whether there is room enough to hold so much decoded.
pub fn fits_in_memory(bytes: u64) -> bool {
    bytes <= free_memory() / 2
}

/// Bytes of memory that may be used without pushing others out; none where the system does not say.
fn free_memory() -> u64 {
    let wanted = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    System::new_with_specifics(wanted).map_or(0, |system| system.available_memory())
}

#[cfg(test)]
mod tests;
