//! All plots on one HTML page that needs nothing else.

use super::shape::{self, Counts, Line, Shape};
use super::{Collected, Plot, Template};
use crate::report::html::{Cell, Page, Picture, Section, Table, Tone};
use crate::report::svg::{Axis, Group, HeatMap, LinePlot, LyingBars, Series, Stroke, Svg};
use crate::text;

/// Values of a column that a table of counts is drawn with.
const VALUES: usize = 60;

/// The page. `places` are the names of what is compared, `problems` what could not be shown.
pub fn page(collected: &Collected, places: &[String], problems: &[String]) -> String {
    let mut page = Page::new("Plots").subtitle(places.join(", "));
    if !problems.is_empty() {
        let mut section = Section::new("problems", "Not shown");
        for problem in problems {
            section = section.note(Tone::Caution, problem);
        }
        page = page.section(section);
    }
    for (index, plot) in collected.plots.iter().enumerate() {
        page = page.section(section(index, plot));
    }
    page.footer("Made by derm.").render()
}

fn section(index: usize, plot: &Plot) -> Section {
    let section = Section::new(format!("plot-{index}"), plot.id.clone());
    if !plot.pictures.is_empty() {
        return section.large_pictures(&pictures(plot));
    }
    let shape = shape::of(plot);
    let (drawings, lines) = drawings(plot, &shape);
    let mut section = if lines.is_empty() { section.plots(&drawings) } else { section.plots_with(&drawings, &summary(plot, lines)) };
    if let Template::Other(name) = &plot.template {
        section = section.note(Tone::Remark, &format!("`{name}` is not a template of derm's: drawn as lines."));
    }
    if let Shape::Counts(tables) = &shape {
        for (name, table) in tables.iter().filter(|(_, table)| is_huge(table)) {
            let (rows, columns) = (table.rows.len(), table.columns.len());
            section = section
                .note(Tone::Remark, &format!("{name}: {rows} by {columns} values are too many for a table of how often each pair occurs."));
        }
    }
    for line in lines {
        if line.of - line.skipped > line.points.len() {
            let all = text::grouped(line.of as u64);
            section = section.text(&format!("{}: thinned from {all} values for drawing; highest and lowest are kept.", line.name));
        }
        if line.skipped > 0 {
            let what = text::count(line.skipped, "value that is no number is", "values that are no numbers are");
            section = section.text(&format!("{}: {what} left out.", line.name));
        }
    }
    section
}

/// Each line in figures.
fn summary(plot: &Plot, lines: &[Line]) -> Table {
    let mut table = Table::new("").text_column(plot.y_label.clone());
    for name in ["values", "first", "last", "lowest", "highest"] {
        table = table.number_column(name);
    }
    for line in lines {
        let ys = || line.points.iter().map(|point| point.1);
        let cell = |value: Option<f64>| value.map_or_else(|| Cell::text("-"), |value| Cell::number(value, short(value)));
        let least = ys().min_by(f64::total_cmp);
        let greatest = ys().max_by(f64::total_cmp);
        let count = Cell::number(line.of as f64, text::grouped(line.of as u64));
        table.row([Cell::text(line.name.clone()), count, cell(ys().next()), cell(ys().next_back()), cell(least), cell(greatest)]);
    }
    table
}

/// A number in few digits.
pub fn short(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-3..1e6).contains(&size) {
        let text = format!("{value:.4}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    } else {
        format!("{value:.3e}")
    }
}

fn drawings<'s>(plot: &Plot, shape: &'s Shape) -> (Vec<Svg>, &'s [Line]) {
    match shape {
        Shape::Lines(lines) => (vec![lines_drawn(plot, lines, Stroke::Line)], lines),
        Shape::Dots(lines) => (vec![lines_drawn(plot, lines, Stroke::Dots)], lines),
        Shape::Bars(labels, groups) => (vec![bars(plot, labels, groups)], &[]),
        Shape::Counts(tables) => {
            (tables.iter().filter(|(_, table)| !is_huge(table)).map(|(name, table)| heat(plot, name, table)).collect(), &[])
        }
    }
}

