//! Which parameters to try next: grid, random, TPE; and which runs to end early ([`asha`]). Pure: no files, no clocks.
//!
//! A [`Space`] is a list of axes, a [`Point`] one value for each. Points are numbered from 0 in the order in which they
//! are asked for.
//!
//! - *Grid*: every combination of the axes' values in the order of [`super::overrides::product`]; no axis may be continuous.
//! - *Random*: independent of what was told. Where there are at most [`MAX_PRODUCT`] combinations, a shuffle of all of
//!   them, so that none is tried twice; else each coordinate is drawn for itself.
//! - *TPE*: the tree-structured Parzen estimator ([`tpe`]), which draws near what was good. The first points are random
//!   ones. A failed point counts as worst. Measured beside Optuna's by `interop/search.py`. (The crate `tpe`, which treats each axis
//!   for itself, reached twice Optuna's distance from the minimum of five axes; this one reaches Optuna's.)
//!
//! # The same points, whatever happens
//!
//! All randomness is counter-based: a function of the seed, the point's number and the axis. TPE has to know results,
//! and with several trials at once it must not matter which ends first: point `n` follows from the results of points
//! `0..=n - lag`, and of no others although they may be known. So a point may be asked for only when those are
//! ([`Search::ready`]), a straggler holds up the `lag`-th point after it, and a search that is told the same results
//! asks for the same points: today, in parallel, or after a kill.

pub mod asha;
mod draw;
mod tpe;

#[cfg(test)]
mod tests;

use super::overrides::{Given, MAX_PRODUCT};
use crate::pipeline::value::Value;

/// One axis for each parameter that is searched.
pub type Space = Vec<Given>;
/// One value for each axis.
pub type Point = Vec<Value>;

/// How points are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Every combination.
    Grid,
    /// Anywhere.
    Random,
    /// Near what was good.
    Tpe,
}

/// What a search is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How points are chosen.
    pub algorithm: Algorithm,
    /// Of all that is random.
    pub seed: u64,
    /// How many results may be outstanding, at least 1: see the module.
    pub lag: usize,
    /// Points before TPE looks at results.
    pub startup: usize,
}

/// Asks and is told. Smaller results are better.
pub trait Search {
    /// Whether the next point can be asked for with what was told so far.
    fn ready(&self) -> bool;
    /// The next point; `None` when there are no more, or not yet.
    fn ask(&mut self) -> Option<Point>;
    /// The result of a point, `None` if it has none. Told again, the later holds.
    fn tell(&mut self, point: usize, result: Option<f64>);
}

/// Combinations of a space without continuous axes, unless they are too many to count.
pub fn size(space: &[Given]) -> Option<usize> {
    let mut all = 1_usize;
    for axis in space {
        let values = match axis {
            Given::One(_) => 1,
            Given::Choice(values) => values.len(),
            Given::Int { low, high } => usize::try_from(high.checked_sub(*low)?).ok()?.checked_add(1)?,
            Given::Uniform { .. } => return None,
        };
        all = all.checked_mul(values).filter(|all| *all <= MAX_PRODUCT)?;
    }
    Some(all)
}

/// The combination of number `index`, the last axis varying fastest.
fn combination(space: &[Given], mut index: usize) -> Point {
    let mut point: Point = Vec::with_capacity(space.len());
    for axis in space.iter().rev() {
        let mut digit = |values: usize| {
            let digit = index % values;
            index /= values;
            digit
        };
        point.push(match axis {
            Given::One(value) => value.clone(),
            Given::Choice(values) => values[digit(values.len())].clone(),
            Given::Int { low, high } => Value::Int(i128::from(*low) + digit((high - low) as usize + 1) as i128),
            Given::Uniform { low, .. } => Value::Float(*low),
        });
    }
    point.reverse();
    point
}

/// A search over `space`; `None` for a grid of a space that has no end.
pub fn search(space: Space, settings: Settings) -> Option<Box<dyn Search>> {
    let all = size(&space);
    Some(match settings.algorithm {
        Algorithm::Grid => Box::new(Listed { order: (0..all?).collect(), space, next: 0 }),
        Algorithm::Random => match all {
            Some(all) => Box::new(Listed { order: draw::shuffled(all, settings.seed), space, next: 0 }),
            None => Box::new(Random { space, seed: settings.seed, next: 0 }),
        },
        Algorithm::Tpe => Box::new(tpe::Tpe::new(space, settings)),
    })
}

/// Combinations in an order that is known beforehand.
struct Listed {
    space: Space,
    order: Vec<usize>,
    next: usize,
}

impl Search for Listed {
    fn ready(&self) -> bool {
        true
    }

    fn ask(&mut self) -> Option<Point> {
        let index = *self.order.get(self.next)?;
        self.next += 1;
        Some(combination(&self.space, index))
    }

    fn tell(&mut self, _: usize, _: Option<f64>) {}
}

/// Points anywhere.
struct Random {
    space: Space,
    seed: u64,
    next: usize,
}

impl Search for Random {
    fn ready(&self) -> bool {
        true
    }

    fn ask(&mut self) -> Option<Point> {
        let point = draw::point(&self.space, self.seed, self.next);
        self.next += 1;
        Some(point)
    }

    fn tell(&mut self, _: usize, _: Option<f64>) {}
}
