//! `derm export`.

use std::path::Path;

use candle_core::Device;
use serde::Serialize;

use super::weights::StartingPoint;
use super::{Context, Exit, Failure};
use crate::cli::export::{ExportArgs, Format, OutputKind, PreprocessLevel};
use crate::export::{self, Card, Input, Output, Summary};
use crate::nn::graph::Fusion;
use crate::nn::{Bundle, HeadRule, Network, Preprocess};
use crate::text;
use crate::ui::{Page, Report};
use crate::workspace::atomic;

pub fn run(context: &Context, args: &ExportArgs) -> Result<Exit, Failure> {
    let out = context.cwd.join(&args.out);
    let report = match args.format {
        Format::Bundle => bundle(context, args, &out)?,
        Format::Onnx => onnx(context, args, &out)?,
    };
    context.ui.show(&report)?;
    Ok(Exit::Done)
}

fn bundle(context: &Context, args: &ExportArgs, out: &Path) -> Result<Exported, Failure> {
    let Some(model) = &args.model else {
        return Err(Failure::usage("a bundle is copied from a bundle: `--network` has none")
            .hint("use `--format onnx`, or name a bundle with `--model`"));
    };
    let bundle = Bundle::open(&context.cwd.join(model), &Device::Cpu)?;
    make_parent(out)?;
    let files = export::bundle::copy(&bundle, out)?;
    Ok(Exported {
        format: "bundle",
        out: args.out.display().to_string(),
        architecture: bundle.config.architecture.name,
        classes: bundle.config.classes.len(),
        class_names: Some(bundle.config.classes.clone()),
        bytes: files.iter().map(|file| file.bytes).sum(),
        weights: Some(bundle.weights.hex()),
        files: files.into_iter().map(|file| file.name).collect(),
        graph: None,
    })
}

fn onnx(context: &Context, args: &ExportArgs, out: &Path) -> Result<Exported, Failure> {
    if out.is_dir() {
        return Err(Failure::usage(format!("`{}` is a folder", args.out.display())).hint("name a file, such as `skin.onnx`"));
    }
    let model = Model::find(context, args)?;
    let (input, output) = (input(args.preprocess), output(args.output));
    let (bytes, summary) = export::to_onnx(&model.network, &model.preprocess, &model.card, input, output)?;
    make_parent(out)?;
    atomic::write(out, &bytes)?;
    Ok(Exported {
        format: "onnx",
        out: args.out.display().to_string(),
        architecture: model.network.architecture().name,
        classes: model.card.classes.len(),
        // Published weights know their classes by number alone.
        class_names: model.weights.is_some().then_some(model.card.classes),
        bytes: bytes.len() as u64,
        weights: model.weights,
        files: Vec::new(),
        graph: Some(GraphFacts::new(&model.preprocess, model.network.graph().fusion(), input, output, summary)),
    })
}

/// What is exported.
struct Model {
    network: Network,
    preprocess: Preprocess,
    card: Card,
    weights: Option<String>,
}

impl Model {
    fn find(context: &Context, args: &ExportArgs) -> Result<Self, Failure> {
        match (&args.model, &args.network, &args.weights) {
            (Some(dir), _, _) => Ok(Self::from_bundle(Bundle::open(&context.cwd.join(dir), &Device::Cpu)?)),
            (None, Some(name), Some(weights)) => Self::published(context, name, weights),
            _ => Err(Failure::usage("nothing to export").hint("name a bundle with `--model`, or `--network` and `--weights`")),
        }
    }

    fn from_bundle(bundle: Bundle) -> Self {
        let text = |pointer: &str| bundle.provenance.pointer(pointer).and_then(|value| value.as_str()).map(str::to_owned);
        let card = Card {
            classes: bundle.config.classes.clone(),
            licence: None,
            data_hash: text("/data/blake3"),
            data_licence: text("/data/licence"),
            metadata: bundle.config.metadata.clone(),
            multi_label: bundle.config.multi_label,
            training_key: text("/training_key"),
        };
        Self { network: bundle.network, preprocess: bundle.config.preprocess, card, weights: Some(bundle.weights.hex()) }
    }

