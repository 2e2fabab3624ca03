//! From 8-bit pixels to a network's input.

use std::convert::Infallible;

use candle_core::{Device, Tensor};
use derm_kernels::pixels::{Item, Scaling, batch};

use super::{Channels, Error, Preprocess};

/// Pixels u8 `[n, height, width, 3]`, RGB, already of the input's size, to f32 `[n, 3, height, width]`.
///
/// Each plane is `(value / 255 - mean) / std`, planes in the order of [`Preprocess::channels`]. In memory the three values of a
/// pixel stay together, as the kernels want them.
pub fn normalise(pixels: &[u8], preprocess: &Preprocess) -> Result<Tensor, Error> {
    tensor(values(pixels, preprocess)?, preprocess)
}

/// Values f32 `[n, height, width, 3]` in that order in memory as a tensor `[n, 3, height, width]`.
pub fn tensor(values: Vec<f32>, preprocess: &Preprocess) -> Result<Tensor, Error> {
    let (height, width) = (preprocess.height as usize, preprocess.width as usize);
    let n = values.len() / (height * width * 3).max(1);
    Ok(Tensor::from_vec(values, (n, height, width, 3), &Device::Cpu)?.permute((0, 3, 1, 2))?)
}

/// [`normalise`]'s values as they lie in memory, `[n, height, width, 3]`.
pub fn values(pixels: &[u8], preprocess: &Preprocess) -> Result<Vec<f32>, Error> {
    let (height, width) = (preprocess.height as usize, preprocess.width as usize);
    let image = height * width * 3;
    if image == 0 || pixels.is_empty() || !pixels.len().is_multiple_of(image) {
        let expected = format!("whole images of {width}x{height} RGB pixels");
        return Err(Error::Argument { what: "pixels", expected, got: format!("{} bytes", pixels.len()) });
    }
    let item = |i: usize| Ok::<_, Infallible>(Item { pixels: pixels[i * image..(i + 1) * image].into(), warp: None, hole: None });
    batch(pixels.len() / image, [height, width], &scaling(preprocess), item).map_err(|never| match never {})
}

/// From a level to a value, worked out in f64 but for the last step.
pub fn scaling(preprocess: &Preprocess) -> Scaling {
    let of = |value: fn(f64, f64) -> f64| std::array::from_fn(|i| value(preprocess.mean[i].into(), preprocess.std[i].into()) as f32);
    Scaling {
        channels: match preprocess.channels {
            Channels::Rgb => [0, 1, 2],
            Channels::Bgr => [2, 1, 0],
        },
        scale: of(|_, std| 1.0 / (255.0 * std)),
        shift: of(|mean, std| -mean / std),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::zoo;

    #[test]
    fn planes_follow_the_published_preprocessing() {
        let pixels = [10u8, 127, 255, 0, 1, 2];
        let at = |name: &str| {
            let preprocess = zoo::find(name).unwrap().preprocess.at_size(2, 1);
            normalise(&pixels, &preprocess).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        // SqueezeNet: BGR, minus (103.939, 116.779, 123.68).
        let expected = [255.0 - 103.939, 2.0 - 103.939, 127.0 - 116.779, 1.0 - 116.779, 10.0 - 123.68, 0.0 - 123.68];
        for (got, want) in at("squeezenet1_1").iter().zip(expected) {
            assert!((got - want as f32).abs() < 2e-5, "{got} {want}");
        }
        // EfficientNet-Lite: RGB, (x - 127) / 128.
        for (got, want) in at("efficientnet_lite0").iter().zip([-117.0, -127.0, 0.0, -126.0, 128.0, -125.0]) {
            assert!((got - want / 128.0).abs() < 1e-6, "{got} {want}");
        }
        // ResNet: RGB, ImageNet's mean and deviation.
        assert!((at("resnet18")[0] - (10.0 / 255.0 - 0.485) / 0.229).abs() < 1e-6);
    }

    #[test]
    fn half_an_image_is_refused() {
        let preprocess = zoo::find("resnet18").unwrap().preprocess;
        assert!(normalise(&[0; 100], &preprocess).unwrap_err().to_string().contains("224x224"));
    }
}
