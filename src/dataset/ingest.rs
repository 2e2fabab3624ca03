//! Bringing a source in: a folder in somebody else's layout becomes a dataset.
//!
//! A reader looks at names and tables and lists what it found ([`Found`]); then every file is read once,
//! decoded, hashed and brought in, many at a time. Nothing in the source is changed.
//!
//! # Strict by default
//!
//! A source that contradicts itself is refused with all its contradictions ([`Problem`]), since each of them has
//! spoilt somebody's results. Three kinds may be left out on request ([`Skip`]); they are then counted in
//! `dataset.yaml`. So may images without a mask where the masks are what is wanted. Never skipped: one id for two different images, cells that cannot be understood, a class
//! the format does not know, fewer than two classes.
//!
//! Copies of one image under one name in two folders (some downloads have every folder twice) are taken once.
//! Hidden files, `__MACOSX` and files without an image's extension are passed over.

mod assembly;
mod class_folders;
mod detect;
mod files;
mod intake;
mod listed;
mod mask_folders;
mod one_hot;
mod pairs;
mod several;
mod stacks;

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub(super) use assembly::Assembly;
pub(super) use files::{Files, without_extension};
pub use pairs::label_stem;

use super::extract::Range;
use super::masks::MOST_CLASSES;
use super::{Dataset, Error, Info, Problem, Row, Subset, Work, info};

/// A layout that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// One folder a class, perhaps below `Train/`, `Val/` and `Test/`.
    ClassFolders,
    /// A table with `image_id`, `dx`, `lesion_id`; images and masks anywhere below.
    Ham10000,
    /// A one-hot table of ground truth, perhaps a table of metadata; images anywhere below.
    Isic2019,
    /// A table with `image_name`, `benign_malignant`, `patient_id`; images anywhere below.
    Isic2020,
    /// A table with the column `labels`, which holds any number of them; images anywhere below.
    LabelTable,
    /// A table with a column of 0 and 1 for each label, any number of which an image may have; images anywhere below.
    OneHot,
    /// Images and masks, paired by their names.
    MaskFolders,
    /// Multi-page TIFF stacks and label stacks, paired by their names.
    TiffStacks,
}

impl Format {
    /// All, in the order in which detection tries them.
    pub const ALL: [Format; 8] = [
        Format::Ham10000,
        Format::Isic2019,
        Format::Isic2020,
        Format::LabelTable,
        Format::OneHot,
        Format::TiffStacks,
        Format::MaskFolders,
        Format::ClassFolders,
    ];

    /// As it is written in `dataset.yaml` and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::ClassFolders => "class-folders",
            Format::Ham10000 => "ham10000",
            Format::Isic2019 => "isic2019",
            Format::Isic2020 => "isic2020",
            Format::LabelTable => "label-table",
            Format::OneHot => "one-hot",
            Format::MaskFolders => "mask-folders",
            Format::TiffStacks => "tiff-stacks",
        }
    }

    /// Whether its images have any number of labels.
    fn is_multi_label(self) -> bool {
        matches!(self, Format::LabelTable | Format::OneHot)
    }

    /// Whether it has masks and no labels.
    fn is_segmentation(self) -> bool {
        matches!(self, Format::MaskFolders | Format::TiffStacks)
    }
}

/// What may be left out with a warning instead of stopping the ingest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Skip {
    /// Files that cannot be decoded.
    Unreadable,
    /// Rows of a table, or masks, without an image.
    Missing,
    /// Images without a row in the table.
    Unlisted,
    /// Images without a mask, where masks are what is wanted.
    Unmasked,
}

impl Skip {
    /// As it is written in `dataset.yaml` and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Skip::Unreadable => "unreadable",
            Skip::Missing => "missing",
            Skip::Unlisted => "unlisted",
            Skip::Unmasked => "unmasked",
        }
    }
}

