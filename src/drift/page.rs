//! `drift.html`.

use super::compare::{ColumnReport, LevelReport, Side, Verdict};
use super::report::{Report, by_effect, describe, p_text};
use super::table::Level;
use crate::report::html::{Cell, Page, Section, Table, Tile, Tone};
use crate::report::svg::{Axis, Bars, Group, LinePlot, Series, Stroke, Svg};
use crate::text;

/// Drawings of columns at most, so that the page stays below a megabyte.
const DRAWN: usize = 60;

/// The page.
pub fn render(report: &Report) -> String {
    let comparison = &report.comparison;
    let counts = format!(
        "{} against {}, compared column by column.",
        text::count(comparison.current.images, "current image", "current images"),
        text::count(comparison.reference.images, "reference image", "reference images"),
    );
    let page = Page::new("Drift").subtitle(format!("{}. {counts}", report.subject()));
    page.section(verdict(report))
        .section(findings(report))
        .section(columns(report))
        .section(drawings(report))
        .section(method(report))
        .footer(format!("derm {} · the same inputs and seed give the same report", env!("CARGO_PKG_VERSION")))
        .render()
}

fn verdict(report: &Report) -> Section {
    let comparison = &report.comparison;
    let (tone, words) = match comparison.verdict {
        Verdict::Drift => (Tone::Bad, "The current images differ from the reference in ways that are certain and big enough to matter."),
        Verdict::Small => (Tone::Good, "Differences can be detected, but all are smaller than what was set to matter."),
        Verdict::Stable => (Tone::Good, "No column differs beyond chance."),
        Verdict::NotEnoughData | Verdict::Missing => (Tone::Caution, "There is not enough data for a verdict."),
    };
    let mut section = Section::new("verdict", "Verdict").note(tone, words).tiles(&comparison.levels.iter().map(tile).collect::<Vec<_>>());
    if let Some(sentence) = false_alarm_sentence(report) {
        section = section.text(&sentence);
    }
    if let Some(sentence) = power_sentence(report) {
        section = section.text(&sentence);
    }
    if let Some(sentence) = cluster_sentence(report) {
        section = section.text(&sentence);
    }
    for caution in report.cautions() {
        section = section.note(Tone::Caution, &caution);
    }
    section.note(
        Tone::Remark,
        "A stable verdict says nothing about accuracy: a change in how diagnoses follow from images leaves every column here as it was.",
    )
}

fn tile(level: &LevelReport) -> Tile {
    let detail = match (level.drifting, level.small) {
        (0, 0) => format!("none of {}", text::count(level.columns, "column", "columns")),
        (drifting, 0) => format!("{drifting} of {}", text::count(level.columns, "column", "columns")),
        (drifting, small) => {
            format!("{drifting} of {}, {small} more detectable but small", text::count(level.columns, "column", "columns"))
        }
    };
    Tile { name: level.level.title().to_owned(), value: level.verdict.word().to_owned(), detail }
}

/// How often the rule raises an alarm without drift.
pub fn false_alarm_sentence(report: &Report) -> Option<String> {
    let alarms = report.comparison.false_alarms?;
    Some(format!(
        "False alarms: in {} random splits of the reference against itself ({} images as the current part), {} raised an alarm: {:.1} %, 95 % interval {:.1} to {:.1} %.",
        alarms.splits,
        alarms.current_images,
        alarms.with_alarm,
        100.0 * alarms.rate,
        100.0 * alarms.interval.0,
        100.0 * alarms.interval.1
    ))
}

/// What could have been seen with this many images.
pub fn power_sentence(report: &Report) -> Option<String> {
    let shifts = report.comparison.columns.iter().filter_map(|column| column.detectable_shift);
    let (least, most) = range(shifts)?;
    let shift = if clustered(report) { between(least, most, 2) } else { format!("{least:.2}") };
    Some(format!(
        "Sensitivity: with this many images, a shift of {shift} standard deviations in one column is seen four times in five; smaller ones are often missed."
    ))
}

/// A design effect that is worth a word.
const NOTABLE: f64 = 1.05;

fn clustered(report: &Report) -> bool {
    report.comparison.columns.iter().any(|column| [column.reference, column.current].iter().any(notable))
}

fn notable(side: &Side) -> bool {
    side.design_effect.is_some_and(|effect| effect >= NOTABLE)
}

/// How many images count, when images of one lesion or patient resemble each other.
pub fn cluster_sentence(report: &Report) -> Option<String> {
    let comparison = &report.comparison;
    let worth = |images: usize, side: fn(&ColumnReport) -> Side| {
        let effects = comparison.columns.iter().filter_map(|column| side(column).design_effect);
        let (least, most) = range(effects.map(|effect| images as f64 / effect))?;
        Some(between(least, most, 0))
    };
    let before = worth(comparison.reference.images, |column| column.reference)?;
    let after = worth(comparison.current.images, |column| column.current)?;
    clustered(report).then(|| {
        format!(
            "Images of one lesion or patient resemble each other, so the tests count the {} reference images as {before} and the {} current ones as {after}, depending on the column.",
            comparison.reference.images, comparison.current.images
        )
    })
}

