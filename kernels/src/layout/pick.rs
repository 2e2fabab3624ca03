//! Rows of each image in another order.

use rayon::prelude::*;

use super::super::fresh::{Uninit, filled};
use super::super::map::CHUNK;
use super::super::sizes::volume;

/// The number of no row.
pub const NOWHERE: u32 = u32::MAX;

/// Of the `rows` of each image of `x [n, rows, columns]` those that `places` names: `[n, places, columns]`, with zeros for
/// [`NOWHERE`]. Panics where images are not whole, or a place is that of no row.
pub fn pick(x: &[f32], rows: usize, columns: usize, places: &[u32]) -> Vec<f32> {
    let image = volume([rows, columns]);
    assert!(x.len().checked_rem(image).unwrap_or(x.len()) == 0, "{} values in images of {image}", x.len());
    assert!(places.iter().all(|&place| place == NOWHERE || (place as usize) < rows), "a place of no row");
    let (n, picked) = (x.len().checked_div(image).unwrap_or(0), places.len());
    let chunk = (CHUNK / columns.max(1)).max(1);
    let write = |[y]: [&mut [Uninit]; 1]| {
        y.par_chunks_mut((chunk * columns).max(1)).enumerate().for_each(|(part, y)| {
            for (i, y) in y.chunks_mut(columns).enumerate() {
                let row = part * chunk + i;
                match places[row % picked] {
                    NOWHERE => y.iter_mut().for_each(|y| _ = y.write(0.0)),
                    place => _ = y.write_copy_of_slice(&x[(row / picked * rows + place as usize) * columns..][..columns]),
                }
            }
        });
    };
    // SAFETY: the chunks cover the result, and each of their rows is written.
    let [y] = unsafe { filled(volume([n, picked, columns]), write) };
    y
}

/// For each of `rows` rows its place among `places`, which name each at most once: what picks them back. Panics where one is named twice.
pub fn inverse(places: &[u32], rows: usize) -> Vec<u32> {
    let mut back = vec![NOWHERE; rows];
    for (at, &place) in places.iter().enumerate().filter(|(_, place)| **place != NOWHERE) {
        let slot = &mut back[place as usize];
        assert!(*slot == NOWHERE, "row {place} is picked twice");
        *slot = at as u32;
    }
    back
}
