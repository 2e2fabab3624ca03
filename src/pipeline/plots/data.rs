//! A plot's file as columns: CSV and TSV, and lists of maps in JSON, YAML and TOML.
//!
//! In JSON, YAML and TOML every list of maps with equal keys, at any depth of maps, gives columns; several of one length stand side by
//! side. In CSV and TSV a row with more or fewer fields than the header is a problem with its place; a field that is a number is one.

use indexmap::IndexMap;

use crate::pipeline::origin;
use crate::pipeline::paramfile;
use crate::pipeline::problem::{Problem, Source};
use crate::pipeline::value::Value;
use crate::pipeline::yaml::Mark;
use crate::relpath::RelPath;

/// Columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// By name, in the order of the file.
    pub columns: IndexMap<String, Vec<Value>>,
    /// The last column of the first list: what is plotted when nobody says.
    pub last_of_first: Option<String>,
}

/// Reads a file by its ending.
///
/// # Errors
/// Its problems: text that is not UTF-8, a broken structure, ragged rows, no list of points, an ending that nobody knows.
pub fn read(file: &RelPath, bytes: Vec<u8>, header: bool) -> Result<Rows, Vec<Problem>> {
    let name = file.name().unwrap_or_default().to_ascii_lowercase();
    let source = origin::text(file, bytes)?;
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("csv") => separated(&source, b',', header),
        Some("tsv") => separated(&source, b'\t', header),
        Some("json" | "yaml" | "yml" | "toml") => {
            let rows = points(&paramfile::parse(&source)?.value);
            if rows.columns.is_empty() {
                return Err(at(&source, 1, 1, "holds no list of points: maps with equal keys".to_owned()));
            }
            Ok(rows)
        }
        _ => {
            let hint = Some("plots are read from CSV, TSV, JSON, YAML and TOML; pictures are JPEG, PNG, GIF and SVG".to_owned());
            let problems = origin::problem(file, format!("`{file}` is no file that can be plotted"));
            Err(problems.into_iter().map(|problem| Problem { hint: hint.clone(), ..problem }).collect())
        }
    }
}

fn at(source: &Source, line: usize, column: usize, message: String) -> Vec<Problem> {
    vec![Problem { place: source.place(Mark { line, column }), message, hint: None }]
}

fn separated(source: &Source, delimiter: u8, header: bool) -> Result<Rows, Vec<Problem>> {
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Rows::default();
    let mut record = csv::StringRecord::new();
    let mut first = true;
    loop {
        let more = reader.read_record(&mut record).map_err(|error| {
            let line = error.position().map_or(1, |position| position.line() as usize);
            at(source, line.max(1), 1, format!("not valid CSV: {error}"))
        })?;
        if !more {
            break;
        }
        if first {
            first = false;
            let name = |(index, field): (usize, &str)| if header { field.trim().to_owned() } else { index.to_string() };
            rows.columns = record.iter().enumerate().map(name).map(|name| (name, Vec::new())).collect();
            if rows.columns.len() != record.len() {
                return Err(at(source, 1, 1, "two columns have the same name".to_owned()));
            }
            if header {
                continue;
            }
        }
        if record.len() != rows.columns.len() {
            let line = record.position().map_or(1, |position| position.line() as usize);
            // Where the first field too many begins, or the last one ends.
            let fields = record.iter().take(rows.columns.len());
            let column = fields.map(|field| field.chars().count() + 1).sum::<usize>() + usize::from(record.len() > rows.columns.len());
            let message = format!("this row has {} fields, the others have {}", record.len(), rows.columns.len());
            return Err(at(source, line, column.max(1), message));
        }
        for (column, field) in rows.columns.values_mut().zip(&record) {
            column.push(number(field));
        }
    }
    rows.last_of_first = rows.columns.keys().last().cloned();
    if rows.columns.is_empty() { Err(at(source, 1, 1, "has no columns".to_owned())) } else { Ok(rows) }
}

/// A number where the field is one.
fn number(field: &str) -> Value {
    let text = field.trim();
    if text.is_empty() {
        return Value::Null;
    }
    if let Ok(value) = text.parse::<i64>() {
        return Value::Int(value.into());
    }
    match text.parse::<f64>() {
        Ok(value) => Value::Float(value),
        Err(_) => Value::Text(field.to_owned()),
    }
}

