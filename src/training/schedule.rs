//! The learning rate at every step: a linear rise, then one of some shapes.
//!
//! With n steps in all, w warm-up steps, progress p = (s - w) / (n - w) and final fraction f, step s < w has the rate
//! `peak * (s + 1) / w`, and any later one
//!
//! | shape | rate | source |
//! | --- | --- | --- |
//! | `cosine` | `peak * (f + (1 - f) * (1 + cos(pi * p)) / 2)` | Loshchilov and Hutter 2017, <https://arxiv.org/abs/1608.03983>, without restarts |
//! | `one-cycle` | as `cosine`, down to `f / 1000`, after a rise by half a cosine from `peak / 25` | Smith and Topin 2017, <https://arxiv.org/abs/1708.07120>, with torch's `OneCycleLR` constants |
//! | `poly` | `peak * (1 - p)^0.9` | nnU-Net (Isensee et al. 2018, <https://arxiv.org/abs/1809.10486>) |
//! | `steps` | `peak`, a tenth of it from half of the epochs on, a hundredth from three quarters on | MedMNIST's baselines (Yang et al. 2023) |
//! | `plateau` | `peak`, a tenth of what it was whenever no epoch in ten was better | torch's `ReduceLROnPlateau` |
//! | `constant` | `peak` | |
//!
//! The last step stands just before the end of the curve, so that no step is spent at its very last value.

use serde::{Deserialize, Serialize};

use crate::evaluation::metrics::Direction;

/// How the rate goes on after its rise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Half a cosine down.
    #[default]
    Cosine,
    /// A slow rise and a long fall.
    OneCycle,
    /// Nearly a straight line down to 0.
    Poly,
    /// Three stairs.
    Steps,
    /// A stair down whenever nothing gets better.
    Plateau,
    /// Level.
    Constant,
}

impl Shape {
    /// The part of the epochs that the rise takes unless something else is said.
    pub fn usual_warmup(self) -> f64 {
        if self == Self::OneCycle { 0.3 } else { 0.05 }
    }
}

/// The shape of the schedule, in epochs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// What follows the warm-up.
    pub shape: Shape,
    /// The highest learning rate.
    pub peak: f64,
    /// Epochs of warm-up; may be a fraction.
    pub warmup_epochs: f64,
    /// The fraction of the peak that a cosine ends at, from 0 to 1.
    pub final_fraction: f64,
}

/// Epochs without a better one before a plateau's next stair.
const PLATEAU: usize = 10;

impl Schedule {
    /// The learning rate at `step` (from 0) of `epochs` epochs of `steps_per_epoch` steps; `stairs` is that of [`stairs`].
    pub fn rate(&self, step: usize, steps_per_epoch: usize, epochs: usize, stairs: usize) -> f64 {
        let all = (steps_per_epoch * epochs) as f64;
        let warmup = (self.warmup_epochs * steps_per_epoch as f64).round().min(all);
        let (at, one_cycle) = (step as f64, self.shape == Shape::OneCycle);
        if at < warmup {
            let risen = (at + 1.0) / warmup;
            return self.peak * if one_cycle { 0.04 + 0.96 * (1.0 - cosine(risen)) } else { risen };
        }
        let progress = if at >= all { 1.0 } else { (at - warmup) / (all - warmup) };
        let last = if one_cycle { self.final_fraction / 1000.0 } else { self.final_fraction };
        self.peak
            * match self.shape {
                Shape::Cosine | Shape::OneCycle => last + (1.0 - last) * cosine(progress),
                Shape::Poly => (1.0 - progress).powf(0.9),
                // By whole epochs.
                Shape::Steps => match (4 * (step / steps_per_epoch.max(1))).checked_div(epochs) {
                    Some(0 | 1) => 1.0,
                    Some(2) => 0.1,
                    _ => 0.01,
                },
                Shape::Plateau => 0.1f64.powi(stairs as i32),
                Shape::Constant => 1.0,
            }
    }

    /// How often these values of past epochs did not get better for ten of them; 0 for shapes that do not ask.
    pub fn stairs(&self, values: impl Iterator<Item = f64>, direction: Direction) -> usize {
        if self.shape != Shape::Plateau {
            return 0;
        }
        let (mut best, mut waited, mut stairs) = (f64::NAN, 0, 0);
        for value in values {
            if direction.better(value, best) {
                (best, waited) = (value, 0);
            } else {
                waited += 1;
            }
            if waited > PLATEAU {
                (waited, stairs) = (0, stairs + 1);
            }
        }
        stairs
    }
}

