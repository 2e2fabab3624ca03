//! Maps of the plane that are not affine: what a lens and an uneven grid do to a picture.
//!
//! Coordinates are in pixels from the picture's corner: the centre of the first pixel is at 0.5. A map says where a place comes from.

/// Steps of [`Bend::Grid`] along a side.
pub const STEPS: usize = 5;

/// How places are bent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bend {
    /// Not at all.
    Straight,
    /// Brown's radial distortion about the centre with one coefficient for both terms: a place at distance `r` times the width comes from
    /// `1 + k r^2 + k r^4` times as far.
    Optical(f32),
    /// Each side is cut into equal cells, and the cells are stretched: a pixel's step in cell `i` is one of `across[i]`, or `down[i]`, in
    /// the source. The upper left corner stays.
    Grid {
        /// From left to right.
        across: [f32; STEPS],
        /// From top to bottom.
        down: [f32; STEPS],
    },
}

/// A picture within a frame, and what is done to it there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Where a pixel of the result comes from in the picture: `x' = a x + b y + c`, `y' = d x + e y + f`. What lies outside is black.
    pub plane: [f32; 6],
    /// How the picture is bent.
    pub bend: Bend,
}

impl Frame {
    /// Nothing is moved.
    pub const WHOLE: Self = Self { plane: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], bend: Bend::Straight };

    /// Where the pixels of a line come from: their places before they are bent, whether each is outside, and the bent places.
    #[inline(always)]
    pub(super) fn find(&self, row: usize, [height, width]: [f32; 2], x: &mut [f32], y: &mut [f32], outside: &mut [u32]) {
        let (y, outside) = (&mut y[..x.len()], &mut outside[..x.len()]);
        let [a, b, c, d, e, f] = self.plane;
        let v = row as f32 + 0.5;
        for i in 0..x.len() {
            let u = i as u32 as i32 as f32 + 0.5;
            (x[i], y[i]) = (a * u + (b * v + c), d * u + (e * v + f));
            let inside = (x[i] >= 0.0) & (x[i] <= width) & (y[i] >= 0.0) & (y[i] <= height);
            outside[i] = u32::from(!inside);
        }
        match &self.bend {
            Bend::Straight => {}
            Bend::Optical(k) => optical(*k, [height, width], x, y),
            Bend::Grid { across, down } => {
                stretched(across, width, x);
                stretched(down, height, y);
            }
        }
    }
}

#[inline(always)]
fn optical(k: f32, [height, width]: [f32; 2], x: &mut [f32], y: &mut [f32]) {
    let (middle, centre, unit) = (width / 2.0, height / 2.0, 1.0 / width);
    for (x, y) in x.iter_mut().zip(y) {
        let (across, down) = (*x - middle, *y - centre);
        let (right, below) = (across * unit, down * unit);
        let square = right * right + below * below;
        let factor = 1.0 + k * square + k * square * square;
        (*x, *y) = (middle + across * factor, centre + down * factor);
    }
}

/// A piecewise linear map as a sum of ramps, one from the beginning of each cell.
#[inline(always)]
fn stretched(steps: &[f32; STEPS], side: f32, places: &mut [f32]) {
    let cell = side / STEPS as f32;
    for place in places {
        let own = *place;
        let mut from = own * steps[0];
        for i in 1..STEPS {
            let beyond = own - cell * i as f32;
            from += (steps[i] - steps[i - 1]) * if beyond > 0.0 { beyond } else { 0.0 };
        }
        *place = from;
    }
}
