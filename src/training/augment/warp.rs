//! Pixels moved by a [`Plane`]: images bilinearly, masks to the nearest; what lies outside is mirrored at the border.

use super::colours::Colours;
use super::plane::Plane;

/// Folds a coordinate back into `0..n` by mirroring at the borders.
fn mirrored(i: i64, n: i64) -> usize {
    let folded = i.rem_euclid(2 * n);
    (if folded < n { folded } else { 2 * n - 1 - folded }) as usize
}

/// An image `[height, width, 3]` through both maps, sampled bilinearly.
pub fn warp(source: &[u8], target: &mut [u8], (width, height): (usize, usize), plane: &Plane, colours: &Colours) {
    let [a, b, c, d, e, f] = plane.0;
    let at = |x: i64, y: i64| (mirrored(y, height as i64) * width + mirrored(x, width as i64)) * 3;
    for (row, line) in target.chunks_exact_mut(width * 3).enumerate() {
        let v = row as f32 + 0.5;
        for (column, pixel) in line.chunks_exact_mut(3).enumerate() {
            let u = column as f32 + 0.5;
            let (x, y) = (a * u + b * v + c - 0.5, d * u + e * v + f - 0.5);
            let (left, top) = (x.floor(), y.floor());
            let (right_part, bottom_part) = (x - left, y - top);
            let (left, top) = (left as i64, top as i64);
            let corners = [at(left, top), at(left + 1, top), at(left, top + 1), at(left + 1, top + 1)];
            let mut mixed = [0.0f32; 3];
            for (channel, value) in mixed.iter_mut().enumerate() {
                let [p, q, r, s] = corners.map(|corner| f32::from(source[corner + channel]));
                let upper = p + (q - p) * right_part;
                *value = upper + (r + (s - r) * right_part - upper) * bottom_part;
            }
            pixel.copy_from_slice(&colours.apply(mixed));
        }
    }
}

/// A mask `[height, width, channels]` through the map of the plane; each pixel is one of the source's, never a mixture.
pub fn warp_nearest(source: &[u8], target: &mut [u8], (width, height): (usize, usize), channels: usize, plane: &Plane) {
    let [a, b, c, d, e, f] = plane.0;
    for (row, line) in target.chunks_exact_mut(width * channels).enumerate() {
        let v = row as f32 + 0.5;
        for (column, pixel) in line.chunks_exact_mut(channels).enumerate() {
            let u = column as f32 + 0.5;
            let (x, y) = ((a * u + b * v + c).floor() as i64, (d * u + e * v + f).floor() as i64);
            let from = (mirrored(y, height as i64) * width + mirrored(x, width as i64)) * channels;
            pixel.copy_from_slice(&source[from..from + channels]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_mirror() {
        assert_eq!([-3, -2, -1, 0, 3, 4, 5].map(|i| mirrored(i, 4)), [2, 1, 0, 0, 3, 3, 2]);
    }
}
