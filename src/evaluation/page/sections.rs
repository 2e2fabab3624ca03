//! The report's sections, in the order of the page.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::words::{self, FEW, number, range};
use super::{MISTAKES, Material, figures, worst_mistakes};
use crate::evaluation::Interval;
use crate::evaluation::metrics::ranking::Ranking;
use crate::evaluation::predictions::{Prediction, Predictions};
use crate::evaluation::result::{Averages, ClassMetrics, Evaluation, Intervals};
use crate::report::html::{Cell, Picture, Section, Table, Tile, Tone};
use crate::text::count;

pub fn headline(evaluation: &Evaluation, cautions: &[String]) -> Section {
    let top = &evaluation.headline;
    let interval = |name: &str| between(evaluation.intervals.headline.get(name).copied().flatten());
    let tile = |name: &str, value: Option<f64>, details: [String; 2]| Tile {
        name: name.to_owned(),
        value: number(value),
        detail: details.join("\n"),
    };
    let (common, share) = words::majority(evaluation);
    let chance = format!("chance: {:.3}", 1.0 / words::present(evaluation).max(1) as f64);
    let floor = top.ece_noise_p95.map_or_else(String::new, |p95| format!("a calibrated model of this size shows up to {p95:.3}"));
    let mut tiles = vec![
        tile("Balanced accuracy", top.balanced_accuracy, [interval("balanced_accuracy"), chance]),
        tile("Macro AUC", top.macro_auc, [interval("macro_auc"), "chance: 0.500".to_owned()]),
        tile("Accuracy", top.accuracy, [interval("accuracy"), format!("always saying {common}: {share:.3}")]),
        tile("Log loss", top.log_loss, [interval("log_loss"), format!("knowing only the class sizes: {:.3}", words::entropy(evaluation))]),
        tile("Calibration error (ECE)", top.ece, [floor, String::new()]),
    ];
    if let Some((name, class)) = words::weakest(evaluation) {
        let details =
            [between(class_interval(evaluation, name, "recall")), format!("rests on {}", count(class.support as usize, "image", "images"))];
        tiles.insert(3, tile(&format!("Lowest recall: {name}"), class.recall, details));
    }
    let mut section = Section::new("headline", "").tiles(&tiles);
    for caution in cautions.iter().chain(&words::cautions(evaluation)) {
        section = section.note(Tone::Caution, caution);
    }
    section
}

/// `95 %: 0.601 to 0.680`.
pub fn between(interval: Option<Interval>) -> String {
    if interval.is_some() { format!("95 %: {}", range(interval)) } else { "no interval (see the method below)".to_owned() }
}

fn class_interval(evaluation: &Evaluation, class: &str, metric: &str) -> Option<Interval> {
    of_class(&evaluation.intervals, class, metric)
}

fn of_class(intervals: &Intervals, class: &str, metric: &str) -> Option<Interval> {
    intervals.per_class.get(class)?.get(metric).copied().flatten()
}

/// The table of all classes; the section's title, and what a class is called.
pub fn per_class(per_class: &IndexMap<String, ClassMetrics>, intervals: &Intervals, [title, what]: [&str; 2]) -> Section {
    let mut table = Table::new(format!("Each {what} against the rest, with 95 % intervals.")).text_column(what).number_column("images");
    let metrics = ["recall", "precision", "specificity", "npv", "f1", "auc", "ap"];
    for heading in ["recall", "precision", "specificity", "NPV", "F1", "AUC", "AP"] {
        table = table.number_column(heading);
    }
    for (name, class) in per_class {
        let few = class.support < FEW;
        let values = [class.recall, class.precision, class.specificity, class.npv, class.f1, class.auc, class.ap];
        let cells = metrics.iter().zip(values).map(|(metric, value)| {
            let cell = Cell::number(value.unwrap_or(f64::NAN), number(value));
            cell.with(range(of_class(intervals, name, metric))).faint_if(few)
        });
        let first = [Cell::text(name), Cell::number(class.support as f64, class.support.to_string()).faint_if(few)];
        table.row(first.into_iter().chain(cells));
    }
    let section = Section::new("classes", title).table(&table);
    if per_class.values().any(|class| class.support < FEW) {
        return section.text(&format!("Grey: fewer than {FEW} images of the {what}. A dash: no value, see the end of the page."));
    }
    section
}

