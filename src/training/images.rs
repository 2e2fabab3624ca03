//! The images of one subset as batches of a network's input.
//!
//! They are decoded and brought to size once and held as bytes where they fit into half of the free memory;
//! otherwise they are decoded again for every batch. Both ways give the same batches.

use candle_core::Tensor;
use rayon::prelude::*;
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::augment::{Augment, augment};
use super::error::Error;
use super::mixing::Mix;
use crate::dataset::loader::{self, Pixels};
use crate::dataset::{Dataset, Filter, Fit, Geometry, Work};
use crate::nn::{self, Preprocess};

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
pub struct Images<'a> {
    data: &'a Dataset,
    rows: &'a [usize],
    preprocess: Preprocess,
    held: Option<Pixels>,
}

/// How a batch of the training subset is augmented.
#[derive(Clone, Copy)]
pub struct Augmentation<'a> {
    pub settings: &'a Augment,
    pub seed: u64,
    pub epoch: usize,
}

impl<'a> Images<'a> {
    /// Decodes `rows` into memory, if they fit.
    pub fn load(data: &'a Dataset, rows: &'a [usize], preprocess: Preprocess, work: Work<'_>) -> Result<Self, Error> {
        let bytes = rows.len() as u64 * u64::from(preprocess.width) * u64::from(preprocess.height) * 3;
        let held = if fits_in_memory(bytes) { Some(loader::load(data, rows, &geometry(&preprocess), work)?) } else { None };
        Ok(Self { data, rows, preprocess, held })
    }

    /// Decodes whatever a batch needs when it needs it.
    pub fn streamed(data: &'a Dataset, rows: &'a [usize], preprocess: Preprocess) -> Self {
        Self { data, rows, preprocess, held: None }
    }

    /// The images at these positions among the rows, augmented and mixed: f32 `[n, 3, height, width]`, normalised.
    pub fn batch(&self, positions: &[usize], augmentation: Option<Augmentation<'_>>, mix: Option<&Mix>) -> Result<Tensor, Error> {
        let (width, height) = (self.preprocess.width as usize, self.preprocess.height as usize);
        let mut pixels = vec![0u8; positions.len() * width * height * 3];
        let slots = pixels.par_chunks_exact_mut(width * height * 3).zip(positions);
        match &self.held {
            Some(held) => slots.for_each(|(slot, &position)| slot.copy_from_slice(held.image(position))),
            None => {
                let geometry = geometry(&self.preprocess);
                let read = |(slot, &position): (&mut [u8], &usize)| {
                    let row = &self.data.rows[self.rows[position]];
                    slot.copy_from_slice(&loader::load_one(&self.data.image_path(row), &geometry)?);
                    Ok::<(), Error>(())
                };
                slots.map(read).collect::<Result<(), Error>>()?;
            }
        }
        if let Some(Augmentation { settings, seed, epoch }) = augmentation {
            augment(&mut pixels, (width, height), positions, settings, seed, epoch);
        }
        let mut values = nn::normalise::values(&pixels, &self.preprocess)?;
        if let Some(mix) = mix {
            mix.apply(&mut values, [height, width]);
        }
        Ok(nn::normalise::tensor(values, &self.preprocess)?)
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
