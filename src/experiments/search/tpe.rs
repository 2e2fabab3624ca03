//! TPE by the crate `tpe`: estimators are made anew for each point from the results that it may know.

use tpe::TpeOptimizer;

use super::draw::{self, Numbers};
use super::{Point, Search, Settings, Space};
use crate::experiments::overrides::Given;
use crate::pipeline::edit::identical;
use crate::pipeline::value::Value;

const CANDIDATES: u64 = 3;

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

    fn coordinate(&self, axis: usize, known: usize) -> Option<Value> {
        let given = &self.space[axis];
        let range = Range::of(given)?;
        let (estimator, (low, high)) = match range {
            Range::Count(values) => (tpe::histogram_estimator(), (0.0, values as f64)),
            Range::Numbers { low, high } => (tpe::parzen_estimator(), (low, high)),
        };
        let mut optimizer = TpeOptimizer::new(estimator, tpe::range(low, high).ok()?);
        for (point, told) in &self.asked[..known] {
            let result = told.flatten().filter(|result| !result.is_nan()).unwrap_or(f64::INFINITY);
            // The range of the estimators is open at its end.
            let place = position(given, &point[axis])?.clamp(low, high.next_down());
            optimizer.tell(place, result).ok()?;
        }
        let mut numbers = Numbers::of(self.settings.seed, CANDIDATES, self.asked.len(), axis);
        let place = optimizer.ask(&mut numbers).ok()?;
        Some(value(given, place))
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
        let mut point = draw::point(&self.space, self.settings.seed, number);
        if number >= self.settings.startup && known > 0 {
            for (axis, slot) in point.iter_mut().enumerate() {
                if let Some(better) = self.coordinate(axis, known) {
                    *slot = better;
                }
            }
        }
        self.asked.push((point.clone(), None));
        Some(point)
    }

    fn tell(&mut self, point: usize, result: Option<f64>) {
        if let Some((_, told)) = self.asked.get_mut(point) {
            *told = Some(result);
        }
    }
}

enum Range {
    Count(usize),
    Numbers { low: f64, high: f64 },
}

impl Range {
    /// `None` where there is nothing to choose.
    fn of(given: &Given) -> Option<Self> {
        Some(match given {
            Given::One(_) => return None,
            Given::Choice(values) => Range::Count(values.len()),
            Given::Int { low, high } => Range::Numbers { low: *low as f64 - 0.5, high: *high as f64 + 0.5 },
            Given::Uniform { low, high, log: false } => Range::Numbers { low: *low, high: *high },
            Given::Uniform { low, high, log: true } => Range::Numbers { low: low.ln(), high: high.ln() },
        })
    }
}

/// Where a value lies on its axis.
fn position(given: &Given, value: &Value) -> Option<f64> {
    match (given, value) {
        (Given::Choice(values), value) => values.iter().position(|other| identical(other, value)).map(|at| at as f64),
        (Given::Uniform { log: true, .. }, Value::Float(number)) => Some(number.ln()),
        (_, Value::Float(number)) => Some(*number),
        (_, Value::Int(number)) => Some(*number as f64),
        _ => None,
    }
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
