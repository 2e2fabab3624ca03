//! Channels of several matrices side by side, and apart again.

use rayon::prelude::*;

use super::super::fresh::{Uninit, filled};
use super::super::map::CHUNK;

/// Matrices `[rows, c_i]`, each given with its `c_i`, as `[rows, sum of c_i]`; panics where they differ in rows.
pub fn concat(parts: &[(&[f32], usize)]) -> Vec<f32> {
    let columns: usize = parts.iter().map(|(_, columns)| columns).sum();
    let len: usize = parts.iter().map(|(x, _)| x.len()).sum();
    let all = len.checked_div(columns).unwrap_or(0);
    assert!(parts.iter().all(|(x, own)| x.len() == all * own), "matrices of several numbers of rows");
    if len == 0 {
        return Vec::new();
    }
    let rows = (CHUNK / columns).max(1);
    let write = |[y]: [&mut [Uninit]; 1]| {
        y.par_chunks_mut(rows * columns).enumerate().for_each(|(chunk, y)| {
            for (r, mut y) in y.chunks_mut(columns).enumerate() {
                for (x, own) in parts {
                    let (to, rest) = y.split_at_mut(*own);
                    to.write_copy_of_slice(&x[(chunk * rows + r) * own..][..*own]);
                    y = rest;
                }
            }
        });
    };
    // SAFETY: the chunks cover the result, and the parts of a row fill it.
    let [y] = unsafe { filled(len, write) };
    y
}

/// `x [rows, sum of c_i]` as matrices `[rows, c_i]`: the inverse of [`concat`], and its gradient. Panics where a
/// row is left unfinished.
pub fn split(x: &[f32], columns: &[usize]) -> Vec<Vec<f32>> {
    let all: usize = columns.iter().sum();
    assert!(x.len().checked_rem(all).unwrap_or(x.len()) == 0, "{} values in rows of {all}", x.len());
    let mut start = 0;
    let part = |&own: &usize| {
        let from = start;
        start += own;
        cut(x, all, from, own)
    };
    columns.iter().map(part).collect()
}

/// Columns `from..from + own` of `x [rows, all]`.
fn cut(x: &[f32], all: usize, from: usize, own: usize) -> Vec<f32> {
    if own == 0 {
        return Vec::new();
    }
    let rows = (CHUNK / own).max(1);
    let write = |[y]: [&mut [Uninit]; 1]| {
        y.par_chunks_mut(rows * own).zip(x.par_chunks(rows * all)).for_each(|(y, x)| {
            for (y, x) in y.chunks_mut(own).zip(x.chunks(all)) {
                y.write_copy_of_slice(&x[from..from + own]);
            }
        });
    };
    // SAFETY: the chunks cover the result, a row of it for each of `x`.
    let [y] = unsafe { filled(x.len() / all * own, write) };
    y
}
