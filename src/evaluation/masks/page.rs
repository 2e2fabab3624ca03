//! The HTML report of a segmenter.
//!
//! First what decides, with intervals and with what it rests on; then the distribution, each class, the worst, middling
//! and best images with both outlines, and what data and method were. No date and no path of the machine: equal inputs
//! give equal bytes.

use std::collections::BTreeMap;

use super::overlap::Overlap;
use super::result::{Case, ClassResult, MaskEvaluation, Means};
use crate::evaluation::Interval;
use crate::evaluation::page::{number, range};
use crate::report::html::{Cell, Page, Picture, Section, Table, Tile, Tone};
use crate::report::svg::{Bars, Group};
use crate::text::count;

/// Images shown from the bottom, the middle and the top of the ranking by Dice.
pub const SHOWN: [usize; 3] = [12, 4, 4];

/// What the page shows beside the numbers.
#[derive(Debug, Default)]
pub struct Material {
    /// The page's title.
    pub title: String,
    /// Names and values that say which data, split, model and program this is about.
    pub identity: Vec<(String, String)>,
    /// Reasons to doubt the numbers that do not lie in the numbers.
    pub cautions: Vec<String>,
    /// JPEG files with outlines by image name.
    pub overlays: BTreeMap<String, Vec<u8>>,
}

/// A heading and the images under it, the lowest Dice first (then by name).
pub fn examples(cases: &[Case]) -> Vec<(&'static str, Vec<&Case>)> {
    let mut ranked: Vec<&Case> = cases.iter().collect();
    ranked.sort_by(|a, b| a.dice().total_cmp(&b.dice()).then_with(|| a.image.cmp(&b.image)));
    let [worst, middle, best] = SHOWN;
    if ranked.len() <= worst + middle + best {
        return vec![("All images", ranked)];
    }
    let from = (ranked.len() - middle) / 2;
    let middle = (from.max(worst)..from.max(worst) + middle).map(|at| ranked[at]).collect();
    vec![("Worst", ranked[..worst].to_vec()), ("In the middle", middle), ("Best", ranked[ranked.len() - best..].to_vec())]
}

/// Builds the page. `evaluation` must be that of `cases`.
pub fn page(classes: &[String], cases: &[Case], evaluation: &MaskEvaluation, material: &Material) -> Page {
    let groups = if evaluation.groups == evaluation.n {
        "(each on its own)".to_owned()
    } else {
        format!("of {}", count(evaluation.groups, "group", "groups"))
    };
    Page::new(&material.title)
        .subtitle(format!("{} {groups}; masks of {}", count(evaluation.n, "image", "images"), classes.join(", ")))
        .section(headline(evaluation, &material.cautions))
        .section(distribution(classes, cases))
        .section(per_class(evaluation))
        .section(pictures(classes, cases, material))
        .section(identity(evaluation, material))
        .footer(format!("Made by derm {}. This page is complete: it loads nothing.", env!("CARGO_PKG_VERSION")))
}

fn headline(evaluation: &MaskEvaluation, cautions: &[String]) -> Section {
    let means = &evaluation.headline;
    let interval = |name: &str| between(evaluation.intervals.headline.get(name).copied().flatten());
    let tile = |name: &str, value: String, details: [String; 2]| Tile { name: name.to_owned(), value, detail: details.join("\n") };
    let total = |get: fn(&ClassResult) -> u64| evaluation.per_class.values().map(get).sum::<u64>();
    let (missed, invented, below) = (total(|c| c.missed), total(|c| c.invented), total(|c| c.below_threshold));
    let pairs = evaluation.n as u64 * evaluation.per_class.len() as u64;
    let tiles = [
        tile("Dice", number(means.dice), [interval("dice"), String::new()]),
        tile("Jaccard", number(means.jaccard), [interval("jaccard"), String::new()]),
        tile(
            "Thresholded Jaccard (0.65)",
            number(means.thresholded_jaccard),
            [interval("thresholded_jaccard"), format!("{below} of {pairs} masks below 0.65 count as 0")],
        ),
        tile("Sensitivity", number(means.sensitivity), [interval("sensitivity"), "of the pixels of an image".to_owned()]),
        tile("HD95, pixels", pixels(means.hd95), [interval("hd95"), format!("failures as the diagonal: {}", pixels(means.hd95_penalised))]),
        tile("Failures", (missed + invented).to_string(), [format!("{missed} missed, {invented} invented"), format!("of {pairs} masks")]),
    ];
    let mut section = Section::new("headline", "").tiles(&tiles);
    for caution in cautions {
        section = section.note(Tone::Caution, caution);
    }
    for (class, result) in evaluation.per_class.iter().filter(|(_, result)| result.both_empty > 0) {
        let empty = count(result.both_empty as usize, "image", "images");
        section = section.note(Tone::Remark, &format!("{empty} where both masks of {class} are empty count as a Dice and a Jaccard of 1."));
    }
    section
}

/// Distances: one decimal is a tenth of a pixel.
fn pixels(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"))
}

fn between(interval: Option<Interval>) -> String {
    if interval.is_some() { format!("95 %: {}", range(interval)) } else { "no interval: fewer than five groups, or no draws".to_owned() }
}