/// How to ingest.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The layout; `None`: found out.
    pub format: Option<Format>,
    /// What may be left out.
    pub skip: Vec<Skip>,
    /// Make a segmentation dataset, whatever the source's labels say. Formats without labels always do.
    pub segmentation: bool,
    /// Whether images must have any number of labels, or one; `None`: as the format has it.
    pub multi_label: Option<bool>,
    /// What the masks of a segmentation dataset show; empty: one class, named by the format.
    pub mask_classes: Vec<String>,
    /// The folder with the masks, where names do not say which files they are.
    pub masks: Option<PathBuf>,
    /// The terms of use, where the user knows better than the reader.
    pub licence: Option<String>,
    /// Replace a dataset that is already there.
    pub replace: bool,
}

/// What a reader found, before any image is opened.
#[derive(Debug, Default)]
struct Found {
    classes: Vec<String>,
    items: Vec<Item>,
    licence: String,
    notes: Vec<String>,
    problems: Vec<Problem>,
    segmentation: bool,
    multi_label: bool,
    made: IndexMap<String, serde_yaml::Value>,
}

/// One image to bring in.
#[derive(Debug)]
struct Item {
    file: PathBuf,
    mask: Option<PathBuf>,
    /// Without sizes and hash.
    row: Row,
    subset: Option<Subset>,
}

/// What came of an ingest.
#[derive(Debug)]
pub struct Ingested {
    /// The new dataset.
    pub dataset: Dataset,
    /// What was left out, one message each.
    pub skipped: Vec<Problem>,
    /// Whether a split of the source was written as `split.csv`.
    pub official_split: bool,
    /// A remark when the colours are not those of skin.
    pub colour_warning: Option<String>,
}

/// Ingests the folder `source` into the folder `out`. `name` is how `dataset.yaml` calls the source.
///
/// # Errors
///
/// [`Error::Source`] with all problems found; [`Error::UnknownFormat`]; [`Error::Occupied`]; [`Error::Interrupted`]. `out` is then
/// as it was.
pub fn ingest(source: &Path, name: &str, out: &Path, options: &Options, work: Work<'_>) -> Result<Ingested, Error> {
    check_places(source, out)?;
    let format = options.format.map_or_else(|| detect::detect(source, options.masks.is_some(), options.multi_label == Some(true)), Ok)?;
    check_labels(format, options)?;
    let mut found = match format {
        Format::ClassFolders => class_folders::read(source)?,
        Format::Ham10000 => listed::read(source, &listed::HAM10000)?,
        Format::Isic2020 => listed::read(source, &listed::ISIC2020)?,
        Format::Isic2019 => one_hot::read(source)?,
        Format::LabelTable => several::read_label_table(source)?,
        Format::OneHot => several::read_one_hot(source)?,
        Format::MaskFolders => mask_folders::read(source, options)?,
        Format::TiffStacks => stacks::read(source, options)?,
    };
    found.multi_label = format.is_multi_label() && !options.segmentation;
    check_masks(format, options)?;
    if options.segmentation || format.is_segmentation() {
        as_segmentation(source, &mut found, format, options);
    }
    same_names(&mut found);
    let mut skipped = sort_out(source, std::mem::take(&mut found.problems), options)?;
    if found.items.is_empty() {
        return Err(refused(source, vec![Problem::NoImages], options));
    }
    let assembly = Assembly::begin(out, options.replace)?;
    let mut taken = take_in(source, format, &mut found, &assembly, work)?;
    skipped.extend(sort_out(source, std::mem::take(&mut taken.problems), options)?);
    taken.rows.sort_by(|a, b| a.0.image.cmp(&b.0.image));
    if taken.rows.is_empty() {
        return Err(refused(source, vec![Problem::NoImages], options));
    }
    if !found.segmentation {
        drop_empty_classes(&mut found, &mut taken.rows);
        if let Some(problem) = too_few(&found.classes) {
            return Err(refused(source, vec![problem], options));
        }
    }
    let (rows, subsets): (Vec<Row>, Vec<Option<Subset>>) = taken.rows.into_iter().unzip();
    let info = describe(found, rows.len(), format, name, options, &skipped);
    let official_split = subsets.iter().all(Option::is_some);
    let dataset = assembly.finish(info, rows, &subsets)?;
    Ok(Ingested { dataset, skipped, official_split, colour_warning: taken.tint.warning() })
}

