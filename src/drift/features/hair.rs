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

/// Closing less Y along rows and along columns, for those who look for ticks.
pub struct Straight {
    /// Along rows: what is thin and upright.
    pub upright: Vec<f32>,
    /// Along columns: what is thin and level.
    pub level: Vec<f32>,
}

/// Measures the share of hair; returns the hair's pixels and the straight black-hats.
pub fn measure(image: &Canonical, out: &mut Collector) -> (Mask, Straight) {
    let (mut upright, mut level) = (vec![0.0_f32; image.len()], vec![0.0_f32; image.len()]);
    black_hat(image, 1, 0, &mut upright);
    black_hat(image, 0, 1, &mut level);
    let mut strongest: Vec<f32> = upright.iter().zip(&level).map(|(a, b)| a.max(*b)).collect();
    black_hat(image, 1, 1, &mut strongest);
    black_hat(image, -1, 1, &mut strongest);
    let thin = Mask::new(image.width, image.height, |at| strongest[at] >= DEPTH);
    let mut hair = Mask::new(image.width, image.height, |_| false);
    for region in thin.regions().iter().filter(|region| is_hair(region)) {
        region.pixels.iter().for_each(|&at| hair.bits[at] = true);
    }
    out.push("hair_density", Some(hair.share()));
    (hair, Straight { upright, level })
}

fn is_hair(region: &Region) -> bool {
    let across = (region.columns.1 - region.columns.0 + 1) as f64;
    let down = (region.rows.1 - region.rows.0 + 1) as f64;
    let diagonal = across.hypot(down);
    diagonal >= SHORTEST && region.pixels.len() as f64 / diagonal <= WIDEST
}

/// Raises `strongest` to the closing along one direction less Y.
fn black_hat(image: &Canonical, dx: isize, dy: isize, strongest: &mut [f32]) {
    let (w, h) = (image.width as isize, image.height as isize);
    let inside = |x: isize, y: isize| (0..w).contains(&x) && (0..h).contains(&y);
    // Lines start at border pixels whose predecessor lies outside.
    let border = (0..w).flat_map(|x| [(x, 0), (x, h - 1)]).chain((1..h - 1).flat_map(|y| [(0, y), (w - 1, y)]));
    let mut starts: Vec<(isize, isize)> = border.filter(|(x, y)| !inside(x - dx, y - dy)).collect();
    starts.sort_unstable();
    starts.dedup();
    let step = dy * w + dx;
    let mut scratch = Scratch::default();
    for (x, y) in starts {
        let across = if dx > 0 {
            w - x
        } else if dx < 0 {
            x + 1
        } else {
            isize::MAX
        };
        let down = if dy > 0 { h - y } else { isize::MAX };
        let first = y * w + x;
        let at = |i: usize| (first + i as isize * step) as usize;
        scratch.values.clear();
        scratch.values.extend((0..across.min(down) as usize).map(|i| image.y[at(i)]));
        for (i, depth) in scratch.closing_depth().iter().enumerate() {
            let slot = &mut strongest[at(i)];
            *slot = slot.max(*depth);
        }
    }
}

/// Buffers of one line after another.
#[derive(Default)]
struct Scratch {
    values: Vec<f32>,
    padded: Vec<f32>,
    ahead: Vec<f32>,
    behind: Vec<f32>,
    widest: Vec<f32>,
}

impl Scratch {
    /// Grey closing by a centred line, windows cut at the ends, less the values themselves.
    fn closing_depth(&mut self) -> &[f32] {
        let values = std::mem::take(&mut self.values);
        self.sliding_maximum(&values);
        let mut negated = std::mem::take(&mut self.widest);
        negated.iter_mut().for_each(|v| *v = -*v);
        self.sliding_maximum(&negated);
        self.widest.iter_mut().zip(&values).for_each(|(least, value)| *least = -*least - value);
        self.values = values;
        &self.widest
    }

    /// `widest` becomes the maximum within [`LINE`] / 2 to both sides: van Herk's blocks, three comparisons a value.
    fn sliding_maximum(&mut self, values: &[f32]) {
        let reach = LINE / 2;
        // Padded to both sides with the lowest value, up to whole blocks.
        let total = (values.len() + 2 * reach).next_multiple_of(LINE);
        self.padded.clear();
        self.padded.resize(total, f32::NEG_INFINITY);
        self.padded[reach..reach + values.len()].copy_from_slice(values);
        self.ahead.clone_from(&self.padded);
        self.behind.clone_from(&self.padded);
        for block in self.ahead.chunks_exact_mut(LINE) {
            (1..LINE).for_each(|i| block[i] = block[i].max(block[i - 1]));
        }
        for block in self.behind.chunks_exact_mut(LINE) {
            (0..LINE - 1).rev().for_each(|i| block[i] = block[i].max(block[i + 1]));
        }
        self.widest.clear();
        self.widest.extend(self.behind.iter().zip(&self.ahead[LINE - 1..]).take(values.len()).map(|(a, b)| a.max(*b)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sliding_maximum_is_the_maximum_of_the_window() {
        let values: Vec<f32> = (0..97).map(|i| ((i * 37) % 53) as f32).collect();
        for length in [1, 7, 8, 15, 16, 61, 97] {
            let values = &values[..length];
            let mut scratch = Scratch::default();
            scratch.sliding_maximum(values);
            for i in 0..length {
                let window = &values[i.saturating_sub(7)..(i + 8).min(length)];
                assert_eq!(scratch.widest[i], window.iter().copied().fold(f32::MIN, f32::max), "at {i} of {length}");
            }
        }
    }
}
