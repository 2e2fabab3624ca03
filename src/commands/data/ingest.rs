//! `derm data ingest`.

use std::path::Path;

use serde::Serialize;

use super::{settings, shown, work};
use crate::cli::data::ingest::{FormatArg, IngestArgs, SkipArg, TaskArg};
use crate::commands::{Context, Exit, Failure};
use crate::dataset::ingest::{Format, Options, Skip, ingest};
use crate::dataset::{Dataset, Problem, synthetic};
use crate::text;
use crate::ui::{Align, Page, Report, Table};

/// What to ingest, and how: flags over `--params` over defaults.
struct Resolved {
    /// `None`: draw.
    source: Option<std::path::PathBuf>,
    options: Options,
    synthetic: synthetic::Settings,
}

pub fn run(context: &Context, args: &IngestArgs) -> Result<Exit, Failure> {
    let resolved = resolve(context, args)?;
    let out = context.cwd.join(&args.out);
    let observer = context.ui.observer();
    let work = work(context, observer.as_ref());
    let (dataset, skipped, official) = match &resolved.source {
        None => (synthetic::generate(&out, &resolved.synthetic, resolved.options.replace, work)?, Vec::new(), false),
        Some(source) => {
            let done = ingest(&context.cwd.join(source), &shown(source), &out, &resolved.options, work)?;
            if let Some(warning) = &done.colour_warning {
                context.ui.warn(warning);
            }
            (done.dataset, done.skipped, done.official_split)
        }
    };
    warn(context, &skipped);
    context.ui.show(&Ingested::new(&dataset, &args.out, official))?;
    Ok(Exit::Done)
}

/// As many left-out things as are named one by one.
const SHOWN: usize = 5;

fn warn(context: &Context, skipped: &[Problem]) {
    for problem in skipped.iter().take(SHOWN) {
        context.ui.warn(format!("left out: {problem}"));
    }
    if skipped.len() > SHOWN {
        context.ui.warn(format!("left out: {} more", text::grouped((skipped.len() - SHOWN) as u64)));
    }
}

fn resolve(context: &Context, args: &IngestArgs) -> Result<Resolved, Failure> {
    let mut source = args.source.clone();
    let mut format = args.format.map(format_of);
    let mut options = Options { replace: args.force, licence: args.licence.clone(), ..Options::default() };
    options.skip = args.skip.iter().map(|skip| skip_of(*skip)).collect();
    options.mask_classes = args.mask_classes.clone();
    options.masks = args.masks.clone();
    let mut task = args.task;
    let mut drawn = Drawn { images: args.images, size: args.size, seed: args.seed, classes: named(&args.classes)? };
    if let Some(mut given) = settings(context, args.params.as_deref())? {
        let from_file: Option<String> = given.take("source")?;
        source = source.or(from_file.map(Into::into));
        let name =
            given.take_checked("format", |name: &String| format_named(name).is_none().then(|| format!("names no format: `{name}`")))?;
        format = format.or_else(|| name.as_deref().and_then(format_named));
        let skip: Vec<Skip> = given.take("skip")?.unwrap_or_default();
        if options.skip.is_empty() {
            options.skip = skip;
        }
        let named = |name: &String| task_named(name).is_none().then(|| format!("names no task: `{name}`"));
        task = task.or(given.take_checked("task", named)?.as_deref().and_then(task_named));
        let mask_classes: Vec<String> = given.take("mask_classes")?.unwrap_or_default();
        if options.mask_classes.is_empty() {
            options.mask_classes = mask_classes;
        }
        let masks: Option<String> = given.take("masks")?;
        options.masks = options.masks.or(masks.map(Into::into));
        let licence = given.take("licence")?;
        options.licence = options.licence.or(licence);
        drawn.fill(&mut given)?;
        given.finish()?;
    }
    let Some(source) = source else {
        return Err(Failure::usage("no source is given").hint("name a folder of images, or `synthetic`"));
    };
    let draw = match format {
        Some(Chosen::Synthetic) => true,
        Some(Chosen::Format(_)) => false,
        // A folder of that name would have to be called `./synthetic`.
        Some(Chosen::Auto) | None => source == Path::new("synthetic"),
    };
    if let Some(Chosen::Format(format)) = format {
        options.format = Some(format);
    }
    options.segmentation = task == Some(TaskArg::Segmentation);
    options.multi_label = match task {
        Some(TaskArg::MultiLabel) => Some(true),
        Some(TaskArg::Classification) => Some(false),
        Some(TaskArg::Segmentation) | None => None,
    };
    if draw && options.multi_label == Some(true) {
        return Err(Failure::usage("synthetic pictures have one label each").hint("their tasks are `classification` and `segmentation`"));
    }
    options.masks = options.masks.map(|folder| context.cwd.join(folder));
    if task == Some(TaskArg::Classification) && matches!(format, Some(Chosen::Format(Format::MaskFolders | Format::TiffStacks))) {
        return Err(Failure::usage("this format has masks and no labels: its task is `segmentation`"));
    }
    let synthetic = drawn.settings(options.segmentation);
    Ok(Resolved { source: (!draw).then_some(source), options, synthetic })
}

#[derive(Clone, Copy)]
enum Chosen {
    Auto,
    Synthetic,
    Format(Format),
}

fn format_of(arg: FormatArg) -> Chosen {
    match arg {
        FormatArg::Auto => Chosen::Auto,
        FormatArg::Synthetic => Chosen::Synthetic,
        FormatArg::ClassFolders => Chosen::Format(Format::ClassFolders),
        FormatArg::Ham10000 => Chosen::Format(Format::Ham10000),
        FormatArg::Isic2019 => Chosen::Format(Format::Isic2019),
        FormatArg::Isic2020 => Chosen::Format(Format::Isic2020),
        FormatArg::LabelTable => Chosen::Format(Format::LabelTable),
        FormatArg::OneHot => Chosen::Format(Format::OneHot),
        FormatArg::MaskFolders => Chosen::Format(Format::MaskFolders),
        FormatArg::TiffStacks => Chosen::Format(Format::TiffStacks),
    }
}