/// The source must be there and must not hold, or lie in, the output.
fn check_places(source: &Path, out: &Path) -> Result<(), Error> {
    if matches!(source.try_exists(), Ok(false)) {
        let hint = Some("name the folder that holds the images, or the word `synthetic` for drawn pictures".to_owned());
        return Err(Error::Settings { message: format!("there is no folder `{}`", source.display()), hint });
    }
    let real = source.canonicalize().map_err(Error::io("open", source))?;
    if !real.is_dir() {
        let hint = Some("give the folder that holds the images; unpack an archive first".to_owned());
        return Err(Error::Settings { message: format!("`{}` is a file, a folder is wanted", source.display()), hint });
    }
    if real.join(info::FILE).is_file() {
        return Err(Error::settings(format!("`{}` is a derm dataset already", source.display())));
    }
    if out.canonicalize().is_ok_and(|out| out == real || out.starts_with(&real) && out.join(info::FILE).is_file()) {
        return Err(Error::settings(format!("the dataset `{}` lies inside its own source `{}`", out.display(), source.display())));
    }
    Ok(())
}

/// One label an image or several, as asked for and as the format has it.
fn check_labels(format: Format, options: &Options) -> Result<(), Error> {
    let (message, hint) = match (options.multi_label, format.is_multi_label()) {
        (Some(true), false) => (
            format!("images of the format `{}` have no more than one label each", format.name()),
            "`--format label-table` reads a column `labels`, `--format one-hot` a column of 0 and 1 for each label",
        ),
        (Some(false), true) => (format!("images of the format `{}` have any number of labels", format.name()), "its task is `multi-label`"),
        _ => return Ok(()),
    };
    Err(Error::Settings { message, hint: Some(hint.to_owned()) })
}

/// Settings of masks that make no sense with the format.
fn check_masks(format: Format, options: &Options) -> Result<(), Error> {
    let segmentation = options.segmentation || format.is_segmentation();
    if !segmentation && !options.mask_classes.is_empty() {
        let hint = Some("add `--task segmentation` to make a dataset of masks".to_owned());
        return Err(Error::Settings { message: "a classification dataset has one kind of mask: `lesion`".to_owned(), hint });
    }
    if options.masks.is_some() && !format.is_segmentation() {
        return Err(Error::settings(format!("masks of the format `{}` are found by their names", format.name())));
    }
    let classes = &options.mask_classes;
    if classes.len() > MOST_CLASSES {
        return Err(Error::settings(format!("masks show one to {MOST_CLASSES} classes, {} are named", classes.len())));
    }
    match classes.iter().enumerate().find(|(at, class)| class.trim().is_empty() || classes[..*at].contains(class)) {
        Some((_, class)) => Err(Error::settings(format!("the mask class `{class}` is empty or named twice"))),
        None => Ok(()),
    }
}

/// Masks instead of labels: every image needs one.
fn as_segmentation(source: &Path, found: &mut Found, format: Format, options: &Options) {
    found.segmentation = true;
    if !options.mask_classes.is_empty() {
        found.classes.clone_from(&options.mask_classes);
    } else if !format.is_segmentation() {
        found.classes = vec!["lesion".to_owned()];
    }
    let below = |item: &Item| item.file.strip_prefix(source).unwrap_or(&item.file).to_owned();
    found.problems.extend(found.items.iter().filter(|item| item.mask.is_none()).map(|item| Problem::NoMask { image: below(item) }));
    found.items.retain(|item| item.mask.is_some());
    found.items.iter_mut().for_each(|item| (item.row.label, item.row.labels) = (None, None));
}

