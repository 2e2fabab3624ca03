//! Where the pixels of one line come from: the four that each lies between, and how far.

use super::bend::Frame;
use super::line::{Line, number};

impl Line {
    /// Of places less than the image's size outside of it.
    #[inline(always)]
    pub(super) fn find_near(&mut self, plane: &[f32; 6], row: usize, [height, width]: [f32; 2]) {
        let ([upper_left, upper_right, lower_left, lower_right], [across, down]) = self.slices();
        for i in 0..upper_left.len() {
            let [x, y] = place(plane, row, i);
            let (left, top) = (x.floor(), y.floor());
            (across[i], down[i]) = (x - left, y - top);
            let (left, right) = (folded(left, width), folded(left + 1.0, width));
            let (top, bottom) = (folded(top, height) * width as u32, folded(top + 1.0, height) * width as u32);
            (upper_left[i], upper_right[i]) = (top + left, top + right);
            (lower_left[i], lower_right[i]) = (bottom + left, bottom + right);
        }
    }

    /// Of any places.
    #[inline(always)]
    pub(super) fn find_far(&mut self, plane: &[f32; 6], row: usize, [height, width]: [i64; 2]) {
        let ([upper_left, upper_right, lower_left, lower_right], [across, down]) = self.slices();
        for i in 0..upper_left.len() {
            let [x, y] = place(plane, row, i);
            let (left, top) = (x.floor(), y.floor());
            (across[i], down[i]) = (x - left, y - top);
            // A place that is no number counts as 0; what is beyond counting as the last that counts.
            let (left, top) = (i64::from(left as i32), i64::from(top as i32));
            let (left, right) = (mirrored(left, width), mirrored(left + 1, width));
            let (top, bottom) = (mirrored(top, height) * width as u32, mirrored(top + 1, height) * width as u32);
            (upper_left[i], upper_right[i]) = (top + left, top + right);
            (lower_left[i], lower_right[i]) = (bottom + left, bottom + right);
        }
    }

    /// Of places in a bent picture within a frame; what lies outside of the frame is pixel number `black`.
    #[inline(always)]
    pub(super) fn find_bent(&mut self, frame: &Frame, plane: &[f32; 6], row: usize, size @ [height, width]: [f32; 2], black: u32) {
        let ([upper_left, upper_right, lower_left, lower_right], [across, down]) = self.slices();
        frame.find(row, size, across, down, upper_left);
        let [a, b, c, d, e, f] = plane;
        let turns = [1.0 / (2.0 * height), 1.0 / (2.0 * width)];
        let wide = width as i32 as u32;
        for i in 0..upper_left.len() {
            let (u, v) = (across[i], down[i]);
            let (x, y) = (counted(a * u + (b * v + c - 0.5)), counted(d * u + (e * v + f - 0.5)));
            let (left, top) = (x.floor(), y.floor());
            (across[i], down[i]) = (x - left, y - top);
            let (left, right) = (wrapped(left, width, turns[1]), wrapped(left + 1.0, width, turns[1]));
            let (top, bottom) = (wrapped(top, height, turns[0]) * wide, wrapped(top + 1.0, height, turns[0]) * wide);
            let inside = upper_left[i] == 0;
            let pixel = |own: u32| if inside { own } else { black };
            (upper_left[i], upper_right[i]) = (pixel(top + left), pixel(top + right));
            (lower_left[i], lower_right[i]) = (pixel(bottom + left), pixel(bottom + right));
        }
    }
}

/// Where the pixel in this row and column comes from, from the centre of the first pixel.
#[inline(always)]
fn place([a, b, c, d, e, f]: &[f32; 6], row: usize, column: usize) -> [f32; 2] {
    let (u, v) = (column as u32 as i32 as f32 + 0.5, row as f32 + 0.5);
    [a * u + (b * v + c - 0.5), d * u + (e * v + f - 0.5)]
}

/// A whole number within a line's length of it, mirrored into it.
#[inline(always)]
fn folded(place: f32, side: f32) -> u32 {
    let place = if place < 0.0 { -1.0 - place } else { place };
    number(if place < side { place } else { 2.0 * side - 1.0 - place })
}

/// A place no further away than single precision counts; what is no number is far to the left.
#[inline(always)]
pub(super) fn counted(place: f32) -> f32 {
    const FAR: f32 = (1 << 22) as f32;
    let place = if place > -FAR { place } else { -FAR };
    if place < FAR { place } else { FAR }
}

/// A whole number mirrored into a line as often as needed, in single precision; `turn` is the reciprocal of twice the side.
#[inline(always)]
pub(super) fn wrapped(place: f32, side: f32, turn: f32) -> u32 {
    let place = place - 2.0 * side * (place * turn).floor();
    let place = if place < side { place } else { 2.0 * side - 1.0 - place };
    // One off, where a product with the reciprocal was rounded to a whole number.
    let place = if place > 0.0 { place } else { 0.0 };
    number(if place < side { place } else { side - 1.0 })
}

/// A whole number mirrored into a line as often as needed.
#[inline(always)]
pub(super) fn mirrored(place: i64, side: i64) -> u32 {
    let place = place.rem_euclid(2 * side);
    (if place < side { place } else { 2 * side - 1 - place }) as u32
}
