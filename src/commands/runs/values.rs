//! How ids, numbers and parameters look in tables.

use serde_json::Value;

use crate::tracking::{RunId, Status};
use crate::ui::Style;

/// At least eight digits of an id, and as many as make all of `ids` different.
pub(super) fn short_length<'a>(ids: impl IntoIterator<Item = &'a RunId>) -> usize {
    let mut ids: Vec<&str> = ids.into_iter().map(RunId::as_str).collect();
    ids.sort_unstable();
    let common = |pair: &[&str]| pair[0].bytes().zip(pair[1].bytes()).take_while(|(a, b)| a == b).count();
    let longest = ids.windows(2).map(common).filter(|length| *length < 32).max();
    longest.map_or(8, |length| (length + 1).max(8))
}

/// The first digits of an id.
pub(super) fn short(id: &RunId, length: usize) -> String {
    id.as_str().chars().take(length).collect()
}

/// `0.8123`, `12`, `3.1e-5`, `NaN`.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if value == value.trunc() && size < 1e9 {
        format!("{value:.0}")
    } else if !value.is_finite() {
        value.to_string()
    } else if (1e-3..1e6).contains(&size) {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    }
}

/// A parameter as a user would write it.
pub(super) fn param(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The status in its colour.
pub(super) fn status(status: Status) -> String {
    let style = match status {
        Status::Finished => Style::Good,
        Status::Running | Status::Interrupted => Style::Changed,
        Status::Failed | Status::Crashed => Style::Bad,
    };
    style.paint(status.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ids_stay_unique() {
        let id = |tail: &str| RunId::parse(&format!("0190f3c4a8b07cc29d5e{tail:0>12}")).unwrap();
        assert_eq!(short_length([]), 8);
        assert_eq!(short_length([&id("1")]), 8);
        assert_eq!(short_length([&id("1"), &id("2")]), 32);
        assert_eq!(short_length([&id("1"), &RunId::parse(&"f".repeat(32)).unwrap()]), 8);
    }

    #[test]
    fn numbers_are_short() {
        let shown = [0.81234, 12.0, 3.14e-5, f64::NAN, f64::NEG_INFINITY, 0.0, 1234567.8].map(number);
        assert_eq!(shown, ["0.8123", "12", "3.14e-5", "NaN", "-inf", "0", "1.23e6"]);
    }
}
