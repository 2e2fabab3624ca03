//! The CSV form of [`Predictions`].
//!
//! Where images have any number of labels, `labels` is instead of `label` and says that it is so: names with `;` between them as
//! [`labels`](crate::dataset::labels) has them; `predicted` then holds those with a probability of at least 0.5, and there is no `confidence`.
//!
//! Written: `image,label,predicted,confidence,p_CLASS…,group`, UTF-8, `\n`, one row an image in the order
//! of the table; `label` and `group` are empty where unknown, the `group` column is left out when no row
//! has one. Probabilities are the shortest decimals that read back as the same 64-bit number.
//!
//! Read: the same, and plain tables of others. Columns may come in any order. `image` may be called
//! `image_id`, `isic_id` or `filename`; `label` may be called `dx`, `diagnosis` or `target`; `group` may be
//! called `patient`, `patient_id`, `lesion` or `lesion_id` (the first of these that is there). Classes are
//! the columns `p_CLASS` in their order; a table without any takes every other column for a class.
//! `predicted` and `confidence` are not read: they follow from the probabilities.
//! Refused with the place: an image without a name or twice, a label that is no class, a probability that
//! is no number (so also an empty cell and NaN) or not in [0, 1], a row of another width.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::error::{Error, TableProblem};
use super::predictions::{Prediction, Predictions};
use crate::dataset::labels;
use crate::text::Place;

const IMAGE: &[&str] = &["image", "image_id", "isic_id", "filename"];
const LABELS: &[&str] = &["labels"];
const LABEL: &[&str] = &["label", "dx", "diagnosis", "target"];
const GROUP: &[&str] = &["group", "patient", "patient_id", "lesion", "lesion_id"];
const DERIVED: &[&str] = &["predicted", "confidence"];

impl Predictions {
    /// Reads a table.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Table`] for the first thing that is wrong.
    pub fn read_csv(path: &Path) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(|source| Error::Io { operation: "read", path: path.to_owned(), source })?;
        Self::from_bytes(bytes, path)
    }

    /// Reads a table from a file's bytes; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::Table`] for the first thing that is wrong.
    pub fn from_bytes(bytes: Vec<u8>, path: &Path) -> Result<Self, Error> {
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            Error::Table { place: Place::new(path, before.matches('\n').count() + 1, column, &before), problem: TableProblem::Encoding }
        })?;
        Self::parse_csv(&text, path)
    }

    /// Reads a table from text; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::Table`] for the first thing that is wrong.
    pub fn parse_csv(text: &str, path: &Path) -> Result<Self, Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut table = Reader { text, path, columns: Columns::default(), heading: Vec::new(), seen: HashMap::new() };
        let mut csv = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut record = csv::StringRecord::new();
        let more = csv.read_record(&mut record).map_err(|error| table.broken(&error))?;
        if !more || record.iter().all(|cell| cell.trim().is_empty()) {
            return Err(table.wrong(&record, 0, TableProblem::Empty));
        }
        table.read_heading(&record)?;
        let mut rows = Vec::new();
        while csv.read_record(&mut record).map_err(|error| table.broken(&error))? {
            rows.push(table.row(&record)?);
        }
        let multi_label = table.columns.labels.is_some();
        Ok(Self { classes: table.columns.classes.into_iter().map(|(name, _)| name).collect(), multi_label, rows })
    }

    /// The table as CSV text.
    pub fn to_csv(&self) -> String {
        let grouped = self.rows.iter().any(|row| row.group.is_some());
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
        let about: &[&str] =
            if self.multi_label { &["image", "labels", "predicted"] } else { &["image", "label", "predicted", "confidence"] };
        let mut heading: Vec<String> = about.iter().copied().map(str::to_owned).collect();
        heading.extend(self.classes.iter().map(|class| format!("p_{class}")));
        heading.extend(grouped.then(|| "group".to_owned()));
        let class = |k: usize| self.classes.get(k).cloned().unwrap_or_default();
        let rows = self.rows.iter().map(|row| {
            let several = |labels: Option<&[usize]>| labels::cell(labels, &self.classes);
            let mut cells = match self.multi_label {
                true => vec![row.image.clone(), several(row.labels.as_deref()), several(Some(&row.said()))],
                false => vec![row.image.clone(), row.label.map(class).unwrap_or_default(), class(row.predicted()), exact(row.confidence())],
            };
            cells.extend(row.probabilities.iter().map(|p| exact(*p)));
            cells.extend(grouped.then(|| row.group.clone().unwrap_or_default()));
            cells
        });
        for cells in std::iter::once(heading).chain(rows) {
            // Writing to memory cannot fail, and every row has the heading's width.
            let _ = writer.write_record(&cells);
        }
        writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

/// The shortest decimal that reads back as the same number.
fn exact(value: f64) -> String {
    format!("{value:?}")
}

/// Which column holds what.
#[derive(Debug, Default)]
struct Columns {
    image: usize,
    label: Option<usize>,
    labels: Option<usize>,
    group: Option<usize>,
    /// Name of the class and its column.
    classes: Vec<(String, usize)>,
}

struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
    columns: Columns,
    heading: Vec<String>,
    /// Line on which each image comes first.
    seen: HashMap<String, usize>,
}

