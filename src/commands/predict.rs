//! `derm predict`: gathers images, runs the network, shows and writes probabilities.

pub(super) mod gather;
mod masks;

use serde::Serialize;

use super::{Context, Exit, Failure, device, metadata};
use crate::cli::predict::PredictArgs;
use crate::dataset::pixels::Source;
use crate::dataset::{self, Dataset, Split, Subset, Work, labels};
use crate::evaluation::{Prediction, Predictions};
use crate::nn::Bundle;
use crate::nn::metadata::Record;
use crate::text;
use crate::training::infer::Unreadable;
use crate::training::metadata::record;
use crate::training::{self, Views};
use crate::ui::{Align, Page, Report, Table};
use crate::workspace::atomic;

/// As many unreadable images as `--strict` names.
const SHOWN: usize = 20;

pub fn run(context: &Context, args: &PredictArgs) -> Result<Exit, Failure> {
    let observer = context.ui.observer();
    let work = Work { observer: observer.as_ref(), interrupt: &context.interrupt };
    let bundle = Bundle::open(&context.cwd.join(&args.model), &device::open(&args.device)?)?;
    let (files, known): (Vec<(String, Source)>, Vec<Record>) = match &args.data {
        Some(data) => of_dataset(context, args, data)?.into_iter().unzip(),
        None => {
            let files = gather::gather(context, &args.images)?.into_iter().map(|(name, path)| (name, Source { path, hash: None }));
            (files.collect(), Vec::new())
        }
    };
    if files.is_empty() {
        return Err(Failure::usage("there is no image to predict").hint("name images, folders of images or globs in quotes"));
    }
    // Who names files may never name them again.
    let kept = args.data.as_ref().and_then(|_| context.pixels_folder());
    let views = if args.tta { Views::D4 } else { Views::One };
    if bundle.config.architecture.gives_masks() {
        if args.metadata.is_some() {
            return Err(Failure::usage("`--metadata` is for models of classes; this one gives masks"));
        }
        return masks::run(context, args, &bundle, &files, views, kept.as_deref());
    }
    if args.threshold.is_some() || args.probabilities {
        return Err(Failure::usage("`--threshold` and `--probabilities` are for models of masks; this one gives classes"));
    }
    let known = match args.data {
        Some(_) => {
            metadata::cautions(&bundle, &known).iter().for_each(|caution| context.ui.warn(caution));
            known
        }
        None => metadata::of_table(context, &bundle, args.metadata.as_deref(), files.iter().map(|(name, _)| name.as_str()))?,
    };
    let (predictions, unreadable) = training::predict_files(&bundle, &files, &known, views, kept.as_deref(), work)?;
    if args.strict && !unreadable.is_empty() {
        return Err(strict(&unreadable));
    }
    for image in &unreadable {
        context.ui.warn(format!("left out {}", why(image)));
    }
    if let Some(out) = &args.out {
        atomic::write(&context.cwd.join(out), predictions.to_csv().as_bytes())?;
        context.ui.note(format!("wrote {} to `{}`", text::count(predictions.rows.len(), "prediction", "predictions"), out.display()));
    }
    // A table of thousands on a terminal helps nobody who asked for a file.
    if args.out.is_none() || context.ui.is_json() {
        context.ui.show(&PredictReport::new(&predictions, &unreadable, args.top))?;
    }
    Ok(if unreadable.is_empty() { Exit::Done } else { Exit::Failed })
}

/// The image as it was named, and what is wrong with it.
fn why(Unreadable { image, error }: &Unreadable) -> String {
    format!("`{image}`: {}", reason(error))
}

/// The system's or the decoder's word, without the path, which the image's name stands for.
pub(super) fn reason(error: &dataset::Error) -> String {
    text::plain_reason(&std::error::Error::source(error).map_or(error.to_string(), ToString::to_string))
}

fn strict(unreadable: &[Unreadable]) -> Failure {
    let failure = Failure::new(format!("{} cannot be read", text::count(unreadable.len(), "image", "images")));
    let failure = unreadable.iter().take(SHOWN).map(why).fold(failure, Failure::cause);
    match unreadable.len().saturating_sub(SHOWN) {
        0 => failure,
        more => failure.cause(format!("and {more} more")),
    }
    .hint("nothing was written; without `--strict` the others are predicted")
}

/// An image with its name, and what is known beside it.
type Known = ((String, Source), Record);

