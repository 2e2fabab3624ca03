//! What the list moves: transposition, one of three distortions, shift with scale and rotation; and the hole.

use derm_kernels::pixels::{Bend, Frame, Hole, STEPS};
use rand::Rng;

use super::super::plane::Plane;
use super::Isic2020;

/// One image's movements.
pub struct Movement {
    /// Shift, scale and rotation, and what bends the picture after that; nothing where neither was drawn.
    pub frame: Option<Frame>,
    /// What is done to places after that: elastic distortion and transposition.
    pub inner: Plane,
    /// What is hidden at the end.
    pub hole: Option<Hole>,
}

impl Movement {
    /// Of an image of `[height, width]`; transposed only where `symmetries` may be used.
    pub fn draw(rng: &mut impl Rng, list: &Isic2020, symmetries: bool, size: [usize; 2]) -> Self {
        let [height, width] = size.map(|side| side as f32);
        let mut inner = if symmetries && rng.random_bool(0.5) { transposed([height, width]) } else { Plane::STILL };
        let mut frame = Frame::WHOLE;
        if list.takes(rng, 0.7) {
            match rng.random_range(0..3) {
                0 => frame.bend = Bend::Optical(list.distortion(rng) as f32),
                1 => frame.bend = Bend::Grid { across: list.steps(rng), down: list.steps(rng) },
                _ => inner = inner.after(&elastic(rng, list, [height, width])),
            }
        }
        if list.takes(rng, 0.85) {
            frame.plane = shifted(rng, list, [height, width]).0;
        }
        let frame = (frame != Frame::WHOLE).then_some(frame);
        let hole = list.takes(rng, 0.7).then(|| hole(rng, list, size));
        Self { frame, inner, hole }
    }
}

impl Isic2020 {
    /// Up to 1, beyond which pictures are folded.
    fn distortion(&self, rng: &mut impl Rng) -> f64 {
        rng.random_range(-1.0..=1.0) * self.magnitude.min(1.0)
    }

    fn steps(&self, rng: &mut impl Rng) -> [f32; STEPS] {
        std::array::from_fn(|_| 1.0 + self.distortion(rng) as f32)
    }
}

/// Rows for columns, stretched to the same size.
fn transposed([height, width]: [f32; 2]) -> Plane {
    Plane([0.0, width / height, 0.0, height / width, 0.0, 0.0])
}

/// Rotated and scaled about the centre, then shifted: where a pixel comes from.
fn shifted(rng: &mut impl Rng, list: &Isic2020, [height, width]: [f32; 2]) -> Plane {
    let angle = list.about_zero(rng, 15.0).to_radians();
    let scale = 1.0 + list.about_zero(rng, 0.1);
    let shift = [width, height].map(|side| list.about_zero(rng, 0.1) as f32 * side);
    let (cos, sin) = ((angle.cos() / scale) as f32, (angle.sin() / scale) as f32);
    let centre = [width / 2.0, height / 2.0];
    let from = [centre[0] + shift[0], centre[1] + shift[1]];
    Plane([cos, -sin, centre[0] - cos * from[0] + sin * from[1], sin, cos, centre[1] - sin * from[0] - cos * from[1]])
}

/// The part of the shorter side that a corner of the elastic distortion moves by: 50 pixels of the winners' smallest images.
const CORNER: f64 = 50.0 / 512.0;

/// The affine map that moves three corners of a square about the centre, two thirds of the shorter side wide, each by some pixels.
fn elastic(rng: &mut impl Rng, list: &Isic2020, [height, width]: [f32; 2]) -> Plane {
    let side = f64::from(height.min(width));
    let (half, centre) = (side / 3.0, [f64::from(width) / 2.0, f64::from(height) / 2.0]);
    let mut moved = |at: [f64; 2]| at.map(|place| place + list.about_zero(rng, CORNER * side));
    let lower_right = moved([centre[0] + half, centre[1] + half]);
    let upper_right = moved([centre[0] + half, centre[1] - half]);
    let upper_left = moved([centre[0] - half, centre[1] - half]);
    // The map of the picture, in columns: what a pixel across and a pixel down become. A place in the result comes from its inverse,
    // which exists as corners move by less than half a side of the square.
    let across = [0, 1].map(|axis| (upper_right[axis] - upper_left[axis]) / (2.0 * half));
    let down = [0, 1].map(|axis| (lower_right[axis] - upper_right[axis]) / (2.0 * half));
    let area = across[0] * down[1] - across[1] * down[0];
    let [a, b, d, e] = [down[1] / area, -down[0] / area, -across[1] / area, across[0] / area];
    let corner = [centre[0] - half, centre[1] - half];
    let c = corner[0] - a * upper_left[0] - b * upper_left[1];
    let f = corner[1] - d * upper_left[0] - e * upper_left[1];
    Plane([a, b, c, d, e, f].map(|value| value as f32))
}

/// A box about a random pixel. One that would begin before the image begins with it; one that would end after it is cut off.
fn hole(rng: &mut impl Rng, list: &Isic2020, size: [usize; 2]) -> Hole {
    let mut cut = |side: usize| {
        let length = (side as f64 * 0.375 * list.magnitude) as usize;
        let start = (rng.random_range(0..=side as u64) as usize).saturating_sub(length / 2);
        start..(start + length).min(side)
    };
    Hole { rows: cut(size[0]), columns: cut(size[1]) }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn corners_come_from_where_they_were() {
        // Without a draw of its own the elastic map is none; with one it leads each moved corner back.
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(4);
        let still = Isic2020 { magnitude: 0.0, probability: 1.0 };
        let plane = elastic(&mut rng, &still, [90.0, 120.0]);
        assert!(plane.0.iter().zip(Plane::STILL.0).all(|(got, want)| (got - want).abs() < 1e-5), "{plane:?}");
        let plane = shifted(&mut rng, &still, [90.0, 120.0]);
        assert!(plane.0.iter().zip(Plane::STILL.0).all(|(got, want)| (got - want).abs() < 1e-5), "{plane:?}");
        for seed in 0..50 {
            let draws = || rand_chacha::ChaCha8Rng::seed_from_u64(seed);
            let [a, b, c, d, e, f] = elastic(&mut draws(), &Isic2020::PUBLISHED, [90.0, 120.0]).0;
            let mut rng = draws();
            for corner in [[90.0, 75.0], [90.0, 15.0], [30.0, 15.0]] {
                let [x, y] = corner.map(|place: f32| place + Isic2020::PUBLISHED.about_zero(&mut rng, CORNER * 90.0) as f32);
                let back = [a * x + b * y + c, d * x + e * y + f];
                assert!((0..2).all(|axis| (back[axis] - corner[axis]).abs() < 1e-3), "{back:?}, not {corner:?}");
            }
        }
    }

    #[test]
    fn holes_have_their_size_and_stay_within() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(4);
        let mut whole = 0;
        for _ in 0..500 {
            let Hole { rows, columns } = hole(&mut rng, &Isic2020::PUBLISHED, [64, 80]);
            assert!(rows.end <= 64 && columns.end <= 80 && rows.len() <= 24 && columns.len() <= 30);
            whole += usize::from(rows.len() == 24 && columns.len() == 30);
        }
        assert!(whole > 250, "{whole}");
    }
}
