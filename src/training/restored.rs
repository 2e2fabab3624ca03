//! Masks at the sizes of their images.

use super::images::geometry;
use super::infer::MaskProbabilities;
use crate::dataset::{ImageError, masks};
use crate::nn::Preprocess;

impl MaskProbabilities {
    /// The probabilities at an image's own size (width, height), `[height, width, channels]`, linear between the pixels of the network; 0
    /// where the network's crop did not reach.
    ///
    /// # Errors
    ///
    /// [`ImageError::Decode`] for a size of 0.
    pub fn at_size(&self, preprocess: &Preprocess, image: (u32, u32)) -> Result<Vec<f32>, ImageError> {
        masks::restore(&self.values, self.channels, &geometry(preprocess), image)
    }
}
