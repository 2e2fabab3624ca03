//! A line the size of a word.

use super::Svg;
use super::axis::Axis;
use super::paint::Canvas;

/// Values from left to right, 120 by 24 units, with a dot on the last one. `description` says what they are.
pub fn sparkline(values: &[f64], description: &str) -> Svg {
    let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let axis =
        Axis::new("", finite.iter().copied().fold(f64::INFINITY, f64::min), finite.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    let last = finite.len().saturating_sub(1).max(1) as f64;
    let points: Vec<(f64, f64)> =
        finite.iter().enumerate().map(|(i, v)| (3.0 + i as f64 / last * 114.0, 21.0 - axis.share(*v) * 18.0)).collect();
    let mut canvas = Canvas::default();
    canvas.path(0, &points);
    if let (Some(at), Some(value)) = (points.last(), finite.last()) {
        canvas.dot(0, *at, 2.5, &value.to_string());
    }
    canvas.finish(120, 24, description, description)
}