impl Reader<'_> {
    fn read_heading(&mut self, record: &csv::StringRecord) -> Result<(), Error> {
        self.heading = record.iter().map(|cell| cell.trim().to_owned()).collect();
        if let Some(i) = (0..self.heading.len()).find(|i| self.heading[..*i].contains(&self.heading[*i])) {
            return Err(self.wrong(record, i, TableProblem::RepeatedColumn { name: self.heading[i].clone() }));
        }
        let column =
            |names: &[&str]| names.iter().find_map(|name| self.heading.iter().position(|column| column.eq_ignore_ascii_case(name)));
        let Some(image) = column(IMAGE) else {
            return Err(self.wrong(record, 0, TableProblem::MissingColumn { name: "image", found: self.heading.clone() }));
        };
        let known =
            |name: &str| [IMAGE, LABEL, LABELS, GROUP, DERIVED].iter().any(|names| names.iter().any(|n| name.eq_ignore_ascii_case(n)));
        let named =
            |(i, name): (usize, &String)| name.strip_prefix("p_").filter(|class| !class.is_empty()).map(|class| (class.to_owned(), i));
        let mut classes: Vec<(String, usize)> = self.heading.iter().enumerate().filter_map(named).collect();
        if classes.is_empty() {
            let others = self.heading.iter().enumerate().filter(|(_, name)| !name.is_empty() && !known(name));
            classes = others.map(|(i, name)| (name.clone(), i)).collect();
        }
        if classes.len() < 2 {
            let found = classes.iter().map(|(_, i)| self.heading[*i].clone()).collect();
            return Err(self.wrong(record, 0, TableProblem::TooFewClasses { found }));
        }
        self.columns = Columns { image, label: column(LABEL), labels: column(LABELS), group: column(GROUP), classes };
        Ok(())
    }

    fn row(&mut self, record: &csv::StringRecord) -> Result<Prediction, Error> {
        if record.len() != self.heading.len() {
            let problem = TableProblem::Width { found: record.len(), heading: self.heading.len() };
            return Err(self.wrong(record, record.len().min(self.heading.len()).saturating_sub(1), problem));
        }
        let cell = |i: usize| record.get(i).unwrap_or_default().trim();
        let image = cell(self.columns.image).to_owned();
        if image.is_empty() {
            return Err(self.wrong(record, self.columns.image, TableProblem::NoImage));
        }
        let (_, line) = self.start(record);
        if let Some(first) = self.seen.insert(image.clone(), line) {
            return Err(self.wrong(record, self.columns.image, TableProblem::Duplicate { image, first }));
        }
        let labels = match self.columns.labels {
            None => None,
            Some(i) => self.labels(cell(i)).map_err(|reason| self.wrong(record, i, TableProblem::Labels { reason }))?,
        };
        // Of two columns the one that says more.
        let label = match self.columns.label.filter(|_| self.columns.labels.is_none()).map(|i| (i, cell(i))) {
            None | Some((_, "")) => None,
            Some((i, name)) => Some(self.class(name).ok_or_else(|| self.unknown_label(record, i, name))?),
        };
        let group = self.columns.group.map(cell).filter(|name| !name.is_empty()).map(str::to_owned);
        let probabilities = self.columns.classes.iter().map(|(_, i)| self.probability(record, *i, cell(*i)));
        Ok(Prediction { label, labels, group, probabilities: probabilities.collect::<Result<_, _>>()?, image })
    }

    fn labels(&self, cell: &str) -> Result<Option<Vec<usize>>, String> {
        let classes: Vec<String> = self.columns.classes.iter().map(|(name, _)| name.clone()).collect();
        labels::parse(cell, &classes, "the columns of probabilities")
    }

    fn class(&self, name: &str) -> Option<usize> {
        self.columns.classes.iter().position(|(class, _)| class == name)
    }

    fn unknown_label(&self, record: &csv::StringRecord, column: usize, label: &str) -> Error {
        let classes = self.columns.classes.iter().map(|(name, _)| name.clone()).collect();
        self.wrong(record, column, TableProblem::UnknownLabel { label: label.to_owned(), classes })
    }

    fn probability(&self, record: &csv::StringRecord, i: usize, text: &str) -> Result<f64, Error> {
        let column = || self.heading[i].clone();
        match text.parse::<f64>() {
            Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
            Ok(value) if !value.is_nan() => {
                Err(self.wrong(record, i, TableProblem::OutOfRange { text: text.to_owned(), column: column() }))
            }
            _ => Err(self.wrong(record, i, TableProblem::NotANumber { text: text.to_owned(), column: column() })),
        }
    }

    /// The error at cell `index` of a record.
    fn wrong(&self, record: &csv::StringRecord, index: usize, problem: TableProblem) -> Error {
        let (rest, line) = self.start(record);
        let (line, column) = cell_place(rest, line, index);
        Error::Table { place: Place::new(self.path, line, column, self.text), problem }
    }

    /// The text from a record's first character on, and its line. The parser's position lies before the line end and
    /// the empty lines that precede the record.
    fn start(&self, record: &csv::StringRecord) -> (&str, usize) {
        let (byte, line) = record.position().map_or((0, 1), |position| (position.byte() as usize, position.line() as usize));
        let before = self.text.get(byte..).unwrap_or_default();
        let rest = before.trim_start_matches(['\r', '\n']);
        (rest, line + before[..before.len() - rest.len()].matches('\n').count())
    }

    fn broken(&self, error: &csv::Error) -> Error {
        let line = error.position().map_or(1, |position| position.line() as usize);
        Error::Table { place: Place::new(self.path, line, 1, self.text), problem: TableProblem::Csv { reason: error.to_string() } }
    }
}

