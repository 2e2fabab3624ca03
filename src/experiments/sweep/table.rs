//! What came of a sweep, from its journal alone: one row a configuration, the best first.

use serde::Serialize;

use super::journal::{Ended, Event};
use super::{Goal, Settings};
use crate::experiments::trial::State;

/// One configuration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its number, from 1.
    pub configuration: usize,
    /// Its parameters, as overrides, in the order of the axes.
    pub params: Vec<String>,
    /// How it ended; `None` while it has not.
    pub state: Option<State>,
    /// Its metric: the mean over its trials.
    pub value: Option<f64>,
    /// The sample standard deviation (n - 1) over its trials, from two on.
    pub sd: Option<f64>,
    /// How many trials have a value.
    pub n: usize,
    /// The step of the value, if it was ended early.
    pub step: Option<u64>,
    /// Its trials, in the order of the folds; `None` for one that has not ended.
    pub trials: Vec<Option<Ended>>,
    /// It is the best of those that are done.
    pub best: bool,
}

/// All configurations.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    /// Done ones by their metric, then those that were ended early by theirs, then failed ones, then open ones.
    pub rows: Vec<Row>,
}

impl Table {
    /// What a journal says.
    pub fn of(settings: &Settings, folds: usize, events: &[Event]) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        for event in events {
            match event {
                Event::Asked { configuration, params } if *configuration == rows.len() + 1 => {
                    rows.push(Row::new(*configuration, params.clone(), folds));
                }
                Event::Ended { configuration, trial, ended } => {
                    let slot = rows.get_mut(configuration.wrapping_sub(1)).and_then(|row| row.trials.get_mut(*trial));
                    if let Some(slot) = slot {
                        *slot = Some(ended.clone());
                    }
                }
                _ => {}
            }
        }
        rows.iter_mut().for_each(Row::sum_up);
        let cost = |row: &Row| row.value.filter(|value| !value.is_nan()).map_or(f64::INFINITY, |value| settings.goal.cost(value));
        let class = |row: &Row| match row.state {
            Some(State::Done) => 0,
            Some(State::Stopped) => 1,
            Some(State::Failed) => 2,
            None => 3,
        };
        rows.sort_by(|a, b| class(a).cmp(&class(b)).then(cost(a).total_cmp(&cost(b))).then(a.configuration.cmp(&b.configuration)));
        if let Some(first) = rows.first_mut() {
            first.best = first.state == Some(State::Done) && first.value.is_some();
        }
        Self { rows }
    }

    /// Whether more is better does not matter here: the first row that is done.
    pub fn best(&self) -> Option<&Row> {
        self.rows.first().filter(|row| row.best)
    }
}

impl Row {
    fn new(configuration: usize, params: Vec<String>, folds: usize) -> Self {
        let trials = vec![None; folds];
        Self { configuration, params, state: None, value: None, sd: None, n: 0, step: None, trials, best: false }
    }

    fn sum_up(&mut self) {
        let ended: Vec<&Ended> = self.trials.iter().flatten().collect();
        let any = |state: State| ended.iter().any(|one| one.state == state);
        self.state = match () {
            () if ended.len() < self.trials.len() && !any(State::Stopped) => None,
            () if any(State::Failed) => Some(State::Failed),
            () if any(State::Stopped) => Some(State::Stopped),
            () => Some(State::Done),
        };
        let values: Vec<f64> = ended.iter().filter_map(|one| one.value).collect();
        self.n = values.len();
        self.step = ended.iter().find_map(|one| one.step);
        self.value = mean(&values);
        self.sd = deviation(&values);
    }

    /// What the search is told: nothing unless every trial has a value.
    pub(super) fn told(&self, goal: Goal) -> Option<f64> {
        let counts = matches!(self.state, Some(State::Done | State::Stopped));
        self.value.filter(|value| counts && self.n == self.trials.len() && !value.is_nan()).map(|value| goal.cost(value))
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The sample standard deviation.
fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_by_hand() {
        // Python: statistics.mean, statistics.stdev of [2, 4, 4, 5] are 3.75 and 1.2583057392117916.
        assert_eq!(mean(&[2.0, 4.0, 4.0, 5.0]), Some(3.75));
        assert_eq!(deviation(&[2.0, 4.0, 4.0, 5.0]), Some(1.258_305_739_211_791_6));
        assert_eq!((mean(&[]), deviation(&[1.0])), (None, None));
    }
}
