//! `derm plots`.

use indexmap::IndexMap;
use serde::Serialize;

use super::{Context, Exit, Failure, listings};
use crate::cli::plots::{LookArgs, PlotsArgs, PlotsCommand, PlotsDiffArgs, PlotsShowArgs};
use crate::pipeline::plots::page::short;
use crate::pipeline::plots::shape::{self, Counts, Line, Shape};
use crate::pipeline::plots::{self, Axis, Collected, Plot, Settings, Template};
use crate::pipeline::value::Value;
use crate::pipeline::{Error, Snapshot};
use crate::store::Store;
use crate::text;
use crate::ui::{self, Align, Page, Report, Style, Table};
use crate::workspace::{Workspace, atomic};

/// Columns of a plot when the terminal does not say, and at most.
const WIDTH: (usize, usize) = (80, 100);
/// Lines of a plot.
const HEIGHT: usize = 8;
/// Bars and classes that the terminal shows.
const ROWS: usize = 12;
/// Heights of the characters of a small curve in a Markdown table.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub fn run(context: &Context, args: &PlotsArgs) -> Result<Exit, Failure> {
    match &args.command {
        PlotsCommand::Show(args) => show(context, args),
        PlotsCommand::Diff(args) => diff(context, args),
    }
}

fn show(context: &Context, args: &PlotsShowArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let place = Snapshot::now(&workspace)?;
    answer(context, &workspace, &[place], &args.targets, &args.look)
}

fn diff(context: &Context, args: &PlotsDiffArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let mut names: Vec<&str> = args.revisions.iter().map(String::as_str).collect();
    if names.is_empty() {
        names.push("HEAD");
    }
    let mut places = Vec::new();
    if names.len() == 1 && names[0] != listings::WORKSPACE {
        names.push(listings::WORKSPACE);
    }
    for (index, name) in names.iter().enumerate() {
        match *name {
            again if names[..index].contains(&again) => {}
            listings::WORKSPACE => places.push(Snapshot::now(&workspace)?),
            name => places.push(Snapshot::at(&workspace, name)?),
        }
    }
    answer(context, &workspace, &places, &args.targets, &args.look)
}

fn answer(context: &Context, workspace: &Workspace, places: &[Snapshot], typed: &[String], look: &LookArgs) -> Result<Exit, Failure> {
    let store = Store::open(workspace)?;
    // A name that is no path of this repository is the name of a plot.
    let relative = |target: &String| match workspace.relative(&context.cwd, target.as_ref()) {
        Ok(path) if path.on_disk(workspace.root()).exists() => path.to_string(),
        _ => target.clone(),
    };
    let targets: Vec<String> = typed.iter().map(relative).collect();
    let collected = plots::collect(places, &store, &targets, &settings(look));
    let unknown = |target: &&String| !collected.plots.iter().any(|plot| is_named(plot, target));
    let unknown: Vec<String> = targets.iter().filter(unknown).cloned().collect();
    if !unknown.is_empty() && collected.problems.is_empty() && collected.not_in_cache.is_empty() {
        return Err(Error::NoFiles(unknown).into());
    }
    let names: Vec<String> = places.iter().map(|place| place.name().to_owned()).collect();
    let told = told(&collected, places.len() > 1);
    let page = context.cwd.join(&look.out);
    let page = (!context.ui.is_json() && !look.md && !collected.plots.is_empty()).then_some(page);
    if let Some(page) = &page {
        let mut problems: Vec<String> = collected.problems.iter().map(|one| format!("{}: {}", one.place, one.message)).collect();
        problems.extend(told.iter().cloned());
        atomic::write(page, plots::page(&collected, &names, &problems).as_bytes())?;
    }
    if look.md {
        context.ui.raw(&markdown(&collected))?;
    } else {
        let shapes = if context.ui.is_json() { Vec::new() } else { collected.plots.iter().map(shape::of).collect() };
        let page = page.map(|_| look.out.display().to_string());
        context.ui.show(&Answer { revisions: names, plots: collected.plots.iter().map(Shown::of).collect(), page, shapes })?;
    }
    told.iter().for_each(|remark| context.ui.warn(remark));
    if collected.problems.is_empty() {
        return Ok(Exit::Done);
    }
    if context.ui.is_json() {
        collected.problems.iter().for_each(|problem| context.ui.warn(format!("{}: {}", problem.place, problem.message)));
        return Ok(Exit::Usage);
    }
    Err(Error::Definition(collected.problems).into())
}

fn settings(look: &LookArgs) -> Settings {
    let axis = |column: &Option<String>| column.as_ref().map_or(Axis::None, |column| Axis::Columns(vec![column.clone()]));
    Settings {
        template: look.template.as_deref().map(Template::named),
        x: axis(&look.x),
        y: axis(&look.y),
        x_label: look.x_label.clone(),
        y_label: look.y_label.clone(),
        title: look.title.clone(),
        header: !look.no_header,
    }
}

fn is_named(plot: &Plot, target: &str) -> bool {
    plot.id == target || plot.id.strip_prefix(target).is_some_and(|rest| rest.starts_with('/')) || target.is_empty() || target == "."
}

