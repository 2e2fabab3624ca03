//! The table on a terminal, in Markdown and as CSV.
//!
//! On a terminal a row is one line, however narrow: columns that do not fit are left out, and a last line says how many and how to see
//! them. Numbers of a column have equally many decimals, so that their points stand below each other; parameters stand as they are
//! written. The best value of a metric, the workspace not counted, has a `*`.

use super::Show;
use super::columns::{Column, Role};
use super::gather::{Kind, Row};
use crate::clock::Timestamp;
use crate::pipeline::value::Value;
use crate::text;
use crate::ui::{self, Align, Page, Style, Table};

/// Names of experiments take at most this.
const LONGEST_NAME: usize = 32;
/// A value takes at most this.
const LONGEST_VALUE: usize = 24;
/// Between two columns.
const GAP: usize = 2;

/// A column that is ready to be put down.
struct Ready {
    heading: String,
    align: Align,
    cells: Vec<String>,
    /// Which cell is the best.
    best: Vec<bool>,
}

impl Ready {
    fn width(&self) -> usize {
        let marked = usize::from(self.best.contains(&true));
        let widest = self.cells.iter().map(|cell| ui::width(cell)).max().unwrap_or(0) + marked;
        widest.max(ui::width(&self.heading))
    }

    fn cell(&self, row: usize) -> String {
        let marked = self.best.contains(&true);
        match (marked, self.best.get(row).copied().unwrap_or(false)) {
            (_, true) => Style::Good.paint(&format!("{}*", self.cells[row])),
            (true, false) => format!("{} ", self.cells[row]),
            (false, false) => self.cells[row].clone(),
        }
    }
}

/// For people.
pub fn table(show: &Show, page: &mut Page) {
    if !show.rows.iter().any(Row::is_below) {
        page.line("no experiments of this commit; `derm exp run` makes one, `-A` shows those of all commits");
    }
    let mut fixed = vec![names(&show.rows)];
    fixed.extend(created(&show.rows));
    fixed.extend(states(&show.rows));
    let (wanted, constant) = show.choice.wanted(&show.columns);
    let mut room = page.width().unwrap_or(usize::MAX).saturating_sub(fixed.iter().map(|column| column.width() + GAP).sum::<usize>() - GAP);
    let mut chosen: Vec<(usize, Ready)> = Vec::new();
    for at in &wanted {
        let ready = values(&show.columns[*at], &show.rows);
        let needed = ready.width() + GAP;
        if needed <= room {
            room -= needed;
            chosen.push((*at, ready));
        }
    }
    let left_out = wanted.len() - chosen.len();
    chosen.sort_by_key(|(at, _)| *at);
    let columns: Vec<Ready> = fixed.into_iter().chain(chosen.into_iter().map(|(_, ready)| ready)).collect();
    put(&columns, &show.rows, page);
    footer(left_out, constant, page);
}

fn put(columns: &[Ready], rows: &[Row], page: &mut Page) {
    let headings = columns.iter().map(|column| {
        let marked = column.best.contains(&true);
        (if marked { format!("{} ", column.heading) } else { column.heading.clone() }, column.align)
    });
    let mut table = Table::with_columns(headings.collect());
    for (at, row) in rows.iter().enumerate() {
        let cells = columns.iter().enumerate().map(|(column, ready)| {
            let cell = ready.cell(at);
            match row.kind {
                Kind::Baseline if column == 0 => Style::Heading.paint(&cell),
                Kind::Failed if column > 0 => Style::Faint.paint(&cell),
                _ => cell,
            }
        });
        table.row(cells);
    }
    page.table(&table);
}

fn footer(left_out: usize, constant: usize, page: &mut Page) {
    let mut parts = Vec::new();
    if left_out > 0 {
        parts.push(format!("{} not fit", text::count(left_out, "column does", "columns do")));
    }
    if constant > 0 {
        parts.push(format!("{} the same in every row", text::count(constant, "column is", "columns are")));
    }
    if !parts.is_empty() {
        let line = format!("{}; `--keep NAME` shows one, `--csv` all", parts.join(", "));
        page.blank().line(Style::Faint.paint(&line));
    }
}

/// Names, those of experiments below their commit.
fn names(rows: &[Row]) -> Ready {
    let is_last = |at: usize| rows.get(at + 1).is_none_or(|next| !next.is_below());
    let name = |(at, row): (usize, &Row)| match row.is_below() {
        true => format!("{} {}", if is_last(at) { "└" } else { "├" }, ui::cut(&row.name, LONGEST_NAME)),
        false => ui::cut(&row.name, LONGEST_NAME),
    };
    let cells = rows.iter().enumerate().map(name).collect();
    Ready { heading: "experiment".to_owned(), align: Align::Left, cells, best: Vec::new() }
}

