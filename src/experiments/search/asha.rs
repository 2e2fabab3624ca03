//! Asynchronous successive halving (Li et al. 2020), the variant that ends runs instead of pausing them.
//!
//! Rungs stand at the steps `min`, `min · eta`, `min · eta²`, …. A trial that reports a step at or behind its next rung
//! stands on that rung with the value it reports; it goes on if its value is among the best `⌊n / eta⌋` of the `n` values
//! that stand on the rung, its own included, at least one; of equal values the earlier trial's is better. That is what
//! Optuna's `SuccessiveHalvingPruner` decides. A value that is not a number ends the trial.
//!
//! With several trials at once it must not matter who reports first. So trial `n` is compared with trials `0..=n - lag`,
//! which have all ended when it starts, and with no others: decisions follow from the values alone.

use std::collections::BTreeMap;

/// When runs are ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rungs {
    /// The step of the lowest rung, at least 1.
    pub min: u64,
    /// One of how many goes on, at least 2.
    pub eta: u64,
    /// No rung stands at or behind this step.
    pub max: Option<u64>,
}

/// What becomes of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes on.
    Continue,
    /// It is ended.
    Stop,
}

/// The rungs and who stands on them. Smaller values are better.
#[derive(Clone, Debug)]
pub struct Asha {
    rungs: Rungs,
    lag: usize,
    /// For each trial its values on the rungs that it reached.
    reached: BTreeMap<usize, Vec<f64>>,
}

impl Rungs {
    /// The step of a rung; `None` if it is beyond the last.
    pub fn step(&self, rung: usize) -> Option<u64> {
        let factor = self.eta.checked_pow(u32::try_from(rung).ok()?)?;
        self.min.checked_mul(factor).filter(|step| self.max.is_none_or(|max| *step < max))
    }
}

impl Asha {
    /// Empty rungs.
    pub fn new(rungs: Rungs, lag: usize) -> Self {
        Self { rungs, lag: lag.max(1), reached: BTreeMap::new() }
    }

    /// Whether everything is known that decisions about a trial depend on.
    pub fn ready(&self, trial: usize, ended: impl Fn(usize) -> bool) -> bool {
        (0..self.rivals(trial)).all(ended)
    }

    /// Trials that a trial is compared with: those below this number.
    fn rivals(&self, trial: usize) -> usize {
        (trial + 1).saturating_sub(self.lag)
    }

    /// A trial reports a value of a step; steps rise.
    pub fn report(&mut self, trial: usize, step: u64, value: f64) -> Decision {
        loop {
            let rung = self.reached.get(&trial).map_or(0, Vec::len);
            match self.rungs.step(rung) {
                Some(at) if step >= at => {}
                _ => return Decision::Continue,
            }
            self.reached.entry(trial).or_default().push(value);
            if value.is_nan() || !self.among_best(trial, rung, value) {
                return Decision::Stop;
            }
        }
    }

    fn among_best(&self, trial: usize, rung: usize, value: f64) -> bool {
        let rivals = self.reached.range(..self.rivals(trial)).filter_map(|(_, values)| values.get(rung));
        let rivals: Vec<f64> = rivals.copied().filter(|rival| !rival.is_nan()).collect();
        let ahead = rivals.iter().filter(|rival| **rival <= value).count();
        let places = (rivals.len() as u64 + 1) / self.rungs.eta;
        (ahead as u64) < places.max(1)
    }
}
