//! What is evaluated: a table, or a model on a dataset.

use std::path::{Path, PathBuf};

use super::portable;
use crate::cli::evaluate::EvaluateArgs;
use crate::commands::{Context, Failure};
use crate::dataset::Dataset;
use crate::digest::ObjectId;
use crate::evaluation::{Index, Predictions};
use crate::workspace::Workspace;

/// Everything that the command line named, opened.
pub struct Source {
    table: PathBuf,
    /// The table as it is written into files.
    name: String,
    digest: ObjectId,
    dataset: Option<(String, Dataset)>,
    cwd: PathBuf,
    root: Option<PathBuf>,
}

impl Source {
    pub fn resolve(context: &Context, workspace: Option<&Workspace>, args: &EvaluateArgs) -> Result<Self, Failure> {
        let dataset = match &args.data {
            None => None,
            Some(path) => Some((
                portable(context, workspace, path),
                Dataset::open(&context.cwd.join(path)).map_err(|error| Failure::from_chain(&error))?,
            )),
        };
        let Some(table) = &args.predictions else {
            return Err(Failure::new("predicting with a model is not built yet"));
        };
        let path = context.cwd.join(table);
        let digest =
            ObjectId::of_file(&path).map_err(|source| crate::evaluation::Error::Io { operation: "read", path: table.clone(), source })?;
        Ok(Self {
            table: table.clone(),
            name: portable(context, workspace, table),
            digest,
            dataset,
            cwd: context.cwd.clone(),
            root: workspace.map(|workspace| workspace.root().to_owned()),
        })
    }

    pub fn predictions(&self, context: &Context) -> Result<Predictions, Failure> {
        let text = std::fs::read(self.cwd.join(&self.table)).map_err(|source| crate::evaluation::Error::Io {
            operation: "read",
            path: self.table.clone(),
            source,
        })?;
        let mut predictions = Predictions::from_bytes(text, &self.table)?;
        if let Some((_, dataset)) = &self.dataset {
            let joined = predictions.join(dataset)?;
            if joined.labels + joined.groups > 0 {
                context.ui.note(format!("took {} labels and {} groups from the dataset", joined.labels, joined.groups));
            }
        }
        Ok(predictions)
    }

    pub fn title(&self) -> String {
        format!("Evaluation of {}", self.name)
    }

    pub fn identity(&self) -> Vec<(String, String)> {
        let mut out = vec![("Predictions".to_owned(), self.name.clone()), ("BLAKE3 of the predictions".to_owned(), self.digest.hex())];
        if let Some((name, dataset)) = &self.dataset {
            out.push(("Dataset".to_owned(), name.clone()));
            out.push(("Dataset's hash".to_owned(), dataset.digest().hex()));
        }
        out
    }

    /// Datasets for the run's record: name and hash.
    pub fn datasets(&self) -> Vec<(String, ObjectId)> {
        self.dataset.iter().map(|(name, dataset)| (name.clone(), dataset.digest())).collect()
    }

    /// The file of an image, where the dataset is known.
    pub fn image_path(&self, image: &str) -> Option<PathBuf> {
        let (_, dataset) = self.dataset.as_ref()?;
        Index::of(dataset).find(image).map(|row| dataset.image_path(row))
    }

    /// A path for people: below the repository or the current folder where it is there.
    pub fn shown(&self, path: &Path) -> String {
        let below = [self.root.as_deref(), Some(&self.cwd)].into_iter().flatten().find_map(|base| path.strip_prefix(base).ok());
        below.unwrap_or(path).to_string_lossy().replace('\\', "/")
    }
}