/// Every list of maps in a value as columns.
fn points(value: &Value) -> Rows {
    let mut lists = Vec::new();
    collect(value, &mut lists);
    let mut rows = Rows::default();
    let regular = |list: &&[Value]| {
        let keys = |value: &Value| match value {
            Value::Map(map) => Some(map.len()),
            _ => None,
        };
        let Some(Value::Map(first)) = list.first() else { return false };
        list.iter()
            .all(|item| keys(item) == Some(first.len()) && matches!(item, Value::Map(map) if map.keys().all(|key| first.contains_key(key))))
    };
    let all: Vec<&[Value]> =
        lists.iter().copied().filter(|list| !list.is_empty() && list.iter().all(|item| matches!(item, Value::Map(_)))).collect();
    let equal: Vec<&[Value]> = all.iter().copied().filter(regular).collect();
    // Lists with gaps count only where there is nothing better.
    for list in if equal.is_empty() { all } else { equal } {
        let mut names: Vec<&String> = Vec::new();
        for item in list {
            let Value::Map(map) = item else { continue };
            names.extend(map.keys().filter(|key| !names.contains(key)).collect::<Vec<_>>());
        }
        rows.last_of_first = rows.last_of_first.or_else(|| names.last().map(|name| (*name).clone()));
        for name in names {
            let cell = |item: &Value| match item {
                Value::Map(map) => map.get(name).cloned().unwrap_or(Value::Null),
                _ => Value::Null,
            };
            rows.columns.insert(name.clone(), list.iter().map(cell).collect());
        }
    }
    let longest = rows.columns.values().map(Vec::len).max().unwrap_or(0);
    rows.columns.values_mut().for_each(|column| column.resize(longest, Value::Null));
    rows
}

fn collect<'v>(value: &'v Value, lists: &mut Vec<&'v [Value]>) {
    match value {
        Value::List(items) => lists.push(items),
        Value::Map(map) => {
            map.values().filter(|value| matches!(value, Value::Map(_) | Value::List(_))).for_each(|value| collect(value, lists))
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Pieces of tables, so that random joins get past the first line.
    const PIECES: &[&str] = &["a", ",", "\n", "\"", "\r\n", "1", "nan", "1e999", "é", "\t", "[", "]", "{", "}", ":", "- ", "\u{feff}", " "];

    proptest! {
        #[test]
        fn random_tables_never_panic_and_places_lie_inside(parts in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
            let text = parts.concat();
            for name in ["a.csv", "a.tsv", "a.json", "a.yaml"] {
                match rows(name, &text) {
                    Ok(rows) => prop_assert!(rows.columns.values().all(|column| Some(column.len()) == rows.columns.values().next().map(Vec::len))),
                    Err(problems) => for problem in problems {
                        prop_assert!(problem.place.line >= 1 && problem.place.line <= text.lines().count() + 1, "{text:?}: {problem:?}");
                    },
                }
            }
        }
    }

    fn rows(name: &str, text: &str) -> Result<Rows, Vec<Problem>> {
        read(&RelPath::new(name).unwrap(), text.as_bytes().to_vec(), true)
    }

    #[test]
    fn tables_and_nested_lists_become_columns() {
        let table = rows("a.csv", "step,loss\n0,0.5\n1,nan\n2,\n").unwrap();
        assert_eq!(table.last_of_first.as_deref(), Some("loss"));
        assert_eq!(table.columns["step"], [Value::Int(0), Value::Int(1), Value::Int(2)]);
        assert_eq!(table.columns["loss"][2], Value::Null);
        let nested = rows("a.json", r#"{"meta": 1, "run": {"points": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}}"#).unwrap();
        assert_eq!(nested.columns["b"], [Value::Int(2), Value::Int(4)]);
        assert_eq!(rows("a.yaml", "- {x: 1, y: 2}\n- {x: 2, y: 3}\n").unwrap().last_of_first.as_deref(), Some("y"));
    }

    #[test]
    fn ragged_rows_are_told_with_their_place() {
        let problem = rows("a.csv", "a,b\n1,2\n1,2,3\n").unwrap_err().remove(0);
        assert_eq!(problem.place.to_string(), "a.csv:3:5");
        assert_eq!(problem.message, "this row has 3 fields, the others have 2");
        assert_eq!(rows("a.csv", "").unwrap_err()[0].message, "has no columns");
        assert!(rows("a.json", "{\"a\": 1}").unwrap_err()[0].message.contains("no list of points"));
    }
}
