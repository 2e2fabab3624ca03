//! A mask file into planes of 0 and 1.

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder};

use super::MOST_CLASSES;
use crate::dataset::{ImageError, decode};

/// A mask at its own size: `data` is `[height, width, channels]`, each 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Mask classes.
    pub channels: usize,
    /// Row-major, channels last.
    pub data: Vec<u8>,
}

impl Mask {
    /// Whether it shows nothing at all.
    pub fn is_empty(&self) -> bool {
        self.data.iter().all(|value| *value == 0)
    }

    /// One channel, `[height, width]`.
    pub fn plane(&self, channel: usize) -> Vec<u8> {
        self.data.iter().skip(channel).step_by(self.channels.max(1)).copied().collect()
    }
}

/// Decodes a mask file's bytes. `channels`: one to three; an EXIF or TIFF orientation is applied, as it is to images.
///
/// # Errors
///
/// What [`decode`](crate::dataset::decode) refuses, and [`ImageError::NotAMask`].
pub fn decode(bytes: &[u8], channels: usize) -> Result<Mask, ImageError> {
    check_channels(channels)?;
    let (samples, width, height) = samples(bytes)?;
    let data = if channels == 1 { samples.one_class()? } else { samples.classes(channels)? };
    Ok(Mask { width, height, channels, data })
}

/// Decodes a file of probabilities: a pixel is of a class if its sample is at least `threshold` of the type's largest value.
///
/// # Errors
///
/// As [`decode`]; grey levels are no reason.
pub fn decode_soft(bytes: &[u8], channels: usize, threshold: f64) -> Result<Mask, ImageError> {
    check_channels(channels)?;
    let (samples, width, height) = samples(bytes)?;
    Ok(Mask { width, height, channels, data: samples.cut(channels, threshold)? })
}

fn check_channels(channels: usize) -> Result<(), ImageError> {
    if (1..=MOST_CLASSES).contains(&channels) {
        return Ok(());
    }
    Err(ImageError::NotAMask(format!("a mask file shows one to {MOST_CLASSES} classes, {channels} were asked for")))
}

/// The samples with width and height.
fn samples(bytes: &[u8]) -> Result<(Samples, u32, u32), ImageError> {
    let (mut decoder, _) = decode::open(bytes)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(decode::plain)?;
    image.apply_orientation(orientation);
    let (width, height) = (image.width(), image.height());
    Ok((Samples::of(image)?, width, height))
}

/// Colours without alpha: `[height, width, colours]`, `colours` 1 or 3.
struct Samples {
    values: Vec<u16>,
    colours: usize,
    /// The type's largest value.
    most: u16,
}

