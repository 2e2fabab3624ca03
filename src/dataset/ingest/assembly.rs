//! A dataset being put together, beside its place.
//!
//! It grows in `.NAME.ingest` in the folder of `NAME`, where what a killed ingest left is removed first; a
//! rename puts it in its place. Dropped before that, it vanishes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::dataset::split::{Part, Split};
use crate::dataset::{Dataset, Error, Info, Row, Subset, below, info, manifest};
use crate::workspace::atomic;

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
        for part in [folder.join("images"), folder.join("masks")] {
            fs::create_dir_all(&part).map_err(Error::io("create", &part))?;
        }
        Ok(Self { folder, out: out.to_owned(), finished: false })
    }

    /// Where an image of this name goes; makes its folder.
    pub fn image_place(&self, name: &str) -> Result<PathBuf, Error> {
        place(&self.folder.join("images"), name)
    }

    /// Where a mask of this name goes; makes its folder.
    pub fn mask_place(&self, name: &str) -> Result<PathBuf, Error> {
        place(&self.folder.join("masks"), name)
    }

    /// Writes the tables and puts the dataset in its place. `rows` are sorted by image; `subsets` become `split.csv` if all are known.
    pub fn finish(mut self, info: Info, rows: Vec<Row>, subsets: &[Option<Subset>]) -> Result<Dataset, Error> {
        let masks = self.folder.join("masks");
        if rows.iter().all(|row| row.mask.is_none()) {
            fs::remove_dir_all(&masks).map_err(Error::io("remove", &masks))?;
        }
        atomic::write(&self.folder.join(manifest::FILE), &manifest::to_csv(&rows, &info.classes))?;
        let dataset = Dataset { root: self.out.clone(), info, rows };
        let parts: Option<Vec<Part>> = subsets.iter().map(|subset| subset.map(|subset| Part { subset, fold: None })).collect();
        if let Some(parts) = parts.filter(|parts| parts.len() == dataset.rows.len()) {
            atomic::write(&self.folder.join("split.csv"), &Split::new(&dataset, parts).to_csv())?;
        }
        // Last, so that nothing opens before it is whole.
        atomic::write(&self.folder.join(info::FILE), dataset.info.to_yaml()?.as_bytes())?;
        self.put_in_place()?;
        Ok(dataset)
    }

    fn put_in_place(&mut self) -> Result<(), Error> {
        let old = self.folder.with_extension("old");
        if self.out.exists() {
            fs::rename(&self.out, &old).map_err(Error::io("move away", &self.out))?;
        }
        fs::rename(&self.folder, &self.out).map_err(Error::io("create", &self.out))?;
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
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("open", out)(error)),
    };
    let dataset = out.join(info::FILE).is_file();
    if entries.next().is_none() || replace && dataset { Ok(()) } else { Err(Error::Occupied { path: out.to_owned(), dataset }) }
}

fn place(folder: &Path, name: &str) -> Result<PathBuf, Error> {
    let path = below(folder, name);
    if let Some(parent) = path.parent().filter(|parent| *parent != folder) {
        fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
    }
    Ok(path)
}