/// The images of a dataset or of one subset of it, by the names they have there.
fn of_dataset(context: &Context, args: &PredictArgs, data: &std::path::Path) -> Result<Vec<Known>, Failure> {
    let data = Dataset::open(&context.cwd.join(data))?;
    let rows = match &args.split {
        None => (0..data.rows.len()).collect(),
        Some(split) => {
            let split = Split::read(&context.cwd.join(split), &data)?;
            let subset = args.subset.as_deref().and_then(|name| name.parse().ok()).unwrap_or(Subset::Test);
            let rows = split.asked_rows(subset, args.fold)?;
            if rows.is_empty() {
                return Err(training::Error::NoImages { subset, fold: args.fold }.into());
            }
            rows
        }
    };
    let rows = rows.into_iter().filter_map(|row| data.rows.get(row));
    Ok(rows.map(|row| ((row.image.clone(), Source::of(&data, row)), record(row))).collect())
}

/// What `derm predict` answers.
#[derive(Debug, Serialize)]
struct PredictReport {
    #[serde(skip)]
    multi_label: bool,
    classes: Vec<String>,
    predictions: Vec<Row>,
    unreadable: Vec<Missing>,
}

#[derive(Debug, Serialize)]
struct Row {
    image: String,
    /// The most probable class, of labels that do not exclude each other all that are said, `;` between them.
    predicted: String,
    /// The labels that are said, where they do not exclude each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    /// The most probable classes, first the most probable.
    top: Vec<Share>,
    /// In the order of the classes.
    probabilities: Vec<f64>,
}

#[derive(Debug, Serialize)]
struct Share {
    class: String,
    probability: f64,
}

#[derive(Debug, Serialize)]
struct Missing {
    image: String,
    reason: String,
}

impl PredictReport {
    fn new(predictions: &Predictions, unreadable: &[Unreadable], top: usize) -> Self {
        let several = predictions.multi_label;
        let class = |at: usize| predictions.classes.get(at).cloned().unwrap_or_default();
        let row = |prediction: &Prediction| {
            let mut order: Vec<usize> = (0..prediction.probabilities.len()).collect();
            // Stable, so that of equal probabilities the first class comes first.
            order.sort_by(|&a, &b| prediction.probabilities[b].total_cmp(&prediction.probabilities[a]));
            let shares = order.into_iter().take(top.max(1)).map(|at| Share { class: class(at), probability: prediction.probabilities[at] });
            Row {
                image: prediction.image.clone(),
                predicted: match several {
                    true => labels::cell(Some(&prediction.said()), &predictions.classes),
                    false => class(prediction.predicted()),
                },
                labels: several.then(|| prediction.said().into_iter().map(class).collect()),
                confidence: (!several).then(|| prediction.confidence()),
                top: shares.collect(),
                probabilities: prediction.probabilities.clone(),
            }
        };
        let missing = |unreadable: &Unreadable| Missing { image: unreadable.image.clone(), reason: reason(&unreadable.error) };
        Self {
            multi_label: several,
            classes: predictions.classes.clone(),
            predictions: predictions.rows.iter().map(row).collect(),
            unreadable: unreadable.iter().map(missing).collect(),
        }
    }
}

impl PredictReport {
    /// The labels that are said of each image, and the probability of every label.
    fn of_labels(&self) -> Table {
        let columns = self.classes.iter().map(|label| (label.clone(), Align::Right));
        let fixed = [("image", Align::Left), ("labels", Align::Left)].map(|(name, align)| (name.to_owned(), align));
        let mut table = Table::with_columns(fixed.into_iter().chain(columns).collect());
        for row in &self.predictions {
            let said = if row.predicted.is_empty() { "-".to_owned() } else { row.predicted.clone() };
            let probabilities = row.probabilities.iter().map(|p| format!("{p:.4}"));
            table.row([row.image.clone(), said].into_iter().chain(probabilities));
        }
        table
    }
}

impl Report for PredictReport {
    const KIND: &'static str = "predict";

    fn human(&self, page: &mut Page) {
        if self.multi_label {
            page.table(&self.of_labels());
            return;
        }
        let mut table = Table::new([("image", Align::Left), ("class", Align::Left), ("probability", Align::Right)]);
        for row in &self.predictions {
            for (rank, share) in row.top.iter().enumerate() {
                let image = if rank == 0 { row.image.clone() } else { String::new() };
                table.row([image, share.class.clone(), format!("{:.4}", share.probability)]);
            }
        }
        page.table(&table);
    }
}
