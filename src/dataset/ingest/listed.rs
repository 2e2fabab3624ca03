//! Sources with one table that names every image and its class: HAM10000, ISIC 2020.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::files::{Files, tables_with};
use super::{Found, Item};
use crate::dataset::facts::{self, known};
use crate::dataset::table::Table;
use crate::dataset::{Error, Problem, Row};
use crate::text;

/// The columns of a table, by what they mean.
pub struct Layout {
    /// Columns by which the table is known.
    pub signature: &'static [&'static str],
    pub image: &'static str,
    pub label: &'static str,
    pub group: Option<&'static str>,
    pub patient: Option<&'static str>,
    pub age: &'static str,
    pub sex: &'static str,
    pub site: &'static str,
    /// All classes of the format, sorted.
    pub classes: &'static [&'static str],
    pub licence: &'static str,
}

/// Tschandl, Rosendahl and Kittler, "The HAM10000 dataset" (2018), doi 10.7910/DVN/DBW86T.
pub const HAM10000: Layout = Layout {
    signature: &["lesion_id", "image_id", "dx"],
    image: "image_id",
    label: "dx",
    group: Some("lesion_id"),
    patient: None,
    age: "age",
    sex: "sex",
    site: "localization",
    classes: &["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"],
    licence: "CC BY-NC 4.0 (HAM10000, Tschandl et al. 2018)",
};

/// Rotemberg et al., the SIIM-ISIC 2020 challenge (2021), doi 10.34970/2020-ds01.
pub const ISIC2020: Layout = Layout {
    signature: &["image_name", "patient_id", "benign_malignant"],
    image: "image_name",
    label: "benign_malignant",
    group: Some("lesion_id"),
    patient: Some("patient_id"),
    age: "age_approx",
    sex: "sex",
    site: "anatom_site_general_challenge",
    classes: &["benign", "malignant"],
    licence: "CC BY-NC 4.0 (ISIC 2020, Rotemberg et al. 2021)",
};

/// Lists images, classes and what is known of them.
pub fn read(source: &Path, layout: &Layout) -> Result<Found, Error> {
    let files = Files::below(source)?;
    let table = Table::read(&only_table(source, &files, layout.signature)?)?;
    let mut found = Found { licence: layout.licence.to_owned(), ..Found::default() };
    found.classes = layout.classes.iter().map(|class| (*class).to_owned()).collect();
    let mut reader = Listing::new(source, &files, &table, layout.image, &mut found.problems)?;
    let label = table.require(layout.label)?;
    for at in 0..table.len() {
        let Some(file) = reader.file_of(at, &mut found.problems) else { continue };
        let row = row_of(&table, at, layout, &mut found.problems);
        match layout.classes.binary_search(&table.cell(at, label)) {
            Ok(class) => found.items.push(reader.item(file, Row { label: Some(class), ..row })),
            Err(_) => found.problems.push(unknown_class(&table, at, label, layout.classes)),
        }
    }
    reader.unlisted(&mut found.problems);
    found.problems.extend(files.problems);
    Ok(found)
}

fn unknown_class(table: &Table, at: usize, column: usize, classes: &[&str]) -> Problem {
    let name = table.cell(at, column);
    let near = text::suggest(name, classes.iter().copied()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let hint = format!("the classes of this format are {}", text::quoted_list(classes));
    Problem::Cell { place: table.place(at, column), message: format!("unknown class `{name}`{near}"), hint }
}

/// The one table with these columns.
pub fn only_table(source: &Path, files: &Files, columns: &[&str]) -> Result<PathBuf, Error> {
    let tables = tables_with(source, files, columns);
    match tables.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Error::settings(format!("`{}` has no CSV with the columns {}", source.display(), text::quoted_list(columns)))),
        [first, second, ..] => {
            let below = |path: &PathBuf| path.strip_prefix(source).unwrap_or(path).display().to_string();
            let message = format!("several tables list the images: `{}` and `{}`", below(first), below(second));
            Err(Error::Settings { message, hint: Some("keep one of them in the source folder, move the others elsewhere".to_owned()) })
        }
    }
}

/// Everything but image, label and mask.
fn row_of(table: &Table, at: usize, layout: &Layout, problems: &mut Vec<Problem>) -> Row {
    let text = |name: &str| known(table.cell(at, table.column(name)?));
    Row {
        group: layout.group.and_then(text),
        patient: layout.patient.and_then(text),
        age: age(table, at, layout.age, problems),
        sex: text(layout.sex),
        site: text(layout.site),
        ..Row::default()
    }
}

/// Years; a cell that is no number is a problem.
pub fn age(table: &Table, at: usize, column: &str, problems: &mut Vec<Problem>) -> Option<f32> {
    let column = table.column(column)?;
    let text = known(table.cell(at, column))?;
    let years = facts::years(&text);
    if years.is_none() {
        let hint = "write a number from 0 to 130, or leave the cell empty where the age is not known".to_owned();
        problems.push(Problem::Cell { place: table.place(at, column), message: facts::no_age(&text), hint });
    }
    years
}

/// Matches a table's rows with the files.
pub struct Listing<'a> {
    source: &'a Path,
    table: &'a Table,
    column: usize,
    by_stem: BTreeMap<&'a str, &'a str>,
    /// Masks by the stem of their image: they may lie in a folder of their own.
    masks: HashMap<&'a str, &'a str>,
    /// Row that first named each image.
    seen: HashMap<String, usize>,
}

impl<'a> Listing<'a> {
    pub fn new(source: &'a Path, files: &'a Files, table: &'a Table, image: &str, problems: &mut Vec<Problem>) -> Result<Self, Error> {
        let by_stem = files.by_stem(source, problems)?;
        let masks = files.masks.iter().map(|(image, mask)| (image.rsplit('/').next().unwrap_or(image), mask.as_str())).collect();
        Ok(Self { source, table, column: table.require(image)?, by_stem, masks, seen: HashMap::new() })
    }

    /// The file that a row names; `None` after noting why there is none.
    pub fn file_of(&mut self, at: usize, problems: &mut Vec<Problem>) -> Option<&'a str> {
        let name = self.table.cell(at, self.column);
        let place = || self.table.place(at, self.column);
        let bare = if crate::dataset::decode::is_image_name(Path::new(name)) { crate::dataset::manifest::stem(name) } else { name };
        if let Some(first) = self.seen.insert(bare.to_owned(), at) {
            let (first, second) = (self.table.place(first, self.column).to_string(), place().to_string());
            problems.push(Problem::DuplicateId { id: bare.to_owned(), first, second });
            return None;
        }
        let file = self.by_stem.get(bare).copied();
        if file.is_none() {
            problems.push(Problem::RowWithoutImage { place: place(), image: bare.to_owned() });
        }
        file
    }

    /// The image with its mask. It keeps its file's name and loses its folders, as its name is unique.
    pub fn item(&self, file: &str, row: Row) -> Item {
        let mask = self.masks.get(crate::dataset::manifest::stem(file));
        let image = file.rsplit('/').next().unwrap_or(file).to_owned();
        Item { file: self.source.join(file), mask: mask.map(|mask| self.source.join(mask)), row: Row { image, ..row }, subset: None }
    }

    /// Notes every image that no row named.
    pub fn unlisted(&self, problems: &mut Vec<Problem>) {
        let table = self.table.path().strip_prefix(self.source).unwrap_or(self.table.path());
        for (stem, path) in &self.by_stem {
            if !self.seen.contains_key(*stem) {
                problems.push(Problem::ImageWithoutRow { image: path.into(), table: table.to_owned() });
            }
        }
    }
}
