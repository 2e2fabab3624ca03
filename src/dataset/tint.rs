//! Whether red and blue are swapped in images of skin.
//!
//! Haemoglobin and melanin take the short waves, so skin of every tone reflects more red than blue. A dataset with more blue
//! than red was most likely written by a program that took BGR for RGB. One image may have a reason of its own (a ruler, a
//! glove, a blue lesion): only many together say something.

use image::RgbImage;

/// Red and blue added up over the pixels of images. Whole numbers, so that their order does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tint {
    red: u64,
    blue: u64,
}

impl Tint {
    /// From sums over pixels.
    pub fn new(red: u64, blue: u64) -> Self {
        Self { red, blue }
    }

    /// Of one image.
    pub fn of(image: &RgbImage) -> Self {
        let add = |sum: Self, pixel: &image::Rgb<u8>| Self::new(sum.red + u64::from(pixel.0[0]), sum.blue + u64::from(pixel.0[2]));
        image.pixels().fold(Self::default(), add)
    }

    /// Whether there is more blue than red.
    pub fn is_blue(self) -> bool {
        self.blue > self.red
    }

    /// What to tell a user of a whole dataset; nothing if its colours may be those of skin.
    pub fn warning(self) -> Option<String> {
        self.is_blue().then(|| "there is more blue than red, unlike in skin: red and blue may be swapped in these files".to_owned())
    }
}

impl std::iter::Sum for Tint {
    fn sum<I: Iterator<Item = Self>>(tints: I) -> Self {
        tints.fold(Self::default(), |a, b| Self::new(a.red + b.red, a.blue + b.blue))
    }
}
