//! A curve in a terminal, of braille dots.

/// Dots of a character: two across and four down (Unicode 16.0, block U+2800: the bit of each dot).
const DOTS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// A curve through points `(x, y)` with rising x, `width` characters wide and `height` lines high, with the highest and lowest value at
/// its left. Values that are no numbers are left out; nothing comes of no points.
pub fn chart(points: &[(f64, f64)], width: usize, height: usize) -> Vec<String> {
    let points: Vec<(f64, f64)> = points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let low = points.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|point| point.1).fold(f64::NEG_INFINITY, f64::max);
    let share = |value: f64, from: f64, to: f64| if to > from { (value - from) / (to - from) } else { 0.5 };
    let (columns, rows) = (width * 2, height * 4);
    // Means of the points that share a column, so that a long noisy curve is its own trend.
    let mut sums = vec![(0.0, 0usize); columns];
    for (x, y) in &points {
        let column = ((share(*x, first.0, last.0) * (columns - 1) as f64).round() as usize).min(columns - 1);
        sums[column] = (sums[column].0 + y, sums[column].1 + 1);
    }
    let row = |y: f64| ((1.0 - share(y, low, high)) * (rows - 1) as f64).round() as usize;
    let means: Vec<(usize, usize)> =
        sums.iter().enumerate().filter(|(_, (_, n))| *n > 0).map(|(column, (sum, n))| (column, row(sum / *n as f64))).collect();
    let mut cells = vec![vec![0u32; width]; height];
    let mut dot = |column: usize, row: usize| cells[row / 4][column / 2] |= DOTS[row % 4][column % 2];
    for pair in means.windows(2) {
        let ((left, from), (right, to)) = (pair[0], pair[1]);
        for column in left..right {
            let part = (column - left) as f64 / (right - left) as f64;
            let height = from as f64 + (to as f64 - from as f64) * part;
            dot(column, height.round() as usize);
        }
    }
    if let Some(&(column, row)) = means.last() {
        dot(column, row);
    }
    let labels = [label(high), label(low)];
    let margin = labels.iter().map(String::len).max().unwrap_or_default();
    let line = |(number, cells): (usize, &Vec<u32>)| {
        let label = if number == 0 {
            &*labels[0]
        } else if number + 1 == height {
            &labels[1]
        } else {
            ""
        };
        let dots: String = cells.iter().map(|bits| char::from_u32(0x2800 + bits).unwrap_or(' ')).collect();
        format!("{label:>margin$} {}", dots.trim_end_matches('\u{2800}'))
    };
    cells.iter().enumerate().map(line).collect()
}

fn label(value: f64) -> String {
    if value == 0.0 || (1e-3..1e5).contains(&value.abs()) { format!("{value:.3}") } else { format!("{value:.1e}") }
}

#[cfg(test)]
mod tests {
    use super::chart;

    #[test]
    fn a_line_goes_from_corner_to_corner() {
        let points: Vec<(f64, f64)> = (0..8).map(|i| (f64::from(i), f64::from(i))).collect();
        assert_eq!(chart(&points, 4, 2), ["7.000 ⠀⠀⡠⠊", "0.000 ⡠⠊"]);
    }

    #[test]
    fn points_without_a_value_and_single_points_do_no_harm() {
        assert_eq!(chart(&[], 4, 2), Vec::<String>::new());
        assert_eq!(chart(&[(1.0, f64::NAN)], 4, 2), Vec::<String>::new());
        let one = chart(&[(1.0, 2.0)], 4, 2);
        assert_eq!(one.len(), 2);
        assert!(one.iter().any(|line| line.contains(|c| ('\u{2801}'..='\u{28ff}').contains(&c))), "{one:?}");
    }
}
