//! What is evaluated: a table, predicted masks, or a model on a dataset.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::pairs::{Pairs, Predicted, THRESHOLD};
use super::portable;
use crate::cli::evaluate::EvaluateArgs;
use crate::commands::{Context, Failure, device, metadata};
use crate::dataset::masks::Folder;
use crate::dataset::{Dataset, Split, Subset, Work};
use crate::digest::ObjectId;
use crate::evaluation::{Error, Index, Predictions};
use crate::nn::Bundle;
use crate::text;
use crate::tracking::DatasetRef;
use crate::training::{self, Views};
use crate::workspace::Workspace;

/// Everything that the command line named, opened.
pub struct Source {
    what: What,
    /// The dataset and its name.
    data: Option<(String, Dataset)>,
    cwd: PathBuf,
    root: Option<PathBuf>,
    /// Where decoded images are kept.
    kept: Option<PathBuf>,
}

enum What {
    /// The table's name and bytes.
    Table { typed: PathBuf, name: String, bytes: Vec<u8> },
    /// Predicted masks: the folder's name, its files of the rows, and a digest of them.
    Masks { name: String, folder: Folder, part: Part, digest: ObjectId, threshold: Option<f64> },
    /// A bundle and the rows of the dataset that it predicts.
    Model { name: String, bundle: Box<Bundle>, part: Part, views: Views, threshold: f64 },
}

/// The rows that a model predicts.
struct Part {
    rows: Vec<usize>,
    /// The split's name and hash, and which part of it; none for all images.
    of: Option<(String, ObjectId, String)>,
}

impl Source {
    /// Opens what was named.
    pub fn resolve(context: &Context, workspace: Option<&Workspace>, args: &EvaluateArgs) -> Result<Self, Failure> {
        let name = |path: &Path| portable(context, workspace, path);
        let data = match &args.data {
            None => None,
            Some(path) => Some((name(path), Dataset::open(&context.cwd.join(path))?)),
        };
        let what = match (&args.predictions, &args.model, &data) {
            (Some(typed), _, Some((_, dataset))) if context.cwd.join(typed).is_dir() => {
                masks_of(context, workspace, args, (typed, name(typed)), dataset)?
            }
            (Some(typed), ..) => {
                check_table(context, args, typed)?;
                let read = std::fs::read(context.cwd.join(typed));
                let bytes = read.map_err(|source| Error::Io { operation: "read", path: typed.clone(), source })?;
                What::Table { typed: typed.clone(), name: name(typed), bytes }
            }
            (None, Some(model), Some((_, dataset))) => {
                let bundle = Box::new(Bundle::open(&context.cwd.join(model), &device::open(&args.device)?)?);
                let part = Part::of(context, workspace, args, dataset)?;
                check_model(args, &bundle, dataset)?;
                let (views, threshold) = (if args.tta { Views::D4 } else { Views::One }, args.threshold.unwrap_or(THRESHOLD));
                What::Model { name: name(model), bundle, part, views, threshold }
            }
            // clap asks for one of the two, and for --data beside --model.
            _ => return Err(Failure::usage("`--predictions`, or `--model` and `--data`, is missing")),
        };
        Ok(Self {
            what,
            data,
            cwd: context.cwd.clone(),
            root: workspace.map(|workspace| workspace.root().to_owned()),
            kept: context.pixels_folder(),
        })
    }

    /// Reads the table, or predicts.
    pub fn predictions(&self, context: &Context) -> Result<Predictions, Failure> {
        match (&self.what, &self.data) {
            (What::Table { typed, bytes, .. }, data) => {
                let mut predictions = Predictions::from_bytes(bytes.clone(), typed)?;
                if let Some((name, dataset)) = data {
                    let joined = predictions.join(dataset)?;
                    if joined.labels + joined.groups > 0 {
                        context.ui.note(format!("took {} labels and {} groups from `{name}`", joined.labels, joined.groups));
                    }
                }
                Ok(predictions)
            }
            (What::Model { bundle, part, views, .. }, Some((_, dataset))) => {
                let observer = context.ui.observer();
                let work = Work { observer: observer.as_ref(), interrupt: &context.interrupt };
                Ok(training::predict(bundle, dataset, &part.rows, *views, self.kept.as_deref(), work)?)
            }
            (What::Model { .. } | What::Masks { .. }, _) => Err(Failure::usage("`--data` is missing")),
        }
    }

    /// Whether masks are compared, and not labels.
    pub fn compares_masks(&self) -> bool {
        match &self.what {
            What::Table { .. } => false,
            What::Masks { .. } => true,
            What::Model { bundle, .. } => bundle.config.architecture.gives_masks(),
        }
    }

