//! Boxes in layers, with lines from each to those that need it.
//!
//! [`layers`] says where; here it is written with characters. Between layers every edge goes down, across on a row of its own, and
//! down again; edges from one box share their row, and so do others that do not meet.

use super::Drawing;
use super::layers::{self, Node};

/// Columns between boxes.
const GAP: usize = 3;

/// A node in columns.
struct Cell<'d> {
    /// The text in the box; `None` for an edge passing through.
    name: Option<&'d str>,
    /// Cells of the layer above that lead here.
    above: Vec<usize>,
    /// Column of its middle.
    middle: usize,
}

impl Cell<'_> {
    fn width(&self) -> usize {
        self.name.map_or(1, box_width)
    }
}

fn box_width(name: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(name) + 4
}

/// The drawing.
pub fn draw(drawing: &Drawing) -> String {
    let laid = layers::layout(drawing, |index| box_width(&drawing.names[index]) as f64, 1.0, GAP as f64);
    let layers = in_columns(drawing, laid);
    let mut canvas = Canvas::default();
    let mut row = 0;
    for (depth, layer) in layers.iter().enumerate() {
        if depth > 0 {
            row = edges(&mut canvas, row, &layers[depth - 1], layer);
        }
        for cell in layer {
            let left = cell.middle - cell.width() / 2;
            match cell.name {
                None => (0..3).for_each(|line| canvas.line(row + line, cell.middle, DOWN | UP)),
                Some(name) => {
                    let bar = format!("+{}+", "-".repeat(cell.width() - 2));
                    canvas.text(row, left, &bar);
                    canvas.text(row + 1, left, &format!("| {name} |"));
                    canvas.text(row + 2, left, &bar);
                }
            }
        }
        row += 3;
    }
    canvas.finish()
}

/// Places in whole columns, with at least a gap between two.
fn in_columns(drawing: &Drawing, layers: Vec<Vec<Node>>) -> Vec<Vec<Cell<'_>>> {
    let margin = layers.iter().flatten().map(|node| node.width).fold(0.0, f64::max) / 2.0 + 1.0;
    let mut placed: Vec<Vec<Cell>> = Vec::new();
    for layer in layers {
        let mut free = 0;
        let mut cells: Vec<Cell> = Vec::new();
        for node in layer {
            let mut cell = Cell { name: node.item.map(|item| drawing.names[item].as_str()), above: node.above, middle: 0 };
            let half = cell.width() / 2;
            cell.middle = ((node.middle + margin).round() as usize).max(free + half);
            // A bend of one column is only a rounding: rather a gap one less.
            let near = placed.last().and_then(|above| {
                let near = cell.above.iter().map(|index| above[*index].middle).filter(|column| column.abs_diff(cell.middle) <= 1);
                near.min_by_key(|column| column.abs_diff(cell.middle))
            });
            cell.middle = near.filter(|column| *column + usize::from(free > 0) >= free + half).unwrap_or(cell.middle);
            free = cell.middle + cell.width() - half + GAP;
            cells.push(cell);
        }
        placed.push(cells);
    }
    placed
}

const UP: u8 = 1;
const DOWN: u8 = 2;
const ACROSS: u8 = 4;
const HEAD: u8 = 8;

/// Draws the edges between two layers; returns the row below them.
fn edges(canvas: &mut Canvas, top: usize, above: &[Cell], layer: &[Cell]) -> usize {
    let turns = turns(above, layer);
    let bottom = top + turns.iter().flatten().max().map_or(1, |last| last + 2);
    for cell in layer {
        for &index in &cell.above {
            let from = above[index].middle;
            match turns[index].filter(|_| from != cell.middle) {
                None => (top..=bottom).for_each(|row| canvas.line(row, from, UP | DOWN)),
                Some(turn) => {
                    let turn = top + turn;
                    (top..turn).for_each(|row| canvas.line(row, from, UP | DOWN));
                    (turn + 1..=bottom).for_each(|row| canvas.line(row, cell.middle, UP | DOWN));
                    (from.min(cell.middle)..=from.max(cell.middle)).for_each(|column| canvas.line(turn, column, ACROSS));
                    canvas.line(turn, from, UP);
                    canvas.line(turn, cell.middle, DOWN);
                }
            }
            if cell.name.is_some() {
                canvas.line(bottom, cell.middle, HEAD);
            }
        }
    }
    bottom + 1
}