/// Twenty bins of equal width, the last with 1.
fn histogram(values: impl Iterator<Item = f64>) -> Vec<f64> {
    values.fold(vec![0.0; 20], |mut bins, value| {
        bins[((value * 20.0) as usize).min(19)] += 1.0;
        bins
    })
}

fn distribution(classes: &[String], cases: &[Case]) -> Section {
    let plot = |title: &str, get: fn(&Overlap) -> f64| {
        let of = |class: usize| histogram(cases.iter().map(|case| get(&case.scores[class].overlap)));
        Bars {
            title: title.to_owned(),
            description: format!("Number of images by {title}, in twenty bins."),
            x_label: format!("{title} from"),
            y_label: "images".to_owned(),
            labels: (0..20).map(|bin| format!("{:.2}", f64::from(bin) / 20.0)).collect(),
            groups: classes.iter().enumerate().map(|(at, class)| Group { name: class.clone(), values: of(at) }).collect(),
            at_least: 0.0,
        }
        .svg()
    };
    Section::new("distribution", "Distribution").plots(&[plot("Dice", Overlap::dice), plot("Jaccard", Overlap::jaccard)])
}

fn per_class(evaluation: &MaskEvaluation) -> Section {
    let mut table = Table::new("Means over images, with 95 % intervals. Distances in pixels of the true mask.").text_column("class");
    let counts = ["images with it", "missed", "invented"];
    let names = ["Dice", "Jaccard", "thresholded", "sensitivity", "specificity", "HD95", "HD95 penalised", "ASSD", "ASSD penalised"];
    for heading in counts.iter().chain(&names).chain(&["Dice, quartiles"]) {
        table = table.number_column(*heading);
    }
    for (class, result) in &evaluation.per_class {
        let counted = [result.support, result.missed, result.invented].map(|n| Cell::number(n as f64, n.to_string()));
        let means = Means::NAMES.iter().zip(result.means.values()).enumerate().map(|(at, (name, value))| {
            let interval = evaluation.intervals.per_class.get(class).and_then(|all| all.get(name).copied().flatten());
            let text = if at < 5 { number(value) } else { pixels(value) };
            Cell::number(value.unwrap_or(f64::NAN), text).with(range(interval))
        });
        let quartiles = result.dice_quartiles.map(|value| number(Some(value))).join(" ");
        let last = Cell::number(result.dice_quartiles[1], quartiles);
        table.row(std::iter::once(Cell::text(class)).chain(counted).chain(means).chain([last]));
    }
    Section::new("classes", "Per class").table(&table)
}

fn pictures(classes: &[String], cases: &[Case], material: &Material) -> Section {
    let mut section = Section::new("images", "Images").text(
        "Cyan: the true outline. Magenta: the predicted one. White: both. Ranked by Dice; look at the worst for wrong true masks too.",
    );
    for (heading, cases) in examples(cases) {
        let picture = |case: &&Case| Picture {
            mime: "image/jpeg",
            bytes: material.overlays.get(&case.image).cloned().unwrap_or_default(),
            alt: format!("{}: outlines of the true and the predicted mask, Dice {:.3}", case.image, case.dice()),
            caption: caption(classes, case),
        };
        section = section.text(&format!("{heading}:")).large_pictures(&cases.iter().map(picture).collect::<Vec<_>>());
    }
    section
}

fn caption(classes: &[String], case: &Case) -> Vec<String> {
    let mut lines = vec![case.image.clone()];
    for (class, scores) in classes.iter().zip(&case.scores) {
        let class = if classes.len() > 1 { format!("{class}: ") } else { String::new() };
        let outcome = match (scores.overlap.missed(), scores.overlap.invented(), scores.hd95) {
            (true, ..) => "missed".to_owned(),
            (_, true, _) => "nothing is there".to_owned(),
            (.., Some(hd95)) => format!("HD95 {hd95:.1}"),
            _ => "both empty".to_owned(),
        };
        lines.push(format!("{class}Dice {:.3}, Jaccard {:.3}, {outcome}", scores.overlap.dice(), scores.overlap.jaccard()));
    }
    lines
}

fn identity(evaluation: &MaskEvaluation, material: &Material) -> Section {
    let grouping = if evaluation.groups == evaluation.n {
        "Every image counts as independent of the others, because no two share a group."
    } else {
        "Images of one group (patient, lesion or stack) are resampled together and never count as independent."
    };
    let (resamples, seed) = (evaluation.intervals.resamples, evaluation.intervals.seed);
    let method = format!(
        "Means over images. {grouping} Intervals: percentiles of {resamples} draws of groups with replacement (seed {seed}). Masks are compared at the \
         size of the true mask. HD95: the larger of the two directions' 95th percentiles of the exact distances between the outlines \
         (pixels with one of four neighbours outside the mask); ASSD: their mean. Where one mask is empty there is no distance: such failures \
         are counted, left out of the mean, and taken for the image's diagonal in the penalised mean. Where both are empty, Dice and Jaccard are 1."
    );
    Section::new("identity", "Data, model and method").facts(&material.identity).text(&method)
}