    /// The masks to compare, and of which rows.
    pub fn pairs(&self) -> Result<(Pairs<'_>, &[usize]), Failure> {
        let Some((_, dataset)) = &self.data else { return Err(Failure::usage("`--data` is missing")) };
        match &self.what {
            What::Masks { folder, part, threshold, .. } => {
                Ok((Pairs { dataset, predicted: Predicted::Folder(folder), threshold: *threshold }, &part.rows))
            }
            What::Model { bundle, part, views, threshold, .. } => Ok((
                Pairs {
                    dataset,
                    predicted: Predicted::Model { bundle, views: *views, kept: self.kept.as_deref() },
                    threshold: Some(*threshold),
                },
                &part.rows,
            )),
            What::Table { .. } => Err(Failure::usage("a table of predictions holds no masks")),
        }
    }

    /// The report's title.
    pub fn title(&self) -> String {
        format!("Evaluation of {}", self.name())
    }

    /// The run's name: what on what.
    pub fn name(&self) -> String {
        match (&self.what, &self.data) {
            (What::Model { name, part, .. } | What::Masks { name, part, .. }, Some((data, _))) => {
                let subset = part.of.as_ref().map(|(_, _, subset)| format!(" ({subset})")).unwrap_or_default();
                format!("{name} on {data}{subset}")
            }
            (What::Model { name, .. } | What::Table { name, .. } | What::Masks { name, .. }, _) => name.clone(),
        }
    }

    /// Names and hashes of all that the numbers depend on.
    pub fn identity(&self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        let mut say = |name: &str, value: &str| out.push((name.to_owned(), value.to_owned()));
        match &self.what {
            What::Table { name, bytes, .. } => {
                say("Predictions", name);
                say("BLAKE3 of the predictions", &ObjectId::of(bytes).hex());
            }
            What::Masks { name, part, digest, threshold, .. } => {
                say("Predicted masks", name);
                say("BLAKE3 of names and masks", &digest.hex());
                say("Soft masks", &threshold.map_or_else(|| "none: all are binary".to_owned(), |threshold| format!("cut at {threshold}")));
                part.identity(&mut say, "none: all images of the dataset");
            }
            What::Model { name, bundle, part, views, threshold } => {
                say("Model", name);
                say("Network", bundle.config.architecture.name);
                say("BLAKE3 of the weights", &bundle.weights.hex());
                say("Views of an image", if *views == Views::D4 { "8, mean of the probabilities" } else { "1" });
                if bundle.config.architecture.gives_masks() {
                    say("Probabilities", &format!("cut at {threshold}"));
                }
                part.identity(&mut say, "none: all images of the dataset, also those that the model may have learnt from");
            }
        }
        if let Some((name, dataset)) = &self.data {
            say("Dataset", name);
            say("BLAKE3 of the dataset", &dataset.digest().hex());
            say("Licence of the dataset", if dataset.info.licence.is_empty() { "not recorded" } else { &dataset.info.licence });
        }
        out
    }

    /// The dataset for the run's record, with the number of images of the evaluated subset.
    pub fn datasets(&self) -> Vec<DatasetRef> {
        let counts: BTreeMap<String, u64> = match &self.what {
            What::Model { part: Part { rows, of: Some((_, _, subset)) }, .. }
            | What::Masks { part: Part { rows, of: Some((_, _, subset)) }, .. } => BTreeMap::from([(subset.clone(), rows.len() as u64)]),
            _ => BTreeMap::new(),
        };
        self.data
            .iter()
            .map(|(name, dataset)| DatasetRef { name: name.clone(), digest: dataset.digest(), counts: counts.clone() })
            .collect()
    }

    /// Reasons to doubt the numbers that lie in how they came about.
    pub fn cautions(&self) -> Vec<String> {
        let (What::Model { bundle, part, .. }, Some((_, dataset))) = (&self.what, &self.data) else { return Vec::new() };
        let known = training::metadata::records(dataset, &part.rows);
        part.learnt_from(bundle, dataset).into_iter().chain(metadata::cautions(bundle, &known)).collect()
    }

    /// What the run says it was made from, as hashes: the weights and the split, or the table.
    pub fn tags(&self) -> Vec<(String, String)> {
        let tag = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        match &self.what {
            What::Table { bytes, .. } => vec![tag("predictions", &ObjectId::of(bytes).hex())],
            What::Masks { part, digest, .. } => {
                let split = part.of.as_ref().map(|(_, digest, _)| tag("split", &digest.hex()));
                std::iter::once(tag("predictions", &digest.hex())).chain(split).collect()
            }
            What::Model { bundle, part, .. } => {
                let split = part.of.as_ref().map(|(_, digest, _)| tag("split", &digest.hex()));
                std::iter::once(tag("model", &bundle.weights.hex())).chain(split).collect()
            }
        }
    }

    /// The files of images, where the dataset is known.
    pub fn image_paths(&self, images: &[&str]) -> Vec<Option<PathBuf>> {
        let Some((_, dataset)) = &self.data else { return vec![None; images.len()] };
        let index = Index::of(dataset);
        images.iter().map(|image| index.find(image).map(|row| dataset.image_path(row))).collect()
    }

    /// A path for people: below the repository or the current folder where it is there.
    pub fn shown(&self, path: &Path) -> String {
        let below = [self.root.as_deref(), Some(&self.cwd)].into_iter().flatten().find_map(|base| path.strip_prefix(base).ok());
        below.unwrap_or(path).to_string_lossy().replace('\\', "/")
    }
}

