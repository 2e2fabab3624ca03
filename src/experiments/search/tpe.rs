//! TPE (Bergstra et al. 2011) over all axes at once, as Optuna 5 has it.
//!
//! The best tenth of the results, one to 25, are good. Good and other points each make a density: a mixture with one kernel at
//! each point, and a wide one in the middle as prior. A kernel is a product over the axes: on a number's axis a normal
//! distribution cut off at the ends, as wide as the farther of its two neighbours; on a choice's axis its own value and a little of
//! the others. Of 24 points drawn from the good ones' density that is taken for which it exceeds the other density most. Beyond 25
//! results older ones weigh less.

use statrs::function::erf::erf;

use super::draw::{self, Numbers};
use super::{Point, Search, Settings, Space};
use crate::experiments::overrides::Given;
use crate::pipeline::edit::identical;
use crate::pipeline::value::Value;

/// The stream of random numbers.
const CANDIDATE: u64 = 3;
/// Points that are drawn for each that is asked for.
const CANDIDATES: usize = 24;
/// Results of full weight, and good ones at most.
const RECENT: usize = 25;

pub(super) struct Tpe {
    space: Space,
    settings: Settings,
    /// Every point that was asked for, with what was told of it.
    asked: Vec<(Point, Option<Option<f64>>)>,
}

impl Tpe {
    pub(super) fn new(space: Space, settings: Settings) -> Self {
        Self { space, settings: Settings { lag: settings.lag.max(1), ..settings }, asked: Vec::new() }
    }

    /// How many points the next one may know of.
    fn known(&self) -> usize {
        (self.asked.len() + 1).saturating_sub(self.settings.lag)
    }

    fn better(&self, known: &[(Point, Option<Option<f64>>)]) -> Option<Point> {
        let axes: Vec<Axis> = self.space.iter().map(Axis::of).collect();
        let places: Vec<Vec<f64>> = known.iter().map(|(point, _)| places(&self.space, point)).collect::<Option<_>>()?;
        let cost = |at: &usize| known[*at].1.flatten().filter(|result| !result.is_nan()).unwrap_or(f64::INFINITY);
        let mut order: Vec<usize> = (0..known.len()).collect();
        order.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
        let (good, others) = order.split_at(known.len().div_ceil(10).min(RECENT));
        let density = |chosen: &[usize]| {
            let mut chosen = chosen.to_vec();
            chosen.sort_unstable();
            Density::of(&axes, chosen.iter().map(|at| places[*at].as_slice()).collect())
        };
        let (good, others) = (density(good), density(others));
        let mut best: Option<(f64, Vec<f64>)> = None;
        for candidate in 0..CANDIDATES {
            let mut numbers = Numbers::of(self.settings.seed, CANDIDATE, self.asked.len(), candidate);
            let place = good.draw(&axes, &mut numbers);
            let gain = good.log(&axes, &place) - others.log(&axes, &place);
            if best.as_ref().is_none_or(|(most, _)| gain > *most) {
                best = Some((gain, place));
            }
        }
        best.map(|(_, place)| self.space.iter().zip(place).map(|(given, place)| value(given, place)).collect())
    }
}

impl Search for Tpe {
    fn ready(&self) -> bool {
        self.asked[..self.known()].iter().all(|(_, told)| told.is_some())
    }

    fn ask(&mut self) -> Option<Point> {
        if !self.ready() {
            return None;
        }
        let (number, known) = (self.asked.len(), self.known());
        let looks = number >= self.settings.startup && known > 0;
        let better = if looks { self.better(&self.asked[..known]) } else { None };
        let point = better.unwrap_or_else(|| draw::point(&self.space, self.settings.seed, number));
        self.asked.push((point.clone(), None));
        Some(point)
    }

    fn tell(&mut self, point: usize, result: Option<f64>) {
        if let Some((_, told)) = self.asked.get_mut(point) {
            *told = Some(result);
        }
    }
}

