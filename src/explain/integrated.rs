//! Integrated gradients.

use candle_core::Tensor;

use super::{Error, Map, one_class};
use crate::nn::{Input, Network};

/// Places on the way from the mean image to the image.
const STEPS: usize = 32;
/// Places that pass the network together.
const BATCH: usize = 8;
/// The part of the pixels above which all count as the highest, so that one pixel does not darken the map.
const CLIPPED: f64 = 0.01;

/// The map of `class` for an image `[1, 3, height, width]`, which is the sizes of what pixels add to its logit, and the sum of these beside the
/// difference of the logits of image and mean image, which it should be.
///
/// The way begins at the mean image, 0 after normalisation, and slopes are taken in the middle of each step.
pub fn gradients(network: &Network, image: &Tensor, metadata: Option<&Tensor>, class: usize) -> Result<(Map, [f64; 2]), Error> {
    let (_, channels, height, width) = image.dims4()?;
    let mut slopes = vec![0f64; channels * height * width];
    for first in (0..STEPS).step_by(BATCH) {
        let steps = BATCH.min(STEPS - first);
        let places: Vec<Tensor> =
            (first..first + steps).map(|step| image.affine((step as f64 + 0.5) / STEPS as f64, 0.0)).collect::<Result<_, _>>()?;
        let (_, gradient) = network.image_slope(&Tensor::cat(&places, 0)?, metadata, one_class(class))?;
        for gradient in gradient.contiguous()?.flatten_all()?.to_vec1::<f32>()?.chunks_exact(slopes.len()) {
            slopes.iter_mut().zip(gradient).for_each(|(sum, slope)| *sum += f64::from(*slope) / STEPS as f64);
        }
    }
    let pixels = image.flatten_all()?.to_vec1::<f32>()?;
    let added: Vec<f64> = slopes.iter().zip(pixels).map(|(slope, pixel)| slope * f64::from(pixel)).collect();
    let area = height * width;
    let sizes: Vec<f32> = (0..area).map(|at| (0..channels).map(|c| added[c * area + at]).sum::<f64>().abs() as f32).collect();
    let logit = |image: &Tensor| -> Result<f64, Error> {
        Ok(f64::from(network.forward(Input::images(image).with(metadata))?.to_vec2::<f32>()?[0][class]))
    };
    let difference = logit(image)? - logit(&image.zeros_like()?)?;
    Ok((Map::new(width, height, clipped(sizes)), [added.iter().sum(), difference]))
}

fn clipped(mut values: Vec<f32>) -> Vec<f32> {
    let mut sorted = values.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    let top = sorted[((sorted.len() - 1) as f64 * (1.0 - CLIPPED)) as usize];
    if top > 0.0 {
        values.iter_mut().for_each(|value| *value = value.min(top));
    }
    values
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::nn::zoo;

    #[test]
    fn what_pixels_add_is_the_difference_of_the_logits() {
        for name in ["resnet18", "vit_tiny_patch16_224"] {
            let network = Network::at(zoo::find(name).unwrap(), 3, [64, 64], 1, &Device::Cpu).unwrap();
            let values = (0..3 * 64 * 64).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 16) as f32 / 32768.0 - 1.0).collect::<Vec<_>>();
            let image = Tensor::from_vec(values, (1, 3, 64, 64), &Device::Cpu).unwrap();
            let (map, [sum, difference]) = gradients(&network, &image, None, 2).unwrap();
            assert!((sum - difference).abs() < 0.05 * difference.abs().max(0.1), "{name}: {sum} is not {difference}");
            assert_eq!((map.width, map.height, map.values.len()), (64, 64, 4096));
        }
    }
}
