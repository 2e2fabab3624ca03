//! Image files into RGB pixels.
//!
//! JPEG (grey, YCbCr, RGB, CMYK, YCCK; baseline and progressive), PNG, TIFF, WebP, BMP and GIF, told apart by their
//! first bytes and never by their names. The result is 8-bit RGB as Pillow's `convert("RGB")` gives it,
//! except that 16-bit samples are scaled to 8 bits (`round(v / 257)`), which Pillow clips.
//!
//! - The EXIF (or TIFF) orientation is applied, so width and height are those a viewer shows.
//! - Alpha is dropped: the colour stored under transparent pixels is taken, as Pillow and the pipelines around it do. A white or black
//!   ground in its place would be a shape that is not on the skin.
//! - Animated GIF, PNG and WebP files and multi-page TIFF stacks are refused: which frame is meant is not derm's to guess.
//! - Truncated files are refused. A JPEG without its end marker counts as truncated even where a lenient viewer
//!   would show it, since its lower part is made up.
//! - At most [`LIMIT_MEGAPIXELS`] million pixels, against files that claim absurd sizes.

mod frames;
mod jpeg;

use std::io::Cursor;
use std::path::Path;

use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};

use super::{Error, ImageError};

/// The largest picture that is decoded, in millions of pixels: above any dermatoscope and most slide crops.
pub const LIMIT_MEGAPIXELS: u64 = 256;

/// File extensions that are taken for images, lower case.
pub const EXTENSIONS: [&str; 9] = ["jpg", "jpeg", "jpe", "png", "tif", "tiff", "webp", "bmp", "gif"];

/// Whether a path's extension is an image's.
pub fn is_image_name(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// Decodes a file.
///
/// # Errors
///
/// [`Error::Image`] with the file and the reason.
pub fn decode(path: &Path) -> Result<RgbImage, Error> {
    let failed = |source: ImageError| Error::Image { path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(|error| failed(error.into()))?;
    decode_bytes(&bytes).map_err(failed)
}

/// Decodes a file's bytes.
pub fn decode_bytes(bytes: &[u8]) -> Result<RgbImage, ImageError> {
    let (mut decoder, _) = open(bytes)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(plain)?;
    image.apply_orientation(orientation);
    Ok(to_rgb(image))
}

/// Decodes a one-channel file such as a mask to 8-bit grey.
pub fn decode_grey(bytes: &[u8]) -> Result<image::GrayImage, ImageError> {
    let (decoder, _) = open(bytes)?;
    Ok(DynamicImage::from_decoder(decoder).map_err(plain)?.into_luma8())
}

/// Whether all pixels have one colour.
pub(super) fn is_blank(image: &RgbImage) -> bool {
    let mut pixels = image.pixels();
    pixels.next().is_none_or(|first| pixels.all(|pixel| pixel == first))
}

/// Width and height as a viewer shows them, from the header alone.
pub fn dimensions(bytes: &[u8]) -> Result<(u32, u32), ImageError> {
    let (mut decoder, _) = open(bytes)?;
    let (width, height) = decoder.dimensions();
    Ok(match decoder.orientation().unwrap_or(Orientation::NoTransforms) {
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH => (height, width),
        _ => (width, height),
    })
}

/// Reads the header and refuses what derm does not take.
pub(super) fn open(bytes: &[u8]) -> Result<(Box<dyn ImageDecoder + '_>, ImageFormat), ImageError> {
    if bytes.is_empty() {
        return Err(ImageError::Empty);
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let format = reader.format().ok_or_else(|| ImageError::NotAnImage(looks_like(bytes)))?;
    match format {
        ImageFormat::Jpeg => jpeg::check_complete(bytes)?,
        ImageFormat::Gif | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Tiff => frames::check_single(bytes, format)?,
        ImageFormat::Bmp => {}
        other => return Err(ImageError::NotAnImage(format!("{other:?} files are not read"))),
    }
    let mut decoder = reader.into_decoder().map_err(plain)?;
    check_size(decoder.dimensions())?;
    let mut limits = Limits::no_limits();
    // 16-bit RGBA takes 8 bytes a pixel; the decoder itself needs room too.
    limits.max_alloc = Some(LIMIT_MEGAPIXELS * 1_000_000 * 16);
    decoder.set_limits(limits).map_err(plain)?;
    Ok((Box::new(decoder), format))
}

pub(super) fn check_size((width, height): (u32, u32)) -> Result<(), ImageError> {
    if width == 0 || height == 0 {
        return Err(ImageError::NoPixels { width, height });
    }
    if u64::from(width) * u64::from(height) > LIMIT_MEGAPIXELS * 1_000_000 {
        return Err(ImageError::TooLarge { width, height, limit: LIMIT_MEGAPIXELS });
    }
    Ok(())
}

/// 8-bit RGB; 16-bit samples are scaled, float samples are taken as 0 to 1.
fn to_rgb(image: DynamicImage) -> RgbImage {
    match image.color() {
        ColorType::Rgb8 => image.into_rgb8(),
        _ => image.to_rgb8(),
    }
}

/// What bytes that are no image seem to be, for the message.
fn looks_like(bytes: &[u8]) -> String {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(256)]).trim_start().to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        "it is a web page, perhaps a download that failed".to_owned()
    } else if start.starts_with("version https://git-lfs") {
        "it is a Git LFS pointer: the file itself was not downloaded".to_owned()
    } else if bytes.starts_with(b"PK\x03\x04") {
        "it is a zip archive".to_owned()
    } else if bytes.get(128..132) == Some(b"DICM") {
        "it is a DICOM file".to_owned()
    } else if bytes.iter().take(4096).all(|byte| *byte == 0) {
        "it is filled with zeros".to_owned()
    } else {
        "its first bytes are not those of JPEG, PNG, TIFF, WebP, BMP or GIF".to_owned()
    }
}

/// The decoder's reason in one line; a premature end gets derm's own words.
pub(super) fn plain(error: image::ImageError) -> ImageError {
    let text = error.to_string();
    let lower = text.to_ascii_lowercase();
    if ["unexpected eof", "unexpected end", "failed to fill whole buffer", "premature", "not enough data", "no more bytes"]
        .iter()
        .any(|word| lower.contains(word))
    {
        return ImageError::Truncated("the data ends too early");
    }
    ImageError::Decode(text.lines().next().unwrap_or("the decoder gave no reason").to_owned())
}
