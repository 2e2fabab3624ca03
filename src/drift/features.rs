//! Properties of a dermoscopy image that show a change of camera, light, framing or content.
//!
//! Every feature is computed on one canonical image ([`Canonical`]): EXIF orientation applied, then, if
//! the long side exceeds 512 pixels, the mean of whole f x f blocks with `f = ceil(long / 512)`. No
//! resampling filter is involved, so that any program in any language gets the same pixels. Luma is
//! `Y = 0.299 R + 0.587 G + 0.114 B`, 0..255. Pixels of the dark frame are left out of photometric features.
//! A feature that cannot be told (no lesion found, hardly any skin) is missing, never zero.
//!
//! [`NAMES`] lists the features with their units and what a change of each may mean.

mod canonical;
mod colour;
mod focus;
mod hair;
mod lesion;
mod light;
mod mask;
mod names;
mod ruler;
mod skin;

use std::path::Path;

use image::RgbImage;

pub use canonical::Canonical;
pub use names::{Feature, NAMES};

/// The features of one image, in the order of [`NAMES`]; `None` where one cannot be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Features(pub Vec<Option<f64>>);

/// What the pixels alone do not say.
#[derive(Clone, Copy, Debug)]
pub struct Native {
    /// Width in pixels after orientation.
    pub width: u32,
    /// Height in pixels after orientation.
    pub height: u32,
    /// Size of the file in bytes, when there is a file.
    pub bytes: Option<u64>,
}

impl Features {
    /// All features of a decoded, oriented image. `bytes` is the size of its file.
    pub fn of(image: &RgbImage, bytes: Option<u64>) -> Self {
        let native = Native { width: image.width(), height: image.height(), bytes };
        let canonical = Canonical::new(image);
        let mut out = Collector::default();
        size(&native, &mut out);
        if canonical.is_empty() {
            // So thin that no whole block fits: there is nothing to measure.
            return out.finish();
        }
        let valid = light::measure(&canonical, &mut out);
        colour::measure(&canonical, &valid, &mut out);
        focus::measure(&canonical, &valid, &mut out);
        let (hair, thin) = hair::measure(&canonical, &mut out);
        ruler::measure(&canonical, &thin, &mut out);
        let ink = colour::ink(&canonical);
        out.push("ink_share", Some(ink.share()));
        let lesion = lesion::measure(&canonical, &valid, &mut out);
        skin::measure(&canonical, &skin::Masks { valid: &valid, hair: &hair, ink: &ink, lesion: lesion.as_ref() }, &mut out);
        out.finish()
    }

    /// The value of a feature by its name.
    pub fn get(&self, name: &str) -> Option<f64> {
        let at = NAMES.iter().position(|feature| feature.name == name)?;
        self.0.get(at).copied().flatten()
    }
}

/// The size of a file in bytes, `None` when it cannot be asked.
pub fn file_bytes(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().map(|facts| facts.len())
}

fn size(native: &Native, out: &mut Collector) {
    let (width, height) = (f64::from(native.width), f64::from(native.height));
    out.push("width", Some(width));
    out.push("height", Some(height));
    out.push("aspect", (height > 0.0).then(|| width / height));
    out.push("megapixels", Some(width * height / 1e6));
    out.push("bits_per_pixel", native.bytes.filter(|_| width * height > 0.0).map(|bytes| 8.0 * bytes as f64 / (width * height)));
}

/// Takes values by name and puts them in the order of [`NAMES`].
pub struct Collector(Vec<Option<f64>>);

impl Default for Collector {
    fn default() -> Self {
        Self(vec![None; NAMES.len()])
    }
}

impl Collector {
    /// Sets one feature; a value that is not finite counts as missing.
    fn push(&mut self, name: &str, value: Option<f64>) {
        let at = NAMES.iter().position(|feature| feature.name == name);
        debug_assert!(at.is_some(), "`{name}` is not in NAMES");
        if let Some(slot) = at.and_then(|at| self.0.get_mut(at)) {
            *slot = value.filter(|v| v.is_finite());
        }
    }

    fn finish(self) -> Features {
        Features(self.0)
    }
}

#[cfg(test)]
mod tests;
