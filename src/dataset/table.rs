//! CSV tables in which every cell knows its line and column.
//!
//! Files are UTF-8 (a byte order mark is dropped), comma separated, with a header of unique names;
//! every record has as many cells as the header. Cells and names are trimmed of blanks.

use std::path::{Path, PathBuf};

use super::Error;
use crate::text::Place;

/// A table read whole.
#[derive(Debug)]
pub struct Table {
    path: PathBuf,
    source: String,
    headers: Vec<String>,
    /// Byte offset of each record, and its cells.
    records: Vec<(usize, csv::StringRecord)>,
}

impl Table {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        Self::from_bytes(path, bytes)
    }

    /// Parses bytes; `path` only names them.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, Error> {
        let source = match String::from_utf8(bytes) {
            Ok(text) => text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text),
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let place = place_at(path, &text, good);
                return Err(Error::Invalid { place, message: "the text is not UTF-8".to_owned() });
            }
        };
        let mut table = Self { path: path.to_owned(), source, headers: Vec::new(), records: Vec::new() };
        table.parse()?;
        Ok(table)
    }

    fn parse(&mut self) -> Result<(), Error> {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(self.source.as_bytes());
        let mut records = Vec::new();
        for record in reader.records() {
            // The text is UTF-8 and lengths may differ, so nothing is left that could fail.
            let record = record.map_err(|error| self.at(0, error.to_string()))?;
            let start = record.position().map_or(0, |at| at.byte() as usize);
            records.push((start, record));
        }
        let mut records = records.into_iter();
        let Some((_, first)) = records.next() else {
            return Err(self.at(0, "the table is empty: a header is wanted".to_owned()));
        };
        self.headers = first.iter().map(str::to_owned).collect();
        self.records = records.collect();
        self.check()
    }

    fn check(&self) -> Result<(), Error> {
        for (i, name) in self.headers.iter().enumerate() {
            if self.headers[..i].contains(name) {
                return Err(self.header_error(i, format!("column `{name}` stands twice in the header")));
            }
        }
        if let [only] = self.headers.as_slice()
            && let Some(mark) = only.chars().find(|c| [';', '\t'].contains(c))
        {
            return Err(self.header_error(0, format!("the columns are separated by `{}`, not by commas", mark.escape_default())));
        }
        let wanted = self.headers.len();
        match self.records.iter().position(|(_, record)| record.len() != wanted) {
            None => Ok(()),
            Some(row) => {
                let found = self.records[row].1.len();
                let column = found.min(wanted).saturating_sub(1);
                Err(self.error(row, column, format!("the row has {found} cells, the header has {wanted}")))
            }
        }
    }

    /// The file, as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Column names.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// The position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.headers.iter().position(|header| header == name)
    }

    /// The position of a column that must be there.
    pub fn require(&self, name: &str) -> Result<usize, Error> {
        let near = || crate::text::suggest(name, self.headers.iter().map(String::as_str));
        self.column(name).ok_or_else(|| {
            let found = near().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            self.header_error(0, format!("column `{name}` is missing{found}"))
        })
    }

    /// The number of rows, without the header.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// A cell, trimmed; empty when outside the table.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        self.records.get(row).and_then(|(_, record)| record.get(column)).unwrap_or("")
    }

    /// The line of a row, from 1.
    pub fn line(&self, row: usize) -> usize {
        self.place(row, 0).line
    }

    /// Where a cell stands.
    pub fn place(&self, row: usize, column: usize) -> Place {
        let start = self.records.get(row).map_or(0, |(start, _)| *start);
        place_at(&self.path, &self.source, cell_start(&self.source, start, column))
    }

    /// An error at a cell.
    pub fn error(&self, row: usize, column: usize, message: impl Into<String>) -> Error {
        Error::Invalid { place: self.place(row, column), message: message.into() }
    }

    /// An error at a column's name.
    pub fn header_error(&self, column: usize, message: impl Into<String>) -> Error {
        self.at(cell_start(&self.source, 0, column), message.into())
    }

    fn at(&self, byte: usize, message: String) -> Error {
        Error::Invalid { place: place_at(&self.path, &self.source, byte), message }
    }
}

/// The byte at which cell `column` of the record starting near `start` begins.
fn cell_start(source: &str, start: usize, column: usize) -> usize {
    let bytes = source.as_bytes();
    // A record's offset may stand on the line ends before it.
    let mut at = start;
    while matches!(bytes.get(at), Some(b'\n' | b'\r')) {
        at += 1;
    }
    let (mut cell, mut quoted) = (0, false);
    while cell < column {
        match bytes.get(at) {
            Some(b'"') => quoted = !quoted,
            Some(b',') if !quoted => cell += 1,
            Some(b'\n') if !quoted => break,
            None => break,
            _ => {}
        }
        at += 1;
    }
    while bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    at.min(source.len())
}

/// Line and column of a byte offset.
fn place_at(path: &Path, source: &str, byte: usize) -> Place {
    let mut byte = byte.min(source.len());
    while !source.is_char_boundary(byte) {
        byte -= 1;
    }
    let before = &source[..byte];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    Place::new(path, line, column, source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(text: &str) -> Result<Table, Error> {
        Table::from_bytes(Path::new("t.csv"), text.as_bytes().to_vec())
    }

    fn failure(text: &str) -> (usize, usize, String) {
        match table(text) {
            Err(Error::Invalid { place, message }) => (place.line, place.column, message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn cells_know_their_place_also_after_quoted_line_ends() {
        let table = table("\u{feff}a,b\r\n\"x\ny\", 1\r\n\r\nz,2\r\n").unwrap();
        assert_eq!((table.len(), table.cell(0, 0), table.cell(1, 1)), (2, "x\ny", "2"));
        let place = table.place(1, 1);
        assert_eq!((place.line, place.column), (5, 3));
        let place = table.place(0, 1);
        assert_eq!((place.line, place.column), (3, 5));
    }

    #[test]
    fn wrong_tables_are_refused_with_their_place() {
        assert_eq!(failure("").2, "the table is empty: a header is wanted");
        assert_eq!(failure("a,b,a\n"), (1, 5, "column `a` stands twice in the header".to_owned()));
        assert_eq!(failure("a,b\n1,2\n1\n"), (3, 1, "the row has 1 cells, the header has 2".to_owned()));
        assert!(failure("a;b\n1;2\n").2.contains("separated by `;`"));
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_with_its_place() {
        let error = Table::from_bytes(Path::new("t.csv"), b"a,b\n1,M\xfcnchen\n".to_vec());
        let Err(Error::Invalid { place, .. }) = error else { panic!("{error:?}") };
        assert_eq!((place.line, place.column), (2, 4));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(table) = Table::from_bytes(Path::new("t.csv"), bytes) {
                for row in 0..table.len() + 1 {
                    table.place(row, table.headers().len());
                }
            }
        }

        #[test]
        fn no_csv_like_text_makes_it_panic(text in "[ab,\"\n\r ü]{0,60}") {
            if let Ok(table) = table(&text) {
                for row in 0..table.len() {
                    for column in 0..table.headers().len() + 1 {
                        table.place(row, column);
                    }
                }
            }
        }
    }
}
