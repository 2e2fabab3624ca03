//! The images of one subset as batches of a network's input.
//!
//! They are decoded and brought to size once, and kept as [`pixels`] says; what can neither be kept nor held is decoded again for
//! every batch. All ways give the same batches.

use std::borrow::Cow;
use std::path::Path;

use candle_core::Tensor;
use derm_kernels::pixels::{Item, batch};

use super::augment::{self, Augment};
use super::error::Error;
use super::memory;
use super::mixing::Mix;
use crate::dataset::pixels::{self, Shelf, Source, Spot};
use crate::dataset::{Filter, Fit, Geometry, Light, Work};
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
        light: match preprocess.colour_constancy {
            nn::ColourConstancy::None => Light::Kept,
            nn::ColourConstancy::ShadesOfGray => Light::Grey,
        },
    }
}

/// Images at one size.
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
    /// Decodes those of `files` that are not kept in `folder` yet, and keeps them there.
    pub fn load(files: Vec<Source>, preprocess: Preprocess, folder: Option<&Path>, work: Work<'_>) -> Result<Self, Error> {
        let task = work.observer.begin("loading images", Some(files.len() as u64), Unit::Items("images"));
        let mut shelf = Shelf::open(folder, &geometry(&preprocess), memory::free() / 2, work.observer);
        let mut names = Vec::with_capacity(files.len());
        for files in files.iter().collect::<Vec<_>>().chunks(shelf.images_in_a_pack()) {
            for found in shelf.fetch(files, &*task, work)? {
                names.push(found?.0);
            }
        }
        shelf.keep();
        let spots = names.iter().map(|name| shelf.spot(name).cloned()).collect();
        Ok(Self { files, preprocess, spots })
    }

    /// Decodes whatever a batch needs when it needs it.
    pub fn streamed(files: Vec<Source>, preprocess: Preprocess) -> Self {
        Self { files, preprocess, spots: Vec::new() }
    }

    /// The images at these positions among the files, augmented and mixed: f32 `[n, 3, height, width]`, normalised.
    pub fn batch(&self, positions: &[usize], augmentation: Option<Augmentation<'_>>, mix: Option<&Mix>) -> Result<Tensor, Error> {
        let (width, height) = (self.preprocess.width as usize, self.preprocess.height as usize);
        let item = |i: usize| {
            let (position, pixels) = (positions[i], self.pixels(positions[i])?);
            Ok::<_, Error>(match augmentation {
                Some(Augmentation { settings, seed, epoch }) => augment::change(pixels, (width, height), position, settings, seed, epoch),
                None => Item { pixels, warp: None, hole: None },
            })
        };
        let mut values = batch(positions.len(), [height, width], &nn::normalise::scaling(&self.preprocess), item)?;
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
    bytes <= memory::free() / 2
}

#[cfg(test)]
mod tests;
