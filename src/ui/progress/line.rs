//! Progress in words, for logs.

use std::sync::atomic::Ordering;

use super::{Live, lock};
use crate::observer::Unit;
use crate::text;

/// `hashing: 4,512 of 10,015 images (45 %), 1,204/s, 4.6 s left, loss 0.31`.
pub(super) fn now(task: &Live) -> String {
    let done = task.done.load(Ordering::Relaxed);
    let here = done - task.before.load(Ordering::Relaxed).min(done);
    let words = words(done, here, task.total, task.unit, task.started.elapsed().as_secs_f64());
    let message = lock(&task.message).clone();
    let tail = if message.is_empty() { String::new() } else { format!(", {message}") };
    format!("{}: {words}{tail}", task.name)
}

/// `hashing: 10,015 images in 31.2 s`: what this task did itself.
pub(super) fn last(task: &Live) -> String {
    let done = amount(task.done.load(Ordering::Relaxed).saturating_sub(task.before.load(Ordering::Relaxed)), task.unit);
    format!("{}: {done} in {}", task.name, text::duration(task.started.elapsed().as_secs_f64()))
}

/// `here`: how many of `done` were done in these `seconds`.
fn words(done: u64, here: u64, total: Option<u64>, unit: Unit, seconds: f64) -> String {
    let mut out = match total {
        Some(total) if total > 0 => {
            let share = (done as f64 / total as f64 * 100.0).min(100.0).floor();
            let done = match unit {
                Unit::Items(_) => text::grouped(done),
                Unit::Bytes => text::bytes(done),
            };
            format!("{done} of {} ({share:.0} %)", amount(total, unit))
        }
        _ => amount(done, unit),
    };
    let per_second = if seconds > 0.0 { here as f64 / seconds } else { 0.0 };
    if per_second > 0.0 {
        out.push_str(&format!(", {}", rate(per_second, unit)));
        if let Some(left) = total.and_then(|total| total.checked_sub(done)).filter(|left| *left > 0) {
            out.push_str(&format!(", {} left", text::duration(left as f64 / per_second)));
        }
    }
    out
}

/// `10,015 images`, `39.4 MB`.
pub(super) fn amount(n: u64, unit: Unit) -> String {
    match unit {
        Unit::Items(name) => format!("{} {name}", text::grouped(n)),
        Unit::Bytes => text::bytes(n),
    }
}

/// `1,204/s`, `2.5/s`, `12/min`, `88.1 MB/s`.
pub(super) fn rate(per_second: f64, unit: Unit) -> String {
    match unit {
        Unit::Bytes => format!("{}/s", text::bytes(per_second as u64)),
        Unit::Items(_) if per_second >= 10.0 => format!("{}/s", text::grouped(per_second.round() as u64)),
        Unit::Items(_) if per_second >= 1.0 => format!("{per_second:.1}/s"),
        Unit::Items(_) => format!("{:.1}/min", per_second * 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_rate_and_time_left() {
        let images = Unit::Items("images");
        assert_eq!(words(4_512, 4_512, Some(10_015), images, 4.0), "4,512 of 10,015 images (45 %), 1,128/s, 4.9 s left");
        assert_eq!(words(10_015, 10_015, Some(10_015), images, 10.0), "10,015 of 10,015 images (100 %), 1,002/s");
        assert_eq!(words(0, 0, Some(10), images, 10.0), "0 of 10 images (0 %)");
        assert_eq!(words(3, 3, None, Unit::Items("epochs"), 60.0), "3 epochs, 3.0/min");
        assert_eq!(words(2_000_000, 2_000_000, Some(8_000_000), Unit::Bytes, 2.0), "2.0 MB of 8.0 MB (25 %), 1.0 MB/s, 6.0 s left");
        assert_eq!(words(5_000, 1_000, Some(10_000), images, 10.0), "5,000 of 10,000 images (50 %), 100/s, 50.0 s left");
        assert_eq!(words(12, 12, Some(10), images, 1.0), "12 of 10 images (100 %), 12/s");
    }
}
