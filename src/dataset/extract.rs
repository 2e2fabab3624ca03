//! Pages of TIFF stacks as PNG files, named after their stack: `STACK/0001.png` is its first page.
//!
//! # Images
//!
//! Pages of bytes are kept as they are. Deeper ones (16 bits and more, signed, float) are brought to 8 bits by the smallest
//! and largest value of the whole stack ([`Range`]), not by their type's: cameras and scanners put 10 to 14 bits into 16, of which
//! the type's range would leave a few dark levels. And not page by page, so that pages of one stack stay comparable. Two stacks are
//! therefore not comparable in absolute intensity, as they seldom are without calibration.
//!
//! # Labels
//!
//! With one mask class every value above 0 is foreground, whichever object it numbers. With two or three, the values
//! 1, 2 and 3 are the classes in order and others are refused; they become red, green and blue.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};
use rayon::prelude::*;

use super::stack::{Page, Stack, pages};
use super::staging::Staging;
use super::{Error, ImageError, Work, check};
use crate::observer::{Task, Unit};

/// The values of a stack that become 0 and 255.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Becomes 0.
    pub low: f64,
    /// Becomes 255.
    pub high: f64,
}

impl Range {
    /// What bytes are.
    pub const BYTES: Self = Self { low: 0.0, high: 255.0 };

    /// The range of a stack: of bytes theirs, else from the smallest to the largest value on all pages.
    ///
    /// # Errors
    ///
    /// [`ImageError`]; values that are not finite are one.
    pub fn of(path: &Path) -> Result<Self, ImageError> {
        let mut stack = Stack::open(path)?;
        let mut range = Self { low: f64::INFINITY, high: f64::NEG_INFINITY };
        while let Some(page) = stack.next_page()? {
            if page.bytes {
                return Ok(Self::BYTES);
            }
            for value in page.values {
                if !value.is_finite() {
                    return Err(ImageError::Decode("it holds values that are no finite numbers".to_owned()));
                }
                (range.low, range.high) = (range.low.min(value), range.high.max(value));
            }
        }
        Ok(range)
    }

    /// Rounded to the nearest of 256 levels; a stack of one value is black.
    fn byte(self, value: f64) -> u8 {
        if self == Self::BYTES {
            return value as u8;
        }
        let share = (value - self.low) / (self.high - self.low);
        if share.is_finite() { (share * 255.0).round().clamp(0.0, 255.0) as u8 } else { 0 }
    }
}

/// An image page as PNG.
///
/// # Errors
///
/// [`ImageError::Decode`].
pub fn image_png(page: &Page, range: Range) -> Result<Vec<u8>, ImageError> {
    let data: Vec<u8> = page.values.iter().map(|value| range.byte(*value)).collect();
    png(data, page.width, page.height, page.colours)
}

/// A label page as the PNG of a mask with so many classes, and whether it shows anything.
///
/// # Errors
///
/// [`ImageError::NotAMask`].
pub fn label_png(page: &Page, classes: usize) -> Result<(Vec<u8>, bool), ImageError> {
    if page.colours != 1 {
        return Err(ImageError::NotAMask("it is coloured: labels are numbers, one a pixel".to_owned()));
    }
    if let Some(value) = page.values.iter().find(|value| value.fract() != 0.0 || (classes > 1 && !(0.0..=classes as f64).contains(*value)))
    {
        let wanted = if classes > 1 { format!("0 to {classes}, one for each class") } else { "whole numbers".to_owned() };
        return Err(ImageError::NotAMask(format!("it holds the value {value}: labels are {wanted}")));
    }
    let shown = page.values.iter().any(|value| *value > 0.0);
    let bytes = if classes == 1 {
        png(page.values.iter().map(|value| if *value > 0.0 { 255 } else { 0 }).collect(), page.width, page.height, 1)?
    } else {
        let pixel = |value: &f64| [1.0, 2.0, 3.0].map(|class| if *value == class { 255 } else { 0 });
        png(page.values.iter().flat_map(pixel).collect(), page.width, page.height, 3)?
    };
    Ok((bytes, shown))
}

fn png(data: Vec<u8>, width: u32, height: u32, colours: usize) -> Result<Vec<u8>, ImageError> {
    let image = match colours {
        1 => GrayImage::from_raw(width, height, data).map(DynamicImage::ImageLuma8),
        _ => RgbImage::from_raw(width, height, data).map(DynamicImage::ImageRgb8),
    };
    let mut bytes = Cursor::new(Vec::new());
    let image = image.ok_or_else(|| ImageError::Decode("a page is not of the size that it says".to_owned()))?;
    image.write_to(&mut bytes, ImageFormat::Png).map_err(|error| ImageError::Decode(error.to_string()))?;
    Ok(bytes.into_inner())
}

