//! Which epoch is the best, and when to stop waiting for a better one: pure functions of the past.

use serde::{Deserialize, Serialize};

use crate::evaluation::metrics::Direction;

/// The best epoch so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Epoch, from 0.
    pub epoch: usize,
    /// The watched metric there.
    pub value: f64,
}

/// What to do after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// This epoch is the best so far: keep its weights.
    pub keep: bool,
    /// Nothing better came for the agreed number of epochs: stop.
    pub stop: bool,
}

/// Judges `epoch` with its `value` of the watched metric.
///
/// | value | best so far | verdict |
/// | --- | --- | --- |
/// | a number | none | keep |
/// | better | any | keep |
/// | equal, worse or undefined | at epoch b | stop when `epoch - b >= patience` and `patience > 0` |
/// | undefined | none | go on |
pub fn judge(direction: Direction, patience: usize, best: Option<Best>, epoch: usize, value: f64) -> Verdict {
    match best {
        None => Verdict { keep: value.is_finite(), stop: false },
        Some(best) if direction.better(value, best.value) => Verdict { keep: true, stop: false },
        Some(best) => Verdict { keep: false, stop: patience > 0 && epoch - best.epoch.min(epoch) >= patience },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_follow_the_table() {
        let best = Some(Best { epoch: 2, value: 0.5 });
        let keep = Verdict { keep: true, stop: false };
        let go_on = Verdict { keep: false, stop: false };
        let stop = Verdict { keep: false, stop: true };
        let table = [
            (Direction::Maximize, 3, None, 0, 0.1, keep),
            (Direction::Maximize, 3, None, 0, f64::NAN, go_on),
            (Direction::Maximize, 3, best, 3, 0.6, keep),
            (Direction::Minimize, 3, best, 3, 0.4, keep),
            (Direction::Maximize, 3, best, 4, 0.5, go_on),
            (Direction::Maximize, 3, best, 5, 0.5, stop),
            (Direction::Minimize, 3, best, 5, 0.6, stop),
            (Direction::Maximize, 3, best, 5, f64::NAN, stop),
            (Direction::Maximize, 0, best, 99, 0.1, go_on),
        ];
        for (direction, patience, best, epoch, value, verdict) in table {
            assert_eq!(judge(direction, patience, best, epoch, value), verdict, "{direction:?} {best:?} {epoch} {value}");
        }
    }
}
