//! Rows under headings: aligned, two spaces between columns, no rules.
//!
//! On a terminal the widest columns of text are cut with `…` so that a row stays one line; in a
//! pipe or a file nothing is ever cut. Cells may carry escape codes, which take no room.

use unicode_width::UnicodeWidthChar;

use super::Style;

/// A column of text is never cut below this.
const NARROWEST: usize = 12;
const GAP: usize = 2;

/// How a column lines up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers; never cut.
    Right,
}

/// Rows under headings.
#[derive(Debug)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new<const N: usize>(columns: [(&str, Align); N]) -> Self {
        Self { columns: columns.map(|(name, align)| (name.to_owned(), align)).to_vec(), rows: Vec::new() }
    }

    /// A table whose number of columns is known only at run time.
    pub fn with_columns(columns: Vec<(String, Align)>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row; cells may carry styles.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) -> &mut Self {
        self.rows.push(cells.into_iter().collect());
        self
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The same as a Markdown table, as GitHub shows it: without styles, nothing cut.
    pub fn markdown(&self) -> String {
        let plain = |cell: &str| {
            let text: String = pieces(cell).filter(|(_, is_code)| !is_code).map(|(piece, _)| piece).collect();
            text.replace('|', "\\|").replace(['\n', '\r'], " ")
        };
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut out = line(self.columns.iter().map(|(name, _)| plain(name)).collect());
        out += &line(self.columns.iter().map(|(_, align)| if *align == Align::Right { "---:" } else { "---" }.to_owned()).collect());
        for row in &self.rows {
            out += &line((0..self.columns.len()).map(|i| row.get(i).map(|cell| plain(cell)).unwrap_or_default()).collect());
        }
        out
    }

    /// Its lines, none wider than `limit` columns where that is possible.
    pub(super) fn lines(&self, limit: Option<usize>) -> Vec<String> {
        let headings: Vec<String> = self.columns.iter().map(|(name, _)| Style::Heading.paint(name)).collect();
        let all: Vec<&Vec<String>> = std::iter::once(&headings).chain(&self.rows).collect();
        let natural = |i: usize| all.iter().filter_map(|row| row.get(i)).map(|cell| width(cell)).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..self.columns.len()).map(natural).collect();
        if let Some(limit) = limit {
            self.shrink(&mut widths, limit);
        }
        all.into_iter().map(|row| self.line(row, &widths)).collect()
    }

    /// Takes room from the widest columns of text, one column at a time, until the row fits.
    fn shrink(&self, widths: &mut [usize], limit: usize) {
        let needed = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        while needed(widths) > limit {
            let text = (0..widths.len()).filter(|i| self.columns[*i].1 == Align::Left && widths[*i] > NARROWEST);
            let Some(widest) = text.max_by_key(|i| (widths[*i], *i)) else { return };
            widths[widest] -= 1;
        }
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, (_, align)), room) in row.iter().zip(&self.columns).zip(widths) {
            let cell = cut(cell, *room);
            let gap = " ".repeat(room.saturating_sub(width(&cell)));
            match align {
                Align::Right => line.extend([gap.as_str(), &cell]),
                Align::Left => line.extend([cell.as_str(), &gap]),
            }
            line.push_str("  ");
        }
        line.trim_end().to_owned()
    }
}

/// Columns that `cell` takes on a terminal: escape codes take none.
pub(super) fn width(cell: &str) -> usize {
    pieces(cell).filter(|(_, is_code)| !is_code).map(|(piece, _)| unicode_width::UnicodeWidthStr::width(piece)).sum()
}

/// `cell` in at most `room` columns, its end replaced by `…` when it does not fit.
fn cut(cell: &str, room: usize) -> String {
    if width(cell) <= room {
        return cell.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let mut out = String::new();
    let mut done = false;
    for (piece, is_code) in pieces(cell) {
        if is_code {
            out.push_str(piece);
            continue;
        }
        for c in piece.chars() {
            let takes = c.width().unwrap_or(0);
            done = done || takes > left;
            if !done {
                left -= takes;
                out.push(c);
            }
        }
        if done && !out.contains('…') {
            out.push('…');
        }
    }
    out
}

/// The text split into escape codes (`true`) and what lies between them.
fn pieces(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let is_code = rest.starts_with('\u{1b}');
        let end = if is_code { rest.find('m').map(|at| at + 1) } else { rest.find('\u{1b}') };
        let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        Some((piece, is_code))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(lines: Vec<String>) -> String {
        anstream::adapter::strip_str(&lines.join("\n")).to_string()
    }

    fn table() -> Table {
        let mut table = Table::new([("path", Align::Left), ("files", Align::Right)]);
        table.row(["data/a".into(), Style::Good.paint("3")]);
        table.row(["data/a-rather-long-name/of-a-folder".into(), "10,015".into()]);
        table
    }

    #[test]
    fn columns_line_up_whatever_the_escape_codes() {
        let wanted = [
            "path                                  files",
            "data/a                                    3",
            "data/a-rather-long-name/of-a-folder  10,015",
        ];
        assert_eq!(plain(table().lines(None)), wanted.join("\n"));
    }

    #[test]
    fn only_text_is_cut_and_only_to_the_limit() {
        let lines = table().lines(Some(30));
        assert!(lines.iter().all(|line| width(line) <= 30), "{lines:?}");
        assert!(plain(lines).ends_with("data/a-rather-long-na…  10,015"));
        assert!(plain(table().lines(Some(5))).contains("data/a-rath…  10,015"));
    }

    #[test]
    fn markdown_has_no_codes_and_keeps_bars_in_their_cells() {
        let mut table = table();
        table.row(["a|b".into(), "1".into()]);
        let text = table.markdown();
        assert!(text.starts_with("| path | files |\n| --- | ---: |\n| data/a | 3 |\n"), "{text}");
        assert!(text.ends_with("| a\\|b | 1 |\n"), "{text}");
    }

    #[test]
    fn cutting_keeps_codes_and_counts_wide_characters() {
        let red = Style::Bad.paint("melanoma in situ");
        let short = cut(&red, 9);
        assert_eq!(anstream::adapter::strip_str(&short).to_string(), "melanoma…");
        assert!(short.ends_with("\u{1b}[0m"));
        assert_eq!(cut("皮膚病変", 5), "皮膚…");
    }
}
