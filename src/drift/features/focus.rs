//! Sharpness, blur and noise.

use super::Collector;
use super::canonical::Canonical;
use super::mask::Mask;

/// Measures focus.
pub fn measure(image: &Canonical, valid: &Mask, out: &mut Collector) {
    if image.width < 3 || image.height < 3 {
        return;
    }
    out.push("sharpness", laplacian_variance(image, valid));
    out.push("noise", Some(immerkaer(image)));
    out.push("blur", crete(image));
}

/// Variance of the 4-neighbour Laplacian where the pixel and its neighbours are valid.
///
/// Pech-Pacheco et al., ICPR 2000. Hairs and ruler ticks raise it greatly: read it with them, or use `blur`.
fn laplacian_variance(image: &Canonical, valid: &Mask) -> Option<f64> {
    let w = image.width;
    let mut values = Vec::with_capacity(image.len());
    for y in 1..image.height - 1 {
        for at in y * w + 1..(y + 1) * w - 1 {
            let around = [at - 1, at + 1, at - w, at + w];
            if valid.has(at) && around.iter().all(|&beside| valid.has(beside)) {
                let sum: f32 = around.iter().map(|&beside| image.y[beside]).sum();
                values.push(f64::from(sum - 4.0 * image.y[at]));
            }
        }
    }
    let (_, sd) = super::super::stats::mean_sd(&values);
    (!values.is_empty()).then_some(sd * sd)
}

/// `sqrt(pi / 2) / (6 (W - 2)(H - 2)) * sum |Y * N|`, N = [1 -2 1; -2 4 -2; 1 -2 1]. Immerkaer, CVIU 64 (1996) 300.
fn immerkaer(image: &Canonical) -> f64 {
    let w = image.width;
    let row = |at: usize| image.y[at - 1] - 2.0 * image.y[at] + image.y[at + 1];
    let mut sum = 0.0;
    for y in 1..image.height - 1 {
        for at in y * w + 1..(y + 1) * w - 1 {
            sum += f64::from((row(at - w) - 2.0 * row(at) + row(at + w)).abs());
        }
    }
    let area = 6.0 * (w - 2) as f64 * (image.height - 2) as f64;
    (std::f64::consts::PI / 2.0).sqrt() * sum / area
}

/// Taps of the blur that the image is compared with.
const TAPS: usize = 9;

/// How little a further blur changes the image: 0 sharp, 1 blurred; the worse of both directions.
///
/// Crete et al., Proc. SPIE 6492 (2007): differences of neighbours that a 9-tap mean along the same
/// direction takes away, over all differences.
fn crete(image: &Canonical) -> Option<f64> {
    let (w, h) = (image.width, image.height);
    let mut line = Vec::new();
    let mut lost = |lines: usize, length: usize, at: &dyn Fn(usize, usize) -> usize| {
        let (mut all, mut removed) = (0.0, 0.0);
        for i in 0..lines {
            line.clear();
            line.extend((0..length).map(|j| image.y[at(i, j)]));
            let blurred = box_mean(&line);
            for j in 1..length {
                let sharp = (line[j] - line[j - 1]).abs();
                all += f64::from(sharp);
                removed += f64::from((sharp - (blurred[j] - blurred[j - 1]).abs()).max(0.0));
            }
        }
        (all > 0.0).then(|| (all - removed) / all)
    };
    let across = lost(h, w, &|i, j| i * w + j);
    let down = lost(w, h, &|i, j| j * w + i);
    across.zip(down).map(|(a, b)| a.max(b))
}

/// Mean over [`TAPS`] values; the ends repeat their last value.
fn box_mean(line: &[f32]) -> Vec<f32> {
    let reach = TAPS / 2;
    let get = |i: isize| line[i.clamp(0, line.len() as isize - 1) as usize];
    let mut sum: f32 = (-(reach as isize)..=reach as isize).map(get).sum();
    let mut out = Vec::with_capacity(line.len());
    for i in 0..line.len() as isize {
        out.push(sum / TAPS as f32);
        sum += get(i + reach as isize + 1) - get(i - reach as isize);
    }
    out
}
