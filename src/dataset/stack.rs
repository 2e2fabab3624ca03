//! Multi-page TIFF stacks, page by page: one page is in memory at a time.
//!
//! Classic TIFF and BigTIFF, strips and tiles, without compression or with deflate, LZW, PackBits or CCITT; whole numbers of 1 to 64 bits with
//! and without sign, and floats; one or three colours (alpha is dropped), interleaved or in planes. Reduced copies of a page
//! (`NewSubfileType` bit 0) are passed over. A file that ImageJ wrote as one block behind a single page, as it does
//! above 4 GB, is refused: what TIFF says of it is not what it holds.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

use super::{ImageError, decode};

/// One page: `values` is `[height, width, colours]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// 1 or 3.
    pub colours: usize,
    /// As they are stored; whole numbers beyond 2⁵³ are rounded.
    pub values: Vec<f64>,
    /// Whether they are whole numbers from 0 to 255 by their type.
    pub bytes: bool,
}

/// An open stack.
pub struct Stack {
    decoder: Decoder<BufReader<File>>,
    /// Whether the decoder stands on a page that was not given yet.
    fresh: bool,
    pages: usize,
    /// How many pages ImageJ says there are.
    declared: Option<usize>,
}

impl Stack {
    /// Opens a file and reads its first page's description.
    ///
    /// # Errors
    ///
    /// [`ImageError`]: not there, or no TIFF that can be read.
    pub fn open(path: &Path) -> Result<Self, ImageError> {
        let mut decoder = Decoder::new(BufReader::new(File::open(path)?)).map_err(plain)?;
        let declared = decoder.get_tag_ascii_string(Tag::ImageDescription).ok().and_then(|text| declared(&text));
        Ok(Self { decoder, fresh: true, pages: 0, declared })
    }

    /// The next page, `None` after the last.
    ///
    /// # Errors
    ///
    /// [`ImageError`]: the file is cut off, or the page is of a kind that is not read.
    pub fn next_page(&mut self) -> Result<Option<Page>, ImageError> {
        if !self.advance()? {
            return Ok(None);
        }
        let (width, height) = self.decoder.dimensions().map_err(plain)?;
        decode::check_size((width, height))?;
        let kind = self.decoder.colortype().map_err(plain)?;
        let mut result = DecodingResult::U8(Vec::new());
        self.decoder.read_image_to_buffer(&mut result).map_err(plain)?;
        let bytes = matches!(result, DecodingResult::U8(_));
        let samples = Samples { width: width as usize, height: height as usize, kind };
        let (values, colours) = samples.sort_out(numbers(result, kind.bit_depth(), width as usize))?;
        self.pages += 1;
        Ok(Some(Page { width, height, colours, values, bytes }))
    }

    /// Moves to the next page without decoding it; whether there is one.
    fn advance(&mut self) -> Result<bool, ImageError> {
        loop {
            if !self.fresh {
                if !self.decoder.more_images() {
                    self.check_end()?;
                    return Ok(false);
                }
                self.decoder.next_image().map_err(plain)?;
            }
            self.fresh = false;
            let reduced = self.decoder.find_tag_unsigned::<u32>(Tag::NewSubfileType).map_err(plain)?.is_some_and(|kind| kind & 1 == 1);
            if !reduced {
                return Ok(true);
            }
        }
    }

    fn check_end(&self) -> Result<(), ImageError> {
        match self.declared {
            Some(declared) if declared > self.pages => Err(ImageError::Decode(format!(
                "ImageJ says that it holds {declared} images, but it has {} pages: save it again as BigTIFF, or in parts below 4 GB",
                self.pages
            ))),
            _ => Ok(()),
        }
    }
}

/// How many pages a file has; nothing is decoded.
///
/// # Errors
///
/// As [`Stack::open`].
pub fn pages(path: &Path) -> Result<usize, ImageError> {
    let mut stack = Stack::open(path)?;
    while stack.advance()? {
        stack.pages += 1;
    }
    Ok(stack.pages)
}

/// `images=60` in ImageJ's description.
fn declared(description: &str) -> Option<usize> {
    let mut lines = description.lines();
    lines.next().filter(|first| first.starts_with("ImageJ="))?;
    lines.find_map(|line| line.strip_prefix("images="))?.trim().parse().ok()
}