/// Reads every file.
fn take_in(source: &Path, format: Format, found: &mut Found, assembly: &Assembly, work: Work<'_>) -> Result<intake::Taken, Error> {
    let items = std::mem::take(&mut found.items);
    let classes = if found.segmentation { found.classes.len() } else { 1 };
    if format != Format::TiffStacks {
        return intake::take_in(source, items, intake::Wanted { classes, always: found.segmentation }, assembly, work);
    }
    let (taken, ranges) = stacks::take_in(source, items, classes, assembly, work)?;
    if !ranges.is_empty() {
        found.notes.push("Stacks of more than 8 bits were scaled by the smallest and largest value of each: see `intensity`.".to_owned());
        let range = |(stack, range): (String, Range)| (stack.into(), vec![range.low, range.high].into());
        found.made.insert("intensity".to_owned(), serde_yaml::Value::Mapping(ranges.into_iter().map(range).collect()));
    }
    Ok(taken)
}

/// Names that differ only in case cannot live in one folder on every system.
fn same_names(found: &mut Found) {
    let mut seen = std::collections::HashMap::new();
    for item in &found.items {
        if let Some(first) = seen.insert(item.row.image.to_lowercase(), &item.row.image) {
            let (id, first, second) = (item.row.image.to_lowercase(), format!("`{first}`"), format!("`{}`", item.row.image));
            found.problems.push(Problem::DuplicateId { id, first, second });
        }
    }
}

/// The problems that may be skipped; an error with the others if there are any.
fn sort_out(source: &Path, problems: Vec<Problem>, options: &Options) -> Result<Vec<Problem>, Error> {
    let skips = |problem: &Problem| problem.kind().is_some_and(|kind| options.skip.contains(&kind));
    let (skipped, fatal): (Vec<Problem>, Vec<Problem>) = problems.into_iter().partition(skips);
    if fatal.is_empty() { Ok(skipped) } else { Err(refused(source, fatal, options)) }
}

fn refused(source: &Path, problems: Vec<Problem>, options: &Options) -> Error {
    Error::Source { path: source.to_owned(), problems, skip: options.skip.clone() }
}

/// A class without an image cannot be learnt or measured: it is left out, with a note.
fn drop_empty_classes(found: &mut Found, rows: &mut [(Row, Option<Subset>)]) {
    let mut used = vec![false; found.classes.len()];
    for &label in rows.iter().filter_map(|(row, _)| row.shown()).flatten() {
        used[label] = true;
    }
    let kept: Vec<usize> = (0..used.len()).filter(|&class| used[class]).collect();
    let dropped: Vec<&String> = (0..used.len()).filter(|&class| !used[class]).map(|class| &found.classes[class]).collect();
    if !dropped.is_empty() {
        found.notes.push(format!("classes without an image were left out: {}", crate::text::quoted_list(&dropped)));
    }
    for (row, _) in rows {
        let kept = |label: usize| kept.binary_search(&label).ok();
        row.label = row.label.and_then(kept);
        row.labels = row.labels.take().map(|labels| labels.into_iter().filter_map(kept).collect());
    }
    found.classes = kept.iter().map(|&class| std::mem::take(&mut found.classes[class])).collect();
}

fn too_few(classes: &[String]) -> Option<Problem> {
    match classes {
        [] => Some(Problem::NoImages),
        [class] => Some(Problem::SingleClass { class: class.clone() }),
        _ => None,
    }
}

fn describe(found: Found, images: usize, format: Format, name: &str, options: &Options, skipped: &[Problem]) -> Info {
    let mut counts = IndexMap::new();
    for kind in skipped.iter().filter_map(Problem::kind) {
        *counts.entry(kind.name().to_owned()).or_insert(0) += 1;
    }
    counts.sort_keys();
    Info {
        schema: info::SCHEMA,
        task: match (found.segmentation, found.multi_label) {
            (true, _) => info::SEGMENTATION,
            (false, true) => info::MULTI_LABEL,
            (false, false) => info::CLASSIFICATION,
        }
        .to_owned(),
        classes: found.classes,
        images,
        format: format.name().to_owned(),
        source: name.to_owned(),
        licence: options.licence.clone().unwrap_or(found.licence),
        notes: found.notes,
        made: found.made,
        skipped: counts,
    }
}
