//! ISIC 2018 and 2019: ground truth with one column a class, 1 in the column of the diagnosis, and perhaps a second
//! table with age, sex, site and lesion.
//!
//! Classes are the columns in their order. A column that no image has (`UNK` in the training table of 2019) is left out with a note.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::Found;
use super::files::{Files, header, tables_with};
use super::listed::{Listing, age, only_table};
use crate::dataset::facts::known;
use crate::dataset::table::Table;
use crate::dataset::{Error, Problem, Row};

/// Columns by which the ground truth is known.
pub const SIGNATURE: &[&str] = &["image", "MEL", "NV"];

/// Columns of the second table, any of which makes a table one.
const FACTS: [&str; 5] = ["age_approx", "anatom_site_general", "lesion_id", "sex", "patient_id"];

/// Columns of the ground truth that are no classes (the official scorer's weights).
const NO_CLASSES: [&str; 3] = ["image", "score_weight", "validation_weight"];

/// Lists images, classes and what is known of them.
pub fn read(source: &Path) -> Result<Found, Error> {
    let files = Files::below(source)?;
    let truth = Table::read(&only_table(source, &files, SIGNATURE)?)?;
    let mut found = Found { licence: "CC BY-NC 4.0 (ISIC 2019: HAM10000, BCN_20000, MSK)".to_owned(), ..Found::default() };
    let classes: Vec<usize> = (0..truth.headers().len()).filter(|&i| !NO_CLASSES.contains(&truth.headers()[i].as_str())).collect();
    found.classes = classes.iter().map(|&column| truth.headers()[column].clone()).collect();
    let facts = Facts::find(source, &files, &truth, &mut found)?;
    let mut listing = Listing::new(source, &files, &truth, "image", &mut found.problems)?;
    for at in 0..truth.len() {
        let Some(file) = listing.file_of(at, &mut found.problems) else { continue };
        let row = facts.as_ref().map_or_else(Row::default, |facts| facts.of(truth.cell(at, 0), &mut found.problems));
        match class(&truth, at, &classes) {
            Ok(class) => found.items.push(listing.item(file, Row { label: Some(class), ..row })),
            Err(problem) => found.problems.push(problem),
        }
    }
    listing.unlisted(&mut found.problems);
    found.problems.extend(files.problems);
    Ok(found)
}

/// The position of the one 1 among zeros.
fn class(table: &Table, at: usize, columns: &[usize]) -> Result<usize, Problem> {
    let mut hot = None;
    for (class, &column) in columns.iter().enumerate() {
        let cell = table.cell(at, column);
        match cell.parse::<f32>() {
            Ok(0.0) => {}
            Ok(1.0) if hot.is_none() => hot = Some(class),
            Ok(1.0) => {
                return Err(wrong(table, at, column, "a second 1 in this row: one class is wanted"));
            }
            _ => return Err(wrong(table, at, column, format!("`{cell}` is neither 0 nor 1"))),
        }
    }
    hot.ok_or_else(|| wrong(table, at, 0, "no 1 in this row: one class is wanted"))
}

fn wrong(table: &Table, at: usize, column: usize, message: impl Into<String>) -> Problem {
    let hint =
        "every row of the ground truth has a 1 under the image's class and a 0 under the others; where images have several labels, or \
                none, that is `--task multi-label`"
            .to_owned();
    Problem::Cell { place: table.place(at, column), message: message.into(), hint }
}

/// The second table.
struct Facts {
    table: Table,
    rows: HashMap<String, usize>,
}

impl Facts {
    /// The table that names the ground truth's first image.
    fn find(source: &Path, files: &Files, truth: &Table, found: &mut Found) -> Result<Option<Self>, Error> {
        let has_facts = |path: &PathBuf| header(path).iter().any(|name| FACTS.contains(&name.as_str()));
        let mut tables = Vec::new();
        for path in tables_with(source, files, &["image"]).into_iter().filter(|path| path != truth.path()).filter(has_facts) {
            let facts = Self::index(Table::read(&path)?, &mut found.problems)?;
            if facts.rows.contains_key(truth.cell(0, 0)) {
                tables.push(facts);
            }
        }
        if tables.len() > 1 {
            let message = format!(
                "several tables describe the images: `{}` and `{}`",
                tables[0].table.path().display(),
                tables[1].table.path().display()
            );
            return Err(Error::Settings { message, hint: Some("keep one of them in the source folder".to_owned()) });
        }
        let facts = tables.pop();
        match &facts {
            None => found.notes.push("no table with age, sex, site or lesion was found".to_owned()),
            Some(facts) => {
                let named: std::collections::HashSet<&str> = (0..truth.len()).map(|at| truth.cell(at, 0)).collect();
                let extra = facts.rows.keys().filter(|image| !named.contains(image.as_str())).count();
                if extra > 0 {
                    found.notes.push(format!(
                        "{} without a diagnosis were passed over",
                        crate::text::count(extra, "row of metadata", "rows of metadata")
                    ));
                }
            }
        }
        Ok(facts)
    }

    fn index(table: Table, problems: &mut Vec<Problem>) -> Result<Self, Error> {
        let column = table.require("image")?;
        let mut rows: HashMap<String, usize> = HashMap::with_capacity(table.len());
        for at in 0..table.len() {
            let image = table.cell(at, column);
            if let Some(first) = rows.insert(image.to_owned(), at) {
                let (first, second) = (table.place(first, column).to_string(), table.place(at, column).to_string());
                problems.push(Problem::DuplicateId { id: image.to_owned(), first, second });
            }
        }
        Ok(Self { table, rows })
    }

    /// What is known of one image; nothing if it has no row.
    fn of(&self, image: &str, problems: &mut Vec<Problem>) -> Row {
        let Some(&at) = self.rows.get(image) else { return Row::default() };
        let text = |name: &str| known(self.table.cell(at, self.table.column(name)?));
        Row {
            group: text("lesion_id"),
            patient: text("patient_id"),
            age: age(&self.table, at, "age_approx", problems),
            sex: text("sex").or_else(|| text("gender")),
            site: text("anatom_site_general"),
            ..Row::default()
        }
    }
}