/// The least and the greatest.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .fold(None, |range: Option<(f64, f64)>, value| Some(range.map_or((value, value), |(low, high)| (low.min(value), high.max(value)))))
}

/// `70 to 112`, or one number where both read the same.
fn between(low: f64, high: f64, decimals: usize) -> String {
    let (low, high) = (format!("{low:.decimals$}"), format!("{high:.decimals$}"));
    if low == high { low } else { format!("{low} to {high}") }
}

fn findings(report: &Report) -> Section {
    let mut section = Section::new("drifting", "What drifts");
    let meanings = report.meanings();
    if meanings.is_empty() {
        return section.text("Nothing.");
    }
    for (hint, columns) in &meanings {
        let names = columns.iter().map(|column| format!("{} {}", column.name, signed(column, effect(column))));
        section = section.text(&format!("{} — {}", capital(hint), names.collect::<Vec<_>>().join(", ")));
    }
    let mut table = Table::new("Largest effect first. The effect is the Wasserstein distance in standard deviations of the reference, signed by the median's shift, or Cramér's V. Reference and current are medians.")
        .text_column("column").text_column("what it is").number_column("effect").number_column("reference").number_column("current");
    for column in by_effect(&report.comparison, |column| column.verdict == Verdict::Drift) {
        let what = Cell::text(describe(&column.name).unwrap_or_default());
        let size = Cell::number(effect(column), signed(column, effect(column)));
        let [reference, current] = medians(column);
        let cell = |value: Option<f64>, text: Option<String>| match (value, text) {
            (Some(value), Some(text)) => Cell::number(value, text),
            _ => Cell::text("–"),
        };
        let (reference, current) = (cell(column.reference.median, reference), cell(column.current.median, current));
        table.row([Cell::text(&column.name), what, size, reference, current]);
    }
    section.table(&table)
}

fn effect(column: &ColumnReport) -> f64 {
    column.outcome.map_or(f64::NAN, |outcome| outcome.effect)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// An effect with its sign, and an arrow for numbers.
pub fn signed(column: &ColumnReport, effect: f64) -> String {
    if column.reference.median.is_none() {
        return format!("{effect:.2}");
    }
    format!("{}{:.2}", if effect < 0.0 { "↓ −" } else { "↑ +" }, effect.abs())
}

/// The medians of reference and current, with as many digits as tell them apart.
pub fn medians(column: &ColumnReport) -> [Option<String>; 2] {
    let values = [column.reference.median, column.current.median];
    let [Some(reference), Some(current)] = values else { return values.map(|value| value.map(short)) };
    let shown = |more| [reference, current].map(|value| with_digits(value, more));
    let differ = |shown: &[String; 2]| shown[0] != shown[1];
    let shown = (0..=MORE_DIGITS).map(shown).find(differ).unwrap_or_else(|| [short(reference), short(current)]);
    shown.map(Some)
}

/// Digits beyond the usual four that two numbers may take to look different.
const MORE_DIGITS: usize = 6;

/// Some four digits of a number.
fn short(value: f64) -> String {
    with_digits(value, 0)
}

fn with_digits(value: f64, more: usize) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let decimals = decimals + more;
    format!("{value:.decimals$}")
}

fn columns(report: &Report) -> Section {
    let mut section = Section::new("columns", "Every column");
    for level in Level::ALL {
        let own = by_effect(&report.comparison, |column| column.level == level);
        if own.is_empty() {
            continue;
        }
        let mut table = Table::new(level.title())
            .text_column("column")
            .text_column("verdict")
            .number_column("n")
            .number_column("missing")
            .text_column("test")
            .number_column("statistic")
            .number_column("p")
            .number_column("adjusted p")
            .number_column("effect")
            .number_column("PSI")
            .number_column("KL")
            .number_column("cross-entropy")
            .number_column("JS")
            .number_column("seen from");
        own.iter().for_each(|column| {
            table.row(cells(column));
        });
        section = section.table(&table);
    }
    section
}

