//! `derm drift`.

mod answer;
mod settings;

use std::path::{Path, PathBuf};

use super::{Context, Exit, Failure, device, metadata};
use crate::cli::drift::DriftArgs;
use crate::dataset::pixels;
use crate::dataset::{Dataset, Row, Split, Subset, Work};
use crate::drift::measure::{Measured, Picture, measure};
use crate::drift::report::{Report, Sides};
use crate::drift::source::{Source, is_dataset};
use crate::drift::{Table, Verdict, compare, predictions};
use crate::evaluation::Predictions;
use crate::nn::Bundle;
use crate::nn::metadata::Record;
use crate::training::infer::{Views, predict_files};
use crate::training::metadata::record;
use crate::workspace::atomic;

pub fn run(context: &Context, args: &DriftArgs) -> Result<Exit, Failure> {
    let settings = settings::resolve(context, args)?;
    let out = context.cwd.join(&args.out);
    let (reference, current, sides) = tables(context, args, &out)?;
    let comparison = compare(&reference, &current, &settings, &*context.ui.observer(), &context.interrupt)?;
    let report = Report { sides, predictions: predictions_from(args), comparison };
    write(&out, "drift.html", report.to_html().as_bytes())?;
    let json = report.to_json().map_err(|error| Failure::new("cannot write the report as JSON").cause(error.to_string()))?;
    // Last, so that a pipeline that finds it finds the page too.
    write(&out, "drift.json", json.as_bytes())?;
    let drifted = report.comparison.verdict == Verdict::Drift;
    context.ui.show(&answer::Answer { report: &report, out: args.out.display().to_string() })?;
    Ok(if drifted && args.fail_on_drift { Exit::CheckFailed } else { Exit::Done })
}

/// Both tables, and what they were made of when there are images.
fn tables(context: &Context, args: &DriftArgs, out: &Path) -> Result<(Table, Table, Option<Sides>), Failure> {
    let given = given_predictions(context, args)?;
    let (Some(reference), Some(current)) = (&args.reference, &args.current) else {
        let Some((before, after)) = given else {
            return Err(Failure::usage("nothing to compare").hint("name two folders or two tables of predictions"));
        };
        make(out)?;
        return Ok((predictions::table(&before), predictions::table(&after), None));
    };
    let mut before = Side::open(context, args, reference, args.reference_subset.as_deref())?;
    let mut after = Side::open(context, args, current, args.current_subset.as_deref())?;
    let bundle = match &args.model {
        Some(dir) => Some(Bundle::open(&context.cwd.join(dir), &device::open(&args.device)?)?),
        None => None,
    };
    make(out)?;
    let mut tables = Vec::new();
    for (side, name) in [(&mut before, "reference"), (&mut after, "current")] {
        let measured = measure(&side.source.folder, &side.source.pictures, &*context.ui.observer(), &context.interrupt)?;
        if args.write_features {
            write(out, &format!("{name}-features.csv"), &measured.csv(&side.source.pictures)?)?;
        }
        tables.push(side.table(context, measured, bundle.as_ref())?);
    }
    let [mut reference, mut current] = <[Table; 2]>::try_from(tables).map_err(|_| Failure::new("a side is missing"))?;
    if let Some((predicted_before, predicted_after)) = &given {
        predictions::add(&mut reference, &before.names(), predicted_before)?;
        predictions::add(&mut current, &after.names(), predicted_after)?;
    }
    Ok((reference, current, Some(Sides { reference: before.source.facts, current: after.source.facts })))
}

/// Tables of predictions, checked to be about the same classes.
fn given_predictions(context: &Context, args: &DriftArgs) -> Result<Option<(Predictions, Predictions)>, Failure> {
    let (Some(reference), Some(current)) = (&args.reference_predictions, &args.current_predictions) else { return Ok(None) };
    let read = |path: &PathBuf| Predictions::read_csv(&context.cwd.join(path));
    let (reference, current) = (read(reference)?, read(current)?);
    predictions::check_classes(&reference, &current)?;
    Ok(Some((reference, current)))
}

fn predictions_from(args: &DriftArgs) -> Option<String> {
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
    match (&args.model, &args.reference_predictions) {
        (Some(model), _) => name(model),
        (None, Some(_)) => Some("tables".to_owned()),
        (None, None) => None,
    }
}

/// One side, opened.
struct Side {
    source: Source,
}

impl Side {
    fn open(context: &Context, args: &DriftArgs, folder: &Path, subset: Option<&str>) -> Result<Self, Failure> {
        let shown = folder.display();
        let folder = context.cwd.join(folder);
        if !folder.is_dir() {
            let why = if folder.exists() { "is not a folder" } else { "does not exist" };
            return Err(Failure::usage(format!("`{shown}` {why}")).hint("name a dataset made by `derm data ingest`, or a folder of images"));
        }
        if !is_dataset(&folder) {
            if subset.is_some() {
                return Err(Failure::usage(format!("`{shown}` is a plain folder: it has no subsets"))
                    .hint("make it a dataset with `derm data ingest`"));
            }
            return Ok(Self { source: Source::folder(&folder)? });
        }
        let dataset = Dataset::open(&folder)?;
        let rows = match (subset, &args.split) {
            (Some(subset), Some(split)) => {
                let split = Split::read(&context.cwd.join(split), &dataset)?;
                let subset: Subset =
                    subset.parse().map_err(|error: crate::dataset::split::ParseSubsetError| Failure::usage(error.to_string()))?;
                split.asked_rows(subset, args.fold)?
            }
            _ => (0..dataset.rows.len()).collect(),
        };
        Ok(Self { source: Source::dataset(&dataset, &rows, subset.map(str::to_owned))? })
    }

    fn names(&self) -> Vec<&str> {
        self.source.pictures.iter().map(|picture| picture.name.as_str()).collect()
    }

    /// Features, metadata and, with a model, predictions.
    fn table(&mut self, context: &Context, measured: Measured, bundle: Option<&Bundle>) -> Result<Table, Failure> {
        for (image, reason) in measured.unreadable.iter().take(5) {
            context.ui.warn(format!("cannot read `{image}`: {reason}"));
        }
        let places = (0..self.source.pictures.len()).filter(|&at| measured.features[at].is_some());
        let readable: Vec<(&Picture, Option<&Row>)> = places.map(|at| (&self.source.pictures[at], self.source.row(at))).collect();
        let predicted = bundle.map(|bundle| predict(context, bundle, &readable)).transpose()?;
        let mut table = self.source.table(measured);
        if let Some(predicted) = predicted {
            predictions::add(&mut table, &self.names(), &predicted)?;
        }
        Ok(table)
    }
}

fn predict(context: &Context, bundle: &Bundle, pictures: &[(&Picture, Option<&Row>)]) -> Result<Predictions, Failure> {
    let source = |(picture, _): &(&Picture, _)| (picture.name.clone(), pixels::Source { path: picture.path.clone(), hash: None });
    let known: Vec<Record> = pictures.iter().map(|(_, row)| row.map(record).unwrap_or_default()).collect();
    metadata::cautions(bundle, &known).iter().for_each(|caution| context.ui.warn(caution));
    let files: Vec<(String, pixels::Source)> = pictures.iter().map(source).collect();
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    Ok(predict_files(bundle, &files, &known, Views::One, None, work)?.0)
}

fn make(folder: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("cannot create the folder `{}`", folder.display())).cause(error.to_string());
    std::fs::create_dir_all(folder).map_err(failed)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    Ok(atomic::write(&folder.join(name), bytes)?)
}
