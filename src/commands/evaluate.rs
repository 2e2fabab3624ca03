//! `derm evaluate`.

mod answer;
mod labels;
mod masks;
mod pairs;
mod record;
mod source;

use std::collections::BTreeMap;
use std::path::Path;

use super::{Context, Exit, Failure};
use crate::cli::evaluate::EvaluateArgs;
use crate::evaluation::labels::LabelEvaluation;
use crate::evaluation::masks::MaskEvaluation;
use crate::evaluation::page::{self, Material};
use crate::evaluation::{self, Evaluation, Options, Predictions, thumbnail};
use crate::observer::Unit;
use crate::workspace::{Workspace, atomic, settings::Settings};
use answer::Answer;
pub(super) use pairs::THRESHOLD;
use source::Source;

/// The files, in the order in which they are written.
const FILES: [&str; 4] = ["metrics.json", "evaluation.json", "predictions.csv", "report.html"];

pub fn run(context: &Context, args: &EvaluateArgs) -> Result<Exit, Failure> {
    let workspace = Workspace::discover(&context.cwd).ok();
    let (resamples, seed) = settings(context, args)?;
    if context.cwd.join(&args.out).is_file() {
        return Err(Failure::usage(format!("`{}` is a file; `--out` names a folder", args.out.display()))
            .hint("the folder gets `metrics.json`, `evaluation.json`, `report.html` and a table"));
    }
    let source = Source::resolve(context, workspace.as_ref(), args)?;
    let recording = workspace.as_ref().map(|workspace| record::Recording::start(workspace, args, &source, resamples, seed));
    let options = Options { seed, resamples, observer: &*context.ui.observer(), interrupt: context.interrupt.clone() };
    let made = if source.compares_masks() {
        masks::make(context, args, &source, options).map(|answer| Made::Masks(Box::new(answer)))
    } else {
        make(context, args, &source, options)
    };
    match (made, recording) {
        (Ok(made), recording) => {
            let out = context.cwd.join(&args.out);
            let recorded =
                |numbers: &[(String, f64)], files: &[&str]| recording.map(|recording| recording.finish(context, numbers, files, &out));
            match made {
                Made::Classes(answer) => {
                    let run = recorded(&answer.evaluation.numbers(), &FILES);
                    context.ui.show(&Answer { run, ..*answer })?;
                }
                Made::Labels(answer) => {
                    let run = recorded(&answer.evaluation.numbers(), &FILES);
                    context.ui.show(&Answer { run, ..*answer })?;
                }
                Made::Masks(answer) => {
                    let run = recorded(&answer.evaluation.numbers(), &masks::FILES);
                    context.ui.show(&Answer { run, ..*answer })?;
                }
            }
            Ok(Exit::Done)
        }
        (Err(failure), recording) => {
            if let Some(recording) = recording {
                recording.fail(context, &failure);
            }
            Err(failure)
        }
    }
}

/// What was made of it.
enum Made {
    Classes(Box<Answer<Evaluation>>),
    Labels(Box<Answer<LabelEvaluation>>),
    Masks(Box<Answer<MaskEvaluation>>),
}

/// Of one label an image, or of any number: as the predictions have it.
fn make(context: &Context, args: &EvaluateArgs, source: &Source, options: Options<'_>) -> Result<Made, Failure> {
    let predictions = source.predictions(context)?;
    Ok(match predictions.multi_label {
        true => Made::Labels(Box::new(labels::make(context, args, source, &predictions, &options)?)),
        false => Made::Classes(Box::new(classes(context, args, source, &predictions, &options)?)),
    })
}

fn classes(
    context: &Context,
    args: &EvaluateArgs,
    source: &Source,
    predictions: &Predictions,
    options: &Options<'_>,
) -> Result<Answer<Evaluation>, Failure> {
    let evaluation = evaluation::evaluate(predictions, options)?;
    let worst: Vec<&str> = page::worst_mistakes(predictions, page::MISTAKES).iter().map(|row| row.image.as_str()).collect();
    let material = material(context, source, &worst)?;
    let html = page::page(predictions, &evaluation, &material).render();
    let files = write(context, args, source, [evaluation.to_metrics_json(), evaluation.to_json(), predictions.to_csv(), html])?;
    Ok(Answer { title: source.title(), evaluation, files, run: None })
}

/// What a report shows beside the numbers, with pictures of these images.
fn material(context: &Context, source: &Source, images: &[&str]) -> Result<Material, Failure> {
    let thumbnails = thumbnails(context, source, images)?;
    let cautions = source.cautions();
    cautions.iter().for_each(|caution| context.ui.warn(caution));
    Ok(Material { title: source.title(), identity: source.identity(), cautions, thumbnails })
}

/// Writes [`FILES`] and gives their names.
fn write(context: &Context, args: &EvaluateArgs, source: &Source, contents: [String; 4]) -> Result<Vec<String>, Failure> {
    let out = context.cwd.join(&args.out);
    std::fs::create_dir_all(&out)
        .map_err(|error| Failure::new(format!("cannot make the folder `{}`", args.out.display())).cause(error.to_string()))?;
    for (name, content) in FILES.iter().zip(contents) {
        atomic::write(&out.join(name), content.as_bytes())?;
    }
    Ok(FILES.iter().map(|name| source.shown(&out.join(name))).collect())
}

/// Draws and seed: the command line over the file over the defaults.
fn settings(context: &Context, args: &EvaluateArgs) -> Result<(usize, u64), Failure> {
    let (mut resamples, mut seed) = (None, None);
    if let Some(spec) = &args.params {
        let (path, key) = Settings::parse_spec(spec);
        let mut settings = Settings::read(&context.cwd.join(path), key.as_deref())?;
        let too_many = |n: &u32| (*n > 100_000).then(|| "must be at most 100,000".to_owned());
        resamples = settings.take_checked::<u32>("resamples", too_many)?;
        seed = settings.take::<u64>("seed")?;
        settings.finish()?;
    }
    Ok((args.resamples.or(resamples).unwrap_or(1000) as usize, args.seed.or(seed).unwrap_or(0)))
}

/// Pictures of the worst mistakes; one that cannot be read is a warning, not a failure.
fn thumbnails(context: &Context, source: &Source, images: &[&str]) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let observer = context.ui.observer();
    let task = observer.begin("drawing mistakes", Some(images.len() as u64), Unit::Items("images"));
    let mut found = BTreeMap::new();
    for (name, path) in images.iter().zip(source.image_paths(images)) {
        if context.interrupt.is_raised() {
            return Err(evaluation::Error::Interrupted.into());
        }
        match path.map(|path| thumbnail::thumbnail(&path)) {
            Some(Ok(bytes)) => {
                found.insert((*name).to_owned(), bytes);
            }
            Some(Err(error)) => context.ui.warn(format!("the report lacks a picture: {error}")),
            None => {}
        }
        task.advance(1);
    }
    Ok(found)
}

/// A path as it is written into files: below the repository, below the current folder, or its last part alone.
pub(super) fn portable(context: &Context, workspace: Option<&Workspace>, path: &Path) -> String {
    let path = context.cwd.join(path);
    let inside = workspace.and_then(|workspace| workspace.relative(&context.cwd, &path).ok()).map(|path| path.to_string());
    let below = || path.strip_prefix(&context.cwd).ok().map(|path| path.to_string_lossy().replace('\\', "/"));
    inside.or_else(below).unwrap_or_else(|| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned())
}
