//! Masks and probabilities as PNG files.

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, RgbImage};

use super::Mask;
use crate::dataset::ImageError;

impl Mask {
    /// Probabilities `[height, width, channels]`, cut: at least `threshold` is of the class.
    pub fn cut(probabilities: &[f32], (width, height): (u32, u32), channels: usize, threshold: f64) -> Self {
        let data = probabilities.iter().map(|p| u8::from(f64::from(*p) >= threshold)).collect();
        Self { width, height, channels, data }
    }

    /// The share of the pixels that a class has.
    pub fn share(&self, channel: usize) -> f64 {
        let pixels = (self.width as usize * self.height as usize).max(1) as f64;
        self.data.iter().skip(channel).step_by(self.channels.max(1)).map(|on| f64::from(*on)).sum::<f64>() / pixels
    }

    /// A PNG of 0 and 255: grey of one class, else red, green and blue.
    ///
    /// # Errors
    ///
    /// [`ImageError::Decode`] of a mask that is not of its size.
    pub fn to_png(&self) -> Result<Vec<u8>, ImageError> {
        let data: Vec<u8> = in_colours(&self.data, self.channels, |on| on * 255);
        let image = match self.channels {
            1 => GrayImage::from_raw(self.width, self.height, data).map(DynamicImage::ImageLuma8),
            _ => RgbImage::from_raw(self.width, self.height, data).map(DynamicImage::ImageRgb8),
        };
        encode(image)
    }
}

/// Probabilities `[height, width, channels]` as a PNG of 16 bits, 65,535 being 1.
///
/// # Errors
///
/// [`ImageError::Decode`] of values that are not of that size.
pub fn probabilities_png(values: &[f32], (width, height): (u32, u32), channels: usize) -> Result<Vec<u8>, ImageError> {
    let data: Vec<u16> = in_colours(values, channels, |p| (f64::from(p).clamp(0.0, 1.0) * 65535.0).round() as u16);
    let image = match channels {
        1 => ImageBuffer::from_raw(width, height, data).map(DynamicImage::ImageLuma16),
        _ => ImageBuffer::from_raw(width, height, data).map(DynamicImage::ImageRgb16),
    };
    encode(image)
}

/// One sample a pixel of one class, else three.
fn in_colours<T: Copy, U: Default + Clone>(values: &[T], channels: usize, sample: impl Fn(T) -> U) -> Vec<U> {
    if channels == 1 {
        return values.iter().map(|value| sample(*value)).collect();
    }
    let pixel = |values: &[T]| (0..3).map(|c| values.get(c).map(|value| sample(*value)).unwrap_or_default()).collect::<Vec<U>>();
    values.chunks_exact(channels.max(1)).flat_map(pixel).collect()
}

fn encode(image: Option<DynamicImage>) -> Result<Vec<u8>, ImageError> {
    let image = image.ok_or_else(|| ImageError::Decode("a mask is not of the size that it says".to_owned()))?;
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).map_err(|error| ImageError::Decode(error.to_string()))?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::super::{decode, decode_soft};
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for channels in 1..=3 {
            let data: Vec<u8> = (0..6 * channels).map(|i| u8::from(i % 3 == 1)).collect();
            let mask = Mask { width: 3, height: 2, channels, data };
            assert_eq!(decode(&mask.to_png().unwrap(), channels).unwrap(), mask);
            let values: Vec<f32> = mask.data.iter().map(|on| if *on == 1 { 0.75 } else { 0.2499 }).collect();
            assert_eq!(Mask::cut(&values, (3, 2), channels, 0.75), mask);
            let soft = probabilities_png(&values, (3, 2), channels).unwrap();
            assert_eq!(decode_soft(&soft, channels, 0.5).unwrap(), mask);
        }
        let third = Mask { width: 3, height: 1, channels: 1, data: vec![0, 1, 0] };
        assert_eq!(third.share(0), 1.0 / 3.0);
    }
}