pub fn confusion(evaluation: &Evaluation) -> Section {
    let mut table = Table::new("Most frequent confusions.")
        .text_column("true class")
        .text_column("predicted as")
        .number_column("images")
        .number_column("of the class");
    let names = &evaluation.classes;
    let mut pairs: Vec<(u64, usize, usize)> = Vec::new();
    for (r, row) in evaluation.confusion.iter().enumerate() {
        pairs.extend(row.iter().enumerate().filter(|(c, n)| *c != r && **n > 0).map(|(c, n)| (*n, r, c)));
    }
    pairs.sort_by(|a, b| b.0.cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    for (n, r, c) in pairs.iter().take(8) {
        let share = *n as f64 / evaluation.confusion[*r].iter().sum::<u64>() as f64;
        table.row([
            Cell::text(&names[*r]),
            Cell::text(&names[*c]),
            Cell::number(*n as f64, n.to_string()),
            Cell::number(share, format!("{:.1} %", share * 100.0)),
        ]);
    }
    let section = Section::new("confusion", "Confusion").plots(&figures::confusion(evaluation));
    if pairs.is_empty() { section.text("No image was confused.") } else { section.table(&table) }
}

/// What a class is called and what it stands against.
pub fn curves(per_class: &IndexMap<String, ClassMetrics>, words: [&str; 2], ranking: &dyn Fn(usize) -> Ranking) -> Section {
    Section::new("curves", "ROC and precision-recall").plots(&figures::curves(per_class, words, ranking))
}

pub fn calibration(evaluation: &Evaluation) -> Section {
    let top = &evaluation.headline;
    let text = format!(
        "ECE {} (15 bins of equal width, predicted class); a perfectly calibrated model with these confidences shows {} on average and stays \
         below {} in 95 of 100 tables of this size. Largest error of a bin: {}. Brier score {} of 2.",
        number(top.ece),
        number(top.ece_noise_mean),
        number(top.ece_noise_p95),
        number(top.mce),
        number(top.brier)
    );
    Section::new("calibration", "Calibration").text(&text).plots(&figures::reliability(evaluation))
}

pub fn mistakes(predictions: &Predictions, material: &Material) -> Section {
    let worst = worst_mistakes(predictions, MISTAKES);
    let section = Section::new("mistakes", "Worst mistakes");
    if worst.is_empty() {
        return section.text("Every labelled image was predicted as its label.");
    }
    let section =
        section.text("Wrong predictions, the most confident first: true class → predicted class. Look here for wrong labels too.");
    if material.thumbnails.is_empty() {
        return section.table(&mistakes_table(predictions, &worst));
    }
    let picture = |row: &&Prediction| {
        let mistake = Mistake::of(predictions, row);
        Picture {
            mime: "image/jpeg",
            bytes: material.thumbnails.get(&row.image).cloned().unwrap_or_default(),
            alt: format!("{}: {} predicted as {}", row.image, mistake.truth, mistake.said),
            caption: vec![
                format!("{} → {}", mistake.truth, mistake.said),
                format!("p({}) {:.3}, p({}) {:.3}", mistake.said, row.confidence(), mistake.truth, mistake.of_truth),
                row.image.clone(),
            ],
        }
    };
    section.pictures(&worst.iter().map(picture).collect::<Vec<_>>())
}

/// A wrong prediction in words.
struct Mistake<'a> {
    truth: &'a str,
    said: &'a str,
    of_truth: f64,
}

impl<'a> Mistake<'a> {
    fn of(predictions: &'a Predictions, row: &Prediction) -> Self {
        let class = |k: usize| predictions.classes.get(k).map_or("?", String::as_str);
        let label = row.label.unwrap_or(0);
        Self { truth: class(label), said: class(row.predicted()), of_truth: row.probabilities.get(label).copied().unwrap_or(0.0) }
    }
}

