//! Predicted masks in a folder, by anybody: which file belongs to which image.
//!
//! A file is named after its image: its path below the folder is the image's path below `images/`, or its name is the image's where that
//! is unique; the extension does not matter, nor does a word for masks at the end (`x_segmentation.png` is of `x.jpg`).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::Error;
use crate::dataset::Dataset;
use crate::dataset::ingest::{Files, label_stem, without_extension};
use crate::digest::{KeyHasher, ObjectId};

/// Files by row of a dataset.
#[derive(Debug)]
pub struct Folder {
    files: HashMap<usize, PathBuf>,
    /// Files that belong to no image of the dataset, below the folder.
    pub strangers: Vec<String>,
}

impl Folder {
    /// Looks at the names; opens no file.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`]: the folder holds no images, none of them is named after an image of the dataset, or two are named after one.
    pub fn open(folder: &Path, dataset: &Dataset) -> Result<Self, Error> {
        let names = Names::of(dataset);
        let found = Files::below(folder)?;
        let mut paths: Vec<&String> = found.images.iter().chain(found.masks.values()).collect();
        paths.sort();
        let mut files: HashMap<usize, PathBuf> = HashMap::new();
        let mut strangers = Vec::new();
        for path in &paths {
            let Some(row) = names.find(path) else {
                strangers.push((*path).clone());
                continue;
            };
            if let Some(first) = files.insert(row, folder.join(path)) {
                let (first, image) = (first.strip_prefix(folder).unwrap_or(&first).display().to_string(), &dataset.rows[row].image);
                return Err(Error::settings(format!("both `{first}` and `{path}` are named after the image `{image}`")));
            }
        }
        if files.is_empty() {
            let message = match paths.first() {
                Some(first) => format!("no file in `{}` is named after an image of the dataset, such as not `{first}`", folder.display()),
                None => format!("the folder `{}` holds no images", folder.display()),
            };
            let hint = "a predicted mask is called like its image: `x.png` for `x.jpg`".to_owned();
            return Err(Error::Settings { message, hint: Some(hint) });
        }
        Ok(Self { files, strangers })
    }

    /// The file of a row.
    pub fn file(&self, row: usize) -> Option<&Path> {
        self.files.get(&row).map(PathBuf::as_path)
    }

    /// Names the files of `rows` and their bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn digest(&self, dataset: &Dataset, rows: &[usize]) -> Result<ObjectId, Error> {
        let mut key = KeyHasher::new("derm predicted masks 1");
        for (row, file) in rows.iter().filter_map(|row| Some((row, self.file(*row)?))) {
            key.text(&dataset.rows[*row].image).text(&ObjectId::of_file(file).map_err(Error::io("read", file))?.hex());
        }
        Ok(key.finish())
    }
}

/// Rows by path without extension, and by stem where that is unique.
struct Names<'a> {
    paths: HashMap<&'a str, Option<usize>>,
    stems: HashMap<&'a str, Option<usize>>,
}

impl<'a> Names<'a> {
    fn of(dataset: &'a Dataset) -> Self {
        let index = |key: fn(&'a str) -> &'a str| {
            let mut rows = HashMap::new();
            for (at, row) in dataset.rows.iter().enumerate() {
                rows.entry(key(&row.image)).and_modify(|one| *one = None).or_insert(Some(at));
            }
            rows
        };
        Self { paths: index(without_extension), stems: index(crate::dataset::manifest::stem) }
    }

    fn find(&self, path: &str) -> Option<usize> {
        let whole = without_extension(path);
        let (folder, name) = whole.rsplit_once('/').map_or(("", whole), |(folder, name)| (folder, name));
        let bare = label_stem(name);
        let within = if folder.is_empty() { bare.to_owned() } else { format!("{folder}/{bare}") };
        let by = |rows: &HashMap<&str, Option<usize>>, key: &str| rows.get(key).copied().flatten();
        by(&self.paths, whole).or_else(|| by(&self.paths, &within)).or_else(|| by(&self.stems, name)).or_else(|| by(&self.stems, bare))
    }
}
