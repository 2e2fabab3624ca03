//! A table whose cells are shaded by a number: the confusion matrix.

use super::Svg;
use super::paint::{Anchor, Canvas, shorten};

/// Shaded cells with a text each.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// Shown above.
    pub title: String,
    /// For people who cannot see it.
    pub description: String,
    /// What the rows are.
    pub row_label: String,
    /// What the columns are.
    pub column_label: String,
    /// Names of rows, top first.
    pub rows: Vec<String>,
    /// Names of columns, left first.
    pub columns: Vec<String>,
    /// Shade of each cell in [0, 1], `[row][column]`; NaN leaves it empty.
    pub shades: Vec<Vec<f64>>,
    /// Text of each cell, `[row][column]`.
    pub texts: Vec<Vec<String>>,
}

const LEFT: f64 = 112.0;
const TOP: f64 = 62.0;
const CELL: (f64, f64) = (50.0, 34.0);

impl HeatMap {
    /// Draws it: cells 34 units high and 50 to 72 wide, the wider the fewer; narrower from 12 columns on.
    pub fn svg(&self) -> Svg {
        let mut canvas = Canvas::default();
        let cell = (
            if self.columns.len() > 11 {
                (560.0 / self.columns.len() as f64).max(22.0)
            } else {
                (350.0 / self.columns.len().max(1) as f64).clamp(CELL.0, 72.0)
            },
            CELL.1,
        );
        let (width, height) = (cell.0 * self.columns.len() as f64, cell.1 * self.rows.len() as f64);
        canvas.text("title", (LEFT, 18.0), Anchor::Start, &self.title);
        canvas.text("label", (LEFT + width / 2.0, 38.0), Anchor::Middle, &self.column_label);
        canvas.upright("label", (14.0, TOP + height / 2.0), &self.row_label);
        let fits = (cell.0 / 6.4) as usize;
        for (c, name) in self.columns.iter().enumerate() {
            canvas.text("tick", (LEFT + (c as f64 + 0.5) * cell.0, TOP - 7.0), Anchor::Middle, &shorten(name, fits));
        }
        for (r, name) in self.rows.iter().enumerate() {
            canvas.text("tick", (LEFT - 8.0, TOP + (r as f64 + 0.5) * cell.1 + 4.0), Anchor::End, &shorten(name, 12));
            for c in 0..self.columns.len() {
                self.cell(&mut canvas, cell, r, c);
            }
        }
        canvas.finish((LEFT + width + 12.0).max(260.0) as u32, (TOP + height + 12.0) as u32, &self.title, &self.description)
    }

    fn cell(&self, canvas: &mut Canvas, size: (f64, f64), r: usize, c: usize) {
        let shade = self.shades.get(r).and_then(|row| row.get(c)).copied().unwrap_or(f64::NAN);
        let text = self.texts.get(r).and_then(|row| row.get(c)).map_or("", String::as_str);
        let corner = (LEFT + c as f64 * size.0, TOP + r as f64 * size.1);
        let tip = format!("{} {}, {} {}: {text}", self.row_label, self.rows[r], self.column_label, self.columns[c]);
        if shade.is_finite() {
            canvas.rect("heat", corner, size, Some(shade), &tip);
        }
        canvas.rect("cell", corner, size, None, "");
        let class = match (shade > 0.55, r == c) {
            (true, true) => "on strong",
            (true, false) => "on",
            (false, true) => "strong",
            (false, false) => "",
        };
        canvas.text(class, (corner.0 + size.0 / 2.0, corner.1 + size.1 / 2.0 + 4.0), Anchor::Middle, text);
    }
}
