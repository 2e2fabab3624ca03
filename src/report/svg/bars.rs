//! Upright bars, one or more side by side at each place: counts, histograms, effect sizes.

use super::Svg;
use super::axis::Axis;
use super::paint::{Anchor, COLOURS, Canvas, shorten};

/// Bars of one thing, one a label.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name in the legend.
    pub name: String,
    /// One value a label, 0 or more; NaN draws nothing.
    pub values: Vec<f64>,
}

/// Upright bars.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// Shown above.
    pub title: String,
    /// For people who cannot see it.
    pub description: String,
    /// What the places are.
    pub x_label: String,
    /// What the height measures.
    pub y_label: String,
    /// The places, left first.
    pub labels: Vec<String>,
    /// Bars that stand side by side at each place.
    pub groups: Vec<Group>,
    /// Heights other than the tallest bar's to make room for.
    pub at_least: f64,
}

const LEFT: f64 = 56.0;
const TOP: f64 = 34.0;
const WIDTH: f64 = 460.0;

impl Bars {
    /// Draws it, 460 units wide and some 260 high.
    pub fn svg(&self) -> Svg {
        self.draw(190.0)
    }

    /// Draws it flat, for a page with many of them.
    pub fn small_svg(&self) -> Svg {
        self.draw(90.0)
    }

    fn draw(&self, height: f64) -> Svg {
        let mut canvas = Canvas::default();
        let values = self.groups.iter().flat_map(|group| group.values.iter().copied());
        let y = Axis::around(&self.y_label, values.chain([0.0, self.at_least]));
        canvas.text("title", (LEFT, 18.0), Anchor::Start, &self.title);
        for (value, text) in y.ticks() {
            let at = TOP + (1.0 - y.share(value)) * height;
            canvas.line("rule", (LEFT, at), (WIDTH - 12.0, at));
            canvas.text("tick", (LEFT - 6.0, at + 4.0), Anchor::End, &text);
        }
        canvas.upright("label", (14.0, TOP + height / 2.0), &y.label);
        let place = (WIDTH - LEFT - 12.0) / self.labels.len().max(1) as f64;
        // Not every label of a long histogram fits; equal gaps between those that do.
        let every = (34.0 / place).ceil().max(1.0) as usize;
        for (i, label) in self.labels.iter().enumerate() {
            let x = LEFT + i as f64 * place;
            self.at(&mut canvas, i, (x, place), &y, height);
            if i % every == 0 {
                let fits = (place * every as f64 / 6.2) as usize;
                canvas.text("tick", (x + place / 2.0, TOP + height + 16.0), Anchor::Middle, &shorten(label, fits.max(3)));
            }
        }
        canvas.line("axis", (LEFT, TOP + height), (WIDTH - 12.0, TOP + height));
        canvas.text("label", ((LEFT + WIDTH) / 2.0, TOP + height + 34.0), Anchor::Middle, &self.x_label);
        let rows = self.legend(&mut canvas, TOP + height + 44.0);
        canvas.finish(WIDTH as u32, (TOP + height + 44.0 + rows * 18.0) as u32, &self.title, &self.description)
    }

    fn at(&self, canvas: &mut Canvas, i: usize, (x, place): (f64, f64), y: &Axis, height: f64) {
        let width = place * 0.86 / self.groups.len().max(1) as f64;
        for (g, group) in self.groups.iter().enumerate() {
            let Some(value) = group.values.get(i).copied().filter(|value| value.is_finite()) else { continue };
            let tall = y.share(value) * height;
            let corner = (x + place * 0.07 + g as f64 * width, TOP + height - tall);
            let tip = format!("{} {}: {value}", self.labels[i], group.name);
            canvas.rect(&format!("fill{}", g % COLOURS), corner, (width, tall), None, tip.trim());
        }
    }

    fn legend(&self, canvas: &mut Canvas, y: f64) -> f64 {
        if self.groups.len() < 2 {
            return 0.0;
        }
        for (g, group) in self.groups.iter().enumerate() {
            let x = LEFT + (g % 3) as f64 * 130.0;
            let y = y + (g / 3) as f64 * 18.0;
            canvas.rect(&format!("fill{}", g % COLOURS), (x, y), (12.0, 10.0), None, "");
            canvas.text("small", (x + 18.0, y + 9.0), Anchor::Start, &shorten(&group.name, 18));
        }
        self.groups.len().div_ceil(3) as f64
    }
}