/// Line and column of the first character of cell `index`, in a record that starts at `rest` on `line`.
fn cell_place(rest: &str, mut line: usize, index: usize) -> (usize, usize) {
    let (mut column, mut cell, mut quoted) = (1, 0, false);
    for c in rest.chars() {
        if cell == index {
            break;
        }
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cell += 1,
            '\n' if !quoted => break,
            _ => {}
        }
        if c == '\n' {
            (line, column) = (line + 1, 1);
        } else {
            column += 1;
        }
    }
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Predictions, Error> {
        Predictions::parse_csv(text, Path::new("p.csv"))
    }

    #[track_caller]
    fn refused(text: &str, place: &str, problem: TableProblem) {
        match parse(text) {
            Err(Error::Table { place: found, problem: why }) => {
                assert_eq!((found.to_string().as_str(), why), (place, problem));
            }
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn what_is_written_reads_back_bit_for_bit() {
        let numbers = [0.1 + 0.2, 1e-300, f64::MIN_POSITIVE / 8.0, 1.0f64.next_down(), 0.0, 1.0];
        let rows = numbers.iter().enumerate().map(|(i, p)| Prediction {
            image: format!("a, \"{i}\" b/ü.jpg"),
            group: (i % 2 == 0).then(|| "g\n1".to_owned()),
            label: (i % 3 > 0).then_some(i % 2),
            probabilities: vec![*p, 1.0 - p],
            ..Prediction::default()
        });
        let classes = vec!["nv, common".to_owned(), "p_x".to_owned()];
        let mut table = Predictions { classes, rows: rows.collect(), ..Predictions::default() };
        assert_eq!(parse(&table.to_csv()).unwrap(), table);
        table.multi_label = true;
        for (i, row) in table.rows.iter_mut().enumerate() {
            (row.label, row.labels) = (None, [None, Some(vec![]), Some(vec![1]), Some(vec![0, 1])][i % 4].clone());
        }
        assert_eq!(parse(&table.to_csv()).unwrap(), table);
    }

    #[test]
    fn the_columns_are_those_of_the_specification() {
        let row = Prediction { image: "a.jpg".to_owned(), label: Some(1), probabilities: vec![0.75, 0.25], ..Prediction::default() };
        let table = Predictions { classes: vec!["mel".to_owned(), "nv".to_owned()], rows: vec![row], multi_label: false };
        assert_eq!(table.to_csv(), "image,label,predicted,confidence,p_mel,p_nv\na.jpg,nv,mel,0.75,0.75,0.25\n");
        let row = Prediction { image: "a.jpg".to_owned(), probabilities: vec![0.75, 0.5], ..Prediction::default() };
        let table = Predictions { classes: vec!["mel".to_owned(), "ulcer".to_owned()], rows: vec![row], multi_label: true };
        assert_eq!(table.to_csv(), "image,labels,predicted,p_mel,p_ulcer\na.jpg,?,mel;ulcer,0.75,0.5\n");
    }

    #[test]
    fn tables_of_other_tools_are_read() {
        let ours = parse("image,label,p_mel,p_nv\na,mel,0.5,0.5\n").unwrap();
        assert_eq!(parse("\u{feff}p_mel,p_nv,dx,image_id,age\r\n0.5,0.5,mel,a,40\r\n").unwrap(), ours);
        assert_eq!(parse("image,label,mel,nv\na,mel, 5e-1 ,0.5\n").unwrap(), ours);
        let grouped = parse("image,label,lesion_id,patient_id,p_0,p_1\na,0,L,P,1,0\nb,,L,,1,0\n").unwrap();
        assert_eq!((grouped.rows[0].group.as_deref(), grouped.rows[1].group.as_deref(), grouped.rows[1].label), (Some("P"), None, None));
    }

    #[test]
    fn every_mistake_has_its_place() {
        let head = "image,label,p_mel,p_nv\n";
        let labels = |reason: &str| TableProblem::Labels { reason: reason.to_owned() };
        let several = "image,labels,p_mel,p_nv\n";
        let stranger = "label `bcc` is not among the columns of probabilities";
        refused(&format!("{several}a,mel;bcc,0.5,0.5\n"), "p.csv:2:3", labels(stranger));
        refused(&format!("{several}a,,0.5,0.5\nb,mel;mel,0.5,0.5\n"), "p.csv:3:3", labels("`mel;mel` names `mel` twice"));
        let not = |text: &str, column: &str| TableProblem::NotANumber { text: text.to_owned(), column: column.to_owned() };
        let out = |text: &str| TableProblem::OutOfRange { text: text.to_owned(), column: "p_mel".to_owned() };
        refused(&format!("{head}a,mel,0.5,x\n"), "p.csv:2:11", not("x", "p_nv"));
        refused(&format!("{head}\"a\n,é\",mel,NaN,0\n"), "p.csv:3:9", not("NaN", "p_mel"));
        refused(&format!("{head}a,mel,,0\n"), "p.csv:2:7", not("", "p_mel"));
        refused(&format!("{head}a,mel,0.2,0.8\nb,mel,1.5,0\n"), "p.csv:3:7", out("1.5"));
        refused(&format!("{head}a,mel,inf,0\n"), "p.csv:2:7", out("inf"));
        refused(&format!("{head}a,mel,-0.1,0\n"), "p.csv:2:7", out("-0.1"));
        let classes = vec!["mel".to_owned(), "nv".to_owned()];
        refused(&format!("{head}a,Mel,0,0\n"), "p.csv:2:3", TableProblem::UnknownLabel { label: "Mel".to_owned(), classes });
        refused(&format!("{head}a,mel,0,1\n\na,nv,0,1\n"), "p.csv:4:1", TableProblem::Duplicate { image: "a".to_owned(), first: 2 });
        refused(
            &format!("{head}a,mel,0,1\nb,mel,0,2\n").replace('\n', "\r\n"),
            "p.csv:3:9",
            TableProblem::OutOfRange { text: "2".to_owned(), column: "p_nv".to_owned() },
        );
        refused(&format!("{head} ,mel,0,1\n"), "p.csv:2:1", TableProblem::NoImage);
        refused(&format!("{head}a,mel,0\n"), "p.csv:2:7", TableProblem::Width { found: 3, heading: 4 });
        refused("image,p_a,p_a\n", "p.csv:1:11", TableProblem::RepeatedColumn { name: "p_a".to_owned() });
        refused("image,label,p_a\n", "p.csv:1:1", TableProblem::TooFewClasses { found: vec!["p_a".to_owned()] });
        refused(
            "label,p_a,p_b\n",
            "p.csv:1:1",
            TableProblem::MissingColumn { name: "image", found: ["label", "p_a", "p_b"].map(str::to_owned).to_vec() },
        );
        refused("", "p.csv:1:1", TableProblem::Empty);
        match Predictions::from_bytes(b"image,p_a,p_b\nx\xff".to_vec(), Path::new("p.csv")) {
            Err(Error::Table { place, problem: TableProblem::Encoding }) => assert_eq!(place.to_string(), "p.csv:2:2"),
            other => panic!("{other:?}"),
        }
    }
}