/// What could not be shown although nothing is broken. With several places, a file that only some have is no remark.
fn told(collected: &Collected, several: bool) -> Vec<String> {
    let at = |place: &str| if place == listings::WORKSPACE { String::new() } else { format!(" in `{place}`") };
    let known = |file: &crate::relpath::RelPath| {
        collected.plots.iter().any(|plot| plot.id == file.as_str() || plot.series.iter().any(|one| one.file == *file))
    };
    let missing = collected.missing.iter().filter(|(_, file)| !(several && known(file)));
    let missing = missing.map(|(place, file)| format!("`{file}` does not exist{}", at(place)));
    let uncached = collected.not_in_cache.iter();
    let uncached =
        uncached.map(|(place, file)| format!("`{file}`{} is not in the cache; `derm fetch` brings what a remote has of it", at(place)));
    missing.chain(uncached).collect()
}

#[derive(Serialize)]
struct Answer {
    /// The places, in the order of drawing.
    revisions: Vec<String>,
    plots: Vec<Shown>,
    /// The page, where one was written.
    page: Option<String>,
    #[serde(skip)]
    shapes: Vec<Shape>,
}

#[derive(Serialize)]
struct Shown {
    id: String,
    title: String,
    /// `image` for a picture.
    template: String,
    x_label: String,
    y_label: String,
    /// By place: points with the file and the column that they come from; of a picture its size.
    data: IndexMap<String, serde_json::Value>,
}

impl Shown {
    fn of(plot: &Plot) -> Self {
        let mut data: IndexMap<String, serde_json::Value> = IndexMap::new();
        for series in &plot.series {
            let point = |(x, y): &(Value, Value)| serde_json::json!({ "x": x, "y": y, "file": series.file, "field": series.field });
            let points = data.entry(series.place.clone()).or_insert_with(|| serde_json::Value::Array(Vec::new()));
            if let Some(points) = points.as_array_mut() {
                points.extend(series.points.iter().map(point));
            }
        }
        data.extend(plot.pictures.iter().map(|(place, bytes)| (place.clone(), serde_json::json!({ "bytes": bytes.len() }))));
        let template = if plot.pictures.is_empty() { plot.template.name() } else { "image" };
        Self {
            id: plot.id.clone(),
            title: plot.title.clone(),
            template: template.to_owned(),
            x_label: plot.x_label.clone(),
            y_label: plot.y_label.clone(),
            data,
        }
    }
}

impl Report for Answer {
    const KIND: &'static str = "plots";

    fn human(&self, page: &mut Page) {
        if self.plots.is_empty() {
            page.line("no plots");
            return;
        }
        let width = page.width().unwrap_or(WIDTH.0).clamp(30, WIDTH.1);
        for (plot, shape) in self.plots.iter().zip(&self.shapes) {
            let title = if plot.title == plot.id { plot.id.clone() } else { format!("{} ({})", plot.title, plot.id) };
            page.heading(&title);
            match shape {
                _ if plot.template == "image" => {
                    let size = |bytes: &serde_json::Value| text::bytes(bytes["bytes"].as_u64().unwrap_or(0));
                    let sizes: Vec<String> = plot.data.iter().map(|(place, bytes)| format!("{place} {}", size(bytes))).collect();
                    page.line(format!("picture: {}", sizes.join(", ")));
                }
                Shape::Lines(lines) => curves(page, plot, lines, true, width),
                Shape::Dots(lines) => curves(page, plot, lines, false, width),
                Shape::Bars(labels, groups) => bars(page, labels, groups, width),
                Shape::Counts(tables) => tables.iter().for_each(|(name, table)| counts(page, name, table)),
            }
            page.blank();
        }
        if let Some(out) = &self.page {
            page.line(format!("{} in {out}", text::count(self.plots.len(), "plot", "plots")));
        }
    }
}

fn curves(page: &mut Page, plot: &Shown, lines: &[Line], joined: bool, width: usize) {
    let points: Vec<&[(f64, f64)]> = lines.iter().map(|line| line.points.as_slice()).collect();
    for line in ui::plot(&points, joined, (width, HEIGHT), short) {
        page.line(line);
    }
    page.line(Style::Faint.paint(&format!("{} over {}", plot.y_label, plot.x_label)));
    for (index, line) in lines.iter().enumerate() {
        let ends = match (line.points.first(), line.points.last()) {
            (Some(first), Some(last)) => format!("{} → {}", short(first.1), short(last.1)),
            _ => "no numbers".to_owned(),
        };
        let count = text::count(line.of, "value", "values");
        let skipped = if line.skipped > 0 { format!(", {} left out", line.skipped) } else { String::new() };
        page.line(format!("{} {}  {ends}  ({count}{skipped})", ui::paint_series(index, "━"), line.name));
    }
}