/// What an axis is to a density.
#[derive(Clone, Copy)]
enum Axis {
    /// One of so many, by number.
    Choice(usize),
    /// From `low` to `high`; `whole`: only whole numbers, each with half a unit on both sides.
    Number { low: f64, high: f64, whole: bool },
}

impl Axis {
    fn of(given: &Given) -> Self {
        match given {
            Given::One(_) => Axis::Choice(1),
            Given::Choice(values) => Axis::Choice(values.len()),
            Given::Int { low, high } => Axis::Number { low: *low as f64 - 0.5, high: *high as f64 + 0.5, whole: true },
            Given::Uniform { low, high, log: false } => Axis::Number { low: *low, high: *high, whole: false },
            Given::Uniform { low, high, log: true } => Axis::Number { low: low.ln(), high: high.ln(), whole: false },
        }
    }
}

/// One factor of a kernel.
#[derive(Clone, Copy)]
enum Factor {
    Normal {
        mean: f64,
        width: f64,
        log_mass: f64,
    },
    /// `own` has the share `high`, each other one `low`. Without `own` all have `low`.
    Counts {
        own: Option<usize>,
        high: f64,
        low: f64,
    },
}

/// A mixture of kernels; the prior is the last.
struct Density {
    kernels: Vec<Vec<Factor>>,
    /// Their weights, of sum 1.
    weights: Vec<f64>,
}

impl Density {
    /// From points in the order in which they were asked for.
    fn of(axes: &[Axis], points: Vec<&[f64]>) -> Self {
        let columns: Vec<Vec<Factor>> =
            axes.iter().enumerate().map(|(i, axis)| factors(*axis, points.iter().map(|p| p[i]).collect())).collect();
        let kernels = (0..=points.len()).map(|k| columns.iter().map(|column| column[k]).collect()).collect();
        let old = points.len().saturating_sub(RECENT);
        let ramp = |k: usize| {
            let (n, first) = (points.len() as f64, 1.0 / points.len() as f64);
            if k >= old {
                1.0
            } else if old == 1 {
                1.0 / n
            } else {
                first + (1.0 - first) * k as f64 / (old - 1) as f64
            }
        };
        let weights: Vec<f64> = (0..points.len()).map(ramp).chain([1.0]).collect();
        let sum: f64 = weights.iter().sum();
        Self { kernels, weights: weights.into_iter().map(|weight| weight / sum).collect() }
    }

    fn draw(&self, axes: &[Axis], numbers: &mut Numbers) -> Vec<f64> {
        let mut left = numbers.unit();
        let chosen = self.weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        let kernel = &self.kernels[chosen.unwrap_or(self.kernels.len() - 1)];
        kernel.iter().zip(axes).map(|(factor, axis)| factor.draw(*axis, numbers)).collect()
    }

    fn log(&self, axes: &[Axis], place: &[f64]) -> f64 {
        let log = |(kernel, weight): (&Vec<Factor>, &f64)| {
            let parts = kernel.iter().zip(axes).zip(place).map(|((factor, axis), at)| factor.log(*axis, *at));
            weight.ln() + parts.sum::<f64>()
        };
        let logs: Vec<f64> = self.kernels.iter().zip(&self.weights).map(log).collect();
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        most + logs.iter().map(|log| (log - most).exp()).sum::<f64>().ln()
    }
}