/// Samples as numbers; those of fewer than 8 bits come packed, each row begun in a new byte.
fn numbers(result: DecodingResult, bits: u8, width: usize) -> Vec<f64> {
    match result {
        DecodingResult::U8(packed) if bits < 8 => unpack(&packed, bits, width),
        DecodingResult::U8(values) => values.into_iter().map(f64::from).collect(),
        DecodingResult::U16(values) => values.into_iter().map(f64::from).collect(),
        DecodingResult::U32(values) => values.into_iter().map(f64::from).collect(),
        DecodingResult::U64(values) => values.into_iter().map(|value| value as f64).collect(),
        DecodingResult::I8(values) => values.into_iter().map(f64::from).collect(),
        DecodingResult::I16(values) => values.into_iter().map(f64::from).collect(),
        DecodingResult::I32(values) => values.into_iter().map(f64::from).collect(),
        DecodingResult::I64(values) => values.into_iter().map(|value| value as f64).collect(),
        DecodingResult::F16(values) => values.into_iter().map(f64::from).collect(),
        DecodingResult::F32(values) => values.into_iter().map(f64::from).collect(),
        DecodingResult::F64(values) => values,
    }
}

fn unpack(packed: &[u8], bits: u8, width: usize) -> Vec<f64> {
    let (bits, row) = (usize::from(bits.max(1)), (width * usize::from(bits.max(1))).div_ceil(8));
    let value = |row: &[u8], x: usize| {
        let from = x * bits;
        row[from / 8] >> (8 - bits - from % 8) & ((1 << bits) - 1)
    };
    packed.chunks_exact(row.max(1)).flat_map(|row| (0..width).map(|x| f64::from(value(row, x))).collect::<Vec<_>>()).collect()
}

/// What a page's samples are.
struct Samples {
    width: usize,
    height: usize,
    kind: ColorType,
}

impl Samples {
    /// One or three colours, interleaved.
    fn sort_out(&self, values: Vec<f64>) -> Result<(Vec<f64>, usize), ImageError> {
        let (stored, colours) = match self.kind {
            ColorType::Gray(1 | 2 | 4 | 8..) | ColorType::Palette(1 | 2 | 4 | 8..) => (1, 1),
            ColorType::GrayA(8..) | ColorType::Multiband { num_samples: 2, bit_depth: 8.. } => (2, 1),
            ColorType::RGB(8..) | ColorType::Multiband { num_samples: 3, bit_depth: 8.. } => (3, 3),
            ColorType::RGBA(8..) => (4, 3),
            other => return Err(ImageError::Decode(format!("its pages are {other:?}: grey or RGB is wanted"))),
        };
        let pixels = self.width * self.height;
        if values.len() != pixels * stored {
            return Err(ImageError::Decode(format!("a page holds {} samples, {} are wanted", values.len(), pixels * stored)));
        }
        if stored == colours {
            return Ok((values, colours));
        }
        Ok((values.chunks_exact(stored).flat_map(|pixel| &pixel[..colours]).copied().collect(), colours))
    }
}

/// The decoder's reason in one line.
fn plain(error: TiffError) -> ImageError {
    match error {
        TiffError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => ImageError::Truncated("the data ends too early"),
        TiffError::IoError(error) => ImageError::Io(error),
        other => ImageError::Decode(other.to_string().lines().next().unwrap_or("the decoder gave no reason").to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_unpacked_row_by_row() {
        // Rows of three pixels: 1 0 1 and 0 1 1, each padded to a byte; then 2 bits a pixel: 3 0 1.
        assert_eq!(unpack(&[0b1010_0000, 0b0110_0000], 1, 3), [1.0, 0.0, 1.0, 0.0, 1.0, 1.0]);
        assert_eq!(unpack(&[0b1100_0100], 2, 3), [3.0, 0.0, 1.0]);
    }

    #[test]
    fn imagej_says_how_many_images_there_are() {
        assert_eq!(declared("ImageJ=1.54f\nimages=60\nslices=60\n"), Some(60));
        assert_eq!(declared("made by another\nimages=60\n"), None);
    }
}
