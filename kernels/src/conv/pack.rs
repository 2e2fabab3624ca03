//! Weights rearranged into panels: `[group][panel][row][column]`, rows in the order in which a sum runs over them.
//!
//! A panel holds the columns (output channels) of one tile, padded with zeros to whole vectors, so that the inner kernel walks
//! straight through memory. The last panel of a group is one vector wide if that is enough.

use std::ops::Range;

use rayon::prelude::*;

use super::buffer::Lent;
use super::tile::PanelSize;

/// Packed panels.
#[derive(Debug)]
pub struct Panels {
    data: Lent,
    rows: usize,
    columns: usize,
    size: PanelSize,
}

/// One panel.
#[derive(Clone, Copy)]
pub struct Panel<'a> {
    pub data: &'a [f32],
    /// First column, within the group.
    pub start: usize,
    /// Columns that are not padding.
    pub len: usize,
    /// Columns with padding.
    pub width: usize,
}

impl Panels {
    /// Packs `groups` matrices of `rows` x `columns`: `fill(group, columns, panel, width)` writes every row of
    /// `width` floats, zeros where there are fewer columns.
    pub fn new([groups, rows, columns]: [usize; 3], size: PanelSize, fill: impl Fn(usize, Range<usize>, &mut [f32], usize) + Sync) -> Self {
        let count = size.count(columns);
        let mut data = Lent::new(groups * count * rows * size.width);
        data.par_chunks_mut((rows * size.width).max(1)).enumerate().for_each(|(at, panel)| {
            let (columns, width) = size.panel(columns, at % count);
            fill(at / count, columns, panel, width);
        });
        Self { data, rows, columns, size }
    }

    /// Panels of one group.
    pub fn count(&self) -> usize {
        self.size.count(self.columns)
    }

    /// Panel `index` of `group`.
    pub fn get(&self, group: usize, index: usize) -> Panel<'_> {
        let (columns, width) = self.size.panel(self.columns, index);
        let at = (group * self.count() + index) * self.rows * self.size.width;
        Panel { data: &self.data[at..][..self.rows * width], start: columns.start, len: columns.len(), width }
    }
}

/// Packs for the forward pass: from `[out, in, taps]` to rows `[tap][in]` and columns `out`.
pub fn forward(weight: &[f32], [groups, c_in, c_out]: [usize; 3], taps: usize, size: PanelSize) -> Panels {
    /// Input channels at a time.
    const CHANNELS: usize = 8;
    Panels::new([groups, taps * c_in, c_out], size, |group, columns, panel, width| {
        // Turned over in a small buffer first: rows of a panel lie a power of two apart and would push each other out of the cache.
        let mut turned = vec![0.0; CHANNELS * taps * width];
        for first in (0..c_in).step_by(CHANNELS) {
            let count = CHANNELS.min(c_in - first);
            for (column, out) in columns.clone().enumerate() {
                let source = &weight[((group * c_out + out) * c_in + first) * taps..][..count * taps];
                for (to, &value) in turned.chunks_exact_mut(width).zip(source) {
                    to[column] = value;
                }
            }
            for (index, row) in turned.chunks_exact(width).take(count * taps).enumerate() {
                let (c, tap) = (first + index / taps, index % taps);
                panel[(tap * c_in + c) * width..][..width].copy_from_slice(row);
            }
        }
    })
}

/// Packs for the input gradient: from `[out, in, taps]` to rows `[chosen tap][out]` and columns `in`.
pub fn input_gradient(weight: &[f32], [groups, c_in, c_out]: [usize; 3], taps: usize, chosen: &[usize], size: PanelSize) -> Panels {
    Panels::new([groups, chosen.len() * c_out, c_in], size, |group, columns, panel, width| {
        for out in 0..c_out {
            let source = &weight[((group * c_out + out) * c_in + columns.start) * taps..][..columns.len() * taps];
            for (at, &tap) in chosen.iter().enumerate() {
                let (row, padding) = panel[(at * c_out + out) * width..][..width].split_at_mut(columns.len());
                for (to, from) in row.iter_mut().zip(source.chunks_exact(taps)) {
                    *to = from[tap];
                }
                padding.fill(0.0);
            }
        }
    })
}
