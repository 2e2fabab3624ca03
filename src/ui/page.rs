//! Text for people, built line by line.

use super::Style;

/// The human form of an answer.
#[derive(Debug, Default)]
pub struct Page(String);

/// How a column lines up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
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
}

impl Page {
    /// One line.
    pub fn line(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.0.push_str(text.as_ref());
        self.0.push('\n');
        self
    }

    /// An empty line.
    pub fn blank(&mut self) -> &mut Self {
        self.line("")
    }

    /// A heading.
    pub fn heading(&mut self, text: &str) -> &mut Self {
        self.line(Style::Heading.paint(text))
    }

    /// A table, two spaces between columns, no rules.
    pub fn table(&mut self, table: &Table) -> &mut Self {
        let headings: Vec<String> = table.columns.iter().map(|(name, _)| Style::Heading.paint(name)).collect();
        let all: Vec<&Vec<String>> = std::iter::once(&headings).chain(&table.rows).collect();
        let widths: Vec<usize> =
            (0..table.columns.len()).map(|i| all.iter().filter_map(|row| row.get(i)).map(|cell| width(cell)).max().unwrap_or(0)).collect();
        for row in all {
            let mut line = String::new();
            for (i, cell) in row.iter().enumerate() {
                let gap = " ".repeat(widths[i].saturating_sub(width(cell)));
                let (before, after) = if table.columns[i].1 == Align::Right { (gap.as_str(), "") } else { ("", gap.as_str()) };
                line.push_str(before);
                line.push_str(cell);
                line.push_str(after);
                line.push_str("  ");
            }
            self.line(line.trim_end());
        }
        self
    }

    /// The finished text.
    pub fn into_text(self) -> String {
        self.0
    }
}

/// Columns that `cell` takes on a terminal: escape codes take none.
fn width(cell: &str) -> usize {
    let mut visible = String::new();
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            for c in chars.by_ref() {
                if c == 'm' {
                    break;
                }
            }
        } else {
            visible.push(c);
        }
    }
    unicode_width::UnicodeWidthStr::width(visible.as_str())
}
