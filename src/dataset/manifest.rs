//! `manifest.csv`: rows in memory, to and from CSV.

use std::collections::HashMap;
use std::path::Path;

use super::Error;
use super::table::Table;
use crate::digest::ObjectId;

/// The name of the file.
pub const FILE: &str = "manifest.csv";

/// All columns, in the order they are written.
const COLUMNS: [&str; 13] =
    ["image", "label", "mask", "group", "patient", "age", "sex", "site", "skin_type", "width", "height", "hash", "mask_hash"];

/// What is known about one image. `None` means not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Path below `images/`, unique.
    pub image: String,
    /// Position in the dataset's classes.
    pub label: Option<usize>,
    /// Path below `masks/`.
    pub mask: Option<String>,
    /// The lesion.
    pub group: Option<String>,
    /// The patient.
    pub patient: Option<String>,
    /// Years.
    pub age: Option<f32>,
    /// `female`, `male` or the source's own word.
    pub sex: Option<String>,
    /// Where on the body.
    pub site: Option<String>,
    /// Recorded skin type.
    pub skin_type: Option<String>,
    /// Pixels, after the EXIF orientation is applied.
    pub width: Option<u32>,
    /// Pixels, after the EXIF orientation is applied.
    pub height: Option<u32>,
    /// BLAKE3 of the file's bytes.
    pub hash: Option<ObjectId>,
    /// BLAKE3 of the mask's bytes.
    pub mask_hash: Option<ObjectId>,
}

impl Row {
    /// The image's name without folders and without the extension: `ISIC_0024306` of `nv/ISIC_0024306.jpg`.
    pub fn stem(&self) -> &str {
        stem(&self.image)
    }

    fn cell(&self, column: &str, classes: &[String]) -> String {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        match column {
            "image" => self.image.clone(),
            "label" => self.label.and_then(|label| classes.get(label)).cloned().unwrap_or_default(),
            "mask" => text(&self.mask),
            "group" => text(&self.group),
            "patient" => text(&self.patient),
            "age" => self.age.map(|age| age.to_string()).unwrap_or_default(),
            "sex" => text(&self.sex),
            "site" => text(&self.site),
            "skin_type" => text(&self.skin_type),
            "width" => self.width.map(|n| n.to_string()).unwrap_or_default(),
            "height" => self.height.map(|n| n.to_string()).unwrap_or_default(),
            "hash" => self.hash.map(|hash| hash.hex()).unwrap_or_default(),
            _ => self.mask_hash.map(|hash| hash.hex()).unwrap_or_default(),
        }
    }
}

/// A path's last part without its extension.
pub(super) fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem })
}

/// The file's bytes: columns that no row knows are left out, `image` and `label` always stay.
pub(super) fn to_csv(rows: &[Row], classes: &[String]) -> Vec<u8> {
    let cells: Vec<[String; COLUMNS.len()]> = rows.iter().map(|row| COLUMNS.map(|column| row.cell(column, classes))).collect();
    let kept: Vec<usize> = (0..COLUMNS.len()).filter(|&i| i < 2 || cells.iter().any(|row| !row[i].is_empty())).collect();
    let header = COLUMNS.map(str::to_owned);
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    for row in std::iter::once(&header).chain(&cells) {
        // Writing into memory cannot fail, and all records have one length.
        let _ = writer.write_record(kept.iter().map(|&i| &row[i]));
    }
    writer.into_inner().unwrap_or_default()
}

/// Reads and checks the file of a dataset folder.
pub(super) fn read(root: &Path, classes: &[String]) -> Result<Vec<Row>, Error> {
    let table = Table::read(&root.join(FILE))?;
    parse(&table, classes)
}

fn parse(table: &Table, classes: &[String]) -> Result<Vec<Row>, Error> {
    if let Some(column) = table.headers().iter().position(|name| !COLUMNS.contains(&name.as_str())) {
        return Err(table.header_error(column, format!("unknown column `{}`", table.headers()[column])));
    }
    let image = table.require("image")?;
    let columns: Vec<Option<usize>> = COLUMNS.iter().map(|name| table.column(name)).collect();
    let labels: HashMap<&str, usize> = classes.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
    let mut seen: HashMap<String, usize> = HashMap::with_capacity(table.len());
    let mut rows = Vec::with_capacity(table.len());
    for at in 0..table.len() {
        let row = Cells { table, at, columns: &columns }.row(&labels)?;
        check_path(&row.image).map_err(|why| table.error(at, image, why))?;
        if let Some(mask) = &row.mask {
            check_path(mask).map_err(|why| table.error(at, columns[2].unwrap_or(image), why))?;
        }
        if let Some(first) = seen.insert(row.image.to_lowercase(), at) {
            let message = format!("image `{}` is listed twice, first in line {}", row.image, table.line(first));
            return Err(table.error(at, image, message));
        }
        rows.push(row);
    }
    rows.sort_by(|a, b| a.image.cmp(&b.image));
    Ok(rows)
}

