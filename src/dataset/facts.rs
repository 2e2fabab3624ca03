//! What a table says of images that belong to no dataset: age, sex and site.
//!
//! A CSV with the column `image` and those of the fields that are asked for, under the names they have in a manifest; other columns are not
//! looked at, so that a manifest will do. Cells for what is not known are empty or say `unknown`, `na`, `nan`, `null` or `none`.

use std::collections::HashMap;
use std::path::Path;

use super::Error;
use super::manifest::{Row, stem};
use super::table::Table;

/// Rows with nothing but an image's name and what is known of it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    rows: Vec<Row>,
    full: HashMap<String, usize>,
    /// By the name without folders and extension, where that is unique.
    stems: HashMap<String, Option<usize>>,
}

impl Facts {
    /// Reads the columns `wanted` of the table.
    ///
    /// # Errors
    ///
    /// A column that is missing, an age that is none, an image that is listed twice: each with its place.
    pub fn read(path: &Path, wanted: &[&str]) -> Result<Self, Error> {
        let table = Table::read(path)?;
        let image = table.require("image")?;
        let columns = wanted.iter().map(|name| Ok((*name, table.require(name)?))).collect::<Result<Vec<_>, Error>>()?;
        let mut facts = Self::default();
        for at in 0..table.len() {
            let mut row = Row { image: table.cell(at, image).to_owned(), ..Row::default() };
            for &(name, column) in &columns {
                let text = known(table.cell(at, column));
                match name {
                    "age" => row.age = text.map(|text| years(&text).ok_or_else(|| table.error(at, column, no_age(&text)))).transpose()?,
                    "sex" => row.sex = text,
                    _ => row.site = text,
                }
            }
            if let Some(first) = facts.full.insert(row.image.clone(), at) {
                let message = format!("image `{}` is listed twice, first in line {}", row.image, table.line(first));
                return Err(table.error(at, image, message));
            }
            facts.stems.entry(stem(&row.image).to_owned()).and_modify(|one| *one = None).or_insert(Some(at));
            facts.rows.push(row);
        }
        Ok(facts)
    }

    /// What is known of an image: by its whole name, or by its name without folders and extension where only one row has that.
    pub fn find(&self, image: &str) -> Option<&Row> {
        let at = self.full.get(image).copied().or_else(|| self.stems.get(stem(image)).copied().flatten());
        at.and_then(|at| self.rows.get(at))
    }
}

/// A cell's text; the words for "not known" are no text.
pub(super) fn known(cell: &str) -> Option<String> {
    let unknown = ["", "unknown", "na", "nan", "null", "none"].contains(&cell.to_ascii_lowercase().as_str());
    (!unknown).then(|| cell.to_owned())
}

/// An age from 0 to 130; "85+" is how the ISIC archive writes the oldest.
pub(super) fn years(text: &str) -> Option<f32> {
    text.trim_end_matches('+').parse().ok().filter(|years| (0.0..=130.0).contains(years))
}

/// What is wrong with a cell that is no such age.
pub(super) fn no_age(text: &str) -> String {
    format!("`{text}` is no age in years")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, wanted: &[&str]) -> Result<Facts, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("facts.csv");
        std::fs::write(&path, text).unwrap();
        Facts::read(&path, wanted)
    }

    #[test]
    fn images_are_found_by_name_and_by_what_is_left_of_it() {
        let facts = read("label,image,age,sex\nnv,ISIC_1,85+,male\nnv,a/b.jpg,,unknown\nnv,c/b.jpg,3.5,female\n", &["age", "sex"]).unwrap();
        let of = |name: &str| facts.find(name).map(|row| (row.age, row.sex.clone()));
        assert_eq!(of("photos/ISIC_1.jpg"), Some((Some(85.0), Some("male".to_owned()))));
        assert_eq!(of("a/b.jpg"), Some((None, None)));
        assert_eq!(of("d/b.jpg"), None, "two rows could be meant");
    }

    #[test]
    fn what_is_wrong_with_a_table_is_said_with_its_place() {
        let wrong = |text: &str| read(text, &["age"]).unwrap_err();
        let told = |text: &str| match wrong(text) {
            Error::Invalid { place, message } => (place.line, place.column, message),
            other => panic!("{other:?}"),
        };
        assert_eq!(told("image,sex\na,male\n").2, "column `age` is missing");
        assert_eq!(told("image,age\na,old\n"), (2, 3, "`old` is no age in years".to_owned()));
        assert_eq!(told("image,age\na,1\na,2\n"), (3, 1, "image `a` is listed twice, first in line 2".to_owned()));
    }
}