/// The factors of one axis for each point, and for the prior.
fn factors(axis: Axis, at: Vec<f64>) -> Vec<Factor> {
    let kernels = at.len() as f64 + 1.0;
    match axis {
        Axis::Choice(n) => {
            let little = 1.0 / kernels;
            let sum = 1.0 + little * n as f64;
            let own = |at: f64| Factor::Counts { own: Some(at as usize), high: ((1.0 + little) / sum).ln(), low: (little / sum).ln() };
            at.into_iter().map(own).chain([Factor::Counts { own: None, high: 0.0, low: -(n as f64).ln() }]).collect()
        }
        Axis::Number { low, high, .. } => {
            let mut order: Vec<usize> = (0..at.len()).collect();
            order.sort_by(|a, b| at[*a].total_cmp(&at[*b]));
            let whole = high - low;
            let least = whole / (1.0 + kernels).min(100.0);
            let mut widths = vec![0.0; at.len()];
            for (rank, k) in order.iter().enumerate() {
                let below = rank.checked_sub(1).map(|rank| at[*k] - at[order[rank]]);
                let above = order.get(rank + 1).map(|next| at[*next] - at[*k]);
                widths[*k] = match (below, above) {
                    (Some(below), Some(above)) => below.max(above),
                    (Some(one), None) | (None, Some(one)) => one,
                    (None, None) => (at[*k] - low).max(high - at[*k]),
                }
                .clamp(least, whole);
            }
            let normal = |mean: f64, width: f64| Factor::Normal { mean, width, log_mass: mass(mean, width, low, high).ln() };
            at.iter().zip(&widths).map(|(mean, width)| normal(*mean, *width)).chain([normal((low + high) / 2.0, whole)]).collect()
        }
    }
}

/// The share of a normal distribution between two numbers.
fn mass(mean: f64, width: f64, from: f64, to: f64) -> f64 {
    let below = |x: f64| 0.5 * (1.0 + erf((x - mean) / (width * std::f64::consts::SQRT_2)));
    (below(to) - below(from)).max(1e-300)
}

impl Factor {
    fn draw(self, axis: Axis, numbers: &mut Numbers) -> f64 {
        match (self, axis) {
            (Factor::Normal { mean, width, .. }, Axis::Number { low, high, whole }) => loop {
                // Box and Muller. The mean is between the ends, so that a third of all tries or more are too.
                let angle = std::f64::consts::TAU * numbers.unit();
                let normal = (-2.0 * (1.0 - numbers.unit()).ln()).sqrt() * angle.cos();
                let at = mean + width * normal;
                if (low..=high).contains(&at) {
                    break if whole { at.round().clamp(low + 0.5, high - 0.5) } else { at };
                }
            },
            (Factor::Counts { own, high, .. }, Axis::Choice(n)) => {
                let (some, any) = (numbers.unit(), numbers.below(n as u64) as f64);
                // The share beyond the little that all have alike.
                let beyond = own.map_or(0.0, |_| (high.exp() * n as f64 - 1.0) / (n as f64 - 1.0).max(1.0));
                own.filter(|_| some < beyond).map_or(any, |own| own as f64)
            }
            _ => 0.0,
        }
    }

    fn log(self, axis: Axis, at: f64) -> f64 {
        match self {
            Factor::Normal { mean, width, log_mass } => match axis {
                Axis::Number { whole: true, .. } => mass(mean, width, at - 0.5, at + 0.5).ln() - log_mass,
                _ => {
                    let z = (at - mean) / width;
                    -0.5 * z * z - width.ln() - 0.5 * std::f64::consts::TAU.ln() - log_mass
                }
            },
            Factor::Counts { own, high, low } => {
                if own.is_some_and(|own| own == at as usize) {
                    high
                } else {
                    low
                }
            }
        }
    }
}

/// Where a point lies on its axes.
fn places(space: &[Given], point: &Point) -> Option<Vec<f64>> {
    let place = |(given, value): (&Given, &Value)| match (given, value) {
        (Given::One(_), _) => Some(0.0),
        (Given::Choice(values), value) => values.iter().position(|other| identical(other, value)).map(|at| at as f64),
        (Given::Uniform { log: true, .. }, Value::Float(number)) => Some(number.ln()),
        (_, Value::Float(number)) => Some(*number),
        (_, Value::Int(number)) => Some(*number as f64),
        _ => None,
    };
    space.iter().zip(point).map(place).collect()
}

/// The value that lies there.
fn value(given: &Given, place: f64) -> Value {
    match given {
        Given::One(value) => value.clone(),
        Given::Choice(values) => values[(place.max(0.0) as usize).min(values.len() - 1)].clone(),
        Given::Int { low, high } => Value::Int((place.round() as i128).clamp(i128::from(*low), i128::from(*high))),
        Given::Uniform { low, high, log } => Value::Float(if *log { place.exp() } else { place }.clamp(*low, *high)),
    }
}
