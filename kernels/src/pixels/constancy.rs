//! Colour constancy: what an image would look like under white light.
//!
//! Shades of grey (Finlayson and Trezzi, "Shades of gray and colour constancy", Color Imaging Conference 2004): the light's colour is the
//! Minkowski mean of all pixels, `(mean of level^p)^(1/p)` for each channel, with p = 6. Each channel is divided by its own and multiplied
//! by their root mean square, so that the light becomes grey and keeps its strength (von Kries), as Barata, Celebi and Marques do on dermoscopic
//! images ("Improving dermoscopy image classification using color constancy", 2015).

use super::levels::{Table, counts, look_up};

/// Makes the light of an image u8 `[.., 3]` grey, in place: levels are rounded and stay within 255. Sums are whole numbers and roots are worked
/// out in double precision by Newton's steps: every machine gives the same levels. An image without any pixel above 0 in one of its
/// channels stays as it is: it says nothing about its light.
pub fn shades_of_grey(pixels: &mut [u8]) {
    let light = counts(pixels).map(|counts| minkowski(&counts));
    if light.contains(&0.0) {
        return;
    }
    let grey = (light.iter().map(|own| own * own).sum::<f64>() / 3.0).sqrt();
    let tables: [Table; 3] = light.map(|own| std::array::from_fn(|level| (level as f64 * (grey / own)).round().min(255.0) as u8));
    look_up(pixels, &tables);
}

/// The sixth root of the mean of the levels' sixth powers.
fn minkowski(counts: &[u64; 256]) -> f64 {
    let pixels: u64 = counts.iter().sum();
    let sum: u128 = counts.iter().zip(0u128..).map(|(&count, level)| u128::from(count) * level.pow(6)).sum();
    let square = (sum as f64 / pixels.max(1) as f64).sqrt();
    // The cube root, from above. No root of a mean of levels is beyond 255.
    let mut root = 256.0f64;
    loop {
        let next = root - (root * root * root - square) / (3.0 * root * root);
        // It ends where it no longer falls; a root of 0 is reached by underflow.
        if next >= root || next <= 0.0 || square == 0.0 {
            return if square == 0.0 { 0.0 } else { root };
        }
        root = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_are_those_of_the_definition() {
        // Two pixels, worked out in NumPy: e = [((200**6 + 100**6) / 2) ** (1 / 6), ...], g = sqrt(sum(e_i**2) / 3) / e.
        // e = 178.6408, 89.3204, 44.6602; g = 118.1598 / e = 0.661438, 1.322876, 2.645751.
        let mut pixels = [200, 100, 50, 100, 50, 25];
        shades_of_grey(&mut pixels);
        assert_eq!(pixels, [132, 132, 132, 66, 66, 66]);
    }

    #[test]
    fn roots_are_sixth_roots_and_grey_light_changes_nothing() {
        for level in 1..=255usize {
            let mut counts = [0; 256];
            counts[level] = 12_345;
            assert!((minkowski(&counts) / level as f64 - 1.0).abs() < 1e-14, "{level}");
        }
        let grey: Vec<u8> = (0..=255).flat_map(|level| [level; 3]).collect();
        let mut same = grey.clone();
        shades_of_grey(&mut same);
        assert_eq!(same, grey);
        for mut dark in [vec![], vec![0; 30], [9, 0, 7].repeat(5)] {
            let before = dark.clone();
            shades_of_grey(&mut dark);
            assert_eq!(dark, before);
        }
    }
}
