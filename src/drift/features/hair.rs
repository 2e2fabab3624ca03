//! Hairs: thin dark structures, found by black-hat along lines.
//!
//! After Lee et al. 1997 ("DullRazor"): the closing of Y by a line of 15 pixels in four directions, less Y,
//! at least 20 levels; then only long thin regions. Light hair on dark skin is not found.

use super::Collector;
use super::canonical::Canonical;
use super::mask::{Mask, Region};

/// Length of the line in pixels.
const LINE: usize = 15;
/// Levels by which a hair is darker than what surrounds it.
const DEPTH: f32 = 20.0;
/// The greatest mean width of a hair in pixels.
const WIDEST: f64 = 5.0;
/// The least diagonal of a hair's bounding box in pixels.
const SHORTEST: f64 = 20.0;

/// Measures the share of hair; returns the hair's pixels.
pub fn measure(image: &Canonical, out: &mut Collector) -> Mask {
    let mut strongest = vec![0.0_f32; image.len()];
    for (dx, dy) in [(1, 0), (0, 1), (1, 1), (-1, 1)] {
        black_hat(image, dx, dy, &mut strongest);
    }
    let thin = Mask::new(image.width, image.height, |at| strongest[at] >= DEPTH);
    let mut hair = Mask::new(image.width, image.height, |_| false);
    for region in thin.regions().iter().filter(|region| is_hair(region)) {
        region.pixels.iter().for_each(|&at| hair.bits[at] = true);
    }
    out.push("hair_density", Some(hair.share()));
    hair
}

fn is_hair(region: &Region) -> bool {
    let across = (region.columns.1 - region.columns.0 + 1) as f64;
    let down = (region.rows.1 - region.rows.0 + 1) as f64;
    let diagonal = across.hypot(down);
    diagonal >= SHORTEST && region.pixels.len() as f64 / diagonal <= WIDEST
}

/// Raises `strongest` to the closing along one direction less Y.
pub fn black_hat(image: &Canonical, dx: isize, dy: isize, strongest: &mut [f32]) {
    let (w, h) = (image.width as isize, image.height as isize);
    let inside = |x: isize, y: isize| (0..w).contains(&x) && (0..h).contains(&y);
    let mut line = Vec::new();
    for start in 0..w * h {
        let (mut x, mut y) = (start % w, start / w);
        // Lines start where the pixel before lies outside.
        if inside(x - dx, y - dy) {
            continue;
        }
        line.clear();
        while inside(x, y) {
            line.push((y * w + x) as usize);
            (x, y) = (x + dx, y + dy);
        }
        let values: Vec<f32> = line.iter().map(|&at| image.y[at]).collect();
        let closed = closing(&values);
        for (i, &at) in line.iter().enumerate() {
            strongest[at] = strongest[at].max(closed[i] - values[i]);
        }
    }
}

/// Grey closing by a centred line: sliding maximum, then sliding minimum, windows cut at the ends.
fn closing(values: &[f32]) -> Vec<f32> {
    let negated: Vec<f32> = sliding_maximum(values).iter().map(|v| -v).collect();
    sliding_maximum(&negated).iter().map(|v| -v).collect()
}

/// The maximum within [`LINE`] / 2 to both sides: van Herk's blocks, three comparisons a value.
fn sliding_maximum(values: &[f32]) -> Vec<f32> {
    let reach = LINE / 2;
    let n = values.len();
    // Padded by `reach` to both sides with the lowest value.
    let padded = |i: usize| if (reach..reach + n).contains(&i) { values[i - reach] } else { f32::NEG_INFINITY };
    let total = n + 2 * reach;
    let mut ahead = vec![f32::NEG_INFINITY; total];
    let mut behind = vec![f32::NEG_INFINITY; total];
    for i in 0..total {
        ahead[i] = if i % LINE == 0 { padded(i) } else { ahead[i - 1].max(padded(i)) };
    }
    for i in (0..total).rev() {
        let ends = i % LINE == LINE - 1 || i == total - 1;
        behind[i] = if ends { padded(i) } else { behind[i + 1].max(padded(i)) };
    }
    (0..n).map(|i| behind[i].max(ahead[i + LINE - 1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sliding_maximum_is_the_maximum_of_the_window() {
        let values: Vec<f32> = (0..97).map(|i| ((i * 37) % 53) as f32).collect();
        let got = sliding_maximum(&values);
        for i in 0..values.len() {
            let window = &values[i.saturating_sub(7)..(i + 8).min(values.len())];
            assert_eq!(got[i], window.iter().copied().fold(f32::MIN, f32::max), "at {i}");
        }
    }
}
