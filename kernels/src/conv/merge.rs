//! The first layer: with few input channels, the taps of a kernel row are joined to one run.
//!
//! In a row of `[w, c]` the taps of one output pixel lie side by side, so a copy of the input with its padding turns `kw` short
//! runs of `c_in` floats into one of `kw * c_in`. The copy is small because the channels are few.

use rayon::prelude::*;

use super::Geometry;
use super::buffer::Lent;
use super::sweep::Axis;

/// Runs shorter than this are worth joining; longer ones hide the cost of starting a run.
const SHORT: usize = 8;

/// Whether the taps of a row can and should be joined.
pub fn applies(g: &Geometry) -> bool {
    g.groups == 1 && g.c_in < SHORT && g.kernel[1] > 1 && g.dilation[1] == 1
}

/// `[height, width]` of the padded input: all that the kernel reaches, and no more.
pub fn padded_size(g: &Geometry) -> [usize; 2] {
    [0, 1].map(|axis| (g.output[axis] - 1) * g.stride[axis] + (g.kernel[axis] - 1) * g.dilation[axis] + 1)
}

/// The axes of a pass over the padded input, with one tap for each kernel row.
pub fn axes(g: &Geometry) -> [Axis; 2] {
    let padded = Geometry { input: padded_size(g), pad: [0; 2], ..*g };
    let [y, mut x] = [0, 1].map(|axis| Axis::forward(&padded, axis));
    x.taps.truncate(1);
    [y, x]
}

/// The input with its padding.
pub fn pad(x: &[f32], g: &Geometry) -> Lent {
    let [height, width] = padded_size(g);
    let [top, left] = g.pad;
    let mut padded = Lent::new(g.n * height * width * g.c_in);
    let columns = g.input[1].min(width.saturating_sub(left));
    padded.par_chunks_mut(width * g.c_in).enumerate().with_min_len(16).for_each(|(row, to)| {
        let (image, y) = (row / height, row % height);
        if columns == 0 || !(top..top + g.input[0]).contains(&y) {
            return to.fill(0.0);
        }
        let from = (image * g.input[0] + y - top) * g.input[1] * g.c_in;
        let (before, to) = to.split_at_mut(left * g.c_in);
        let (inside, after) = to.split_at_mut(columns * g.c_in);
        before.fill(0.0);
        inside.copy_from_slice(&x[from..][..columns * g.c_in]);
        after.fill(0.0);
    });
    padded
}
