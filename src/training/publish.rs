//! A finished training as a bundle: weights, configuration, model card, provenance.
//!
//! Every byte follows from the training key, the git commit and the kind of machine: no time, no random name, no absolute path.
//! Training again to the same weights therefore gives the same bundle, and what depends on it stays fresh. The run that
//! recorded the training names the bundle by `training_key` and by the hash of its weights, and holds the times.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::checkpoint::State;
use super::error::Error;
use super::examples::Examples;
use super::goal::{Goal, Judgement};
use super::plan::Plan;
use crate::dataset::Subset;
use crate::digest::ObjectId;
use crate::nn::bundle::{self, Bundle};
use crate::nn::{ColourConstancy, Network};

/// What the caller knows about a training beside its plan.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Origin {
    /// The dataset as a user would name it.
    pub data: String,
    /// The split file as a user would name it.
    pub split: String,
    /// The weights that training began with, as a user named them.
    pub weights: Option<String>,
    /// Their licence where it is known, with what it forbids: the result is made of them.
    pub weights_licence: Option<String>,
    /// The git commit of the repository.
    pub commit: Option<String>,
    /// System, architecture and processor: weights are the same bits on the same kind of machine only.
    pub machine: Value,
}

/// Writes the bundle and gives the hash of its weights.
pub fn publish(
    plan: &Plan<'_>,
    network: &Network,
    state: &State,
    val: Option<&Judgement>,
    origin: &Origin,
    out: &Path,
) -> Result<ObjectId, Error> {
    let config = bundle::Config {
        architecture: plan.architecture,
        classes: plan.goal.outputs().to_vec(),
        preprocess: plan.preprocess,
        metadata: plan.encoding.clone(),
        multi_label: plan.goal.is_multi_label(),
    };
    let card = card(plan, state, val, origin);
    Ok(Bundle::save(out, &config, network, &card, &provenance(plan, state, origin))?)
}

fn provenance(plan: &Plan<'_>, state: &State, origin: &Origin) -> Value {
    let weights =
        plan.weights_digest.map(|digest| json!({ "source": origin.weights, "licence": origin.weights_licence, "blake3": digest }));
    let chosen = chosen(state);
    json!({
        "schema": 1,
        "derm": env!("CARGO_PKG_VERSION"),
        "training_key": plan.key,
        "data": { "name": origin.data, "blake3": plan.data_digest, "source": plan.data.info.source, "licence": plan.data.info.licence },
        "split": {
            "name": origin.split,
            "blake3": plan.split_digest,
            "fold": plan.config.fold,
            "train": plan.train.rows.len(),
            "val": plan.val.rows.len(),
        },
        "weights": weights,
        "params": plan.config,
        "result": {
            "epochs": state.history.len(),
            "chosen_epoch": chosen.map(|epoch| epoch.epoch),
            "stopped_early": state.stopped,
            "val": chosen.map(|epoch| &epoch.val),
        },
        "git": { "commit": origin.commit },
        "machine": origin.machine,
    })
}

/// The epoch whose weights the bundle holds.
pub fn chosen(state: &State) -> Option<&super::events::Epoch> {
    match state.best {
        Some(best) => state.history.get(best.epoch),
        None => state.history.last(),
    }
}

/// The model card; its head is what the Hugging Face hub reads.
fn card(plan: &Plan<'_>, state: &State, val: Option<&Judgement>, origin: &Origin) -> String {
    let mut text = String::new();
    let name = plan.architecture.name;
    let (tag, title, use_) = match &plan.goal {
        Goal::Classes(classes) => ("image-classification", format!("{} classes of skin lesions", classes.names.len()), CLASSES_USE),
        Goal::Labels(labels) => ("image-classification", format!("{} labels of skin lesions", labels.names.len()), LABELS_USE),
        Goal::Masks(masks) => ("image-segmentation", format!("masks of {}", masks.names.join(", ")), MASKS_USE),
    };
    let _ = write!(
        text,
        "---\nlibrary_name: derm\npipeline_tag: {tag}\ntags:\n- dermatology\n- {name}\n---\n\n# {name} for {title}\n\n\
         **Research use only. This is not a medical device: it must not be used to diagnose, treat or triage patients.**\n\n\
         ## Intended use\n\n{use_}\n\n",
    );
    card_data(&mut text, plan, origin);
    card_results(&mut text, plan, state, val);
    card_training(&mut text, plan, origin);
    let _ = write!(
        text,
        "## Limits\n\nResults on other clinics, cameras, skin tones and age groups than those of the training data are unknown until they are measured. \
         Validation images were used to choose the epoch, so that their metrics are optimistic; `derm evaluate` gives those of the test images. \
         Probabilities are not calibrated.\n\n\
         ## Use\n\n```sh\nderm predict --model . image.jpg\nderm export --model . --format onnx --out model.onnx\n```\n"
    );
    text
}

