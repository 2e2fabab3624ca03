//! Tables that give an image any number of labels: in a cell of the column `labels`, or with a column of 0 and 1 for each label.
//!
//! Beside the image's name (`image`, `image_id`, `image_name` or `isic_id`) either may hold what is known of it, under the names that manifests
//! and the ISIC archive have for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Found;
use super::files::{Files, header};
use super::listed::{Listing, age};
use crate::dataset::facts::known;
use crate::dataset::split::IMAGE_COLUMNS;
use crate::dataset::table::Table;
use crate::dataset::{Error, Problem, Row, labels};
use crate::text::quoted_list;

/// The column of a table whose cells hold labels.
const LABELS: &str = "labels";
const GROUP: &[&str] = &["group", "lesion_id"];
const PATIENT: &[&str] = &["patient", "patient_id"];
const AGE: &[&str] = &["age", "age_approx"];
const SEX: &[&str] = &["sex", "gender"];
const SITE: &[&str] = &["site", "anatom_site_general", "anatom_site_general_challenge", "localization"];
const SKIN_TYPE: &[&str] = &["skin_type", "fitzpatrick_skin_type"];

/// Tables with the column `labels` that name images.
pub fn label_tables(source: &Path, files: &Files) -> Vec<PathBuf> {
    let names = |path: &Path| header(path).iter().any(|name| IMAGE_COLUMNS.contains(&name.as_str()));
    super::files::tables_with(source, files, &[LABELS]).into_iter().filter(|path| names(path)).collect()
}

/// Reads a table with the column `labels`; the classes are all that it names, in the order of the alphabet.
pub fn read_label_table(source: &Path) -> Result<Found, Error> {
    let files = Files::below(source)?;
    let table = Table::read(&only(source, label_tables(source, &files), || format!("no CSV with the columns `image` and `{LABELS}`"))?)?;
    let column = table.require(LABELS)?;
    let mut found = Found { licence: "unknown".to_owned(), ..Found::default() };
    found.classes = named(&table, column, &mut found.problems);
    let classes = found.classes.clone();
    // What is wrong with a cell was said when the names were gathered.
    let of_row = |at: usize, _: &mut Vec<Problem>| labels::parse(table.cell(at, column), &classes, "the labels").ok();
    read(source, files, &table, found, &of_row)
}

/// Reads a table with a column of 0 and 1 for each label.
pub fn read_one_hot(source: &Path) -> Result<Found, Error> {
    let files = Files::below(source)?;
    let mut tables = Vec::new();
    for path in files.tables.iter().map(|path| source.join(path)) {
        let table = Table::read(&path)?;
        if image_column(&table).is_some() && !label_columns(&table).is_empty() {
            tables.push((path, table));
        }
    }
    let paths = tables.iter().map(|(path, _)| path.clone()).collect();
    let path = only(source, paths, || "no CSV with the column `image` and one of 0 and 1 for each label".to_owned())?;
    let Some((_, table)) = tables.into_iter().find(|(other, _)| *other == path) else { return Err(Error::settings("the table is gone")) };
    let columns = label_columns(&table);
    let mut found = Found { licence: "unknown".to_owned(), ..Found::default() };
    found.classes = columns.iter().map(|&column| table.headers()[column].clone()).collect();
    if let Some((at, fault)) = columns.iter().find_map(|&column| Some((column, labels::fault(&table.headers()[column])?))) {
        return Err(table.header_error(at, fault));
    }
    let of_row = |at: usize, problems: &mut Vec<Problem>| {
        let before = problems.len();
        let hot = (0..columns.len()).filter(|&label| is_one(&table, at, columns[label], problems)).collect();
        (problems.len() == before).then_some(Some(hot))
    };
    read(source, files, &table, found, &of_row)
}

/// A row's labels, which may be unknown; no answer where they are wrong, which is then said.
type LabelsOf<'a> = dyn Fn(usize, &mut Vec<Problem>) -> Option<Option<Vec<usize>>> + 'a;