/// The name of a page, counted from 0, of a stack with so many: `STACK/0001.png`.
pub fn page_name(stack: &str, page: usize, pages: usize) -> String {
    let digits = pages.to_string().len().max(4);
    format!("{stack}/{:0digits$}.png", page + 1)
}

/// What pages show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Pictures.
    Images,
    /// Labels, as masks of so many classes.
    Labels {
        /// One to three.
        classes: usize,
    },
}

/// What was made of one stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Extracted {
    /// Its name: the folder of its pages.
    pub stack: String,
    /// Pages.
    pub pages: usize,
    /// Of images: what became 0 and 255.
    pub range: Option<Range>,
    /// Of labels: pages that show something.
    pub shown: usize,
}

/// Extracts stacks (a name and a file each, names unique) into the new folder `out`, which appears whole or not at all.
///
/// # Errors
///
/// [`Error::Image`] for the first stack that cannot be read; [`Error::Occupied`]; [`Error::Output`]; [`Error::Interrupted`].
pub fn extract(stacks: &[(String, PathBuf)], what: What, out: &Path, work: Work<'_>) -> Result<Vec<Extracted>, Error> {
    let staging = Staging::begin(out, "extract")?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Image { path, source }
    };
    let mut total = 0;
    for (_, path) in stacks {
        total += pages(path).map_err(failed(path))?;
    }
    let task = work.observer.begin("extracting pages", Some(total as u64), Unit::Items("pages"));
    let one = |(name, path): &(String, PathBuf)| Extraction { name, path, what, staging: &staging, task: &*task, work }.run();
    let done: Result<Vec<Extracted>, Error> = stacks.par_iter().map(one).collect();
    let done = done?;
    staging.finish()?;
    Ok(done)
}

struct Extraction<'a> {
    name: &'a str,
    path: &'a Path,
    what: What,
    staging: &'a Staging,
    task: &'a dyn Task,
    work: Work<'a>,
}

impl Extraction<'_> {
    fn run(&self) -> Result<Extracted, Error> {
        let failed = |source: ImageError| Error::Image { path: self.path.to_owned(), source };
        let pages = pages(self.path).map_err(failed)?;
        let range = match self.what {
            What::Images => Some(Range::of(self.path).map_err(failed)?),
            What::Labels { .. } => None,
        };
        let mut extracted = Extracted { stack: self.name.to_owned(), pages: 0, range, shown: 0 };
        let mut stack = Stack::open(self.path).map_err(failed)?;
        while let Some(page) = stack.next_page().map_err(failed)? {
            check(self.work)?;
            let bytes = match self.what {
                What::Images => image_png(&page, range.unwrap_or(Range::BYTES)).map_err(failed)?,
                What::Labels { classes } => {
                    let (bytes, shown) = label_png(&page, classes).map_err(failed)?;
                    extracted.shown += usize::from(shown);
                    bytes
                }
            };
            self.staging.write(&page_name(self.name, extracted.pages, pages), &bytes)?;
            extracted.pages += 1;
            self.task.advance(1);
        }
        Ok(extracted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(values: Vec<f64>) -> Page {
        Page { width: values.len() as u32, height: 1, colours: 1, values, bytes: false }
    }

    #[test]
    fn deep_values_are_spread_over_the_stack_and_bytes_are_kept() {
        let range = Range { low: -100.0, high: 411.0 };
        assert_eq!([-100.0, 155.5, 411.0, 0.0].map(|value| range.byte(value)), [0, 128, 255, 50]);
        assert_eq!([0.0, 7.0, 255.0].map(|value| Range::BYTES.byte(value)), [0, 7, 255]);
        assert_eq!(Range { low: 5.0, high: 5.0 }.byte(5.0), 0);
    }

    #[test]
    fn labels_become_foreground_or_classes() {
        let shown = |values: Vec<f64>, classes| {
            let (bytes, shown) = label_png(&page(values), classes)?;
            let mask = crate::dataset::masks::decode(&bytes, classes)?;
            Ok::<_, ImageError>((mask.data, shown))
        };
        assert_eq!(shown(vec![0.0, 17.0, 1.0, -3.0], 1).unwrap(), (vec![0, 1, 1, 0], true));
        assert_eq!(shown(vec![0.0, 0.0], 1).unwrap(), (vec![0, 0], false));
        assert_eq!(shown(vec![1.0, 2.0], 2).unwrap().0, [1, 0, 0, 1]);
        assert!(shown(vec![3.0], 2).unwrap_err().to_string().contains("0 to 2"));
        assert!(shown(vec![0.5], 1).unwrap_err().to_string().contains("whole"));
    }

    #[test]
    fn names_sort_as_pages_do() {
        assert_eq!((page_name("a", 0, 60), page_name("a/b", 12344, 20_100)), ("a/0001.png".to_owned(), "a/b/12345.png".to_owned()));
    }
}
