//! `derm train`: resolves the settings, opens the session, watches it, writes the bundle.

mod rehearse;
mod resolve;
mod watch;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Value, json};

use super::weights::{self, Source, StartingPoint};
use super::{Context, Exit, Failure};
use crate::allocator;
use crate::cli::train::TrainArgs;
use crate::dataset::{Split, Work};
use crate::digest::ObjectId;
use crate::nn::metadata::Encoding;
use crate::text;
use crate::tracking::{DatasetRef, Environment, RunId, RunWriter, Start, Status};
use crate::training::config::DeviceKind;
use crate::training::metadata::records;
use crate::training::publish::{self, Origin};
use crate::training::{self, Destination, Plan, Session, Trained};
use crate::ui::{Page, Report};
use crate::workspace::Workspace;

use resolve::Resolved;
use watch::Watch;

pub fn run(context: &Context, args: &TrainArgs) -> Result<Exit, Failure> {
    let started = Instant::now();
    let workspace = context.workspace()?;
    let resolved = resolve::resolve(context, args)?;
    if resolved.config.grad_checkpointing {
        allocator::give_back_freed_memory();
    }
    let observer = context.ui.observer();
    let work = Work { observer: observer.as_ref(), interrupt: &context.interrupt };

    let split = Split::read(&context.cwd.join(&args.split), &resolved.data)?;
    if let Some(restriction) = resolved.start.restriction() {
        context.ui.warn(restriction);
    }
    let weights = resolved.start.source.open(context, work.observer)?;
    let plan = Plan::new(&resolved.config, &resolved.data, &split, weights.as_ref())?;
    let folder = workspace.derm_dir().join("tmp");
    if args.dry || args.find_lr {
        remark(context, &resolved, &plan);
        return rehearse::run(context, args, &plan, &folder, work);
    }
    let destination = Destination::prepare(&context.cwd.join(&args.out))?;
    let out = destination.path();
    remark(context, &resolved, &plan);

    let mut session = Session::open(&plan, &workspace.derm_dir().join("checkpoints"), args.restart)?;
    let writer = record(&workspace, &session, &resolved, &plan, &name_of(&workspace, context, &args.data));
    session.set_note(writer.id().to_string());
    keep_loading(&workspace, &writer, &plan);
    announce(context, &session);
    let resumed = session.resumes().is_some();

    let mut watch = Watch::new(&context.ui, &writer, &plan.goal);
    let done = training::train(session, &folder, &mut watch, work).and_then(|trained| {
        let origin = origin(&workspace, context, args, &resolved);
        let weights = publish::publish(&plan, &trained.network, &trained.state, trained.val.as_ref(), &origin, out)?;
        Ok((trained, weights))
    });
    drop(watch);
    let (trained, weights) = match done {
        Ok(done) => done,
        Err(error) => return Err(end_badly(context, &writer, error)),
    };
    let report = report(&plan, &trained, weights, &writer, &name_of(&workspace, context, &args.out), resumed, started);
    trained.checkpoints.remove()?;
    keep(&writer, &report, out);
    for problem in writer.problems() {
        context.ui.warn(problem);
    }
    context.ui.show(&report)?;
    Ok(Exit::Done)
}

/// What a user may not expect, said before time is spent on it.
fn remark(context: &Context, resolved: &Resolved, plan: &Plan<'_>) {
    if let Some(loading) = &plan.loading {
        context.ui.note(weights::describe(loading));
    }
    let warn = |message: String| context.ui.warn(message);
    let StartingPoint { network, source } = &resolved.start;
    if network.published.is_some() && *source == Source::Random {
        warn(format!("`{}` begins at random weights: `--weights published` takes those of its name", network.name()));
    }
    if plan.config.device == DeviceKind::Cpu && !plan.config.precision.is_fast() {
        warn("this CPU has no products of bfloat16: rounding and computing in f32 takes longer than `--precision f32`".to_owned());
    }
    if resolved.augmentation_dropped {
        warn("a frozen backbone sees each image once: augmentation is left out".to_owned());
    }
    if plan.frozen() && plan.weights.is_none() {
        warn("the backbone is frozen at random weights: name trained ones with `--weights`".to_owned());
    }
    if plan.val.rows.is_empty() {
        let stop = if plan.config.patience > 0 { ", and training does not stop early" } else { "" };
        warn(format!("the split has no `val` images: the last epoch's weights are kept{stop}"));
    }
    missing_metadata(plan).into_iter().for_each(|message| context.ui.note(message));
    let absent = plan.absent_classes();
    if !absent.is_empty() {
        let (noun, verb) = match (plan.goal.is_multi_label(), absent.len()) {
            (false, 1) => ("class", "has"),
            (false, _) => ("classes", "have"),
            (true, 1) => ("label", "has"),
            (true, _) => ("labels", "have"),
        };
        warn(format!("the {noun} {} {verb} no training image and cannot be learnt", text::quoted_list(&absent)));
    }
    let left_out = plan.train.left_out + plan.val.left_out;
    if left_out > 0 {
        let lacking = if plan.goal.is_masks() { "mask" } else { "label" };
        warn(format!("{} without a {lacking} are left out", text::count(left_out, "image", "images")));
    }
}

