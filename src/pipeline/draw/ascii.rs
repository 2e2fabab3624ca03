//! Boxes in layers, with lines from each to those that need it.
//!
//! A simple case of layered drawing (Sugiyama, Tagawa and Toda 1981): a stage stands one layer below the lowest of its needs;
//! edges that pass a layer get an invisible box there; two sweeps order each layer by the mean place of its
//! neighbours. Between layers every edge goes down, across on a row of its own, and down again.

use super::Drawing;

/// Columns between boxes.
const GAP: usize = 3;

struct Cell {
    /// The text in the box; `None` for an edge passing through.
    name: Option<String>,
    /// Cells of the layer above that lead here.
    above: Vec<usize>,
    /// Column of its middle.
    middle: usize,
}

impl Cell {
    fn width(&self) -> usize {
        self.name.as_ref().map_or(1, |name| unicode_width::UnicodeWidthStr::width(name.as_str()) + 4)
    }
}

/// The drawing.
pub fn draw(drawing: &Drawing) -> String {
    let mut layers = layers(drawing);
    for _ in 0..2 {
        order(&mut layers);
    }
    place(&mut layers);
    let mut canvas = Canvas::default();
    let mut row = 0;
    for (depth, layer) in layers.iter().enumerate() {
        if depth > 0 {
            row = edges(&mut canvas, row, &layers[depth - 1], layer);
        }
        for cell in layer {
            let left = cell.middle - cell.width() / 2;
            match &cell.name {
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

fn layers(drawing: &Drawing) -> Vec<Vec<Cell>> {
    let depth = drawing.depths();
    let mut layers: Vec<Vec<Cell>> = Vec::new();
    layers.resize_with(depth.iter().max().map_or(0, |deepest| deepest + 1), Vec::new);
    // Where each box, and the lowest invisible box below it, stands in its layer.
    let mut at = vec![0; drawing.names.len()];
    for (index, name) in drawing.names.iter().enumerate() {
        let mut above = Vec::new();
        for &need in &drawing.needs[index] {
            let mut from = at[need];
            for layer in &mut layers[depth[need] + 1..depth[index]] {
                layer.push(Cell { name: None, above: vec![from], middle: 0 });
                from = layer.len() - 1;
            }
            above.push(from);
        }
        at[index] = layers[depth[index]].len();
        layers[depth[index]].push(Cell { name: Some(name.clone()), above, middle: 0 });
    }
    layers
}

/// Sorts each layer by the mean place of what leads there, and renames the places below.
fn order(layers: &mut [Vec<Cell>]) {
    for depth in 1..layers.len() {
        let mean = |cell: &Cell| match cell.above.len() {
            0 => 0,
            n => cell.above.iter().sum::<usize>() * 1000 / n,
        };
        let mut order: Vec<usize> = (0..layers[depth].len()).collect();
        order.sort_by_key(|index| mean(&layers[depth][*index]));
        let mut old: Vec<Option<Cell>> = std::mem::take(&mut layers[depth]).into_iter().map(Some).collect();
        layers[depth] = order.iter().filter_map(|index| old[*index].take()).collect();
        let mut renamed = vec![0; order.len()];
        order.iter().enumerate().for_each(|(new, old)| renamed[*old] = new);
        if let Some(below) = layers.get_mut(depth + 1) {
            below.iter_mut().flat_map(|cell| &mut cell.above).for_each(|above| *above = renamed[*above]);
        }
    }
}

/// Gives every cell its column: below what leads there where there is room.
fn place(layers: &mut [Vec<Cell>]) {
    // Room on the left for the widest box, so that a chain of boxes of any width is straight.
    let margin = layers.iter().flatten().map(|cell| cell.width() / 2).max().unwrap_or(0);
    for depth in 0..layers.len() {
        let (done, rest) = layers.split_at_mut(depth);
        let above = done.last();
        let mut free = 0;
        for cell in &mut rest[0] {
            let half = cell.width() / 2;
            let middles: Vec<usize> = above.map(|layer| cell.above.iter().map(|index| layer[*index].middle).collect()).unwrap_or_default();
            let wanted = if middles.is_empty() { margin } else { middles.iter().sum::<usize>() / middles.len() };
            cell.middle = wanted.max(free + half);
            free = cell.middle + cell.width() - half + GAP;
        }
    }
}

const UP: u8 = 1;
const DOWN: u8 = 2;
const ACROSS: u8 = 4;
const HEAD: u8 = 8;

/// Draws the edges between two layers; returns the row below them.
fn edges(canvas: &mut Canvas, top: usize, above: &[Cell], layer: &[Cell]) -> usize {
    let bent = layer.iter().flat_map(|cell| cell.above.iter().map(move |from| (*from, cell)));
    let bent: Vec<(usize, usize)> = bent.map(|(from, cell)| (above[from].middle, cell.middle)).filter(|(from, to)| from != to).collect();
    // Edges from one box share a row.
    let mut starts: Vec<usize> = bent.iter().map(|(from, _)| *from).collect();
    starts.sort_unstable();
    starts.dedup();
    let bottom = top + starts.len() + 1;
    for cell in layer {
        for &from in &cell.above {
            let from = above[from].middle;
            let turn = top + starts.iter().position(|start| *start == from).unwrap_or(0);
            for row in top..=bottom {
                let straight = from == cell.middle;
                if row < turn || straight {
                    canvas.line(row, from, UP | DOWN);
                } else if row > turn {
                    canvas.line(row, cell.middle, UP | DOWN);
                }
            }
            if from != cell.middle {
                (from.min(cell.middle)..=from.max(cell.middle)).for_each(|column| canvas.line(turn, column, ACROSS));
                canvas.line(turn, from, UP);
                canvas.line(turn, cell.middle, DOWN);
            }
            if cell.name.is_some() {
                canvas.line(bottom, cell.middle, HEAD);
            }
        }
    }
    bottom + 1
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
+--------+
| ingest |
+--------+
";
        assert!(text.starts_with(expected), "{text}");
        assert_eq!(text.matches('v').count(), 3, "{text}");
        for name in ["| left |", "| right |", "| join |"] {
            assert!(text.contains(name), "{text}");
        }
    }

    #[test]
    fn many_stages_become_a_list() {
        let names: Vec<String> = (0..50).map(|i| format!("s{i}")).collect();
        let drawing = Drawing { names, needs: (0..50).map(|i| if i == 0 { vec![] } else { vec![i - 1] }).collect() };
        assert!(drawing.text(200).starts_with("s0\n  s1  <- s0\n"));
    }
}