/// The mistakes where no image is at hand.
fn mistakes_table(predictions: &Predictions, worst: &[&Prediction]) -> Table {
    let table = Table::new("Without pictures: the dataset was not given.")
        .text_column("image")
        .text_column("true class")
        .text_column("predicted as");
    let mut table = table.number_column("p(predicted)").number_column("p(true)");
    for row in worst {
        let mistake = Mistake::of(predictions, row);
        let numbers = [row.confidence(), mistake.of_truth].map(|p| Cell::number(p, number(Some(p))));
        table.row([Cell::text(&row.image), Cell::text(mistake.truth), Cell::text(mistake.said)].into_iter().chain(numbers));
    }
    table
}

/// Averages over classes, or over what else they are called; `explained`: their keys, and what they are.
pub fn averages_table(what: &str, explained: &[(&str, &str)], averages: &BTreeMap<&'static str, Averages>) -> Table {
    let caption = format!("Averages over {what}. An undefined precision or F1 counts as 0, an undefined AUC or AP is left out.");
    let mut table = Table::new(caption).text_column("average");
    for heading in ["precision", "recall", "F1", "AUC", "AP"] {
        table = table.number_column(heading);
    }
    for (key, name) in explained {
        let Some(a) = averages.get(key) else { continue };
        let values = [a.precision, a.recall, a.f1, a.auc, a.ap].map(|v| Cell::number(v.unwrap_or(f64::NAN), number(v)));
        table.row(std::iter::once(Cell::text(*name)).chain(values));
    }
    table
}

pub fn definitions(evaluation: &Evaluation) -> Section {
    let explained = [
        ("macro", "macro: all declared classes"),
        ("macro_present", "macro: classes with images"),
        ("weighted", "weighted by images of the class"),
        ("micro", "micro: all decisions together"),
    ];
    let averages = averages_table("classes", &explained, &evaluation.averages);
    let top = &evaluation.headline;
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let facts = [
        fact("Cohen's kappa", interval_after(evaluation, number(top.kappa), "kappa")),
        fact("Matthews' correlation", interval_after(evaluation, number(top.mcc), "mcc")),
        fact("Among the two most probable", number(top.top_2)),
        fact("Among the three most probable", number(top.top_3)),
        fact("Brier score, halved", number(top.brier_halved)),
        fact(
            "Balanced accuracy by the ISIC scorer",
            format!("{} ({} undecided)", number(evaluation.isic.balanced_accuracy), evaluation.isic.undecided),
        ),
        fact("AUC by MedMNIST's evaluator", number(evaluation.medmnist.auc)),
        fact("ACC by MedMNIST's evaluator", number(evaluation.medmnist.acc)),
    ];
    Section::new("definitions", "By other definitions").table(&averages).facts(&facts)
}

fn interval_after(evaluation: &Evaluation, value: String, name: &str) -> String {
    let interval = range(evaluation.intervals.headline.get(name).copied().flatten());
    if interval.is_empty() { value } else { format!("{value} ({interval})") }
}

/// `apart`: no two images share a group; `without`: what is left without an interval for a reason of its own.
pub fn identity(material: &Material, apart: bool, intervals: &Intervals, undefined: &[String], without: Option<&str>) -> Section {
    let grouping = if apart {
        "Every image counts as independent of the others, because no two share a group."
    } else {
        "Images of one group (lesion or patient) are resampled together and never count as independent."
    };
    let method = format!(
        "95 % intervals. {grouping} Proportions: Wilson. AUC of a class: DeLong on the logit scale. Everything else: percentiles of {} draws \
         of groups with replacement (seed {}), within classes where one has fewer than 30 images. No interval is given for fewer than five \
         images, for an AUC of exactly 0 or 1, {}where every draw agrees{}.",
        intervals.resamples,
        intervals.seed,
        if without.is_none() { "and " } else { "" },
        without.map(|what| format!(", and {what}")).unwrap_or_default()
    );
    let mut section = Section::new("identity", "Data, model and method").facts(&material.identity).text(&method);
    if !undefined.is_empty() {
        section = section.text(&format!("Without a value: {}.", undefined.join("; ")));
    }
    section
}