fn bars(page: &mut Page, labels: &[String], groups: &[(String, Vec<f64>)], width: usize) {
    let longest = groups.iter().flat_map(|(_, values)| values).copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let room = width.saturating_sub(40).max(10) as f64;
    let widest = |names: &mut dyn Iterator<Item = &String>| names.map(|name| name.chars().count()).max().unwrap_or(0).min(24);
    let (label_room, name_room) = (widest(&mut labels.iter().take(ROWS)), widest(&mut groups.iter().map(|(name, _)| name)));
    let fit = |text: &str, room: usize| text.chars().take(room).collect::<String>();
    for (row, label) in labels.iter().enumerate().take(ROWS) {
        for (index, (name, values)) in groups.iter().enumerate() {
            let value = values.get(row).copied().unwrap_or(f64::NAN);
            let length = if longest > 0.0 && value > 0.0 { (value / longest * room).round() as usize } else { 0 };
            let label = if index == 0 { label.clone() } else { String::new() };
            let name = if groups.len() > 1 { name.clone() } else { String::new() };
            let value = if value.is_finite() { short(value) } else { "-".to_owned() };
            let name = if name.is_empty() { name } else { format!("{:name_room$}  ", fit(&name, name_room)) };
            page.line(format!("{:label_room$}  {name}{} {value}", fit(&label, label_room), ui::paint_series(index, &"█".repeat(length))));
        }
    }
    if labels.len() > ROWS {
        page.line(Style::Faint.paint(&format!("and {} more", labels.len() - ROWS)));
    }
}

fn counts(page: &mut Page, name: &str, table: &Counts) {
    if table.columns.len() > ROWS {
        page.line(format!("{name}: {} by {} values", table.rows.len(), table.columns.len()));
        return;
    }
    let columns = std::iter::once((name.to_owned(), Align::Left)).chain(table.columns.iter().map(|column| (column.clone(), Align::Right)));
    let mut shown = Table::with_columns(columns.collect());
    for (row, counts) in table.rows.iter().zip(&table.counts) {
        shown.row(std::iter::once(row.clone()).chain(counts.iter().map(ToString::to_string)));
    }
    page.table(&shown);
}

/// One table of all plots: a row a line, with a curve of block characters.
fn markdown(collected: &Collected) -> String {
    let columns = [
        ("plot", Align::Left),
        ("of", Align::Left),
        ("curve", Align::Left),
        ("values", Align::Right),
        ("first", Align::Right),
        ("last", Align::Right),
        ("lowest", Align::Right),
        ("highest", Align::Right),
    ];
    let mut table = Table::new(columns);
    for plot in &collected.plots {
        let (Shape::Lines(lines) | Shape::Dots(lines)) = shape::of(plot) else { continue };
        for line in lines.iter().filter(|_| plot.pictures.is_empty()) {
            let ys: Vec<f64> = line.points.iter().map(|point| point.1).collect();
            let shown = |value: Option<&f64>| value.map_or_else(|| "-".to_owned(), |value| short(*value));
            let (least, greatest) = (ys.iter().min_by(|a, b| a.total_cmp(b)), ys.iter().max_by(|a, b| a.total_cmp(b)));
            let figures = [ys.first(), ys.last(), least, greatest].map(shown);
            let start = [plot.title.clone(), line.name.clone(), blocks(&ys), line.of.to_string()];
            table.row(start.into_iter().chain(figures));
        }
    }
    let mut out = if table.is_empty() { String::new() } else { table.markdown() };
    for plot in collected.plots.iter().filter(|plot| plot.pictures.is_empty()) {
        if let Shape::Counts(tables) = shape::of(plot) {
            for (name, counts) in tables {
                let columns = std::iter::once((format!("{} · {name}", plot.title), Align::Left));
                let mut table =
                    Table::with_columns(columns.chain(counts.columns.iter().map(|name| (name.clone(), Align::Right))).collect());
                for (row, counts) in counts.rows.iter().zip(&counts.counts) {
                    table.row(std::iter::once(row.clone()).chain(counts.iter().map(ToString::to_string)));
                }
                out += &format!("\n{}", table.markdown());
            }
        } else if let Shape::Bars(labels, groups) = shape::of(plot) {
            let columns =
                std::iter::once((plot.title.clone(), Align::Left)).chain(groups.iter().map(|(name, _)| (name.clone(), Align::Right)));
            let mut table = Table::with_columns(columns.collect());
            for (row, label) in labels.iter().enumerate() {
                table.row(std::iter::once(label.clone()).chain(groups.iter().map(|(_, values)| short(values[row]))));
            }
            out += &format!("\n{}", table.markdown());
        }
    }
    out.trim_start().to_owned()
}

/// At most 20 characters, each as high as the mean of its part.
fn blocks(values: &[f64]) -> String {
    let (lo, hi) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), value| (lo.min(*value), hi.max(*value)));
    let size = values.len().div_ceil(20).max(1);
    let height = |part: &[f64]| {
        let mean = part.iter().sum::<f64>() / part.len() as f64;
        let share = if hi > lo { (mean - lo) / (hi - lo) } else { 0.5 };
        BLOCKS[((share * 7.0).round() as usize).min(7)]
    };
    values.chunks(size).map(height).collect()
}