/// A path from a table must stay inside its folder.
fn check_path(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("the image's name is empty".to_owned());
    }
    let plain = path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if plain && !path.contains('\\') { Ok(()) } else { Err(format!("`{path}` is not a plain relative path")) }
}

/// One record of the table, with its columns in the order of [`COLUMNS`].
struct Cells<'a> {
    table: &'a Table,
    at: usize,
    columns: &'a [Option<usize>],
}

impl Cells<'_> {
    fn text(&self, i: usize) -> Option<String> {
        let cell = self.table.cell(self.at, self.columns[i]?);
        (!cell.is_empty()).then(|| cell.to_owned())
    }

    fn parsed<T: std::str::FromStr>(&self, i: usize, wanted: &str) -> Result<Option<T>, Error> {
        let (Some(text), Some(column)) = (self.text(i), self.columns[i]) else { return Ok(None) };
        let wrong = || self.table.error(self.at, column, format!("`{text}` is not {wanted}"));
        text.parse().map(Some).map_err(|_| wrong())
    }

    fn label(&self, labels: &HashMap<&str, usize>) -> Result<Option<usize>, Error> {
        let (Some(text), Some(column)) = (self.text(1), self.columns[1]) else { return Ok(None) };
        let unknown = || self.table.error(self.at, column, format!("class `{text}` is not among the classes of dataset.yaml"));
        labels.get(text.as_str()).copied().map(Some).ok_or_else(unknown)
    }

    fn row(&self, labels: &HashMap<&str, usize>) -> Result<Row, Error> {
        Ok(Row {
            image: self.text(0).unwrap_or_default(),
            label: self.label(labels)?,
            mask: self.text(2),
            group: self.text(3),
            patient: self.text(4),
            age: self.parsed(5, "a number of years")?.filter(|age: &f32| age.is_finite()),
            sex: self.text(6),
            site: self.text(7),
            skin_type: self.text(8),
            width: self.parsed(9, "a number of pixels")?,
            height: self.parsed(10, "a number of pixels")?,
            hash: self.parsed(11, "a content hash (64 hexadecimal digits)")?,
            mask_hash: self.parsed(12, "a content hash (64 hexadecimal digits)")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn classes() -> Vec<String> {
        vec!["mel".to_owned(), "nv, \"common\"".to_owned()]
    }

    fn text() -> impl Strategy<Value = Option<String>> {
        proptest::option::of("[a-z][a-z ,\"é\n]{0,6}[a-z]")
    }

    prop_compose! {
        fn row()(
            name in "[a-zA-Z0-9_,é]{1,8}",
            label in proptest::option::of(0usize..2),
            texts in [text(), text(), text(), text(), text()],
            age in proptest::option::of(0u8..120),
            size in proptest::option::of((1u32..5000, 1u32..5000)),
            hash in proptest::option::of(any::<u64>()),
        ) -> Row {
            let [group, patient, sex, site, skin_type] = texts;
            Row {
                image: format!("{name}.jpg"),
                label,
                mask: label.map(|_| format!("{name}.png")),
                group, patient, sex, site, skin_type,
                age: age.map(|years| f32::from(years) / 2.0),
                width: size.map(|size| size.0),
                height: size.map(|size| size.1),
                hash: hash.map(|seed| ObjectId::of(&seed.to_le_bytes())),
                mask_hash: hash.filter(|seed| seed % 2 == 0).map(|seed| ObjectId::of(&seed.to_be_bytes())),
            }
        }
    }

    proptest! {
        #[test]
        fn rows_survive_the_file(mut rows in proptest::collection::vec(row(), 0..12)) {
            rows.sort_by(|a, b| a.image.cmp(&b.image));
            rows.dedup_by_key(|row| row.image.to_lowercase());
            let mut seen = std::collections::HashSet::new();
            rows.retain(|row| seen.insert(row.image.to_lowercase()));
            let bytes = to_csv(&rows, &classes());
            let table = Table::from_bytes(Path::new("manifest.csv"), bytes).unwrap();
            prop_assert_eq!(parse(&table, &classes()).unwrap(), rows);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "(image|label|hash|group|age|a.jpg|mel|,|\"|\n|1e9|ü| ){0,30}") {
            if let Ok(table) = Table::from_bytes(Path::new("manifest.csv"), text.into_bytes()) {
                let _ = parse(&table, &classes());
            }
        }
    }

    #[test]
    fn stems_lose_folders_and_the_last_extension() {
        assert_eq!(["a/b.c/x.tar.gz", "ISIC_1.jpg", "plain", ".hidden"].map(stem), ["x.tar", "ISIC_1", "plain", ".hidden"]);
    }
}