fn cells(column: &ColumnReport) -> Vec<Cell> {
    let number = |value: Option<f64>, text: fn(f64) -> String| value.map_or_else(|| Cell::text("–"), |v| Cell::number(v, text(v)));
    let outcome = column.outcome;
    let test = outcome.and_then(|outcome| serde_json::to_value(outcome.test).ok()).and_then(|test| test.as_str().map(str::to_owned));
    let psi = column
        .divergences
        .map_or_else(|| Cell::text("–"), |d| Cell::number(d.psi, short(d.psi)).with(format!("{} without drift", short(d.psi_null_mean))));
    let worth = |side: Side| side.effective_n.map_or_else(String::new, |n| format!("{n:.0}"));
    let mut n = Cell::number(column.current.n as f64, format!("{} / {}", column.reference.n, column.current.n));
    if [column.reference, column.current].iter().any(notable) {
        n = n.with(format!("worth {} / {}", worth(column.reference), worth(column.current)));
    }
    let effect = outcome.map_or_else(|| Cell::text("–"), |o| Cell::number(o.effect, signed(column, o.effect)));
    vec![
        Cell::text(&column.name),
        Cell::text(column.verdict.word()).faint_if(column.verdict == Verdict::Stable),
        n,
        Cell::number(column.current.missing as f64, format!("{} / {}", column.reference.missing, column.current.missing)),
        Cell::text(test.unwrap_or_else(|| "–".to_owned())),
        number(outcome.map(|o| o.statistic), short),
        number(outcome.map(|o| o.p), p_text),
        number(column.p_adjusted, p_text),
        effect,
        psi,
        number(column.divergences.map(|d| d.kl_divergence), short),
        number(column.divergences.map(|d| d.cross_entropy), short),
        number(column.divergences.map(|d| d.js_distance), short),
        number(column.detectable_shift, short),
    ]
}

fn drawings(report: &Report) -> Section {
    let drawn = by_effect(&report.comparison, |column| !column.density.reference.is_empty() && column.verdict != Verdict::Missing);
    let plots: Vec<Svg> = drawn.into_iter().take(DRAWN).map(drawing).collect();
    Section::new("drawings", "Both sides drawn").text("Share of images by value, largest effect first.").plots(&plots)
}

fn drawing(column: &ColumnReport) -> Svg {
    let title = format!("{}: {}", column.name, column.verdict.word());
    let description = describe(&column.name).unwrap_or_else(|| format!("shares of {}", column.name));
    let density = &column.density;
    let Some((low, high)) = density.range else {
        let group = |name: &str, values: &[f64]| Group { name: name.to_owned(), values: values.to_vec() };
        let groups = vec![group("reference", &density.reference), group("current", &density.current)];
        let (x_label, y_label) = (column.name.clone(), "share".to_owned());
        let labels = density.names.clone();
        return Bars { title, description, x_label, y_label, labels, groups, at_least: 0.0 }.svg();
    };
    let width = (high - low) / density.reference.len().max(1) as f64;
    let series = |name: &str, shares: &[f64]| {
        let mut points: Vec<(f64, f64)> = vec![(low, 0.0)];
        points.extend(shares.iter().enumerate().map(|(i, share)| (low + i as f64 * width, *share)));
        points.push((high, 0.0));
        Series { name: name.to_owned(), points, stroke: Stroke::Steps }
    };
    let highest = density.reference.iter().chain(&density.current).copied().fold(0.0, f64::max);
    let mut plot = LinePlot::new(title, description.clone(), Axis::new(description, low, high), Axis::around("share", [0.0, highest]));
    plot.series = vec![series("reference", &density.reference), series("current", &density.current)];
    plot.svg()
}

fn method(report: &Report) -> Section {
    let settings = &report.comparison.settings;
    let facts = |name: &str, value: String| (name.to_owned(), value);
    let mut list = vec![
        facts("false discovery rate", format!("{}", settings.q)),
        facts("shift that matters", format!("{} standard deviations", settings.min_shift)),
        facts("Cramér's V that matters", format!("{}", settings.min_v)),
        facts("fewest values tested", format!("{}", settings.min_rows)),
        facts("splits for false alarms", format!("{}", settings.splits)),
        facts("permutations", format!("{}", settings.permutations)),
        facts("seed", format!("{}", settings.seed)),
    ];
    if let Some(sides) = &report.sides {
        list.push(facts("reference digest", sides.reference.digest.hex()));
        list.push(facts("current digest", sides.current.digest.hex()));
    }
    if let Some(predictions) = &report.predictions {
        list.push(facts("predictions from", predictions.clone()));
    }
    Section::new("method", "How it was decided")
        .text("A column drifts when its test is significant after Benjamini-Hochberg over all tested columns and its effect is big enough. Numbers: two-sample Kolmogorov-Smirnov. Categories: chi-square of the contingency table, by permutation when an expected count is below 5.")
        .text("Images of one lesion or patient count by their design effect 1 + (m' - 1) ICC, with m' the mean size of an image's group and ICC the intraclass correlation of the reference (of ranks or categories, by analysis of variance; Donner 1986): Kolmogorov-Smirnov with n divided by it, chi-square divided by it (Rao and Scott 1981). Where no lesion or patient repeats it is 1 and changes nothing.")
        .text("PSI, KL divergence and cross-entropy (natural logarithm, current against reference, over deciles of the reference, shares raised to at least 0.0001) and the Jensen-Shannon distance (base 2) are shown for orientation and decide nothing. 'Seen from' is the shift, in standard deviations, that this many images show four times in five.")
        .facts(&list)
}