/// How often each field of the metadata is not known.
fn missing_metadata(plan: &Plan<'_>) -> Vec<String> {
    let known = records(plan.data, &plan.train.rows);
    let images = text::count(known.len(), "training image", "training images");
    let fields = plan.encoding.iter().flat_map(Encoding::fields);
    let missing = fields.map(|field| (field, known.iter().filter(|record| !record.knows(field)).count()));
    missing.filter(|(_, n)| *n > 0).map(|(field, n)| format!("`{}` is not known of {n} of {images}", field.name())).collect()
}

/// Begins the run, or takes up the one that the checkpoint belongs to.
fn record(workspace: &Workspace, session: &Session<'_>, resolved: &Resolved, plan: &Plan<'_>, data: &str) -> RunWriter {
    let params = match serde_json::to_value(plan.config) {
        Ok(Value::Object(fields)) => flatten("", fields),
        _ => BTreeMap::new(),
    };
    let counts = BTreeMap::from([("train".to_owned(), plan.train.rows.len() as u64), ("val".to_owned(), plan.val.rows.len() as u64)]);
    let mut tags = BTreeMap::from([("kind".to_owned(), "train".to_owned()), ("training_key".to_owned(), plan.key.hex())]);
    tags.insert("split".to_owned(), plan.split_digest.hex());
    if let Some(digest) = plan.weights_digest {
        tags.insert("weights".to_owned(), digest.hex());
    }
    let start = Start {
        experiment: resolved.experiment.clone(),
        name: resolved.name.clone(),
        command: std::env::args().collect(),
        params,
        datasets: vec![DatasetRef { name: data.to_owned(), digest: plan.data_digest, counts }],
        tags,
        parent: None,
    };
    match session.note().and_then(RunId::parse) {
        Some(id) => RunWriter::resume(workspace, &id, start),
        None => RunWriter::start(workspace, start),
    }
}

/// Nested parameters by dotted name.
fn flatten(prefix: &str, fields: serde_json::Map<String, Value>) -> BTreeMap<String, Value> {
    let mut flat = BTreeMap::new();
    for (name, value) in fields {
        let name = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            Value::Object(inner) => flat.extend(flatten(&name, inner)),
            value => {
                flat.insert(name, value);
            }
        }
    }
    flat
}

fn announce(context: &Context, session: &Session<'_>) {
    if let Some(reason) = session.unusable() {
        context.ui.warn(format!("the checkpoint of an earlier start cannot be used, training begins anew: {reason}"));
    }
    if let Some((epoch, step)) = session.resumes() {
        context.ui.note(format!("going on from a checkpoint: epoch {epoch}, step {step} (`--restart` begins anew)"));
    }
}

/// Closes the run of a training that did not end well.
fn end_badly(context: &Context, writer: &RunWriter, error: training::Error) -> Failure {
    let status = if matches!(error, training::Error::Interrupted { .. }) { Status::Interrupted } else { Status::Failed };
    writer.finish(status, Some(&error.to_string()));
    for problem in writer.problems() {
        context.ui.warn(problem);
    }
    error.into()
}

/// Leaves the small files of the bundle and the result with the run.
fn keep(writer: &RunWriter, report: &TrainReport, out: &Path) {
    for name in [crate::nn::bundle::CONFIG, crate::nn::bundle::PROVENANCE, crate::nn::bundle::CARD] {
        writer.artifact(&format!("bundle/{name}"), &out.join(name));
    }
    writer.tag("model", &report.weights.hex());
    writer.finish(Status::Finished, None);
}

