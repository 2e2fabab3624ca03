//! The files below a source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::dataset::decode::is_image_name;
use crate::dataset::manifest::stem;
use crate::dataset::{Error, ImageError, Problem};
use crate::digest::ObjectId;

/// Folders nest no deeper; a link that leads in a circle stops here.
const DEEPEST: usize = 32;

/// What the name of a mask ends with, before its extension.
const MASK_SUFFIX: &str = "_segmentation";

/// Files below a folder, with `/`-separated paths relative to it, sorted by path in byte order.
pub struct Files {
    /// Image files that are no masks.
    pub images: Vec<String>,
    /// Masks: the path of the image they belong to as if it lay beside them, without extension; then their path.
    pub masks: BTreeMap<String, String>,
    /// Tables, by their extension.
    pub tables: Vec<String>,
    /// Names that derm does not take.
    pub problems: Vec<Problem>,
}

impl Files {
    /// Walks a folder; links are followed.
    pub fn below(root: &Path) -> Result<Self, Error> {
        let mut files = Self { images: Vec::new(), masks: BTreeMap::new(), tables: Vec::new(), problems: Vec::new() };
        files.walk(root, "", 0)?;
        Ok(files)
    }

    fn walk(&mut self, folder: &Path, below: &str, depth: usize) -> Result<(), Error> {
        if depth > DEEPEST {
            return Err(Error::settings(format!("`{}` nests too deep: is there a link in a circle?", folder.display())));
        }
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(Error::io("read", folder))? {
            entries.push(entry.map_err(Error::io("read", folder))?);
        }
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !name.contains('\\')) else {
                if is_image_name(&entry.path()) {
                    let reason = ImageError::Decode("its name is not plain UTF-8".to_owned());
                    self.problems.push(Problem::Unreadable { image: entry.path(), reason });
                }
                continue;
            };
            if name.starts_with('.') || name == "__MACOSX" {
                continue;
            }
            let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
            // A link that leads nowhere is met again when the file is read.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) || entry.path().is_dir() {
                self.walk(&entry.path(), &path, depth + 1)?;
            } else {
                self.sort_in(path);
            }
        }
        Ok(())
    }

    fn sort_in(&mut self, path: String) {
        let mask_of = without_extension(&path).strip_suffix(MASK_SUFFIX).map(str::to_owned);
        let as_path = Path::new(&path);
        let lower = path.to_ascii_lowercase();
        if is_image_name(as_path) {
            match mask_of {
                Some(image) => {
                    self.masks.entry(image).or_insert(path);
                }
                None => self.images.push(path),
            }
        } else if lower.ends_with(".csv") || lower.ends_with("ham10000_metadata") || lower.ends_with("ham10000_metadata.tab") {
            self.tables.push(path);
        }
    }

    /// Images by their stem. One stem twice is a problem, unless the files are equal.
    pub fn by_stem(&self, root: &Path, problems: &mut Vec<Problem>) -> Result<BTreeMap<&str, &str>, Error> {
        let mut found: BTreeMap<&str, &str> = BTreeMap::new();
        for path in &self.images {
            let Some(first) = found.get(stem(path)).copied() else {
                found.insert(stem(path), path);
                continue;
            };
            let hash = |path: &str| {
                let path = root.join(path);
                ObjectId::of_file(&path).map_err(Error::io("read", &path))
            };
            if hash(first)? != hash(path)? {
                let (id, first, second) = (stem(path).to_owned(), format!("`{first}`"), format!("`{path}`"));
                problems.push(Problem::DuplicateId { id, first, second });
            }
        }
        Ok(found)
    }
}

/// A path without its last extension.
pub fn without_extension(path: &str) -> &str {
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    path[name..].rfind('.').filter(|dot| *dot > 0).map_or(path, |dot| &path[..name + dot])
}

/// The first line of a file as cells of a table, for telling formats apart; empty if it is no text.
pub fn header(path: &Path) -> Vec<String> {
    use std::io::{BufRead, BufReader, Read};
    let mut line = Vec::new();
    let Ok(file) = std::fs::File::open(path) else { return Vec::new() };
    // A header this long is none that derm knows.
    if BufReader::new(file.take(1 << 16)).read_until(b'\n', &mut line).is_err() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&line);
    text.trim_start_matches('\u{feff}').trim_end().split(',').map(|cell| cell.trim().trim_matches('"').to_owned()).collect()
}

/// Tables below `root` whose header has all of these columns.
pub fn tables_with(root: &Path, files: &Files, columns: &[&str]) -> Vec<PathBuf> {
    let fits = |path: &PathBuf| {
        let header = header(path);
        columns.iter().all(|column| header.iter().any(|name| name == column))
    };
    files.tables.iter().map(|table| root.join(table)).filter(fits).collect()
}
