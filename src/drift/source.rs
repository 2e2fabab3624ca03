//! Where one side's images come from: a dataset, a part of one, or a plain folder of images.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;

use super::Error;
use super::measure::{Measured, Picture};
use super::table::{Level, Table};
use crate::dataset::{Dataset, Row, decode, labels};
use crate::digest::{KeyHasher, ObjectId};

/// The images of a side and what is known about them.
#[derive(Debug)]
pub struct Source {
    /// The folder, as it was named.
    pub folder: PathBuf,
    /// What goes into the report.
    pub facts: Facts,
    /// The images.
    pub pictures: Vec<Picture>,
    /// Rows of the manifest, one a picture; empty for a plain folder.
    rows: Vec<Row>,
    classes: Vec<String>,
}

/// A side in the report: nothing that differs from machine to machine.
#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    /// The last part of the folder's path.
    pub name: String,
    /// `dataset` or `folder`.
    pub kind: &'static str,
    /// The subset of its split that was taken.
    pub subset: Option<String>,
    /// Hash of what was read: of the manifest's rows for a dataset, of names and bytes for a folder.
    pub digest: ObjectId,
    /// Images that cannot be read, with the reason.
    pub unreadable: Vec<(String, String)>,
}

impl Source {
    /// Some rows of a dataset; `subset` names them in the report.
    pub fn dataset(dataset: &Dataset, rows: &[usize], subset: Option<String>) -> Result<Self, Error> {
        let picked: Vec<&Row> = rows.iter().filter_map(|&row| dataset.rows.get(row)).collect();
        let picture = |row: &&Row| Picture {
            name: row.image.clone(),
            path: dataset.image_path(row),
            // A patient holds all lesions of theirs.
            group: row.patient.as_ref().map(|p| format!("patient {p}")).or_else(|| row.group.as_ref().map(|g| format!("lesion {g}"))),
        };
        let mut key = KeyHasher::new("derm drift source 1");
        key.field(dataset.digest().as_bytes());
        picked.iter().for_each(|row| {
            key.text(&row.image);
        });
        let facts = Facts { name: name_of(&dataset.root), kind: "dataset", subset, digest: key.finish(), unreadable: Vec::new() };
        let pictures: Vec<Picture> = picked.iter().map(picture).collect();
        if pictures.is_empty() {
            return Err(Error::NoImages(dataset.root.clone()));
        }
        let rows = picked.into_iter().cloned().collect();
        Ok(Self { folder: dataset.root.clone(), facts, pictures, rows, classes: dataset.classes().to_vec() })
    }

    /// Every image below a folder, by name.
    pub fn folder(folder: &Path) -> Result<Self, Error> {
        let mut paths = Vec::new();
        walk(folder, &mut paths)?;
        paths.sort();
        if paths.is_empty() {
            return Err(Error::NoImages(folder.to_owned()));
        }
        let name = |path: &Path| path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let pictures: Vec<Picture> = paths.into_iter().map(|path| Picture { name: name(&path), path, group: None }).collect();
        let hashes: Vec<Result<ObjectId, Error>> = pictures
            .par_iter()
            .map(|picture| ObjectId::of_file(&picture.path).map_err(|source| Error::Io { path: picture.path.clone(), source }))
            .collect();
        let mut key = KeyHasher::new("derm drift folder 1");
        for (picture, hash) in pictures.iter().zip(hashes) {
            key.text(&picture.name).field(hash?.as_bytes());
        }
        let facts = Facts { name: name_of(folder), kind: "folder", subset: None, digest: key.finish(), unreadable: Vec::new() };
        Ok(Self { folder: folder.to_owned(), facts, pictures, rows: Vec::new(), classes: Vec::new() })
    }

    /// What a dataset knows of a picture.
    pub fn row(&self, picture: usize) -> Option<&Row> {
        self.rows.get(picture)
    }

    /// Features and metadata, one row an image.
    pub fn table(&mut self, measured: Measured) -> Table {
        let mut table = measured.table(&self.pictures);
        self.facts.unreadable = measured.unreadable;
        self.add_metadata(&mut table);
        table
    }

    fn add_metadata(&self, table: &mut Table) {
        if self.rows.is_empty() {
            return;
        }
        let column = |value: &dyn Fn(&Row) -> Option<String>| self.rows.iter().map(value).collect::<Vec<_>>();
        let label = |row: &Row| Some(labels::cell(Some(row.shown()?), &self.classes));
        table.categories(Level::Metadata, "label", column(&label));
        table.numbers(Level::Metadata, "age", self.rows.iter().map(|row| row.age.map(f64::from)).collect());
        table.categories(Level::Metadata, "sex", column(&|row| row.sex.clone()));
        table.categories(Level::Metadata, "site", column(&|row| row.site.clone()));
        table.categories(Level::Metadata, "skin_type", column(&|row| row.skin_type.clone()));
    }
}

/// Whether `folder` is a dataset of derm's.
pub fn is_dataset(folder: &Path) -> bool {
    folder.join("dataset.yaml").is_file()
}

fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    whole.file_name().map_or_else(|| ".".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Image files below a folder; hidden ones are left out, links to folders are not followed.
fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |source| Error::Io { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type().map_err(failed)?.is_dir() {
            walk(&path, found)?;
        } else if decode::is_image_name(&path) {
            found.push(path);
        }
    }
    Ok(())
}
