//! Where in a text file something is wrong.

use std::fmt;
use std::path::PathBuf;

/// A line and column of a file, both counted from 1, with that line's text when it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as the user would name it.
    pub path: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The text of that line, without its end.
    pub excerpt: Option<String>,
}

impl Place {
    /// The place at a line and column of `source`, with its excerpt.
    pub fn new(path: impl Into<PathBuf>, line: usize, column: usize, source: &str) -> Self {
        let excerpt = source.lines().nth(line.saturating_sub(1)).map(str::to_owned);
        Self { path: path.into(), line, column, excerpt }
    }

    /// The excerpt with its line number and a caret below the column; empty without an excerpt.
    ///
    /// ```text
    ///   |
    /// 3 |   epochs: many
    ///   |           ^
    /// ```
    pub fn picture(&self) -> String {
        let Some(excerpt) = &self.excerpt else { return String::new() };
        let shown = excerpt.replace('\t', " ");
        let number = self.line.to_string();
        let gap = " ".repeat(number.len());
        let before = " ".repeat(self.column.saturating_sub(1));
        format!("{gap} |\n{number} | {shown}\n{gap} | {before}^")
    }
}

/// `path:line:column`, which editors and terminals open.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn picture_points_at_the_column() {
        let place = Place::new("params.yaml", 2, 9, "a: 1\nepochs: many\n");
        assert_eq!(place.to_string(), "params.yaml:2:9");
        assert_eq!(place.picture(), "  |\n2 | epochs: many\n  |         ^");
    }
}
