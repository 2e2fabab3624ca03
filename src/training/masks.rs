//! The masks of one subset as targets of a batch.
//!
//! Held in memory, or read again for every batch, by the same rule as [`Images`](super::images::Images); they are moved as their images are.

use rayon::prelude::*;

use super::augment::augment_masks;
use super::error::Error;
use super::images::{Augmentation, fits_in_memory, geometry};
use crate::dataset::{Dataset, Work, masks};
use crate::nn::Preprocess;

/// Masks of a dataset, at the size of a network's input.
pub struct Masks<'a> {
    data: &'a Dataset,
    rows: &'a [usize],
    preprocess: Preprocess,
    channels: usize,
    held: Option<masks::Masks>,
}

impl<'a> Masks<'a> {
    /// Reads the masks of `rows` into memory, if they fit; all of them have one.
    pub fn load(data: &'a Dataset, rows: &'a [usize], preprocess: Preprocess, channels: usize, work: Work<'_>) -> Result<Self, Error> {
        let bytes = rows.len() as u64 * u64::from(preprocess.width) * u64::from(preprocess.height) * channels as u64;
        let held = fits_in_memory(bytes).then(|| masks::load(data, rows, &geometry(&preprocess), work)).transpose()?;
        Ok(Self { data, rows, preprocess, channels, held })
    }

    /// Reads whatever a batch needs when it needs it.
    pub fn streamed(data: &'a Dataset, rows: &'a [usize], preprocess: Preprocess, channels: usize) -> Self {
        Self { data, rows, preprocess, channels, held: None }
    }

    /// The masks at these positions among the rows, augmented: 0 or 1, `[n, height, width, channels]`.
    pub fn batch(&self, positions: &[usize], augmentation: Option<Augmentation<'_>>) -> Result<Vec<u8>, Error> {
        let (width, height) = (self.preprocess.width as usize, self.preprocess.height as usize);
        let mut values = vec![0u8; positions.len() * width * height * self.channels];
        let slots = values.par_chunks_exact_mut(width * height * self.channels).zip(positions);
        match &self.held {
            Some(held) => slots.for_each(|(slot, &position)| slot.copy_from_slice(held.mask(position))),
            None => {
                let geometry = geometry(&self.preprocess);
                let paths = masks::paths(self.data, self.rows)?;
                let read = |(slot, &position): (&mut [u8], &usize)| {
                    slot.copy_from_slice(&masks::load_mask(&paths[position], &geometry, self.channels)?);
                    Ok::<(), Error>(())
                };
                slots.map(read).collect::<Result<(), Error>>()?;
            }
        }
        if let Some(Augmentation { settings, seed, epoch }) = augmentation {
            augment_masks(&mut values, self.channels, (width, height), positions, settings, seed, epoch);
        }
        Ok(values)
    }
}
