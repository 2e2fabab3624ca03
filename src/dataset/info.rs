//! `dataset.yaml`.

use std::path::Path;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::masks::MOST_CLASSES;
use super::{Error, labels};
use crate::text::Place;

/// The schema number that this version writes and reads.
pub const SCHEMA: u32 = 1;

/// The name of the file.
pub const FILE: &str = "dataset.yaml";

/// The task of a dataset whose images have labels. Its images may have masks too.
pub const CLASSIFICATION: &str = "classification";

/// The task of a dataset whose images have masks. Its images have no labels.
pub const SEGMENTATION: &str = "segmentation";

/// The task of a dataset whose images have any number of labels. They may have masks too.
pub const MULTI_LABEL: &str = "multi-label";

/// What a dataset is and where it came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Info {
    /// The format's number, 1.
    pub schema: u32,
    /// [`CLASSIFICATION`], [`MULTI_LABEL`] or [`SEGMENTATION`].
    pub task: String,
    /// Class names in order; of a segmentation dataset what the masks show, one to three names.
    pub classes: Vec<String>,
    /// Rows of the manifest.
    pub images: usize,
    /// The reader that made it: `class-folders`, `ham10000`, `isic2019`, `synthetic`.
    pub format: String,
    /// Where it came from, in a user's words: a relative path, a folder's name or `synthetic`.
    pub source: String,
    /// Under which terms the images may be used; `unknown` where the source does not say.
    pub licence: String,
    /// Remarks, such as what the reader decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The settings it was made with.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub made: IndexMap<String, serde_yaml::Value>,
    /// What was left out: kind and count.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub skipped: IndexMap<String, usize>,
}

impl Info {
    /// Whether the task is [`SEGMENTATION`].
    pub fn is_segmentation(&self) -> bool {
        self.task == SEGMENTATION
    }

    /// Whether the task is [`MULTI_LABEL`].
    pub fn is_multi_label(&self) -> bool {
        self.task == MULTI_LABEL
    }

    /// Reads and checks the file of a dataset folder.
    pub(super) fn read(root: &Path) -> Result<Self, Error> {
        let path = root.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::NotADataset { path: root.to_owned(), exists: root.exists(), images: root.join("images").is_dir() });
            }
            Err(source) => return Err(Error::Io { operation: "read", path, source }),
        };
        Self::parse(&path, &text)
    }

    /// Parses the file's text; `path` only names it.
    fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        let info: Self = serde_yaml::from_str(text).map_err(|error| {
            let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
            Error::Invalid { place: Place::new(path, line, column, text), message: plain(&error.to_string()) }
        })?;
        if info.schema != SCHEMA {
            return Err(Error::Schema { path: path.to_owned(), found: info.schema, known: SCHEMA });
        }
        let invalid = |key: &str, message: String| {
            let line = text.lines().position(|line| line.starts_with(key)).map_or(1, |at| at + 1);
            Error::Invalid { place: Place::new(path, line, 1, text), message }
        };
        if ![CLASSIFICATION, MULTI_LABEL, SEGMENTATION].contains(&info.task.as_str()) {
            let message = format!("the task `{}` is none of `{CLASSIFICATION}`, `{MULTI_LABEL}` and `{SEGMENTATION}`", info.task);
            return Err(invalid("task:", message));
        }
        if let (true, Some(fault)) = (info.is_multi_label(), info.classes.iter().find_map(|class| labels::fault(class))) {
            return Err(invalid("classes:", fault));
        }
        if info.is_segmentation() && !(1..=MOST_CLASSES).contains(&info.classes.len()) {
            let found = info.classes.len();
            return Err(invalid("classes:", format!("masks show one to {MOST_CLASSES} classes, {found} are named")));
        }
        Ok(info)
    }

    /// The file's text.
    pub(super) fn to_yaml(&self) -> Result<String, Error> {
        serde_yaml::to_string(self).map_err(|error| Error::Unwritable { what: FILE, message: error.to_string() })
    }
}

/// A YAML message without its own "at line … column …", which the place says already.
fn plain(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_owned()
}
