//! Colour cast.

use super::Collector;
use super::canonical::Canonical;
use super::mask::Mask;

/// Measures colour over the valid pixels.
pub fn measure(image: &Canonical, valid: &Mask, out: &mut Collector) {
    let pixels: Vec<usize> = (0..image.len()).filter(|&at| valid.has(at)).collect();
    if pixels.is_empty() {
        return;
    }
    hue(image, &pixels, out);
    relative(image, &pixels, out);
    out.push("illuminant_angle", illuminant_angle(image, &pixels));
    out.push("colourfulness", Some(colourfulness(image, &pixels)));
}

/// Pixels of gentian violet or a pen: hue 200..320, saturation at least 0.25, value at least 0.2.
///
/// Such marks mislead classifiers: Winkler et al., JAMA Dermatol. 155 (2019) 1135.
pub fn ink(image: &Canonical) -> Mask {
    Mask::new(image.width, image.height, |at| {
        let (value, saturation) = image.value_saturation(at);
        saturation >= 0.25 && value >= 51.0 && (200.0..=320.0).contains(&image.hue(at))
    })
}

/// Mean saturation; circular mean of hue weighted by saturation, and its length.
fn hue(image: &Canonical, pixels: &[usize], out: &mut Collector) {
    let (mut weight, mut along, mut across) = (0.0, 0.0, 0.0);
    for &at in pixels {
        let saturation = f64::from(image.value_saturation(at).1);
        let angle = f64::from(image.hue(at)).to_radians();
        weight += saturation;
        along += saturation * angle.cos();
        across += saturation * angle.sin();
    }
    out.push("saturation", Some(weight / pixels.len() as f64));
    // Skin lies near 0 degrees, so the circle is cut at 180.
    let length = along.hypot(across);
    out.push("hue_mean", (length > 1e-9 * pixels.len() as f64).then(|| across.atan2(along).to_degrees()));
    out.push("hue_concentration", (weight > 0.0).then(|| length / weight));
}

/// Mean of each channel's share of a pixel; black pixels are left out.
fn relative(image: &Canonical, pixels: &[usize], out: &mut Collector) {
    let (mut sums, mut n) = ([0.0_f64; 3], 0_u32);
    for &at in pixels {
        let rgb = image.rgb[at].map(f64::from);
        let whole: f64 = rgb.iter().sum();
        if whole > 0.0 {
            (0..3).for_each(|c| sums[c] += rgb[c] / whole);
            n += 1;
        }
    }
    for (name, sum) in ["relative_red", "relative_green", "relative_blue"].into_iter().zip(sums) {
        out.push(name, (n > 0).then(|| sum / f64::from(n)));
    }
}

/// The angle between grey and the light estimated by the Minkowski norm of order 6, in degrees.
///
/// Finlayson and Trezzi, Color Imaging Conf. 2004 ("shades of grey").
fn illuminant_angle(image: &Canonical, pixels: &[usize]) -> Option<f64> {
    let mut sums = [0.0_f64; 3];
    for &at in pixels {
        (0..3).for_each(|c| sums[c] += (f64::from(image.rgb[at][c]) / 255.0).powi(6));
    }
    let light = sums.map(|sum| (sum / pixels.len() as f64).powf(1.0 / 6.0));
    let length = light.iter().map(|c| c * c).sum::<f64>().sqrt();
    let cosine = light.iter().sum::<f64>() / (length * 3.0_f64.sqrt());
    (length > 0.0).then(|| cosine.clamp(-1.0, 1.0).acos().to_degrees())
}

/// `sqrt(var rg + var yb) + 0.3 sqrt(mean rg^2 + mean yb^2)`. Hasler and Suesstrunk, Proc. SPIE 5007 (2003).
fn colourfulness(image: &Canonical, pixels: &[usize]) -> f64 {
    let opponents = |at: &usize| {
        let [r, g, b] = image.rgb[*at].map(f64::from);
        [r - g, (r + g) / 2.0 - b]
    };
    let n = pixels.len() as f64;
    let mut mean = [0.0; 2];
    let mut square = [0.0; 2];
    for at in pixels {
        for (i, value) in opponents(at).into_iter().enumerate() {
            mean[i] += value / n;
            square[i] += value * value / n;
        }
    }
    let variance: f64 = (0..2).map(|i| (square[i] - mean[i] * mean[i]).max(0.0)).sum();
    variance.sqrt() + 0.3 * (mean[0] * mean[0] + mean[1] * mean[1]).sqrt()
}
