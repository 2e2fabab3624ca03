//! Smooth noise on the plane: values on a lattice, hashed from a key, with smooth steps between them.

/// A noise field.
#[derive(Clone, Copy, Debug)]
pub struct Noise(pub u32);

impl Noise {
    /// The value at a lattice point, in -1..1.
    fn lattice(self, x: i32, y: i32) -> f32 {
        let mut h = self.0 ^ (x as u32).wrapping_mul(0x85EB_CA6B) ^ (y as u32).wrapping_mul(0xC2B2_AE35);
        h = (h ^ h >> 16).wrapping_mul(0x7FEB_352D);
        h = (h ^ h >> 15).wrapping_mul(0x846C_A68B);
        h ^= h >> 16;
        (h >> 8) as f32 / (1u32 << 23) as f32 - 1.0
    }

    /// One octave at frequency 1, in -1..1.
    pub fn at(self, x: f32, y: f32) -> f32 {
        let (x0, y0) = (x.floor(), y.floor());
        let smooth = |t: f32| t * t * (3.0 - 2.0 * t);
        let (u, v) = (smooth(x - x0), smooth(y - y0));
        let (i, j) = (x0 as i32, y0 as i32);
        let top = self.lattice(i, j) * (1.0 - u) + self.lattice(i + 1, j) * u;
        let bottom = self.lattice(i, j + 1) * (1.0 - u) + self.lattice(i + 1, j + 1) * u;
        top * (1.0 - v) + bottom * v
    }

    /// Several octaves, each of half the size and half the height of the one before; about -1..1.
    pub fn octaves(self, x: f32, y: f32, octaves: u32) -> f32 {
        let (mut sum, mut height, mut scale) = (0.0, 0.5, 1.0);
        for octave in 0..octaves {
            sum += height * Noise(self.0.wrapping_add(octave.wrapping_mul(0x9E37_79B9))).at(x * scale, y * scale);
            height *= 0.5;
            scale *= 2.0;
        }
        sum * 1.3
    }
}
