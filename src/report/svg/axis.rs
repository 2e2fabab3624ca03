//! A linear axis: range, round ticks, their texts.

/// One axis of a plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it measures, with its unit.
    pub label: String,
    /// The value at its start.
    pub min: f64,
    /// The value at its end.
    pub max: f64,
}

impl Axis {
    /// From `min` to `max`; a range that is empty or not finite is widened to one that can be drawn.
    pub fn new(label: impl Into<String>, min: f64, max: f64) -> Self {
        let (min, max) = if min.is_finite() && max.is_finite() { (min.min(max), min.max(max)) } else { (0.0, 1.0) };
        let pad = 0.5f64.max(max.abs() * 0.05);
        let (min, max) = if max - min > 1e-9 * max.abs().max(min.abs()) { (min, max) } else { (min - pad, max + pad) };
        Self { label: label.into(), min, max }
    }

    /// From 0 to 1.
    pub fn unit(label: impl Into<String>) -> Self {
        Self::new(label, 0.0, 1.0)
    }

    /// Around values, widened to the next ticks; from 0 to 1 when there are none.
    pub fn around(label: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let range = finite.fold(None, |range: Option<(f64, f64)>, v| Some(range.map_or((v, v), |(lo, hi)| (lo.min(v), hi.max(v)))));
        let mut axis = range.map_or_else(|| Self::unit(""), |(lo, hi)| Self::new("", lo, hi));
        let step = step(axis.max - axis.min);
        (axis.min, axis.max) = ((axis.min / step + 1e-9).floor() * step, (axis.max / step - 1e-9).ceil() * step);
        axis.label = label.into();
        axis
    }

    /// Share of the axis, 0 at `min` and 1 at `max`; values outside stay at the ends.
    pub(super) fn share(&self, value: f64) -> f64 {
        ((value - self.min) / (self.max - self.min)).clamp(0.0, 1.0)
    }

    /// Round values within the range with their texts.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let step = step(self.max - self.min);
        let decimals = (-(step.log10() + 1e-9).floor()).clamp(0.0, 12.0) as usize;
        let decimals = decimals + usize::from(((step * 10f64.powi(decimals as i32)).fract() - 0.5).abs() < 1e-6);
        let first = (self.min / step - 1e-9).ceil() as i64;
        let last = (self.max / step + 1e-9).floor() as i64;
        (first..=last.min(first + 20)).map(|i| (i as f64 * step, tick_text(i as f64 * step, decimals))).collect()
    }
}

fn tick_text(value: f64, decimals: usize) -> String {
    if value.abs() >= 1e6 {
        return format!("{value:e}");
    }
    let text = format!("{value:.decimals$}");
    if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') { text.trim_start_matches('-').to_owned() } else { text }
}

/// 1, 2, 2.5 or 5 times a power of ten, so that a range has four to eight steps.
fn step(range: f64) -> f64 {
    let raw = range / 5.0;
    let power = 10f64.powf(raw.log10().floor());
    let candidates = [1.0, 2.0, 2.5, 5.0, 10.0].map(|m| m * power);
    candidates.into_iter().find(|candidate| *candidate >= raw * 0.999).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::Axis;

    #[test]
    fn ticks_are_round_and_cover_the_range() {
        let texts = |axis: Axis| axis.ticks().into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(texts(Axis::unit("")), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(Axis::new("", -1.0, 1.0)), ["-1.0", "-0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(texts(Axis::new("", 0.0, 1200.0)), ["0", "250", "500", "750", "1000"]);
        assert_eq!(texts(Axis::new("", 0.0, 0.012)), ["0.0000", "0.0025", "0.0050", "0.0075", "0.0100"]);
    }

    #[test]
    fn an_empty_or_endless_range_can_still_be_drawn() {
        for (min, max) in [(3.0, 3.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (2.0, 1.0), (1e300, 1e300)] {
            let axis = Axis::new("", min, max);
            assert!(axis.max > axis.min && axis.ticks().len() < 30, "{axis:?}");
        }
        assert_eq!(Axis::around("", [0.13, 0.87, f64::NAN]), Axis::new("", 0.0, 1.0));
    }
}
