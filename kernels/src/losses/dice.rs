//! How far areas are from covering each other (Milletari, Navab and Ahmadi 2016, <https://arxiv.org/abs/1606.04797>).

use pulp::Simd;

use super::super::columns::{Terms, column_sums};
use super::super::lanes::{F32s, MAX_LANES};
use super::super::map::{Map, Shape, map_rows};
use super::super::sizes::volume;
use super::Loss;

/// One less the mean over groups and classes of `(2 * sum of p * t + smooth) / (sum of p + sum of t + smooth)`, for `shares` `p` and
/// `targets` `t` from 0 to 1, both `[groups, places, classes]`. A group is an image, or all images; sums run over its places.
/// Of nothing the loss is NaN. Panics at other lengths.
pub fn dice(shares: &[f32], targets: &[f32], groups: usize, classes: usize, smooth: f32) -> Loss {
    let each = volume([groups, classes]);
    assert!(shares.len() == targets.len() && shares.len().checked_rem(each).unwrap_or(shares.len()) == 0);
    if shares.is_empty() {
        return Loss { value: f64::NAN, gradient: Vec::new() };
    }
    let places = shares.len() / classes / groups;
    // Places side by side, so that few classes fill registers too.
    let side = if classes < MAX_LANES { 1 << places.trailing_zeros().min(5) } else { 1 };
    let (columns, group) = (classes * side, places / side);
    let shape = Shape { rows: groups * group, columns, group };
    let [both, all] = column_sums(Overlap, shape, [], [shares, targets]).map(|sums| joined(&sums, columns, classes));
    let (smooth, count) = (f64::from(smooth), (groups * classes) as f64);
    let (mut value, mut per_target, mut rest) = (1.0, Vec::new(), Vec::new());
    for (both, all) in both.into_iter().zip(all) {
        let (over, under) = (2.0 * both + smooth, all + smooth);
        value -= over / under / count;
        per_target.push((-2.0 / under / count) as f32);
        rest.push((over / (under * under) / count) as f32);
    }
    let [per_target, rest] = [per_target, rest].map(|x| x.chunks(classes).flat_map(|x| x.repeat(side)).collect::<Vec<_>>());
    let [gradient] = map_rows(Slope, shape, [&per_target, &rest], [targets]);
    Loss { value, gradient }
}

/// Sums of groups `[groups, columns]` whose columns are several places' classes as `[groups, classes]`.
fn joined(sums: &[f64], columns: usize, classes: usize) -> Vec<f64> {
    let class = |sums: &[f64], class: usize| sums[class..].iter().step_by(classes).sum::<f64>();
    sums.chunks(columns).flat_map(|sums| (0..classes).map(move |c| class(sums, c))).collect()
}

/// Products and sums.
#[derive(Clone, Copy)]
struct Overlap;

impl Terms<0, 2, 2> for Overlap {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, []: [F32s<S>; 0], [share, target]: [F32s<S>; 2]) -> [F32s<S>; 2] {
        [share * target, share + target]
    }
}

#[derive(Clone, Copy)]
struct Slope;

impl Map<2, 1, 1> for Slope {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [per_target, rest]: [F32s<S>; 2], [target]: [F32s<S>; 1]) -> [F32s<S>; 1] {
        [target.mul_add(per_target, rest)]
    }
}