const CLASSES_USE: &str = "Classification of single dermatoscopic or clinical images, framed and lit like the training images, into one of the \
     classes below, for research and teaching. The network gives a probability for every class and has no answer for images of anything else.";
const LABELS_USE: &str = "Labels for single dermatoscopic or clinical images, framed and lit like the training images, for research and teaching. The \
     network gives a probability for each of the labels below by itself: an image may have several of them, or none.";
const MASKS_USE: &str = "Masks of what is named below on single images, framed and lit like the training images, for research and teaching. The network \
     gives a probability for every pixel and mask, and draws something or nothing on images of anything else.";

fn card_data(text: &mut String, plan: &Plan<'_>, origin: &Origin) {
    let info = &plan.data.info;
    let _ = write!(
        text,
        "## Data\n\n`{}` ({}; licence: {}), split by `{}`{}: {} training and {} validation images.\n\n",
        origin.data,
        info.format,
        info.licence,
        origin.split,
        plan.config.fold.map(|fold| format!(", fold {fold}")).unwrap_or_default(),
        plan.train.rows.len(),
        plan.val.rows.len(),
    );
    if !plan.goal.is_masks() {
        let of = if plan.goal.is_multi_label() { "label" } else { "class" };
        let _ = write!(text, "| {of} | training | validation |\n| --- | ---: | ---: |\n");
        let has = |subset: &Examples, class: usize| {
            let of_sets = subset.sets.iter().filter(|set| set.contains(&class)).count();
            of_sets + subset.labels.iter().filter(|&&label| label as usize == class).count()
        };
        for (class, name) in plan.goal.outputs().iter().enumerate() {
            let _ = writeln!(text, "| {name} | {} | {} |", has(&plan.train, class), has(&plan.val, class));
        }
        text.push('\n');
    }
}

fn card_results(text: &mut String, plan: &Plan<'_>, state: &State, val: Option<&Judgement>) {
    let Some(chosen) = chosen(state) else { return };
    let _ = write!(text, "## Results on the {} images\n\n", Subset::Val.name());
    let Some(Judgement { table, .. }) = val else {
        text.push_str("The split has no validation images; the weights are those of the last epoch.\n\n");
        return;
    };
    let _ = writeln!(
        text,
        "Epoch {} of {}, chosen by {}.\n\n| metric | value |\n| --- | ---: |",
        chosen.epoch,
        state.history.len(),
        plan.goal.metric()
    );
    let shown = |value: Option<f64>| value.map_or("undefined".to_owned(), |value| format!("{value:.4}"));
    for (name, value) in &chosen.val {
        let _ = writeln!(text, "| {name} | {} |", shown(*value));
    }
    let _ = writeln!(text, "\n| {} | {} |\n| --- |{}", table.of, table.columns.join(" | "), " ---: |".repeat(table.columns.len()));
    for (name, values) in &table.rows {
        let values: Vec<String> = values.iter().copied().map(shown).collect();
        let _ = writeln!(text, "| {name} | {} |", values.join(" | "));
    }
    text.push('\n');
}

fn card_training(text: &mut String, plan: &Plan<'_>, origin: &Origin) {
    let config = plan.config;
    let start = match &origin.weights {
        Some(weights) => {
            let licence = origin.weights_licence.as_ref().map(|licence| format!(" ({licence})"));
            format!("the weights `{weights}`{}", licence.unwrap_or_default())
        }
        None => format!("random weights (seed {})", config.seed),
    };
    let _ = write!(
        text,
        "## Training\n\nArchitecture: {} ({}). It began with {start}{}. Input: {} x {} pixels{}{}. Every setting, the hashes of data, split and weights, \
         and the version of derm stand in `provenance.json`; training again with these gives the same bytes.\n\n",
        plan.architecture.name,
        plan.architecture.source,
        if plan.frozen() { "; the backbone stayed as it was, only the head was trained" } else { "" },
        plan.preprocess.width,
        plan.preprocess.height,
        match plan.preprocess.colour_constancy {
            ColourConstancy::None => "",
            ColourConstancy::ShadesOfGray => ", their light made grey (shades of gray, p = 6)",
        },
        config.metadata.as_ref().map(|metadata| format!(", and {}", metadata.fields.words(", "))).unwrap_or_default(),
    );
}
