//! Several curves or clouds over the same axes in a terminal, of braille dots.

use super::Style;

/// Dots of a character: two across and four down (Unicode 16.0, block U+2800: the bit of each dot).
const DOTS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Looks of the series, one after the other; the first has none, so that a single one is in the terminal's own colour.
const LOOKS: [Option<Style>; 5] = [None, Some(Style::Changed), Some(Style::Good), Some(Style::Bad), Some(Style::Faint)];

/// The text in the look of a series.
pub fn paint(series: usize, text: &str) -> String {
    LOOKS[series % LOOKS.len()].map_or_else(|| text.to_owned(), |style| style.paint(text))
}

/// Draws series of points into `width` columns and `height` lines, the axes' ends as numbers beside them, formatted by `number`.
/// Lines join their points where `joined`. Nothing comes of no points.
pub fn plot(series: &[&[(f64, f64)]], joined: bool, (width, height): (usize, usize), number: fn(f64) -> String) -> Vec<String> {
    let all = || series.iter().flat_map(|points| points.iter().copied()).filter(|(x, y)| x.is_finite() && y.is_finite());
    let range =
        |values: &mut dyn Iterator<Item = f64>| values.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
    let (x, y) = (range(&mut all().map(|point| point.0)), range(&mut all().map(|point| point.1)));
    if x.0 > x.1 || width < 24 || height == 0 {
        return Vec::new();
    }
    let labels = [number(y.1), number(y.0)];
    let margin = labels.iter().map(|label| label.chars().count()).max().unwrap_or_default();
    let columns = width.saturating_sub(margin + 2);
    let mut cells = vec![vec![(0u32, 0usize); columns]; height];
    let share = |value: f64, (lo, hi): (f64, f64)| if hi > lo { (value - lo) / (hi - lo) } else { 0.5 };
    let at = |(px, py): (f64, f64)| {
        let (dots, lines) = ((columns * 2 - 1) as f64, (height * 4 - 1) as f64);
        ((share(px, x) * dots).round(), ((1.0 - share(py, y)) * lines).round())
    };
    for (index, points) in series.iter().enumerate() {
        let mut dot = |column: f64, row: f64| {
            let (column, row) = (column as usize, row as usize);
            let cell = &mut cells[row / 4][column / 2];
            *cell = (cell.0 | DOTS[row % 4][column % 2], index);
        };
        let placed: Vec<(f64, f64)> = points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).map(at).collect();
        placed.iter().for_each(|(column, row)| dot(*column, *row));
        for pair in placed.windows(2).filter(|_| joined) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let steps = (x1 - x0).abs().max((y1 - y0).abs());
            for step in 0..steps as usize {
                let part = step as f64 / steps;
                dot((x0 + (x1 - x0) * part).round(), (y0 + (y1 - y0) * part).round());
            }
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for (row, cells) in cells.iter().enumerate() {
        let label = if row == 0 {
            labels[0].as_str()
        } else if row + 1 == height {
            labels[1].as_str()
        } else {
            ""
        };
        let used = cells.iter().rposition(|(bits, _)| *bits > 0).map_or(0, |last| last + 1);
        let drawn: String = cells[..used]
            .chunk_by(|a, b| a.1 == b.1)
            .map(|run| paint(run[0].1, &run.iter().map(|(bits, _)| char::from_u32(0x2800 + bits).unwrap_or(' ')).collect::<String>()))
            .collect();
        lines.push(format!("{label:>margin$} ┤{drawn}"));
    }
    let (from, to) = (number(x.0), number(x.1));
    let gap = columns.saturating_sub(from.chars().count() + to.chars().count());
    lines.push(format!("{:margin$}  {from}{}{to}", "", " ".repeat(gap)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_share_their_axes_and_stay_inside() {
        let number = |value: f64| format!("{value}");
        let rising = [(0.0, 0.0), (10.0, 1.0)];
        let falling = [(0.0, 1.0), (10.0, 0.0), (5.0, f64::NAN)];
        let lines = plot(&[&rising, &falling], true, (40, 6), number);
        assert_eq!(lines.len(), 7);
        let plain: Vec<String> = lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
        assert!(plain.iter().all(|line| line.chars().count() <= 40), "{plain:#?}");
        assert!(plain[0].starts_with("1 ┤") && plain[5].starts_with("0 ┤") && plain[6].ends_with("10"));
        assert!(plot(&[&[]], true, (40, 6), number).is_empty());
        assert_eq!(plot(&[&[(1.0, 1.0)]], true, (40, 2), number).len(), 3);
    }
}
