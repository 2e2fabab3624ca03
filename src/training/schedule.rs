//! The learning rate at every step: linear warm-up, then half a cosine.
//!
//! Without restarts, as in Loshchilov and Hutter, "SGDR", 2017 (<https://arxiv.org/abs/1608.03983>):
//!
//! - step s < w: peak * (s + 1) / w
//! - then: peak * (f + (1 - f) * (1 + cos(pi * (s - w) / (n - w))) / 2)
//!
//! with n steps in all, w warm-up steps and final fraction f. The last step stands just before the
//! cosine's end, so that no step is spent at a rate of exactly `peak * f`.

use serde::{Deserialize, Serialize};

/// The shape of the schedule, in epochs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The highest learning rate.
    pub peak: f64,
    /// Epochs of linear warm-up; may be a fraction.
    pub warmup_epochs: f64,
    /// The fraction of the peak that the cosine ends at, from 0 to 1.
    pub final_fraction: f64,
}

impl Schedule {
    /// The learning rate at `step` (from 0) of `epochs` epochs of `steps_per_epoch` steps.
    pub fn rate(&self, step: usize, steps_per_epoch: usize, epochs: usize) -> f64 {
        let all = (steps_per_epoch * epochs) as f64;
        let warmup = (self.warmup_epochs * steps_per_epoch as f64).round().min(all);
        let step = step as f64;
        if step < warmup {
            return self.peak * (step + 1.0) / warmup;
        }
        if step >= all {
            return self.peak * self.final_fraction;
        }
        let progress = (step - warmup) / (all - warmup);
        let cosine = (1.0 + (std::f64::consts::PI * progress).cos()) / 2.0;
        self.peak * (self.final_fraction + (1.0 - self.final_fraction) * cosine)
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn rates_are_those_worked_out_by_hand() {
        let schedule = Schedule { peak: 0.8, warmup_epochs: 1.0, final_fraction: 0.0 };
        // 3 epochs of 4 steps: warm-up 0.2 0.4 0.6 0.8, then 8 steps of cosine: (1 + cos(k pi / 8)) / 2.
        let table = [(0, 0.2), (1, 0.4), (3, 0.8), (4, 0.8), (6, 0.8 * 0.853_553_390_593_273_8), (8, 0.4), (12, 0.0), (99, 0.0)];
        for (step, rate) in table {
            assert!((schedule.rate(step, 4, 3) - rate).abs() < 1e-12, "step {step}: {}", schedule.rate(step, 4, 3));
        }
    }

    #[test]
    fn ends_near_the_final_fraction_and_survives_odd_shapes() {
        let schedule = Schedule { peak: 1.0, warmup_epochs: 0.0, final_fraction: 0.01 };
        assert_eq!(schedule.rate(0, 10, 2), 1.0);
        assert!((schedule.rate(20, 10, 2) - 0.01).abs() < 1e-12);
        // Warm-up longer than the training is all there is.
        let schedule = Schedule { peak: 1.0, warmup_epochs: 5.0, final_fraction: 0.5 };
        assert_eq!(schedule.rate(1, 2, 1), 1.0);
        assert!(schedule.rate(0, 1, 1).is_finite());
    }
}
