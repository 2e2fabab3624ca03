//! The HTML report of a model that gives any number of labels.
//!
//! First what decides, with intervals and with what it rests on; then each label, the curves, the worst mistakes with their pictures, and what data
//! and method were. No date and no path of the machine: equal inputs give equal bytes.

use super::columns::Columns;
use super::result::LabelEvaluation;
use crate::evaluation::page::{Material, averages_table, between, curves, identity, number, per_class, rests_on};
use crate::evaluation::{Prediction, Predictions};
use crate::report::html::{Cell, Page, Picture, Section, Table, Tile, Tone};
use crate::text::count;

/// A label that was said wrongly of an image.
#[derive(Clone, Copy, Debug)]
pub struct Mistake<'a> {
    /// The image.
    pub row: &'a Prediction,
    /// Position of the label.
    pub label: usize,
    /// Whether the image shows it.
    pub shown: bool,
}

impl Mistake<'_> {
    fn probability(&self) -> f64 {
        self.row.probabilities.get(self.label).copied().unwrap_or(0.0)
    }

    /// How far from the truth.
    fn distance(&self) -> f64 {
        (self.probability() - f64::from(u8::from(self.shown))).abs()
    }
}

/// The wrong answers, the surest first (then by image name), at most `limit`; of an image with several the worst.
pub fn worst_mistakes(predictions: &Predictions, limit: usize) -> Vec<Mistake<'_>> {
    let worst = |row: &'_ Prediction| -> Option<(usize, bool)> {
        let (truth, said) = (row.labels.as_deref()?, row.said());
        let wrong = (0..predictions.classes.len()).filter(|label| truth.contains(label) != said.contains(label));
        let wrong = wrong.map(|label| (label, truth.contains(&label)));
        wrong.max_by(|a, b| {
            let distance = |(label, shown): (usize, bool)| Mistake { row, label, shown }.distance();
            distance(*a).total_cmp(&distance(*b)).then(b.0.cmp(&a.0))
        })
    };
    let mut found: Vec<Mistake<'_>> =
        predictions.rows.iter().filter_map(|row| worst(row).map(|(label, shown)| Mistake { row, label, shown })).collect();
    found.sort_by(|a, b| b.distance().total_cmp(&a.distance()).then_with(|| a.row.image.cmp(&b.row.image)));
    found.truncate(limit);
    found
}

/// Builds the page. `evaluation` must be that of `predictions`.
pub fn page(predictions: &Predictions, evaluation: &LabelEvaluation, material: &Material) -> Page {
    let (rows, labels) = (count(evaluation.n, "image", "images"), count(evaluation.classes.len(), "label", "labels"));
    let subtitle = match evaluation.groups == evaluation.n {
        true => format!("{rows}, {labels}, each image on its own"),
        false => format!("{rows} of {}, {labels}", count(evaluation.groups, "group", "groups")),
    };
    let known: Vec<&Prediction> = predictions.rows.iter().filter(|row| row.labels.is_some()).collect();
    let shown: Vec<&[usize]> = known.iter().map(|row| row.truth()).collect();
    let probabilities: Vec<Vec<f64>> = known.iter().map(|row| row.probabilities.clone()).collect();
    let columns = Columns::of(&shown, &probabilities, evaluation.classes.len());
    Page::new(&material.title)
        .subtitle(format!("{subtitle}; an image has any number of them"))
        .section(headline(evaluation, &material.cautions))
        .section(per_class(&evaluation.per_class, &evaluation.intervals, ["Per label", "label"]))
        .section(curves(&evaluation.per_class, ["label", "its absence"], &|label| columns.ranking(label)))
        .section(mistakes(predictions, material))
        .section(averages(evaluation))
        .section(identity(material, evaluation.groups == evaluation.n, &evaluation.intervals, &evaluation.undefined, None))
        .footer(format!("Made by derm {}. This page is complete: it loads nothing.", env!("CARGO_PKG_VERSION")))
}

