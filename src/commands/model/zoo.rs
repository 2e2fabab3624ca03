//! `derm model zoo`.

use globset::{Glob, GlobMatcher};
use serde::Serialize;

use crate::cli::model::ZooArgs;
use crate::commands::{Context, Exit, Failure};
use crate::nn::Preprocess;
use crate::nn::zoo::{self, Architecture, Published};
use crate::ui::{Align, Page, Report, Style, Table};

pub fn run(context: &Context, args: &ZooArgs) -> Result<Exit, Failure> {
    let patterns: Vec<Pattern> = args.patterns.iter().map(|text| Pattern::parse(text)).collect::<Result<_, _>>()?;
    if let Some(lonely) = patterns.iter().find(|pattern| !zoo::all().any(|architecture| pattern.fits(architecture.name))) {
        return Err(Failure::usage(format!("no network is called `{}`", lonely.text)).hint("`derm model zoo` lists all of them"));
    }
    let wanted = |architecture: &&Architecture| patterns.is_empty() || patterns.iter().any(|pattern| pattern.fits(architecture.name));
    context.ui.show(&Zoo { networks: zoo::all().filter(wanted).map(Network::new).collect() })?;
    Ok(Exit::Done)
}

/// A part of a name, or a pattern for the whole of it.
struct Pattern {
    text: String,
    glob: Option<GlobMatcher>,
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, Failure> {
        let glob = if text.contains(['*', '?', '[', '{']) {
            let glob = Glob::new(text).map_err(|error| Failure::usage(format!("`{text}` is no pattern: {}", error.kind())))?;
            Some(glob.compile_matcher())
        } else {
            None
        };
        Ok(Self { text: text.to_owned(), glob })
    }

    fn fits(&self, name: &str) -> bool {
        self.glob.as_ref().map_or_else(|| name.contains(&self.text), |glob| glob.is_match(name))
    }
}

#[derive(Serialize)]
struct Zoo {
    networks: Vec<Network>,
}

/// One network.
#[derive(Serialize)]
struct Network {
    name: &'static str,
    summary: &'static str,
    source: &'static str,
    /// `classes`, or `masks` for an image of each.
    output: &'static str,
    /// Values that training moves, with the classes of the first published weights, else 1000, or one mask.
    parameters: u64,
    /// Of one image at the input size.
    multiply_adds: u64,
    features: usize,
    /// What height and width must be multiples of.
    size_multiple: usize,
    classifier: &'static str,
    first_conv: &'static str,
    preprocess: Input,
    weights: Vec<Weights>,
}

/// Weights that are published.
#[derive(Serialize)]
struct Weights {
    /// As `--network` takes them.
    name: String,
    /// The repository on the hub.
    repo: Option<&'static str>,
    licence: &'static str,
    /// What the licence keeps a user from.
    restriction: Option<&'static str>,
    classes: usize,
    preprocess: Input,
    #[serde(skip)]
    tag: &'static str,
    #[serde(skip)]
    words: String,
}

#[derive(Serialize)]
struct Input {
    height: u32,
    width: u32,
    #[serde(flatten)]
    rest: serde_json::Value,
}

impl From<Preprocess> for Input {
    fn from(own: Preprocess) -> Self {
        let Preprocess { width, height, fit, interpolation, mean, std, channels, .. } = own;
        // As they were written: an f32 that is seen as an f64 has digits that nobody wrote.
        let plain = |values: [f32; 3]| values.map(|value| value.to_string().parse::<f64>().unwrap_or(f64::NAN));
        let rest = serde_json::json!({
            "fit": fit, "interpolation": interpolation, "mean": plain(mean), "std": plain(std), "channels": channels,
        });
        Self { height, width, rest }
    }
}

impl Network {
    fn new(architecture: &'static Architecture) -> Self {
        let masks = architecture.graph(2).gives_masks();
        let graph = architecture.graph(architecture.published.first().map_or(if masks { 1 } else { 1000 }, |first| first.classes));
        let cost = graph.cost();
        Self {
            name: architecture.name,
            summary: architecture.summary,
            source: architecture.source,
            output: if masks { "masks" } else { "classes" },
            parameters: cost.parameters,
            multiply_adds: cost.multiply_adds,
            features: graph.feature_count(),
            size_multiple: graph.multiple(),
            classifier: architecture.classifier,
            first_conv: architecture.first_conv,
            preprocess: architecture.preprocess.into(),
            weights: architecture.published.iter().map(|published| Weights::new(architecture, published)).collect(),
        }
    }
}

impl Weights {
    fn new(architecture: &Architecture, published: &Published) -> Self {
        Self {
            name: format!("{}.{}", architecture.name, published.tag),
            repo: published.repo,
            licence: published.licence.name,
            restriction: published.licence.restriction.map(zoo::Restriction::words),
            classes: published.classes,
            preprocess: published.preprocess.into(),
            tag: published.tag,
            words: published.licence.words(),
        }
    }

    fn cells(&self) -> [String; 2] {
        let tag = if self.repo.is_some() { self.tag.to_owned() } else { format!("({})", self.tag) };
        let licence = if self.restriction.is_some() { Style::Changed.paint(&self.words) } else { self.words.clone() };
        [tag, licence]
    }
}

impl Report for Zoo {
    const KIND: &'static str = "zoo";

    fn human(&self, page: &mut Page) {
        let mut table = Table::new([
            ("network", Align::Left),
            ("parameters", Align::Right),
            ("multiply-adds", Align::Right),
            ("pixels", Align::Right),
            ("weights", Align::Left),
            ("licence", Align::Left),
        ]);
        for network in &self.networks {
            let parameters = format!("{:.1} M", network.parameters as f64 / 1e6);
            let operations = format!("{:.2} G", network.multiply_adds as f64 / 1e9);
            let own = [network.name.to_owned(), parameters, operations, network.preprocess.height.to_string()];
            let Some((first, others)) = network.weights.split_first() else {
                table.row(own.into_iter().chain(["none".to_owned(), String::new()]));
                continue;
            };
            table.row(own.into_iter().chain(first.cells()));
            for other in others {
                table.row(
                    [String::new(), String::new(), String::new(), other.preprocess.height.to_string()].into_iter().chain(other.cells()),
                );
            }
        }
        page.table(&table);
        if self.networks.iter().any(|network| network.output == "masks") {
            page.blank().line("U-Nets give masks: `derm train` learns those of a dataset with a mask for each image.");
        }
    }
}