/// From 1 at 0 to 0 at 1 by half a cosine.
fn cosine(progress: f64) -> f64 {
    (1.0 + (std::f64::consts::PI * progress).cos()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::{Direction, Schedule, Shape};

    const COSINE: Schedule = Schedule { shape: Shape::Cosine, peak: 0.8, warmup_epochs: 1.0, final_fraction: 0.0 };

    #[test]
    fn rates_are_those_worked_out_by_hand() {
        // 3 epochs of 4 steps: warm-up 0.2 0.4 0.6 0.8, then 8 steps of cosine: (1 + cos(k pi / 8)) / 2.
        let table = [(0, 0.2), (1, 0.4), (3, 0.8), (4, 0.8), (6, 0.8 * 0.853_553_390_593_273_8), (8, 0.4), (12, 0.0), (99, 0.0)];
        for (step, rate) in table {
            assert!((COSINE.rate(step, 4, 3, 0) - rate).abs() < 1e-12, "step {step}: {}", COSINE.rate(step, 4, 3, 0));
        }
    }

    #[test]
    fn ends_near_the_final_fraction_and_survives_odd_shapes() {
        let schedule = Schedule { peak: 1.0, warmup_epochs: 0.0, final_fraction: 0.01, ..COSINE };
        assert_eq!(schedule.rate(0, 10, 2, 0), 1.0);
        assert!((schedule.rate(20, 10, 2, 0) - 0.01).abs() < 1e-12);
        // Warm-up longer than the training is all there is.
        let schedule = Schedule { peak: 1.0, warmup_epochs: 5.0, final_fraction: 0.5, ..COSINE };
        assert_eq!(schedule.rate(1, 2, 1, 0), 1.0);
        assert!(schedule.rate(0, 1, 1, 0).is_finite());
        for shape in [Shape::OneCycle, Shape::Poly, Shape::Steps, Shape::Plateau, Shape::Constant] {
            let schedule = Schedule { shape, ..schedule };
            assert!([0, 1, 5].iter().all(|&step| (0.0..=1.0).contains(&schedule.rate(step, 0, 0, 0))), "{shape:?}");
        }
    }

    #[test]
    fn stairs_poly_and_cycles_are_as_their_sources_have_them() {
        let of = |shape| Schedule { shape, peak: 1.0, warmup_epochs: 0.0, final_fraction: 0.01 };
        // torch.optim.lr_scheduler.MultiStepLR(milestones=[50, 75], gamma=0.1) over 100 epochs of 3 steps.
        let steps = |epoch: usize| of(Shape::Steps).rate(3 * epoch + 2, 3, 100, 0);
        assert_eq!([0, 49, 50, 74, 75, 99].map(steps), [1.0, 1.0, 0.1, 0.1, 0.01, 0.01]);
        assert!((of(Shape::Poly).rate(500, 1, 1000, 0) - 0.5f64.powf(0.9)).abs() < 1e-12);
        // torch's OneCycleLR(max_lr=1, total_steps=100, pct_start=0.3): it starts at 0.04, is 1 at step 29 and ends at 4e-6 or so.
        let cycle = Schedule { warmup_epochs: 0.3, ..of(Shape::OneCycle) };
        let rate = |step| cycle.rate(step, 100, 1, 0);
        assert!(rate(0) > 0.04 && rate(0) < 0.05 && (rate(29) - 1.0).abs() < 1e-12 && rate(30) == 1.0 && rate(99) < 1e-3);
    }

    #[test]
    fn a_plateau_is_ten_epochs_without_a_better_one() {
        let schedule = Schedule { shape: Shape::Plateau, ..COSINE };
        let stairs = |values: &[f64]| schedule.stairs(values.iter().copied(), Direction::Maximize);
        assert_eq!(stairs(&[0.5; 11]), 0);
        assert_eq!(stairs(&[0.5; 12]), 1);
        assert_eq!(stairs(&[0.5; 23]), 2);
        let mut rising = vec![0.5; 11];
        rising.extend([0.6; 11]);
        assert_eq!(stairs(&rising), 0);
        assert!((schedule.rate(8, 4, 3, 2) - 0.008).abs() < 1e-12);
    }
}
