//! The lesion, found by a threshold: its size, shape and colours.
//!
//! Otsu's threshold (IEEE Trans. SMC 9 (1979) 62) on smoothed Y of the valid pixels; of the dark regions, holes
//! filled, the one that is largest after weighting by its distance from the centre. Pale, regressing and
//! full-frame lesions defeat it: a compactness above 3 or a contrast below 8 says that the mask is not
//! to be trusted. Meant for comparing sets of images, not for judging one.

use super::Collector;
use super::canonical::Canonical;
use super::mask::{Mask, Region};

/// Regions smaller than this share of the image are not looked at.
const LEAST_AREA: f64 = 0.002;

/// Measures the lesion; returns its mask if one is found.
pub fn measure(image: &Canonical, valid: &Mask, out: &mut Collector) -> Option<Mask> {
    let smooth = smoothed(image);
    let threshold = otsu(&smooth, valid)?;
    let dark = Mask::new(image.width, image.height, |at| valid.has(at) && smooth[at] <= threshold);
    let regions = dark.filled().regions();
    let region = regions.iter().filter(|r| r.pixels.len() as f64 >= LEAST_AREA * image.len() as f64).max_by(|a, b| {
        let weight = |region: &Region| centrality(region, image);
        weight(a).total_cmp(&weight(b))
    })?;
    let mut mask = Mask::new(image.width, image.height, |_| false);
    region.pixels.iter().for_each(|&at| mask.bits[at] = true);
    out.push("lesion_area", Some(region.pixels.len() as f64 / image.len() as f64));
    let touches = region.columns.0 == 0 || region.rows.0 == 0 || region.columns.1 + 1 == image.width || region.rows.1 + 1 == image.height;
    out.push("lesion_at_border", Some(f64::from(u8::from(touches))));
    out.push("asymmetry", Some(asymmetry(region, &mask)));
    out.push("compactness", Some(compactness(region, &mask)));
    out.push("lesion_colours", Some(colours(image, region)));
    Some(mask)
}

/// Area, less the further its centre lies from the image's: a Gaussian of a quarter diagonal.
fn centrality(region: &Region, image: &Canonical) -> f64 {
    let (x, y) = centroid(region, image.width);
    let (w, h) = (image.width as f64, image.height as f64);
    let away = (x - (w - 1.0) / 2.0).hypot(y - (h - 1.0) / 2.0) / (0.25 * w.hypot(h));
    region.pixels.len() as f64 * (-0.5 * away * away).exp()
}

fn centroid(region: &Region, width: usize) -> (f64, f64) {
    let n = region.pixels.len() as f64;
    let sum = region.pixels.iter().fold((0, 0), |sum, at| (sum.0 + at % width, sum.1 + at / width));
    (sum.0 as f64 / n, sum.1 as f64 / n)
}

/// Mean over 5 x 5 pixels, cut at the border.
fn smoothed(image: &Canonical) -> Vec<f32> {
    let (w, h) = (image.width, image.height);
    let window = |i: usize, n: usize| i.saturating_sub(2)..(i + 3).min(n);
    let mut rows = Vec::with_capacity(image.len());
    for line in image.y.chunks_exact(w.max(1)) {
        rows.extend((0..w).map(|x| line[window(x, w)].iter().sum::<f32>() / window(x, w).len() as f32));
    }
    let mut smooth = vec![0.0; image.len()];
    for (y, line) in smooth.chunks_exact_mut(w.max(1)).enumerate() {
        let near = window(y, h);
        let share = 1.0 / near.len() as f32;
        for other in near {
            line.iter_mut().zip(&rows[other * w..(other + 1) * w]).for_each(|(sum, value)| *sum += value * share);
        }
    }
    smooth
}

/// The level that best separates two classes of valid pixels; `None` when all have one level.
fn otsu(smooth: &[f32], valid: &Mask) -> Option<f32> {
    let mut bins = [0.0_f64; 256];
    smooth.iter().zip(&valid.bits).filter(|(_, valid)| **valid).for_each(|(y, _)| bins[y.round().clamp(0.0, 255.0) as usize] += 1.0);
    let all: f64 = bins.iter().sum();
    let whole: f64 = bins.iter().enumerate().map(|(level, n)| level as f64 * n).sum();
    let (mut below, mut sum, mut best) = (0.0, 0.0, (0.0, None));
    for (level, n) in bins.iter().enumerate() {
        below += n;
        sum += level as f64 * n;
        let above = all - below;
        if below == 0.0 || above == 0.0 {
            continue;
        }
        let apart = sum / below - (whole - sum) / above;
        let between = below * above * apart * apart;
        if between > best.0 {
            best = (between, Some(level as f32 + 0.5));
        }
    }
    best.1
}

/// Mean over both principal axes of the share of the region that its mirror image misses, 0..1.
///
/// The A of the ABCD rule (Nachbar et al., J. Am. Acad. Dermatol. 30 (1994) 551).
fn asymmetry(region: &Region, mask: &Mask) -> f64 {
    let (cx, cy) = centroid(region, mask.width);
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for &at in &region.pixels {
        let (dx, dy) = ((at % mask.width) as f64 - cx, (at / mask.width) as f64 - cy);
        (xx, xy, yy) = (xx + dx * dx, xy + dx * dy, yy + dy * dy);
    }
    let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
    let missed = |(ux, uy): (f64, f64)| {
        let lands = |at: &&usize| {
            let (dx, dy) = ((**at % mask.width) as f64 - cx, (**at / mask.width) as f64 - cy);
            let along = dx * ux + dy * uy;
            let (x, y) = ((2.0 * along * ux - dx + cx).round(), (2.0 * along * uy - dy + cy).round());
            let inside = x >= 0.0 && y >= 0.0 && x < mask.width as f64 && y < mask.height as f64;
            inside && mask.has(y as usize * mask.width + x as usize)
        };
        1.0 - region.pixels.iter().filter(lands).count() as f64 / region.pixels.len() as f64
    };
    let (sin, cos) = angle.sin_cos();
    (missed((cos, sin)) + missed((-sin, cos))) / 2.0
}

/// `P^2 / (4 pi A)` with P = pi/4 of the pixel edges on the outline: 1 for a disc, more the longer the outline.
///
/// The factor makes the length right on average over directions (Crofton's formula for two of them),
/// where counting edges alone gives 1.62 for a disc.
fn compactness(region: &Region, mask: &Mask) -> f64 {
    let (w, h) = (mask.width, mask.height);
    let edges: usize = region
        .pixels
        .iter()
        .map(|&at| {
            let (x, y) = (at % w, at / w);
            let inner =
                [x > 0 && mask.has(at - 1), x + 1 < w && mask.has(at + 1), y > 0 && mask.has(at - w), y + 1 < h && mask.has(at + w)];
            inner.iter().filter(|same| !**same).count()
        })
        .sum();
    let perimeter = edges as f64 * std::f64::consts::FRAC_PI_4;
    perimeter * perimeter / (4.0 * std::f64::consts::PI * region.pixels.len() as f64)
}

/// `sqrt(var L* + var a* + var b*)` inside the region.
fn colours(image: &Canonical, region: &Region) -> f64 {
    let n = region.pixels.len() as f64;
    let (mut mean, mut square) = ([0.0; 3], 0.0);
    for &at in &region.pixels {
        let value = image.lab[at];
        (0..3).for_each(|c| mean[c] += value[c] / n);
        square += value.iter().map(|v| v * v).sum::<f64>() / n;
    }
    (square - mean.iter().map(|m| m * m).sum::<f64>()).max(0.0).sqrt()
}