    /// A network with weights from elsewhere; classes are known by their numbers alone.
    fn published(context: &Context, name: &str, weights: &str) -> Result<Self, Failure> {
        let StartingPoint { network: choice, source } = StartingPoint::find(context, Some(weights), name)?;
        let Some(weights) = source.open(context, &*context.ui.observer())? else {
            return Err(
                Failure::usage("a network without weights is not worth exporting").hint("name a file or a hub name: `--weights FILE`")
            );
        };
        let architecture = choice.architecture;
        let Some(classes) = weights.classes(architecture) else {
            weights.check(architecture, &architecture.graph(2), HeadRule::Replace)?;
            return Err(Failure::usage(format!("the weights `{}` have no classifier `{}`", weights.source(), architecture.classifier))
                .hint("train a head for them first: `derm train --weights`"));
        };
        let preprocess = choice.preprocess();
        let size = [preprocess.height, preprocess.width].map(|pixels| pixels as usize);
        let network = Network::at(architecture, classes, size, 0, &Device::Cpu)?;
        network.load(&weights, HeadRule::Keep)?;
        let classes = (0..classes).map(|class| class.to_string()).collect();
        let card = Card { classes, licence: choice.licence().map(|licence| licence.name.to_owned()), ..Card::default() };
        Ok(Self { network, preprocess, card, weights: None })
    }
}

fn input(level: PreprocessLevel) -> Input {
    match level {
        PreprocessLevel::None => Input::Normalised,
        PreprocessLevel::Normalise => Input::Pixels,
    }
}

fn output(kind: OutputKind) -> Output {
    match kind {
        OutputKind::Logits => Output::Logits,
        OutputKind::Probabilities => Output::Probabilities,
    }
}

fn make_parent(out: &Path) -> Result<(), Failure> {
    let Some(parent) = out.parent() else { return Ok(()) };
    let failed = |error: std::io::Error| Failure::new(format!("cannot create the folder `{}`", parent.display())).cause(error.to_string());
    std::fs::create_dir_all(parent).map_err(failed)
}

/// The answer.
#[derive(Debug, Serialize)]
struct Exported {
    format: &'static str,
    out: String,
    architecture: &'static str,
    /// How many classes there are.
    classes: usize,
    /// Their names, in the order of the outputs, where they are known.
    class_names: Option<Vec<String>>,
    bytes: u64,
    /// Hash of the bundle's weights.
    weights: Option<String>,
    /// Files of a bundle.
    files: Vec<&'static str>,
    /// Facts of an ONNX graph.
    graph: Option<GraphFacts>,
}

#[derive(Debug, Serialize)]
struct GraphFacts {
    input: &'static str,
    input_shape: String,
    /// The second input, of a network that takes metadata.
    metadata: Option<&'static str>,
    metadata_shape: Option<String>,
    output: &'static str,
    nodes: usize,
    values: usize,
}

impl GraphFacts {
    fn new(preprocess: &Preprocess, fusion: Option<Fusion>, input: Input, output: Output, summary: Summary) -> Self {
        let (height, width) = (preprocess.height, preprocess.width);
        let input_shape = match input {
            Input::Normalised => format!("float32 [N, 3, {height}, {width}]"),
            Input::Pixels => format!("uint8 [N, {height}, {width}, 3]"),
        };
        let metadata_shape = fusion.map(|fusion| format!("float32 [N, {}]", fusion.inputs));
        let metadata = fusion.map(|_| export::METADATA);
        Self {
            input: input.name(),
            input_shape,
            metadata,
            metadata_shape,
            output: output.name(),
            nodes: summary.nodes,
            values: summary.values,
        }
    }
}

impl Report for Exported {
    const KIND: &'static str = "export";

    fn human(&self, page: &mut Page) {
        let classes = text::count(self.classes, "class", "classes");
        page.line(format!("wrote {} ({}): {} for {classes}", self.out, text::bytes(self.bytes), self.architecture));
        if let Some(graph) = &self.graph {
            let beside = graph.metadata.zip(graph.metadata_shape.as_ref()).map(|(name, shape)| format!(" and `{name}` {shape}"));
            let beside = beside.unwrap_or_default();
            page.line(format!(
                "  reads `{}` {}{beside}, gives `{}` float32 [N, {}]",
                graph.input, graph.input_shape, graph.output, self.classes
            ));
            let values = text::grouped(graph.values as u64);
            page.line(format!("  {} operations, {values} values; checked by reading it back", graph.nodes));
        } else {
            page.line(format!("  {}; weights verified", self.files.join(", ")));
        }
    }
}
