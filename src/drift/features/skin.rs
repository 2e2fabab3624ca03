//! The skin around the lesion: its colour and typology angle.
//!
//! Skin is what is left of the valid pixels without lesion (grown by 5 pixels), hair (grown by 1), ink and glare.
//! The angle `atan2(L* - 50, b*)` (Chardon et al. 1991, with atan2) depends strongly on light and white balance:
//! a camera gain of 0.7 moves one synthetic image by 35 degrees. It is image-derived, not a skin type.

use super::Collector;
use super::canonical::Canonical;
use super::light::is_glare;
use super::mask::Mask;
use crate::drift::stats::quantile_of;

/// Below this share of skin its colour is missing.
const LEAST: f64 = 0.05;

/// What is not skin.
pub struct Masks<'a> {
    /// Pixels outside the dark frame.
    pub valid: &'a Mask,
    /// Hair.
    pub hair: &'a Mask,
    /// Ink.
    pub ink: &'a Mask,
    /// The lesion, if one was found.
    pub lesion: Option<&'a Mask>,
}

/// Measures the skin, and the lesion's contrast with it.
pub fn measure(image: &Canonical, masks: &Masks<'_>, out: &mut Collector) {
    let hair = masks.hair.grown(1);
    let lesion = masks.lesion.map(|mask| mask.grown(5));
    let is_skin = |at: &usize| {
        let (value, saturation) = image.value_saturation(*at);
        let covered = hair.has(*at) || masks.ink.has(*at) || lesion.as_ref().is_some_and(|mask| mask.has(*at));
        masks.valid.has(*at) && !covered && !is_glare(value, saturation)
    };
    let skin: Vec<[f64; 3]> = (0..image.len()).filter(is_skin).map(|at| image.lab[at]).collect();
    let share = skin.len() as f64 / image.len().max(1) as f64;
    out.push("skin_share", Some(share));
    if share < LEAST {
        return;
    }
    let median = medians(&skin);
    for (name, value) in ["skin_l", "skin_a", "skin_b"].into_iter().zip(median) {
        out.push(name, Some(value));
    }
    let mut angles: Vec<f64> = skin.iter().map(|[l, _, b]| (l - 50.0).atan2(*b).to_degrees()).collect();
    out.push("ita", quantile_of(&mut angles, 0.5));
    out.push("ita_range", quantile_of(&mut angles, 0.75).zip(quantile_of(&mut angles, 0.25)).map(|(high, low)| high - low));
    if let Some(lesion) = masks.lesion {
        let inside: Vec<[f64; 3]> = (0..image.len()).filter(|&at| lesion.has(at)).map(|at| image.lab[at]).collect();
        // CIE76: the distance of the medians.
        let contrast: f64 = medians(&inside).iter().zip(median).map(|(a, b)| (a - b) * (a - b)).sum();
        out.push("lesion_contrast", Some(contrast.sqrt()));
    }
}

fn medians(pixels: &[[f64; 3]]) -> [f64; 3] {
    let mut values = Vec::with_capacity(pixels.len());
    [0, 1, 2].map(|channel| {
        values.clear();
        values.extend(pixels.iter().map(|pixel| pixel[channel]));
        quantile_of(&mut values, 0.5).unwrap_or(0.0)
    })
}