/// Keeps what became of every parameter of the weights that training starts from.
fn keep_loading(workspace: &Workspace, writer: &RunWriter, plan: &Plan<'_>) {
    let Some(loading) = &plan.loading else { return };
    // A struct of plain fields always has a JSON form.
    let text = format!("{:#}\n", serde_json::to_value(loading).unwrap_or_default());
    let kept = tempfile::Builder::new()
        .tempfile_in(workspace.derm_dir().join("tmp"))
        .and_then(|mut file| file.write_all(text.as_bytes()).map(|()| file));
    if let Ok(file) = kept {
        writer.artifact("weights.json", file.path());
    }
}

fn origin(workspace: &Workspace, context: &Context, args: &TrainArgs, resolved: &Resolved) -> Origin {
    let environment = Environment::collect();
    Origin {
        data: name_of(workspace, context, &args.data),
        split: name_of(workspace, context, &args.split),
        weights: match &resolved.start.source {
            Source::Random => None,
            Source::File(path) => Some(name_of(workspace, context, path)),
            Source::Hub(spec) => Some(spec.clone()),
        },
        weights_licence: resolved.start.licence().map(|licence| licence.words()),
        commit: workspace.git().and_then(|facts| facts.commit),
        machine: json!({ "os": environment.os, "arch": environment.arch, "cpu": environment.cpu, "simd": environment.simd }),
    }
}

/// A path in the repository from its root; one outside by its last part, for the rest is this machine's business.
fn name_of(workspace: &Workspace, context: &Context, typed: &Path) -> String {
    match workspace.relative(&context.cwd, typed) {
        Ok(path) => path.to_string(),
        Err(_) => typed.file_name().unwrap_or(typed.as_os_str()).to_string_lossy().into_owned(),
    }
}

/// What `derm train` answers.
#[derive(Debug, Serialize)]
struct TrainReport {
    out: String,
    network: String,
    classes: Vec<String>,
    train_images: usize,
    val_images: usize,
    epochs: usize,
    stopped_early: bool,
    resumed: bool,
    /// The epoch whose weights were kept.
    chosen_epoch: usize,
    monitor: &'static str,
    val: IndexMap<String, Option<f64>>,
    train_loss: f64,
    /// What became of the parameters that training started from.
    started_from: Option<weights::Summary>,
    weights: ObjectId,
    training_key: ObjectId,
    run: String,
    seconds: f64,
}

fn report(
    plan: &Plan<'_>,
    trained: &Trained,
    weights: ObjectId,
    writer: &RunWriter,
    out: &str,
    resumed: bool,
    started: Instant,
) -> TrainReport {
    let chosen = publish::chosen(&trained.state);
    TrainReport {
        out: out.to_owned(),
        network: plan.architecture.name.to_owned(),
        classes: plan.goal.outputs().to_vec(),
        train_images: plan.train.rows.len(),
        val_images: plan.val.rows.len(),
        epochs: trained.state.history.len(),
        stopped_early: trained.state.stopped,
        resumed,
        chosen_epoch: chosen.map_or(0, |epoch| epoch.epoch),
        monitor: plan.goal.metric(),
        val: chosen.map(|epoch| epoch.val.clone().into_iter().collect()).unwrap_or_default(),
        train_loss: chosen.map_or(f64::NAN, |epoch| epoch.train_loss),
        started_from: plan.loading.as_ref().map(weights::Summary::from),
        weights,
        training_key: plan.key,
        run: writer.id().to_string(),
        seconds: started.elapsed().as_secs_f64(),
    }
}

impl Report for TrainReport {
    const KIND: &'static str = "train";

    fn human(&self, page: &mut Page) {
        let early = if self.stopped_early { ", stopped early" } else { "" };
        page.line(format!(
            "trained {} on {} in {} ({}{early})",
            self.network,
            text::count(self.train_images, "image", "images"),
            text::duration(self.seconds),
            text::count(self.epochs, "epoch", "epochs"),
        ));
        if self.val_images > 0 {
            let values: Vec<String> = self
                .val
                .iter()
                .map(|(name, value)| format!("{name} {}", value.map_or("-".to_owned(), |value| format!("{value:.4}"))))
                .collect();
            page.line(format!("epoch {} is kept, the best by {}: {}", self.chosen_epoch, self.monitor, values.join(", ")));
        }
        page.line(format!("bundle: {}", self.out));
        page.line(format!("run: {} (`derm runs show last`)", self.run));
    }
}
