//! The map of the colours: brightness, contrast, saturation and hue of one image in one epoch.

use rand::Rng;

use super::Augment;

/// `rgb' = matrix rgb + offset`, of values 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colours {
    matrix: [[f32; 3]; 3],
    offset: f32,
}

/// The weights of red, green and blue in grey (ITU-R BT.601), as Pillow's and torchvision's colour operations use them.
const GREY: [f32; 3] = [0.299, 0.587, 0.114];

impl Colours {
    pub fn draw(rng: &mut impl Rng, settings: &Augment, pixels: &[u8]) -> Self {
        let mut factor =
            || if settings.jitter > 0.0 { rng.random_range(1.0 - settings.jitter..=1.0 + settings.jitter) as f32 } else { 1.0 };
        let (brightness, contrast, saturation) = (factor(), factor(), factor());
        let angle = if settings.hue > 0.0 { rng.random_range(-settings.hue..=settings.hue).to_radians() } else { 0.0 };
        let turn = hue_rotation(angle as f32);
        let mut matrix = [[0.0; 3]; 3];
        for (row, out) in matrix.iter_mut().enumerate() {
            for (column, cell) in out.iter_mut().enumerate() {
                let saturated = |r: usize| GREY[column] * (1.0 - saturation) + if r == column { saturation } else { 0.0 };
                *cell = brightness * contrast * (0..3).map(|k| turn[row][k] * saturated(k)).sum::<f32>();
            }
        }
        let offset = if settings.jitter > 0.0 { mean_grey(pixels) * brightness * (1.0 - contrast) } else { 0.0 };
        Self { matrix, offset }
    }

    /// `[red, green, blue, 1]` to each of red, green and blue.
    pub fn rows(&self) -> [[f32; 4]; 3] {
        self.matrix.map(|[r, g, b]| [r, g, b, self.offset])
    }
}

/// Rotation about the axis of greys; white, black and grey stay.
fn hue_rotation(angle: f32) -> [[f32; 3]; 3] {
    let (sin, cos) = (angle.sin(), angle.cos());
    let same = cos + (1.0 - cos) / 3.0;
    let (less, more) = ((1.0 - cos) / 3.0 - sin / 3f32.sqrt(), (1.0 - cos) / 3.0 + sin / 3f32.sqrt());
    [[same, less, more], [more, same, less], [less, more, same]]
}

fn mean_grey(pixels: &[u8]) -> f32 {
    let n = (pixels.len() / 3).max(1) as f32;
    derm_kernels::pixels::sums(pixels).into_iter().zip(GREY).map(|(sum, weight)| weight * sum as f32 / n).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hue_by_a_third_turn_moves_red_to_green() {
        let turn = hue_rotation(2.0 * std::f32::consts::PI / 3.0);
        let red: Vec<f32> = turn.iter().map(|row| row[0]).collect();
        assert!((red[0]).abs() < 1e-6 && (red[1] - 1.0).abs() < 1e-6 && red[2].abs() < 1e-6, "{red:?}");
    }
}
