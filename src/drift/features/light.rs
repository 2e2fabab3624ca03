//! Exposure, glare and the optics' frame.

use super::Collector;
use super::canonical::Canonical;
use super::mask::Mask;
use crate::drift::stats::{mean_sd, quantile_of};

/// Y below which a border pixel belongs to the dark frame.
const FRAME: f32 = 40.0;

/// Measures light; returns the valid pixels, those outside the dark frame.
pub fn measure(image: &Canonical, out: &mut Collector) -> Mask {
    if image.is_empty() {
        return Mask::new(image.width, image.height, |_| false);
    }
    let dark = Mask::new(image.width, image.height, |at| image.y[at] < FRAME);
    let frame = dark.reached_from_border();
    out.push("dark_frame", Some(frame.share()));
    out.push("vignette", vignette(image));
    let valid = Mask::new(image.width, image.height, |at| !frame.has(at));
    let values: Vec<f32> = (0..image.len()).filter(|&at| valid.has(at)).map(|at| image.y[at]).collect();
    if !values.is_empty() {
        exposure(&values, out);
        clipping(image, &valid, values.len() as f64, out);
        out.push("entropy", Some(entropy(&values)));
    }
    valid
}

fn exposure(values: &[f32], out: &mut Collector) {
    let mut all: Vec<f64> = values.iter().map(|v| f64::from(*v)).collect();
    let (mean, sd) = mean_sd(&all);
    out.push("brightness", Some(mean / 255.0));
    out.push("contrast", Some(sd / 255.0));
    let mut at = |q| quantile_of(&mut all, q);
    out.push("range90", at(0.95).zip(at(0.05)).map(|(high, low)| (high - low) / 255.0));
}

fn clipping(image: &Canonical, valid: &Mask, n: f64, out: &mut Collector) {
    let (mut high, mut low, mut glare) = (0, 0, 0);
    for at in (0..image.len()).filter(|&at| valid.has(at)) {
        let (value, saturation) = image.value_saturation(at);
        high += usize::from(value >= 250.0);
        low += usize::from(image.y[at] <= 5.0);
        glare += usize::from(is_glare(value, saturation));
    }
    out.push("clipped_high", Some(high as f64 / n));
    out.push("clipped_low", Some(low as f64 / n));
    out.push("glare", Some(glare as f64 / n));
}

/// Bright and without colour: a reflection.
pub fn is_glare(value: f32, saturation: f32) -> bool {
    value >= 240.0 && saturation < 0.15
}

/// `-sum h log2 h` over 256 bins of Y. Shannon 1948.
fn entropy(values: &[f32]) -> f64 {
    let mut bins = [0_u32; 256];
    values.iter().for_each(|v| bins[v.round().clamp(0.0, 255.0) as usize] += 1);
    let n = values.len() as f64;
    -bins.iter().filter(|b| **b > 0).map(|b| f64::from(*b) / n).map(|h| h * h.log2()).sum::<f64>()
}

/// `1 - mean Y(r > 0.9) / mean Y(r < 0.5)`, r from the centre in half diagonals.
fn vignette(image: &Canonical) -> Option<f64> {
    let (cx, cy) = ((image.width as f64 - 1.0) / 2.0, (image.height as f64 - 1.0) / 2.0);
    let half = cx.hypot(cy).max(1e-9);
    let (mut inner, mut outer) = ((0.0, 0_u32), (0.0, 0_u32));
    for (at, y) in image.y.iter().enumerate() {
        let r = ((at % image.width) as f64 - cx).hypot((at / image.width) as f64 - cy) / half;
        let zone = if r > 0.9 {
            &mut outer
        } else if r < 0.5 {
            &mut inner
        } else {
            continue;
        };
        *zone = (zone.0 + f64::from(*y), zone.1 + 1);
    }
    (inner.0 > 0.0 && outer.1 > 0).then(|| 1.0 - (outer.0 / f64::from(outer.1)) / (inner.0 / f64::from(inner.1)))
}
