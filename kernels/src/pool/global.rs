//! Mean over all places of each image: `[n, places, c]` to `[n, c]`.

use pulp::Simd;

use super::super::arithmetic::Itself;
use super::super::columns::column_sums;
use super::super::lanes::F32s;
use super::super::map::{Map, Shape, map_rows};
use super::super::sizes::volume;

/// The means; sums are in the order of [`column_sums`]. Panics where there are no places, or not of whole images.
pub fn global_average(x: &[f32], places: usize, channels: usize) -> Vec<f32> {
    let image = volume([places, channels]);
    assert!(places > 0 && x.len().checked_rem(image).unwrap_or(x.len()) == 0, "{} values in images of {image}", x.len());
    if x.is_empty() {
        return Vec::new();
    }
    let [sums] = column_sums(Itself, Shape { rows: x.len() / channels, columns: channels, group: places }, [], [x]);
    sums.into_iter().map(|sum| (sum / places as f64) as f32).collect()
}

/// Gradient of `x` from that of the means; panics as [`global_average`] does.
pub fn global_average_backward(dy: &[f32], places: usize, channels: usize) -> Vec<f32> {
    assert!(places > 0 && dy.len().checked_rem(channels).unwrap_or(dy.len()) == 0, "{} values in images of {channels}", dy.len());
    if dy.is_empty() {
        return Vec::new();
    }
    let shape = Shape { rows: volume([dy.len() / channels, places]), columns: channels, group: places };
    let [dx] = map_rows(Share(places as f32), shape, [dy], []);
    dx
}

#[derive(Clone, Copy)]
struct Share(f32);

impl Map<1, 0, 1> for Share {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [dy]: [F32s<S>; 1], []: [F32s<S>; 0]) -> [F32s<S>; 1] {
        [dy / dy.like(self.0)]
    }
}