/// For each cell above the row, counted from its box, on which its edges go across; `None` when all of them are straight.
fn turns(above: &[Cell], layer: &[Cell]) -> Vec<Option<usize>> {
    let mut spans: Vec<Option<(usize, usize)>> = vec![None; above.len()];
    let mut ends: Vec<Vec<usize>> = vec![Vec::new(); above.len()];
    for cell in layer {
        for &index in cell.above.iter().filter(|index| above[**index].middle != cell.middle) {
            let from = above[index].middle;
            let (low, high) = spans[index].unwrap_or((from, from));
            spans[index] = Some((low.min(cell.middle), high.max(cell.middle)));
            ends[index].push(cell.middle);
        }
    }
    // Where an edge comes down on the column that another starts from, the other must have turned before.
    let waits_for = |index: usize| (0..above.len()).filter(move |other| *other != index).collect::<Vec<_>>();
    let mut turns: Vec<Option<usize>> = vec![None; above.len()];
    let mut left: Vec<usize> = (0..above.len()).filter(|index| spans[*index].is_some()).collect();
    while !left.is_empty() {
        let ready = left.iter().position(|index| {
            !waits_for(*index)
                .iter()
                .any(|other| turns[*other].is_none() && spans[*other].is_some() && ends[*index].contains(&above[*other].middle))
        });
        let index = left.remove(ready.unwrap_or(0));
        let Some((low, high)) = spans[index] else { continue };
        let before = waits_for(index).into_iter().filter(|other| ends[index].contains(&above[*other].middle));
        let mut turn = before.filter_map(|other| turns[other]).map(|turn| turn + 1).max().unwrap_or(0);
        // Two may touch where both end.
        let meet = |other: usize, (from, to): (usize, usize)| {
            let at = if high == from { high } else { to };
            (high == from || low == to) && ends[index].contains(&at) && ends[other].contains(&at)
        };
        let clash = |other: usize, (from, to): (usize, usize)| from <= high + 1 && low <= to + 1 && !meet(other, (from, to));
        let taken =
            |turn: usize| (0..above.len()).any(|other| turns[other] == Some(turn) && spans[other].is_some_and(|span| clash(other, span)));
        while taken(turn) {
            turn += 1;
        }
        turns[index] = Some(turn);
    }
    turns
}

#[derive(Default)]
struct Canvas {
    rows: Vec<Vec<Spot>>,
}

#[derive(Clone, Copy, Default)]
struct Spot {
    text: Option<char>,
    lines: u8,
    /// The right half of a wide character.
    covered: bool,
}

impl Canvas {
    fn spot(&mut self, row: usize, column: usize) -> &mut Spot {
        if self.rows.len() <= row {
            self.rows.resize_with(row + 1, Vec::new);
        }
        let line = &mut self.rows[row];
        if line.len() <= column {
            line.resize_with(column + 1, Spot::default);
        }
        &mut line[column]
    }

    fn line(&mut self, row: usize, column: usize, kind: u8) {
        self.spot(row, column).lines |= kind;
    }

    fn text(&mut self, row: usize, column: usize, text: &str) {
        let mut at = column;
        for c in text.chars() {
            let width = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
            self.spot(row, at).text = Some(c);
            (1..width).for_each(|n| self.spot(row, at + n).covered = true);
            at += width.max(1);
        }
    }

    fn finish(self) -> String {
        let lines: Vec<String> =
            self.rows.into_iter().map(|row| row.into_iter().filter(|spot| !spot.covered).map(look).collect()).collect();
        let margin = lines.iter().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
        lines.iter().map(|line| format!("{}\n", line[margin..].trim_end())).collect()
    }
}

fn look(spot: Spot) -> char {
    match (spot.text, spot.lines) {
        (Some(c), _) => c,
        (None, 0) => ' ',
        (None, lines) if lines & HEAD != 0 => 'v',
        (None, ACROSS) => '-',
        (None, lines) if lines & ACROSS == 0 => '|',
        (None, _) => '+',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawing(names: &[&str], needs: &[&[usize]]) -> Drawing {
        Drawing { names: names.iter().map(|name| (*name).to_owned()).collect(), needs: needs.iter().map(|needs| needs.to_vec()).collect() }
    }

    #[test]
    fn a_diamond_is_drawn_as_one() {
        let text = draw(&drawing(&["ingest", "left", "right", "join"], &[&[], &[0], &[0], &[1, 2]]));
        let expected = "\
.    +--------+
     | ingest |
     +--------+
    +-----+-----+
    |           |
    v           v
+------+    +-------+
| left |    | right |
+------+    +-------+
    +-----+-----+
          |
          v
      +------+
      | join |
      +------+
";
        assert_eq!(text, expected.replacen('.', " ", 1));
    }

    #[test]
    fn fifty_stages_in_five_layers_are_drawn_without_a_mix_up() {
        let mut needs: Vec<Vec<usize>> = Vec::new();
        for layer in 0..5usize {
            for place in 0..10usize {
                needs.push(if layer == 0 { Vec::new() } else { vec![(layer - 1) * 10 + (place * 3) % 10, (layer - 1) * 10 + place] });
            }
        }
        needs.iter_mut().for_each(|needs| needs.dedup());
        let names = (0..50).map(|i| format!("stage{i}")).collect();
        let text = draw(&Drawing { names, needs });
        assert_eq!(text.matches("| stage").count(), 50, "{text}");
        assert_eq!(text.matches('v').count(), 40, "{text}");
    }
}
