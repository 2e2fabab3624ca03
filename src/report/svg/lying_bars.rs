//! Lying bars, one or more below each other at each name: importances, counts of classes.

use super::Svg;
use super::axis::Axis;
use super::bars::Group;
use super::paint::{Anchor, COLOURS, Canvas, shorten};

/// Lying bars.
#[derive(Clone, Debug, PartialEq)]
pub struct LyingBars {
    /// Shown above.
    pub title: String,
    /// For people who cannot see it.
    pub description: String,
    /// What the length measures.
    pub x_label: String,
    /// The names, top first.
    pub labels: Vec<String>,
    /// Bars that lie below each other at each name; NaN draws nothing.
    pub groups: Vec<Group>,
}

const LEFT: f64 = 132.0;
const TOP: f64 = 30.0;
const WIDTH: f64 = 460.0;
const RIGHT: f64 = 16.0;

impl LyingBars {
    /// Draws it: 460 units wide, as high as its names need.
    pub fn svg(&self) -> Svg {
        let mut canvas = Canvas::default();
        let groups = self.groups.len().max(1);
        let place = (groups as f64 * 9.0 + 8.0).max(20.0);
        let bottom = TOP + place * self.labels.len() as f64;
        let x = Axis::around(&self.x_label, self.groups.iter().flat_map(|group| group.values.iter().copied()).chain([0.0]));
        let at = |value: f64| LEFT + x.share(value) * (WIDTH - LEFT - RIGHT);
        canvas.text("title", (LEFT, 18.0), Anchor::Start, &self.title);
        for (value, text) in x.ticks() {
            canvas.line("rule", (at(value), TOP), (at(value), bottom));
            canvas.text("tick", (at(value), bottom + 16.0), Anchor::Middle, &text);
        }
        for (row, label) in self.labels.iter().enumerate() {
            let top = TOP + row as f64 * place;
            canvas.text("tick", (LEFT - 8.0, top + place / 2.0 + 4.0), Anchor::End, &shorten(label, 18));
            let high = (place - 8.0) / groups as f64;
            for (g, group) in self.groups.iter().enumerate() {
                let Some(value) = group.values.get(row).copied().filter(|value| value.is_finite()) else { continue };
                let (from, to) = (at(value.min(0.0)), at(value.max(0.0)));
                let tip = format!("{label} {}: {value}", group.name);
                let corner = (from, top + 4.0 + g as f64 * high);
                canvas.rect(&format!("fill{}", g % COLOURS), corner, ((to - from).max(1.0), high), None, tip.trim());
            }
        }
        canvas.line("axis", (at(0.0), TOP), (at(0.0), bottom));
        canvas.text("label", ((LEFT + WIDTH) / 2.0, bottom + 34.0), Anchor::Middle, &self.x_label);
        let mut below = bottom + 44.0;
        if self.groups.len() > 1 {
            for (g, group) in self.groups.iter().enumerate() {
                let (x, y) = (12.0 + (g % 2) as f64 * 224.0, below + (g / 2) as f64 * 18.0);
                canvas.rect(&format!("fill{}", g % COLOURS), (x, y), (12.0, 10.0), None, "");
                canvas.text("small", (x + 18.0, y + 9.0), Anchor::Start, &shorten(&group.name, 32));
            }
            below += self.groups.len().div_ceil(2) as f64 * 18.0;
        }
        canvas.finish(WIDTH as u32, below as u32 + 4, &self.title, &self.description)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_a_bar_and_negative_ones_lie_left_of_nought() {
        let group = Group { name: "now".to_owned(), values: vec![2.0, -1.0, f64::NAN] };
        let bars = LyingBars {
            title: "t".to_owned(),
            description: "d".to_owned(),
            x_label: "x".to_owned(),
            labels: ["a", "b", "c"].map(str::to_owned).to_vec(),
            groups: vec![group],
        };
        let drawn = bars.svg().inline();
        assert_eq!(drawn.matches("<rect").count(), 2);
        assert!(drawn.contains("<title>a now: 2</title>") && drawn.contains("<title>b now: -1</title>"));
    }
}
