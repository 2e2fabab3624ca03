//! `manifest.csv`: rows in memory, to and from CSV.

use std::collections::HashMap;
use std::path::Path;

use super::table::Table;
use super::{Error, Info, labels};
use crate::digest::ObjectId;

/// The name of the file.
pub const FILE: &str = "manifest.csv";

/// All columns, in the order they are written.
const COLUMNS: [&str; 14] =
    ["image", "label", "labels", "mask", "group", "patient", "age", "sex", "site", "skin_type", "width", "height", "hash", "mask_hash"];
/// Where `label` stands among them.
const LABEL: usize = 1;
/// Where `labels` stands among them.
const LABELS: usize = 2;
/// Where `mask` stands among them.
const MASK: usize = 3;

/// What is known about one image. `None` means not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Path below `images/`, unique.
    pub image: String,
    /// Position in the dataset's classes.
    pub label: Option<usize>,
    /// Positions in the classes of a multi-label dataset, ascending; empty: it shows none of them.
    pub labels: Option<Vec<usize>>,
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

    /// The classes that the image is of: one, or any number in a multi-label dataset. `None`: not labelled.
    pub fn shown(&self) -> Option<&[usize]> {
        match (&self.labels, &self.label) {
            (Some(labels), _) => Some(labels),
            (None, Some(label)) => Some(std::slice::from_ref(label)),
            (None, None) => None,
        }
    }

    fn cell(&self, column: &str, info: &Info) -> String {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        match column {
            "image" => self.image.clone(),
            "label" => self.label.and_then(|label| info.classes.get(label)).cloned().unwrap_or_default(),
            "labels" if info.is_multi_label() => labels::cell(self.labels.as_deref(), &info.classes),
            "labels" => String::new(),
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

/// The file's bytes: columns that no row knows are left out, `image` and `label`, or `labels`, always stay.
pub(super) fn to_csv(rows: &[Row], info: &Info) -> Vec<u8> {
    let cells: Vec<[String; COLUMNS.len()]> = rows.iter().map(|row| COLUMNS.map(|column| row.cell(column, info))).collect();
    let stays = [0, if info.is_multi_label() { LABELS } else { LABEL }];
    let kept: Vec<usize> = (0..COLUMNS.len()).filter(|i| stays.contains(i) || cells.iter().any(|row| !row[*i].is_empty())).collect();
    let header = COLUMNS.map(str::to_owned);
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    for row in std::iter::once(&header).chain(&cells) {
        // Writing into memory cannot fail, and all records have one length.
        let _ = writer.write_record(kept.iter().map(|&i| &row[i]));
    }
    writer.into_inner().unwrap_or_default()
}

/// Reads and checks the file of a dataset folder.
pub(super) fn read(root: &Path, info: &Info) -> Result<Vec<Row>, Error> {
    let table = Table::read(&root.join(FILE))?;
    parse(&table, info)
}

fn parse(table: &Table, info: &Info) -> Result<Vec<Row>, Error> {
    if let Some(column) = table.headers().iter().position(|name| !COLUMNS.contains(&name.as_str())) {
        return Err(table.header_error(column, format!("unknown column `{}`", table.headers()[column])));
    }
    let image = table.require("image")?;
    check_label_column(table, info)?;
    let columns: Vec<Option<usize>> = COLUMNS.iter().map(|name| table.column(name)).collect();
    let labels: HashMap<&str, usize> = info.classes.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
    let mut seen: HashMap<String, usize> = HashMap::with_capacity(table.len());
    let mut rows = Vec::with_capacity(table.len());
    for at in 0..table.len() {
        let row = Cells { table, at, columns: &columns, info }.row(&labels)?;
        check_path(&row.image).map_err(|why| table.error(at, image, why))?;
        if let Some(mask) = &row.mask {
            check_path(mask).map_err(|why| table.error(at, columns[MASK].unwrap_or(image), why))?;
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

/// One label an image, or any number: the task says which.
fn check_label_column(table: &Table, info: &Info) -> Result<(), Error> {
    let column = |name: &str| table.column(name);
    match (info.is_multi_label(), column("label"), column("labels")) {
        (false, _, Some(at)) => {
            let message = format!("a column `labels` is for the task `{}`; dataset.yaml says `{}`", super::info::MULTI_LABEL, info.task);
            Err(table.header_error(at, message))
        }
        (true, Some(at), _) => {
            let message = format!("dataset.yaml says `{}`: the column is called `labels` then", super::info::MULTI_LABEL);
            Err(table.header_error(at, message))
        }
        (true, None, None) => table.require("labels").map(drop),
        _ => Ok(()),
    }
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
    info: &'a Info,
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
        let (Some(text), Some(column)) = (self.text(LABEL), self.columns[LABEL]) else { return Ok(None) };
        let unknown = || self.table.error(self.at, column, format!("class `{text}` is not among the classes of dataset.yaml"));
        labels.get(text.as_str()).copied().map(Some).ok_or_else(unknown)
    }

    fn labels(&self) -> Result<Option<Vec<usize>>, Error> {
        let Some(column) = self.columns[LABELS] else { return Ok(None) };
        let parsed = labels::parse(self.table.cell(self.at, column), &self.info.classes, "the classes of dataset.yaml");
        parsed.map_err(|why| self.table.error(self.at, column, why))
    }

    fn row(&self, labels: &HashMap<&str, usize>) -> Result<Row, Error> {
        Ok(Row {
            image: self.text(0).unwrap_or_default(),
            label: self.label(labels)?,
            labels: self.labels()?,
            mask: self.text(MASK),
            group: self.text(4),
            patient: self.text(5),
            age: self.parsed(6, "a number of years")?.filter(|age: &f32| age.is_finite()),
            sex: self.text(7),
            site: self.text(8),
            skin_type: self.text(9),
            width: self.parsed(10, "a number of pixels")?,
            height: self.parsed(11, "a number of pixels")?,
            hash: self.parsed(12, "a content hash (64 hexadecimal digits)")?,
            mask_hash: self.parsed(13, "a content hash (64 hexadecimal digits)")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn info(task: &str) -> Info {
        let text = format!("schema: 1\ntask: {task}\nclasses: [mel, 'nv, \"common\"']\nimages: 0\nformat: x\nsource: x\nlicence: x\n");
        serde_yaml::from_str(&text).unwrap()
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
                labels: None,
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
            let read = |info: &Info, rows: &[Row]| {
                parse(&Table::from_bytes(Path::new("manifest.csv"), to_csv(rows, info)).unwrap(), info).unwrap()
            };
            prop_assert_eq!(&read(&info("classification"), &rows), &rows);
            // Each row's label as the first of several, as the only one, as none, or not known.
            for (at, row) in rows.iter_mut().enumerate() {
                let label = row.label.take();
                row.labels = [Some(vec![0, 1]), label.map(|label| vec![label]), Some(vec![])][at % 3].clone();
            }
            prop_assert_eq!(&read(&info("multi-label"), &rows), &rows);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "(image|label|hash|group|age|a.jpg|mel|,|\"|\n|1e9|ü| ){0,30}") {
            if let Ok(table) = Table::from_bytes(Path::new("manifest.csv"), text.into_bytes()) {
                let _ = parse(&table, &info("classification"));
                let _ = parse(&table, &info("multi-label"));
            }
        }
    }

    #[test]
    fn stems_lose_folders_and_the_last_extension() {
        assert_eq!(["a/b.c/x.tar.gz", "ISIC_1.jpg", "plain", ".hidden"].map(stem), ["x.tar", "ISIC_1", "plain", ".hidden"]);
    }
}