/// When each was made, as short as it can be told apart.
fn created(rows: &[Row]) -> Option<Ready> {
    let times: Vec<Option<Timestamp>> = rows.iter().map(|row| row.created).collect();
    let days: Vec<String> = times.iter().flatten().map(|time| time.short()[..10].to_owned()).collect();
    let first = days.first()?;
    let from = match (days.iter().all(|day| day == first), days.iter().all(|day| day[..4] == first[..4])) {
        (true, _) => 11,
        (false, true) => 5,
        (false, false) => 0,
    };
    let to = if from == 0 { 10 } else { 16 };
    let cells = times.into_iter().map(|time| time.map(|time| time.short()[from..to].to_owned()).unwrap_or_default()).collect();
    Some(Ready { heading: "created".to_owned(), align: Align::Left, cells, best: Vec::new() })
}

/// What is no result yet.
fn states(rows: &[Row]) -> Option<Ready> {
    let word = |row: &Row| match row.kind {
        Kind::Queued => "queued",
        Kind::Running => "running",
        Kind::Failed => "failed",
        Kind::Workspace | Kind::Baseline | Kind::Experiment => "",
    };
    let cells: Vec<String> = rows.iter().map(|row| word(row).to_owned()).collect();
    cells.iter().any(|cell| !cell.is_empty()).then(|| Ready { heading: "state".to_owned(), align: Align::Left, cells, best: Vec::new() })
}

fn values(column: &Column, rows: &[Row]) -> Ready {
    let decimals = (column.role == Role::Metric).then(|| decimals(&column.values)).flatten();
    let shown = |value: &Value| match (value, decimals) {
        (Value::Float(value), Some(decimals)) if value.is_finite() => format!("{value:.decimals$}"),
        (Value::Float(value), None) if column.role == Role::Metric => format!("{value:.3e}"),
        (value, _) => ui::cut(&value.shown(), LONGEST_VALUE),
    };
    let cells = column.values.iter().map(|value| value.as_ref().map_or("-".to_owned(), shown)).collect();
    let is_text = column.values.iter().flatten().any(|value| !super::is_number(value) && *value != Value::Null);
    let align = if is_text { Align::Left } else { Align::Right };
    Ready { heading: ui::cut(&column.label, LONGEST_NAME), align, cells, best: column.best(rows) }
}

/// Decimals by which the greatest number has four significant digits or more, and the least two; `None` where only an exponent does that.
fn decimals(values: &[Option<Value>]) -> Option<usize> {
    let floats = || values.iter().flatten().filter_map(|value| if let Value::Float(value) = value { Some(value.abs()) } else { None });
    let greatest = floats().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let least = floats().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
    let whole = if greatest >= 1.0 { greatest.log10() as usize + 1 } else { 1 };
    let wanted = 5_usize.saturating_sub(whole).max(1);
    let needed = if least < 1.0 { (-least.log10()).ceil() as usize + 1 } else { 1 };
    match (greatest > 0.0, wanted.max(needed)) {
        (false, _) => Some(1),
        (true, decimals) if decimals <= 6 && greatest < 1e7 => Some(decimals),
        _ => None,
    }
}

/// For GitHub: every column.
pub fn markdown(show: &Show, page: &mut Page) {
    let mut columns = vec![names(&show.rows)];
    columns.extend(created(&show.rows));
    columns.extend(states(&show.rows));
    let (wanted, _) = show.choice.wanted(&show.columns);
    let mut wanted: Vec<usize> = wanted;
    wanted.sort_unstable();
    columns.extend(wanted.into_iter().map(|at| values(&show.columns[at], &show.rows)));
    let row = |cells: Vec<String>| format!("| {} |", cells.into_iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>().join(" | "));
    page.line(row(columns.iter().map(|column| column.heading.clone()).collect()));
    page.line(row(columns.iter().map(|column| if column.align == Align::Right { "---:" } else { "---" }.to_owned()).collect()));
    for at in 0..show.rows.len() {
        let cell = |column: &Ready| match column.best.get(at).copied().unwrap_or(false) {
            true => format!("**{}**", column.cells[at]),
            false => column.cells[at].clone(),
        };
        page.line(row(columns.iter().map(cell).collect()));
    }
}

/// For programs: every column by its full name, every digit.
pub fn csv(show: &Show, page: &mut Page) {
    let chosen = show.choice.all(&show.columns);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let heading = |at: &usize| {
        let column = &show.columns[*at];
        let alone = show.columns.iter().filter(|other| other.key == column.key).count() == 1;
        if alone { column.key.clone() } else { format!("{}:{}", column.file, column.key) }
    };
    let fixed = ["experiment", "kind", "commit", "baseline", "created"].map(str::to_owned);
    // Writing to memory does not fail.
    let _ = writer.write_record(fixed.into_iter().chain(chosen.iter().map(heading)));
    for (at, row) in show.rows.iter().enumerate() {
        let kind = serde_json::to_value(row.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default();
        let fixed = [
            row.name.clone(),
            kind,
            row.commit.clone().unwrap_or_default(),
            row.baseline.clone().unwrap_or_default(),
            row.created.map(|time| time.to_string()).unwrap_or_default(),
        ];
        let value = |column: &usize| show.columns[*column].values[at].as_ref().map(Value::shown).unwrap_or_default();
        let _ = writer.write_record(fixed.into_iter().chain(chosen.iter().map(value)));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    page.line(String::from_utf8_lossy(&bytes).trim_end());
}
