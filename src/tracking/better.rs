//! Which of two values of a metric is better, told by the metric's name.

use super::MetricSummary;

/// The direction in which a metric improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Losses and errors.
    Least,
    /// Accuracies, areas, agreement.
    Greatest,
}

const LEAST: &[&str] = &["loss", "error", "err", "ece", "mce", "brier", "nll", "mae", "mse", "rmse", "perplexity", "gap"];
/// How uncertain another number is.
const ABOUT: &[&str] = &["noise"];
/// Neither good nor bad: settings, counters and costs.
const NEITHER: &[&str] =
    &["lr", "rate", "epoch", "step", "seconds", "time", "memory", "norm", "count", "images", "samples", "threshold", "temperature"];

impl Better {
    /// Judges by the words of the name: `val/log_loss` by `loss`. `None` for what is neither good nor bad.
    pub fn of(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).collect();
        let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
        if has(ABOUT) {
            None
        } else if has(LEAST) {
            Some(Self::Least)
        } else if has(NEITHER) {
            None
        } else {
            Some(Self::Greatest)
        }
    }
}

impl MetricSummary {
    /// The best value and its step; for a metric that is neither good nor bad, the last.
    pub fn best(&self, better: Option<Better>) -> (f64, u64) {
        match better {
            Some(Better::Least) => (self.min, self.min_step),
            Some(Better::Greatest) => (self.max, self.max_step),
            None => (self.last, self.last_step),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Better;

    #[test]
    fn names_tell_the_direction() {
        for name in ["val/loss", "train/log_loss", "test/ece", "mce", "brier", "epoch_train_loss", "error_rate"] {
            assert_eq!(Better::of(name), Some(Better::Least), "{name}");
        }
        for name in ["val/balanced_accuracy", "macro_auc", "f1"] {
            assert_eq!(Better::of(name), Some(Better::Greatest), "{name}");
        }
        for name in ["train/lr", "learning_rate", "epoch", "seconds", "ece_noise_mean"] {
            assert_eq!(Better::of(name), None, "{name}");
        }
    }
}