fn format_named(name: &str) -> Option<Chosen> {
    <FormatArg as clap::ValueEnum>::from_str(name, false).ok().map(format_of)
}

fn task_named(name: &str) -> Option<TaskArg> {
    <TaskArg as clap::ValueEnum>::from_str(name, false).ok()
}

fn skip_of(arg: SkipArg) -> Skip {
    match arg {
        SkipArg::Unreadable => Skip::Unreadable,
        SkipArg::Missing => Skip::Missing,
        SkipArg::Unlisted => Skip::Unlisted,
        SkipArg::Unmasked => Skip::Unmasked,
    }
}

/// Settings of the drawn pictures, as far as given.
struct Drawn {
    images: Option<usize>,
    size: Option<u32>,
    seed: Option<u64>,
    classes: Option<Vec<synthetic::Class>>,
}

fn named(classes: &[String]) -> Result<Option<Vec<synthetic::Class>>, Failure> {
    let parsed: Result<Vec<synthetic::Class>, String> = classes.iter().map(|name| name.parse()).collect();
    let parsed = parsed.map_err(Failure::usage)?;
    Ok((!parsed.is_empty()).then_some(parsed))
}

impl Drawn {
    fn fill(&mut self, given: &mut crate::workspace::settings::Settings) -> Result<(), Failure> {
        let (images, size, seed) = (given.take("images")?, given.take("size")?, given.take("seed")?);
        self.images = self.images.or(images);
        self.size = self.size.or(size);
        self.seed = self.seed.or(seed);
        let wrong = |names: &Vec<String>| names.iter().find_map(|name| name.parse::<synthetic::Class>().err());
        let classes = given.take_checked("classes", wrong)?;
        if self.classes.is_none() {
            self.classes = named(&classes.unwrap_or_default())?;
        }
        Ok(())
    }

    fn settings(self, segmentation: bool) -> synthetic::Settings {
        let default = synthetic::Settings::default();
        synthetic::Settings {
            images: self.images.unwrap_or(default.images),
            size: self.size.unwrap_or(default.size),
            seed: self.seed.unwrap_or(default.seed),
            classes: self.classes.unwrap_or(default.classes),
            segmentation,
        }
    }
}

/// What is told after an ingest.
#[derive(Serialize)]
struct Ingested {
    dataset: String,
    task: String,
    format: String,
    source: String,
    images: usize,
    masks: usize,
    groups: usize,
    patients: usize,
    classes: Vec<ClassImages>,
    /// What the masks show; empty without masks.
    mask_classes: Vec<String>,
    skipped: indexmap::IndexMap<String, usize>,
    notes: Vec<String>,
    official_split: Option<String>,
    digest: String,
    #[serde(skip)]
    group_words: (&'static str, &'static str),
}

#[derive(Serialize)]
struct ClassImages {
    class: String,
    images: usize,
}

impl Ingested {
    fn new(dataset: &Dataset, out: &Path, official: bool) -> Self {
        let counts = dataset.class_counts(0..dataset.rows.len());
        let classes = dataset.label_classes().iter().zip(counts).map(|(class, images)| ClassImages { class: class.clone(), images });
        let different = |id: fn(&crate::dataset::Row) -> Option<&String>| {
            dataset.rows.iter().filter_map(id).collect::<std::collections::HashSet<_>>().len()
        };
        Self {
            dataset: shown(out),
            task: dataset.info.task.clone(),
            format: dataset.info.format.clone(),
            source: dataset.info.source.clone(),
            images: dataset.rows.len(),
            masks: dataset.rows.iter().filter(|row| row.mask.is_some()).count(),
            groups: different(|row| row.group.as_ref()),
            patients: different(|row| row.patient.as_ref()),
            classes: classes.collect(),
            mask_classes: if dataset.rows.iter().any(|row| row.mask.is_some()) { dataset.mask_classes() } else { Vec::new() },
            skipped: dataset.info.skipped.clone(),
            notes: dataset.info.notes.clone(),
            official_split: official.then(|| format!("{}/split.csv", shown(out))),
            digest: dataset.digest().hex(),
            group_words: dataset.group_words(),
        }
    }
}

impl Report for Ingested {
    const KIND: &'static str = "ingest";

    fn human(&self, page: &mut Page) {
        let mut facts = vec![text::count(self.images, "image", "images")];
        let (one, many) = self.group_words;
        for (n, one, many) in [
            (self.classes.len(), "class", "classes"),
            (self.groups, one, many),
            (self.patients, "patient", "patients"),
            (self.masks, "mask", "masks"),
        ] {
            if n > 0 {
                facts.push(text::count(n, one, many));
            }
        }
        page.line(format!("{} ({}): {}", self.dataset, self.format, facts.join(", "))).blank();
        let mut table = Table::new([("class", Align::Left), ("images", Align::Right), ("share", Align::Right)]);
        for class in &self.classes {
            let share = 100.0 * class.images as f64 / self.images.max(1) as f64;
            table.row([class.class.clone(), text::grouped(class.images as u64), format!("{share:.1} %")]);
        }
        if self.classes.is_empty() {
            page.line(format!("the masks show {}", text::quoted_list(&self.mask_classes)));
        } else {
            page.table(&table);
        }
        for note in &self.notes {
            page.blank().line(format!("note: {note}"));
        }
        if let Some(split) = &self.official_split {
            page.blank().line(format!("The source's own split is in {split}."));
        }
    }
}