fn headline(evaluation: &LabelEvaluation, cautions: &[String]) -> Section {
    let top = &evaluation.headline;
    let interval = |name: &str| between(evaluation.intervals.headline.get(name).copied().flatten());
    let tile = |name: &str, value: Option<f64>, details: [String; 2]| Tile {
        name: name.to_owned(),
        value: number(value),
        detail: details.join("\n"),
    };
    let [truth, said] = evaluation.labels_per_image.map(number);
    let supports: Vec<f64> = evaluation.per_class.values().map(|label| label.support as f64 / evaluation.n.max(1) as f64).collect();
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / supports.len().max(1) as f64;
    let shares = mean(&mut supports.iter().copied());
    let entropy = mean(&mut supports.iter().map(|p| [*p, 1.0 - p].into_iter().filter(|q| *q > 0.0).map(|q| -q * q.ln()).sum()));
    let tiles = [
        tile("Macro AUC", top.macro_auc, [interval("macro_auc"), "chance: 0.500".to_owned()]),
        tile("Macro average precision", top.macro_ap, [interval("macro_ap"), format!("chance: {shares:.3}")]),
        tile("Macro F1", top.macro_f1, [interval("macro_f1"), format!("at the threshold {}", evaluation.threshold)]),
        tile("All labels right", top.subset_accuracy, [interval("subset_accuracy"), "of an image (subset accuracy)".to_owned()]),
        tile("Wrong labels", top.hamming_loss, [interval("hamming_loss"), format!("Hamming loss; always saying none: {shares:.3}")]),
        tile("Log loss", top.log_loss, [interval("log_loss"), format!("knowing only how often labels are: {entropy:.3}")]),
    ];
    let mut section = Section::new("headline", "").tiles(&tiles);
    let rests = rests_on(&evaluation.per_class, evaluation.unlabelled, "macro AUC and average precision");
    for caution in cautions.iter().chain(&rests) {
        section = section.note(Tone::Caution, caution);
    }
    section.text(&format!("An image has {truth} labels on average; the model says {said}."))
}

fn mistakes(predictions: &Predictions, material: &Material) -> Section {
    let worst = worst_mistakes(predictions, crate::evaluation::page::MISTAKES);
    let section = Section::new("mistakes", "Worst mistakes");
    if worst.is_empty() {
        return section.text("Every label of every image was said rightly.");
    }
    let section = section.text("Labels said wrongly, the surest first; of each image the worst. Look here for wrong labels too.");
    let label = |mistake: &Mistake<'_>| predictions.classes.get(mistake.label).map_or("?", String::as_str).to_owned();
    let truth = |mistake: &Mistake<'_>| if mistake.shown { "is there" } else { "is not there" };
    if material.thumbnails.is_empty() {
        let table =
            Table::new("Without pictures: the dataset was not given.").text_column("image").text_column("label").text_column("truth");
        let mut table = table.number_column("probability");
        for mistake in &worst {
            let p = mistake.probability();
            table.row([
                Cell::text(&mistake.row.image),
                Cell::text(label(mistake)),
                Cell::text(truth(mistake)),
                Cell::number(p, number(Some(p))),
            ]);
        }
        return section.table(&table);
    }
    let picture = |mistake: &Mistake<'_>| Picture {
        mime: "image/jpeg",
        bytes: material.thumbnails.get(&mistake.row.image).cloned().unwrap_or_default(),
        alt: format!("{}: {} {}", mistake.row.image, label(mistake), truth(mistake)),
        caption: vec![
            format!("{} {}", label(mistake), truth(mistake)),
            format!("p({}) {:.3}", label(mistake), mistake.probability()),
            mistake.row.image.clone(),
        ],
    };
    section.pictures(&worst.iter().map(picture).collect::<Vec<_>>())
}

fn averages(evaluation: &LabelEvaluation) -> Section {
    let explained = [
        ("macro", "macro: every label alike"),
        ("weighted", "weighted by images with the label"),
        ("micro", "micro: all answers together"),
    ];
    Section::new("averages", "Averages").table(&averages_table("labels", &explained, &evaluation.averages))
}