/// Whether a table of counts has too many values to be looked at: numbers, as a rule, taken for classes.
fn is_huge(table: &Counts) -> bool {
    table.rows.len().max(table.columns.len()) > VALUES
}

fn lines_drawn(plot: &Plot, lines: &[Line], stroke: Stroke) -> Svg {
    let all = || lines.iter().flat_map(|line| line.points.iter().copied());
    let (lo, hi) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), (x, _)| (lo.min(x), hi.max(x)));
    let x = Axis::new(&plot.x_label, lo, hi);
    let y = Axis::around(&plot.y_label, all().map(|point| point.1));
    let mut drawn = LinePlot::new(&plot.title, described(plot, lines), x, y);
    for line in lines {
        let few = stroke == Stroke::Line && line.points.len() <= 12;
        let stroke = if few { Stroke::DotsAndLine } else { stroke };
        drawn.series.push(Series { name: line.name.clone(), points: line.points.clone(), stroke });
    }
    drawn.svg()
}

/// What a person who cannot see the lines wants to know.
fn described(plot: &Plot, lines: &[Line]) -> String {
    let one = |line: &Line| match (line.points.first(), line.points.last()) {
        (Some(first), Some(last)) => format!("{} goes from {} to {}", line.name, short(first.1), short(last.1)),
        _ => format!("{} has no numbers", line.name),
    };
    let lines: Vec<String> = lines.iter().map(one).collect();
    format!("{} over {}: {}.", plot.y_label, plot.x_label, lines.join("; "))
}

fn bars(plot: &Plot, labels: &[String], groups: &[(String, Vec<f64>)]) -> Svg {
    let group = |(name, values): &(String, Vec<f64>)| Group { name: name.clone(), values: values.clone() };
    LyingBars {
        title: plot.title.clone(),
        description: format!("{} of {} {}.", plot.x_label, labels.len(), plot.y_label),
        x_label: plot.x_label.clone(),
        labels: labels.to_vec(),
        groups: groups.iter().map(group).collect(),
    }
    .svg()
}

fn heat(plot: &Plot, name: &str, table: &Counts) -> Svg {
    let shares = plot.template == Template::ConfusionNormalized;
    let most = table.counts.iter().flatten().copied().max().unwrap_or(1).max(1) as f64;
    let sum = |row: &[u64]| row.iter().sum::<u64>().max(1) as f64;
    let shades = table.counts.iter().map(|row| row.iter().map(|count| *count as f64 / if shares { sum(row) } else { most }).collect());
    let cell = |row: &[u64], count: u64| if shares { format!("{:.2}", count as f64 / sum(row)) } else { text::grouped(count) };
    HeatMap {
        title: format!("{} · {name}", plot.title),
        description: format!("How often each value of {} occurs with each of {}.", plot.x_label, plot.y_label),
        row_label: plot.y_label.clone(),
        column_label: plot.x_label.clone(),
        rows: table.rows.clone(),
        columns: table.columns.clone(),
        shades: shades.collect(),
        texts: table.counts.iter().map(|row| row.iter().map(|count| cell(row, *count)).collect()).collect(),
    }
    .svg()
}

fn pictures(plot: &Plot) -> Vec<Picture> {
    let ending = plot.id.to_ascii_lowercase();
    let mime = match ending.rsplit_once('.').map(|(_, ending)| ending) {
        Some("png") => "image/png",
        Some("gif") => "image/gif",
        Some("svg") => "image/svg+xml",
        _ => "image/jpeg",
    };
    let picture = |(place, bytes): (&String, &Vec<u8>)| Picture {
        mime,
        bytes: bytes.clone(),
        alt: format!("{} in {place}", plot.id),
        caption: vec![place.clone(), text::bytes(bytes.len() as u64)],
    };
    plot.pictures.iter().map(picture).collect()
}
