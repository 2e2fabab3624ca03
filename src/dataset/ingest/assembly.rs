//! A dataset being put together, beside its place.
//!
//! It grows in `.NAME.ingest` in the folder of `NAME`, where what a killed ingest left is removed first; a
//! rename puts it in its place. Dropped before that, it vanishes.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::dataset::split::{Part, Split};
use crate::dataset::{Dataset, Error, Info, Row, Subset, below, info, manifest};
use crate::workspace::{self, atomic};

/// The folder that becomes the dataset.
pub struct Assembly {
    folder: PathBuf,
    out: PathBuf,
    finished: bool,
}

impl Assembly {
    /// Makes the folder. `replace`: a dataset at `out` may go.
    pub fn begin(out: &Path, replace: bool) -> Result<Self, Error> {
        let name = out.file_name().ok_or_else(|| Error::settings(format!("`{}` is no name for a folder", out.display())))?;
        check_free(out, replace)?;
        let folder = out.with_file_name(format!(".{}.ingest", name.to_string_lossy()));
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
        }
        let assembly = Self { folder, out: out.to_owned(), finished: false };
        for part in ["images", "masks"] {
            fs::create_dir_all(assembly.folder.join(part)).map_err(failed("create", out.to_owned()))?;
        }
        Ok(assembly)
    }

    /// Writes a file of the dataset to its `place`.
    pub fn write(&self, place: &Path, bytes: &[u8]) -> Result<(), Error> {
        fs::write(place, bytes).map_err(failed("write", self.asked(place)))
    }

    /// What a temporary path will be called: messages name what the user asked for.
    fn asked(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.folder).map_or_else(|_| path.to_owned(), |below| self.out.join(below))
    }

    fn write_durably(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        match atomic::write(&self.folder.join(name), bytes) {
            Err(workspace::Error::Io { operation, path, source }) => Err(failed(operation, self.asked(&path))(source)),
            other => Ok(other?),
        }
    }

    /// Where an image of this name goes; makes its folder.
    pub fn image_place(&self, name: &str) -> Result<PathBuf, Error> {
        self.place("images", name)
    }

    /// Where a mask of this name goes; makes its folder.
    pub fn mask_place(&self, name: &str) -> Result<PathBuf, Error> {
        self.place("masks", name)
    }

    fn place(&self, part: &str, name: &str) -> Result<PathBuf, Error> {
        let folder = self.folder.join(part);
        let path = below(&folder, name);
        if let Some(parent) = path.parent().filter(|parent| **parent != *folder) {
            fs::create_dir_all(parent).map_err(failed("create", self.asked(parent)))?;
        }
        Ok(path)
    }

    /// Writes the tables and puts the dataset in its place. `rows` are sorted by image; `subsets` become `split.csv` if all are known.
    pub fn finish(mut self, info: Info, rows: Vec<Row>, subsets: &[Option<Subset>]) -> Result<Dataset, Error> {
        let masks = self.folder.join("masks");
        if rows.iter().all(|row| row.mask.is_none()) {
            fs::remove_dir_all(&masks).map_err(failed("remove", self.asked(&masks)))?;
        }
        self.write_durably(manifest::FILE, &manifest::to_csv(&rows, &info.classes))?;
        let dataset = Dataset { root: self.out.clone(), info, rows };
        let parts: Option<Vec<Part>> = subsets.iter().map(|subset| subset.map(|subset| Part { subset, fold: None })).collect();
        if let Some(parts) = parts.filter(|parts| parts.len() == dataset.rows.len()) {
            self.write_durably("split.csv", &Split::new(&dataset, parts).to_csv())?;
        }
        // Last, so that nothing opens before it is whole.
        self.write_durably(info::FILE, dataset.info.to_yaml()?.as_bytes())?;
        self.put_in_place()?;
        Ok(dataset)
    }

    fn put_in_place(&mut self) -> Result<(), Error> {
        let old = self.folder.with_extension("old");
        if self.out.exists() {
            fs::rename(&self.out, &old).map_err(failed("move away", self.out.clone()))?;
        }
        fs::rename(&self.folder, &self.out).map_err(failed("create", self.out.clone()))?;
        self.finished = true;
        if old.exists() {
            fs::remove_dir_all(&old).map_err(Error::io("remove", &old))?;
        }
        let parent = self.out.parent().filter(|parent| !parent.as_os_str().is_empty());
        Ok(atomic::sync_folder(parent.unwrap_or(Path::new(".")))?)
    }
}

impl Drop for Assembly {
    fn drop(&mut self) {
        if !self.finished {
            // Nobody is left to hear of a failure; the next ingest removes it.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Nothing but a dataset, and that only on request, is ever replaced.
fn check_free(out: &Path, replace: bool) -> Result<(), Error> {
    let mut entries = match fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory && out.exists() => {
            let hint = Some("name another folder with `--out`, or remove the file".to_owned());
            return Err(Error::Settings { message: format!("`{}` is a file, a folder is wanted", out.display()), hint });
        }
        Err(error) => return Err(failed("create", out.to_owned())(error)),
    };
    let dataset = out.join(info::FILE).is_file();
    if entries.next().is_none() || replace && dataset { Ok(()) } else { Err(Error::Occupied { path: out.to_owned(), dataset }) }
}

/// Makes a closure for `map_err`.
fn failed(operation: &'static str, path: PathBuf) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Output { operation, path, source }
}
