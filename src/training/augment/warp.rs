//! Masks moved by a [`Plane`], to the nearest pixel; what lies outside is mirrored at the border.

use super::plane::Plane;

/// Folds a coordinate back into `0..n` by mirroring at the borders.
fn mirrored(i: i64, n: i64) -> usize {
    let folded = i.rem_euclid(2 * n);
    (if folded < n { folded } else { 2 * n - 1 - folded }) as usize
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
