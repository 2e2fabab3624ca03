//! The map of the plane: crop, rotation and flips of one image in one epoch.

use rand::Rng;

use super::Augment;

/// Where an output pixel comes from: `x' = a x + b y + c`, `y' = d x + e y + f`, in pixels from the corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plane(pub [f32; 6]);

impl Plane {
    pub fn draw(rng: &mut impl Rng, settings: &Augment, width: f32, height: f32) -> Self {
        let (mut across, mut down) = (1.0f64, 1.0f64);
        if settings.crop < 1.0 {
            let area = rng.random_range(settings.crop..=1.0);
            let aspect = rng.random_range((0.75f64).ln()..=(4.0f64 / 3.0).ln()).exp();
            across = (area * aspect).sqrt().min(1.0);
            down = (area / aspect).sqrt().min(1.0);
        }
        let left = rng.random_range(0.0..=1.0) * (1.0 - across);
        let top = rng.random_range(0.0..=1.0) * (1.0 - down);
        let angle = if settings.rotation > 0.0 { rng.random_range(-settings.rotation..=settings.rotation).to_radians() } else { 0.0 };
        let mirror = |heads: bool| if settings.flips && heads { -1.0f32 } else { 1.0 };
        let (mirror_x, mirror_y) = (mirror(rng.random()), mirror(rng.random()));
        let (across, down) = (across as f32, down as f32);
        let centre = (width * (left as f32 + across / 2.0), height * (top as f32 + down / 2.0));
        let (sin, cos) = (angle.sin() as f32, angle.cos() as f32);
        let (a, b) = (cos * mirror_x * across, -sin * mirror_y * across);
        let (d, e) = (sin * mirror_x * down, cos * mirror_y * down);
        let (half_x, half_y) = (width / 2.0, height / 2.0);
        Self([a, b, centre.0 - a * half_x - b * half_y, d, e, centre.1 - d * half_x - e * half_y])
    }

    /// Where an output pixel comes from that comes from `first`, and that from here.
    pub fn after(&self, first: &Self) -> Self {
        let [a, b, c, d, e, f] = self.0;
        let [p, q, r, s, t, u] = first.0;
        Self([a * p + b * s, a * q + b * t, a * r + b * u + c, d * p + e * s, d * q + e * t, d * r + e * u + f])
    }

    /// Every pixel where it is.
    pub const STILL: Self = Self([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
}