/// What a table of predictions leaves no choice in.
fn check_table(context: &Context, args: &EvaluateArgs, typed: &Path) -> Result<(), Failure> {
    if context.cwd.join(typed).is_dir() {
        return Err(Failure::usage(format!("`{}` is a folder: predicted masks need the true ones beside them", typed.display()))
            .hint("name the dataset with `--data DIR`"));
    }
    let given = [("--split", args.split.is_some()), ("--threshold", args.threshold.is_some())];
    match given.iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(Failure::usage(format!("`{flag}` is not for a table of predictions, whose rows are evaluated as they are"))),
        None => Ok(()),
    }
}

/// A model of masks and a dataset must speak of the same masks; only masks are cut.
fn check_model(args: &EvaluateArgs, bundle: &Bundle, dataset: &Dataset) -> Result<(), Failure> {
    let (drawn, known) = (&bundle.config.classes, dataset.mask_classes());
    match bundle.config.architecture.gives_masks() {
        true if *drawn != known => {
            let message = format!("the model draws masks of {}, the dataset has {}", text::quoted_list(drawn), text::quoted_list(&known));
            Err(Failure::usage(message).hint("classes must be the same, in the same order"))
        }
        false if args.threshold.is_some() => Err(Failure::usage("`--threshold` is for masks; this model gives classes")),
        _ => Ok(()),
    }
}

/// A folder of predicted masks, one for each row.
fn masks_of(
    context: &Context,
    workspace: Option<&Workspace>,
    args: &EvaluateArgs,
    (typed, name): (&Path, String),
    dataset: &Dataset,
) -> Result<What, Failure> {
    let folder = Folder::open(&context.cwd.join(typed), dataset)?;
    let part = Part::of(context, workspace, args, dataset)?;
    let missing: Vec<&str> =
        part.rows.iter().filter(|row| folder.file(**row).is_none()).map(|row| dataset.rows[*row].image.as_str()).collect();
    if !missing.is_empty() {
        let message =
            format!("{} of {} have no predicted mask in `{name}`", missing.len(), text::count(part.rows.len(), "image", "images"));
        let failure = Failure::usage(message).cause(format!("there is none for {}", text::some_of(&missing, 10)));
        return Err(failure.hint("name the part that was predicted with `--split CSV` and `--subset`; a mask is called like its image"));
    }
    if let Some(first) = folder.strangers.first() {
        let files = text::count(folder.strangers.len(), "file", "files");
        context.ui.warn(format!("{files} in `{name}` named after no image of the dataset, such as `{first}`"));
    }
    let digest = folder.digest(dataset, &part.rows)?;
    Ok(What::Masks { name, folder, part, digest, threshold: args.threshold })
}

impl Part {
    /// Whether the model may have learnt from these images, in words.
    fn learnt_from(&self, bundle: &Bundle, dataset: &Dataset) -> Option<String> {
        let recorded = |name: &str| bundle.provenance[name]["blake3"].as_str().map(str::to_owned);
        let same_split = self.of.as_ref().is_some_and(|(_, digest, _)| recorded("split") == Some(digest.hex()));
        // Of images without hashes in the manifest training hashes the files, so that the split alone can tell.
        if !same_split && recorded("data") != Some(dataset.digest().hex()) {
            return None;
        }
        let caution = match &self.of {
            None => "The model was trained on images of this dataset: those are among these images, so the numbers are optimistic.",
            Some(_) if !same_split => {
                "The model was trained with another split of this dataset: it may have learnt from some of these images."
            }
            Some((_, _, subset)) if subset.starts_with("train") => {
                "The model learnt from these very images: the numbers say nothing about new ones."
            }
            Some((_, _, subset)) if subset.starts_with("val") => {
                "Training chose its best epoch on these images: the numbers are a little optimistic."
            }
            Some(_) => return None,
        };
        Some(caution.to_owned())
    }

    fn identity(&self, say: &mut impl FnMut(&str, &str), none: &str) {
        match &self.of {
            Some((split, digest, subset)) => {
                say("Split", &format!("{split}, {subset}"));
                say("BLAKE3 of the split", &digest.hex());
            }
            None => say("Split", none),
        }
    }

    fn of(context: &Context, workspace: Option<&Workspace>, args: &EvaluateArgs, dataset: &Dataset) -> Result<Self, Failure> {
        let Some(path) = &args.split else {
            return Ok(Self { rows: (0..dataset.rows.len()).collect(), of: None });
        };
        let split = Split::read(&context.cwd.join(path), dataset)?;
        let subset = args.subset.as_deref().and_then(|name| name.parse().ok()).unwrap_or(Subset::Test);
        let rows = split.asked_rows(subset, args.fold)?;
        if rows.is_empty() {
            return Err(training::Error::NoImages { subset, fold: args.fold }.into());
        }
        let named = args.fold.map_or_else(|| subset.to_string(), |fold| format!("{subset}, fold {fold}"));
        Ok(Self { rows, of: Some((portable(context, workspace, path), split.digest(), named)) })
    }
}
