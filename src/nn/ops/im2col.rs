//! Between images and matrices of columns: one row for each channel and tap, one column for each output pixel.

use rayon::prelude::*;

use super::geometry::{Geometry, Tile};

/// Fills `columns [c_in * taps, tile.columns]` from one group of the whole input `x`.
///
/// `wide`: share the channels among threads.
pub(super) fn gather(x: &[f32], g: &Geometry, group: usize, tile: Tile, wide: bool, columns: &mut [f32]) {
    let width = tile.columns(g);
    let channel = |(c, columns): (usize, &mut [f32])| {
        for (tap, row) in columns.chunks_mut(width).enumerate() {
            for (i, row) in row.chunks_mut(tile.per_image(g)).enumerate() {
                let plane = ((tile.first_image + i) * g.groups + group) * g.c_in + c;
                gather_row(&x[plane * g.in_plane()..][..g.in_plane()], g, tile, tap, row);
            }
        }
    };
    let per_channel = g.taps() * width;
    if wide {
        columns.par_chunks_mut(per_channel).enumerate().for_each(channel);
    } else {
        columns.chunks_mut(per_channel).enumerate().for_each(channel);
    }
}

/// One tap of one plane for the tile's output rows.
fn gather_row(x: &[f32], g: &Geometry, tile: Tile, tap: usize, row: &mut [f32]) {
    let (dy, dx) = (tap / g.kernel[1] * g.dilation[0], tap % g.kernel[1] * g.dilation[1]);
    let (start, end) = inside(g, 1, dx);
    for (r, out) in row.chunks_mut(g.output[1]).enumerate() {
        let y = (tile.first_row + r) * g.stride[0] + dy;
        let Some(y) = y.checked_sub(g.pad[0]).filter(|&y| y < g.input[0]) else {
            out.fill(0.0);
            continue;
        };
        out[..start].fill(0.0);
        out[end..].fill(0.0);
        if start >= end {
            continue;
        }
        let from = &x[y * g.input[1]..][start * g.stride[1] + dx - g.pad[1]..g.input[1]];
        let out = &mut out[start..end];
        match g.stride[1] {
            1 => out.copy_from_slice(&from[..out.len()]),
            stride => out.iter_mut().zip(from.iter().step_by(stride)).for_each(|(out, &x)| *out = x),
        }
    }
}

/// Output positions `start..end` along an axis whose tap at `offset` falls inside the input.
pub(super) fn inside(g: &Geometry, axis: usize, offset: usize) -> (usize, usize) {
    let (length, out, stride, pad) = (g.input[axis], g.output[axis], g.stride[axis], g.pad[axis]);
    let start = pad.saturating_sub(offset).div_ceil(stride).min(out);
    // Position p is inside while p * stride + offset - pad <= length - 1.
    let end = (length + pad).checked_sub(offset + 1).map_or(0, |free| free / stride + 1).min(out);
    (start, end.max(start))
}

/// Adds `columns [c_in * taps, tile.columns]` back to where [`gather`] took them from, one group of the block `dx`.
///
/// `dx` holds the tile's images alone, all groups.
pub(super) fn scatter(columns: &[f32], g: &Geometry, group: usize, tile: Tile, dx: &mut [f32]) {
    let width = tile.columns(g);
    let planes = dx.par_chunks_mut(g.in_plane()).enumerate();
    planes.with_min_len(super::elementwise::planes_per_task(g.in_plane() * g.taps())).for_each(|(plane, dx)| {
        let (image, channel) = (plane / (g.groups * g.c_in), plane % (g.groups * g.c_in));
        let Some(c) = channel.checked_sub(group * g.c_in).filter(|&c| c < g.c_in) else { return };
        for tap in 0..g.taps() {
            let row = &columns[(c * g.taps() + tap) * width + image * tile.per_image(g)..][..tile.per_image(g)];
            scatter_row(row, g, tile, tap, dx);
        }
    });
}

fn scatter_row(row: &[f32], g: &Geometry, tile: Tile, tap: usize, dx: &mut [f32]) {
    let (tap_y, tap_x) = (tap / g.kernel[1] * g.dilation[0], tap % g.kernel[1] * g.dilation[1]);
    let (start, end) = inside(g, 1, tap_x);
    if start >= end {
        return;
    }
    for (r, from) in row.chunks(g.output[1]).enumerate() {
        let y = (tile.first_row + r) * g.stride[0] + tap_y;
        let Some(y) = y.checked_sub(g.pad[0]).filter(|&y| y < g.input[0]) else { continue };
        let to = &mut dx[y * g.input[1]..][start * g.stride[1] + tap_x - g.pad[1]..g.input[1]];
        let from = &from[start..end];
        match g.stride[1] {
            1 => to.iter_mut().zip(from).for_each(|(to, &v)| *to += v),
            stride => to.iter_mut().step_by(stride).zip(from).for_each(|(to, &v)| *to += v),
        }
    }
}
