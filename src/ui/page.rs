//! Text for people, built line by line.

use super::{Style, Table};

/// The human form of an answer.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
    /// Columns of the terminal; `None` when stdout is none.
    width: Option<usize>,
}

impl Page {
    /// An empty page for a terminal of `width` columns.
    pub fn for_width(width: Option<usize>) -> Self {
        Self { text: String::new(), width }
    }

    /// Columns of the terminal; `None` when stdout is none.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// One line.
    pub fn line(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.text.push_str(text.as_ref());
        self.text.push('\n');
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

    /// A table.
    pub fn table(&mut self, table: &Table) -> &mut Self {
        for line in table.lines(self.width) {
            self.line(line);
        }
        self
    }

    /// Names and values, the values in one column: `status   finished`.
    pub fn fields<'a>(&mut self, fields: impl IntoIterator<Item = (&'a str, String)>) -> &mut Self {
        let fields: Vec<(&str, String)> = fields.into_iter().collect();
        let widest = fields.iter().map(|(name, _)| super::table::width(name)).max().unwrap_or(0);
        for (name, value) in fields {
            let gap = " ".repeat(widest - super::table::width(name));
            self.line(format!("{}{gap}  {value}", Style::Faint.paint(name)).trim_end());
        }
        self
    }

    /// The finished text.
    pub fn into_text(self) -> String {
        self.text
    }
}
