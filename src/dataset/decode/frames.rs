//! Whether a file holds exactly one picture.

use std::io::Cursor;

use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder, ImageFormat};

use super::plain;
use crate::dataset::ImageError;

/// Refuses animations and multi-page TIFF stacks.
pub fn check_single(bytes: &[u8], format: ImageFormat) -> Result<(), ImageError> {
    let input = Cursor::new(bytes);
    match format {
        ImageFormat::Gif => {
            let mut frames = GifDecoder::new(input).map_err(plain)?.into_frames();
            frames.next().transpose().map_err(plain)?;
            if frames.next().is_some() { Err(ImageError::Animated) } else { Ok(()) }
        }
        ImageFormat::Png if PngDecoder::new(input.clone()).map_err(plain)?.is_apng().map_err(plain)? => Err(ImageError::Animated),
        ImageFormat::WebP if WebPDecoder::new(input).map_err(plain)?.has_animation() => Err(ImageError::Animated),
        ImageFormat::Tiff if tiff_pages(bytes) > 1 => Err(ImageError::Pages),
        _ => Ok(()),
    }
}

/// The number of image file directories (TIFF 6.0, section 2), counted up to 2; BigTIFF too. A reduced-resolution
/// copy (`NewSubfileType` bit 0: a thumbnail) is no page.
fn tiff_pages(bytes: &[u8]) -> usize {
    walk(bytes).unwrap_or(1)
}

fn walk(bytes: &[u8]) -> Option<usize> {
    let little = bytes.starts_with(b"II");
    let big = number(bytes, 2, 2, little)? == 43;
    let (word, count_size, entry_size) = if big { (8, 8, 20) } else { (4, 2, 12) };
    let mut at = number(bytes, if big { 8 } else { 4 }, word, little)?;
    let mut pages = 0;
    // A chain may loop; no more links than this are looked at.
    for _ in 0..64 {
        if at == 0 || pages > 1 {
            break;
        }
        let entries = number(bytes, at, count_size, little)?;
        let first = at.checked_add(count_size)?;
        let end = first.checked_add(entries.checked_mul(entry_size)?)?;
        let value_at = |entry: usize| first + entry * entry_size + if big { 12 } else { 8 };
        let subfile = (0..entries.min(64)).find(|&entry| number(bytes, first + entry * entry_size, 2, little) == Some(254));
        let reduced = subfile.and_then(|entry| number(bytes, value_at(entry), 4, little)).is_some_and(|kind| kind & 1 == 1);
        pages += usize::from(!reduced);
        at = number(bytes, end, word, little)?;
    }
    Some(pages)
}

/// An unsigned number of `size` bytes.
fn number(bytes: &[u8], at: usize, size: usize, little: bool) -> Option<usize> {
    let part = bytes.get(at..at.checked_add(size)?)?;
    let add = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    let value = if little { part.iter().rev().fold(0, add) } else { part.iter().fold(0, add) };
    usize::try_from(value).ok()
}