/// Lists the images of a table with the labels that `of_row` finds.
fn read(source: &Path, files: Files, table: &Table, mut found: Found, of_row: &LabelsOf<'_>) -> Result<Found, Error> {
    let image = image_column(table).map_or(IMAGE_COLUMNS[0], |(_, name)| name);
    let mut listing = Listing::new(source, &files, table, image, &mut found.problems)?;
    for at in 0..table.len() {
        let Some(file) = listing.file_of(at, &mut found.problems) else { continue };
        let row = known_of(table, at, &mut found.problems);
        if let Some(labels) = of_row(at, &mut found.problems) {
            found.items.push(listing.item(file, Row { labels, ..row }));
        }
    }
    listing.unlisted(&mut found.problems);
    found.problems.extend(files.problems);
    Ok(found)
}

fn image_column(table: &Table) -> Option<(usize, &'static str)> {
    IMAGE_COLUMNS.into_iter().find_map(|name| Some((table.column(name)?, name)))
}

/// The columns of numbers that say whether an image has a label: in any row 0 or 1, and nothing that is known by another name.
fn label_columns(table: &Table) -> Vec<usize> {
    let other = ["width", "height", "label", LABELS, "score_weight", "validation_weight"];
    let facts = [GROUP, PATIENT, AGE, SEX, SITE, SKIN_TYPE, &IMAGE_COLUMNS, &other];
    let is_label = |column: &usize| {
        !facts.iter().any(|names| names.contains(&table.headers()[*column].as_str()))
            && (0..table.len()).any(|at| matches!(table.cell(at, *column).parse::<f32>(), Ok(value) if value == 0.0 || value == 1.0))
    };
    (0..table.headers().len()).filter(is_label).collect()
}

fn is_one(table: &Table, at: usize, column: usize, problems: &mut Vec<Problem>) -> bool {
    let cell = table.cell(at, column);
    match cell.parse::<f32>() {
        Ok(value) if value == 0.0 || value == 1.0 => value == 1.0,
        _ => {
            let hint = "every row has 1 under the labels that the image shows, and 0 under the others".to_owned();
            problems.push(Problem::Cell { place: table.place(at, column), message: format!("`{cell}` is neither 0 nor 1"), hint });
            false
        }
    }
}

/// All labels that a column names; two that differ in case alone are one that was mistyped.
fn named(table: &Table, column: usize, problems: &mut Vec<Problem>) -> Vec<String> {
    let hint = || "labels stand with `;` between them; an empty cell says that the image shows none".to_owned();
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    for at in 0..table.len() {
        match labels::names(table.cell(at, column)) {
            Err(message) => problems.push(Problem::Cell { place: table.place(at, column), message, hint: hint() }),
            Ok(names) => {
                for name in names.unwrap_or_default() {
                    let before = *first.entry(name.to_lowercase()).or_insert(name);
                    if before != name {
                        let message = format!("label `{name}` is `{before}` elsewhere");
                        problems.push(Problem::Cell {
                            place: table.place(at, column),
                            message,
                            hint: "write a label always the same".into(),
                        });
                    }
                }
            }
        }
    }
    let mut names: Vec<String> = first.into_values().map(str::to_owned).collect();
    names.sort();
    names
}

/// Everything but image, labels and mask.
fn known_of(table: &Table, at: usize, problems: &mut Vec<Problem>) -> Row {
    let column = |names: &[&'static str]| names.iter().copied().find(|name| table.column(name).is_some());
    let text = |names: &[&'static str]| known(table.cell(at, table.column(column(names)?)?));
    Row {
        group: text(GROUP),
        patient: text(PATIENT),
        age: column(AGE).and_then(|name| age(table, at, name, problems)),
        sex: text(SEX),
        site: text(SITE),
        skin_type: text(SKIN_TYPE),
        ..Row::default()
    }
}

/// The one table there is.
fn only(source: &Path, tables: Vec<PathBuf>, none: impl Fn() -> String) -> Result<PathBuf, Error> {
    match tables.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Error::settings(format!("`{}` has {}", source.display(), none()))),
        several => {
            let names: Vec<String> = several.iter().map(|path| path.strip_prefix(source).unwrap_or(path).display().to_string()).collect();
            let message = format!("several tables list the images: {}", quoted_list(&names));
            Err(Error::Settings { message, hint: Some("keep one of them in the source folder, move the others elsewhere".to_owned()) })
        }
    }
}
