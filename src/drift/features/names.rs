//! The features by name.

use serde::Serialize;

/// One feature.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Feature {
    /// Its name in tables.
    pub name: &'static str,
    /// Its unit or range.
    pub unit: &'static str,
    /// What it measures, in words.
    pub what: &'static str,
    /// What a change of it may mean.
    pub hint: &'static str,
}

const fn feature(name: &'static str, unit: &'static str, what: &'static str, hint: &'static str) -> Feature {
    Feature { name, unit, what, hint }
}

const CAMERA: &str = "another camera, export size or crop?";
const EXPOSURE: &str = "exposure changed: another light source, dermatoscope or camera setting?";
const CAST: &str = "colour cast changed: new dermatoscope or white balance, or red and blue swapped on the way?";
const FOCUS: &str = "sharpness changed: focus, magnification, compression or resizing?";
const OPTICS: &str = "another lens or cropping rule?";
const ARTEFACT: &str = "more or fewer artefacts in the picture: another protocol at the clinic?";
const FRAMING: &str = "lesions appear at another size or place: magnification, cropping or case mix?";
const CASES: &str = "lesions look different: case mix, or light and focus?";
const SKIN: &str = "skin looks different: light and white balance first, then the people photographed";

/// Every feature, in the order of tables.
pub const NAMES: &[Feature] = &[
    feature("width", "pixels", "width of the image", CAMERA),
    feature("height", "pixels", "height of the image", CAMERA),
    feature("aspect", "ratio", "width over height", CAMERA),
    feature("megapixels", "million pixels", "size of the image", CAMERA),
    feature("bits_per_pixel", "bits", "file size over pixels", "compression changed: re-encoding or another export path?"),
    feature("brightness", "0..1", "mean of Y", EXPOSURE),
    feature("contrast", "0..1", "standard deviation of Y", EXPOSURE),
    feature("range90", "0..1", "95th less 5th percentile of Y", EXPOSURE),
    feature("clipped_high", "share", "pixels whose largest channel is at least 250", EXPOSURE),
    feature("clipped_low", "share", "pixels with Y at most 5", EXPOSURE),
    feature("saturation", "0..1", "mean of (max - min) / max", CAST),
    feature("hue_mean", "degrees, -180..180", "saturation-weighted circular mean of hue", CAST),
    feature("hue_concentration", "0..1", "length of that mean", CAST),
    feature("relative_red", "share", "mean of R / (R + G + B)", CAST),
    feature("relative_green", "share", "mean of G / (R + G + B)", CAST),
    feature("relative_blue", "share", "mean of B / (R + G + B)", CAST),
    feature("illuminant_angle", "degrees", "angle of the shades-of-grey light to grey", CAST),
    feature("colourfulness", "0..", "Hasler and Suesstrunk's measure", CAST),
    feature("entropy", "bits, 0..8", "entropy of Y in 256 bins", "flat, blank or heavily compressed images?"),
    feature("sharpness", "levels squared", "variance of the Laplacian", FOCUS),
    feature("blur", "0 sharp..1", "Crete's re-blur measure", FOCUS),
    feature("noise", "levels", "Immerkaer's estimate", "sensor noise changed: another sensor, ISO or denoising?"),
    feature("glare", "share", "bright pixels without colour", "immersion fluid, bubbles or no polarisation?"),
    feature("dark_frame", "share", "dark pixels connected with the border", OPTICS),
    feature("vignette", "..1", "fall-off of Y towards the corners", OPTICS),
    feature("hair_density", "share", "pixels of thin dark structures", ARTEFACT),
    feature("ruler_score", "0..1", "regular ticks along the border", ARTEFACT),
    feature("ink_share", "share", "blue to violet pixels", "pen marks in the picture, or a colour cast that turns skin blue?"),
    feature("lesion_area", "share", "area of the darkest central region", FRAMING),
    feature("lesion_at_border", "0 or 1", "whether it touches the border", FRAMING),
    feature("asymmetry", "0..1", "mismatch when mirrored over its axes", CASES),
    feature("compactness", "1 disc..", "perimeter squared over 4 pi area", CASES),
    feature("lesion_colours", "CIELAB units", "spread of colour inside it", CASES),
    feature("lesion_contrast", "delta E", "colour difference from the skin around it", CASES),
    feature("skin_l", "0..100", "median L* of the skin", SKIN),
    feature("skin_a", "CIELAB units", "median a* of the skin", SKIN),
    feature("skin_b", "CIELAB units", "median b* of the skin", SKIN),
    feature("skin_share", "share", "pixels taken for skin", FRAMING),
    feature("ita", "degrees", "image-derived individual typology angle", SKIN),
    feature("ita_range", "degrees", "interquartile range of that angle", SKIN),
];