impl Samples {
    fn of(image: DynamicImage) -> Result<Self, ImageError> {
        let most = if image.color().bytes_per_pixel() / image.color().channel_count() == 1 { 255 } else { u16::MAX };
        let wide = |values: Vec<u8>| values.into_iter().map(u16::from).collect();
        let (values, colours) = match image {
            DynamicImage::ImageLuma8(image) => (wide(image.into_raw()), 1),
            DynamicImage::ImageRgb8(image) => (wide(image.into_raw()), 3),
            DynamicImage::ImageLuma16(image) => (image.into_raw(), 1),
            DynamicImage::ImageRgb16(image) => (image.into_raw(), 3),
            DynamicImage::ImageLumaA8(image) => (image.pixels().map(|pixel| pixel.0[0].into()).collect(), 1),
            DynamicImage::ImageRgba8(image) => (image.pixels().flat_map(|pixel| [0, 1, 2].map(|c| pixel.0[c].into())).collect(), 3),
            DynamicImage::ImageLumaA16(image) => (image.pixels().map(|pixel| pixel.0[0]).collect(), 1),
            DynamicImage::ImageRgba16(image) => (image.pixels().flat_map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2]]).collect(), 3),
            other => return Err(ImageError::NotAMask(format!("its samples are {:?}, whole numbers are wanted", other.color()))),
        };
        Ok(Self { values, colours, most })
    }

    /// Black against one other colour.
    fn one_class(&self) -> Result<Vec<u8>, ImageError> {
        let mut colour = None;
        let mut data = Vec::with_capacity(self.values.len() / self.colours);
        for pixel in self.values.chunks_exact(self.colours) {
            let shown = pixel.iter().any(|value| *value != 0);
            if shown && *colour.get_or_insert(pixel) != pixel {
                return Err(self.soft("black and one other colour"));
            }
            data.push(u8::from(shown));
        }
        Ok(data)
    }

    /// Each of the first channels by itself; what lies in a channel of no class is a mistake.
    fn classes(&self, channels: usize) -> Result<Vec<u8>, ImageError> {
        if self.colours < channels {
            let what = format!("it is grey, but {channels} classes are its channels red, green and blue in order");
            return Err(ImageError::NotAMask(what));
        }
        let mut levels = [0; MOST_CLASSES];
        let mut data = Vec::with_capacity(self.values.len() / self.colours * channels);
        for pixel in self.values.chunks_exact(self.colours) {
            if pixel[channels..].iter().any(|value| *value != 0) {
                return Err(ImageError::NotAMask(format!("its blue channel is used, but there are {channels} classes")));
            }
            for (value, level) in pixel.iter().zip(&mut levels).take(channels) {
                if *value != 0 && *level == 0 {
                    *level = *value;
                }
                if *value != 0 && value != level {
                    return Err(self.soft("0 and one other value in each channel"));
                }
                data.push(u8::from(*value != 0));
            }
        }
        Ok(data)
    }

    /// Samples from `threshold` on; grey files are of one class, of which coloured ones must be grey.
    fn cut(&self, channels: usize, threshold: f64) -> Result<Vec<u8>, ImageError> {
        if self.colours < channels {
            return Err(ImageError::NotAMask(format!("it is grey, but there are {channels} classes")));
        }
        let coloured = |pixel: &[u16]| pixel.iter().any(|value| *value != pixel[0]);
        if channels == 1 && self.values.chunks_exact(self.colours).any(coloured) {
            return Err(ImageError::NotAMask("it is coloured, but there is one class".to_owned()));
        }
        let on = |value: &u16| u8::from(f64::from(*value) >= threshold * f64::from(self.most));
        Ok(self.values.chunks_exact(self.colours).flat_map(|pixel| &pixel[..channels]).map(on).collect())
    }

    fn soft(&self, wanted: &str) -> ImageError {
        let mut values = self.values.clone();
        values.sort_unstable();
        values.dedup();
        let shown: Vec<String> = values.iter().take(4).map(u16::to_string).collect();
        let more = if values.len() > 4 { ", …" } else { "" };
        ImageError::NotAMask(format!("it is not binary: it holds the values {}{more}, a mask holds {wanted}", shown.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, ImageBuffer, ImageFormat, Luma, Rgb, RgbImage};

    fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.into().write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn any_two_values_with_nought_are_a_mask() {
        let expected = vec![0, 1, 1, 0, 0, 1];
        for value in [1u8, 128, 255] {
            let grey = GrayImage::from_raw(3, 2, expected.iter().map(|on| on * value).collect()).unwrap();
            assert_eq!(decode(&png(grey), 1).unwrap().data, expected);
        }
        // A 16-bit label of 1 is 0 when it is scaled to 8 bits; it must not be.
        let label: ImageBuffer<Luma<u16>, _> = ImageBuffer::from_raw(3, 2, expected.iter().map(|on| u16::from(*on)).collect()).unwrap();
        assert_eq!(decode(&png(label), 1).unwrap().data, expected);
        let red = RgbImage::from_fn(3, 2, |x, y| Rgb([expected[(y * 3 + x) as usize] * 128, 0, 0]));
        assert_eq!(decode(&png(red), 1).unwrap().data, expected);
    }

    #[test]
    fn soft_masks_are_refused_and_say_what_they_hold() {
        let soft = GrayImage::from_raw(3, 1, vec![0, 254, 255]).unwrap();
        let why = decode(&png(soft), 1).unwrap_err().to_string();
        assert!(why.contains("not binary") && why.contains("0, 254, 255"), "{why}");
    }

    #[test]
    fn probabilities_are_cut_where_it_was_asked() {
        let soft = GrayImage::from_raw(4, 1, vec![0, 127, 128, 255]).unwrap();
        assert_eq!(decode_soft(&png(soft.clone()), 1, 0.5).unwrap().data, [0, 0, 1, 1]);
        assert_eq!(decode_soft(&png(soft), 1, 0.4).unwrap().data, [0, 1, 1, 1]);
        let deep: ImageBuffer<Luma<u16>, _> = ImageBuffer::from_raw(2, 1, vec![32767, 32768]).unwrap();
        assert_eq!(decode_soft(&png(deep), 1, 0.5).unwrap().data, [0, 1]);
    }

    #[test]
    fn channels_are_classes_which_may_overlap() {
        let colours = RgbImage::from_raw(2, 1, vec![255, 255, 0, 0, 255, 0]).unwrap();
        assert_eq!(decode(&png(colours.clone()), 2).unwrap().data, [1, 1, 0, 1]);
        assert_eq!(decode(&png(colours.clone()), 3).unwrap().plane(1), [1, 1]);
        assert!(decode(&png(colours), 1).is_err());
        let blue = RgbImage::from_raw(1, 1, vec![0, 0, 9]).unwrap();
        assert!(decode(&png(blue), 2).unwrap_err().to_string().contains("blue"));
        let grey = GrayImage::from_raw(1, 1, vec![9]).unwrap();
        assert!(decode(&png(grey), 2).unwrap_err().to_string().contains("grey"));
    }
}
