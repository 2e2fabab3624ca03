//! How sweeps are shown.

use serde::Serialize;

use crate::experiments::search::Algorithm;
use crate::experiments::sweep::{Error, Event, Goal, Row, Settings, Sweep, Table as Ranking};
use crate::experiments::trial::State;
use crate::pipeline::value::Value;
use crate::text;
use crate::ui::{Align, Page, Report, Style, Table};

/// A sweep with its table.
#[derive(Serialize)]
pub(super) struct Shown {
    pub name: String,
    /// `running`, `finished`, or `open`: to be gone on with.
    pub state: &'static str,
    pub settings: Settings,
    /// Experiments of the best configuration.
    pub best: Option<Vec<String>>,
    pub rows: Vec<Line>,
    #[serde(skip)]
    md: bool,
}

/// A row with the names of its experiments.
#[derive(Serialize)]
pub(super) struct Line {
    pub experiments: Vec<String>,
    #[serde(flatten)]
    pub row: Row,
}

impl Shown {
    pub fn new(sweep: Sweep, events: &[Event], runs: bool, md: bool) -> Result<Self, Error> {
        let names = |configuration: usize| sweep.experiments(configuration);
        let folds = names(1)?.len();
        let ranking = Ranking::of(&sweep.settings, folds, events);
        let best = ranking.best().map(|row| names(row.configuration)).transpose()?;
        let finished = ranking.rows.iter().filter(|row| row.state.is_some()).count();
        let state = match finished >= sweep.settings.trials {
            _ if runs => "running",
            true => "finished",
            false => "open",
        };
        let line = |row: Row| Ok(Line { experiments: names(row.configuration)?, row });
        let rows = ranking.rows.into_iter().map(line).collect::<Result<_, Error>>()?;
        Ok(Self { name: sweep.name.clone(), state, settings: sweep.settings.clone(), best, rows, md })
    }

    fn count(&self, state: State) -> usize {
        self.rows.iter().filter(|line| line.row.state == Some(state)).count()
    }

    fn search(&self) -> &'static str {
        match self.settings.search {
            Algorithm::Grid => "grid",
            Algorithm::Random => "random",
            Algorithm::Tpe => "tpe",
        }
    }

    /// Headings and cells; the last part are the parameters.
    fn cells(&self) -> (Vec<(String, Align)>, Vec<Vec<String>>) {
        let folds = self.rows.iter().any(|line| line.experiments.len() > 1);
        let stops = self.settings.stop.is_some();
        let mut columns = vec![(String::new(), Align::Left), ("configuration".to_owned(), Align::Left), ("state".to_owned(), Align::Left)];
        columns.push((self.settings.metric.key.clone(), Align::Right));
        if folds {
            columns.extend([("± sd".to_owned(), Align::Right), ("n".to_owned(), Align::Right)]);
        }
        if stops {
            columns.push(("ended at".to_owned(), Align::Right));
        }
        let params: Vec<Vec<(String, String)>> =
            self.rows.iter().map(|line| line.row.params.iter().map(|typed| param(typed)).collect()).collect();
        let first = params.first().map(Vec::as_slice).unwrap_or_default();
        columns.extend(first.iter().map(|(key, _)| (key.clone(), Align::Right)));
        let rows = self.rows.iter().zip(&params).map(|(line, params)| {
            let row = &line.row;
            let mut cells = vec![if row.best { Style::Good.paint("*") } else { String::new() }];
            cells.push(format!("{}-{:03}", self.name, row.configuration));
            cells.push(match row.state {
                Some(State::Done) => Style::Good.paint("done"),
                Some(State::Stopped) => Style::Changed.paint("ended"),
                Some(State::Failed) => Style::Bad.paint("failed"),
                None => Style::Faint.paint("open"),
            });
            cells.push(row.value.map(number).unwrap_or_default());
            if folds {
                cells.extend([row.sd.map(number).unwrap_or_default(), row.n.to_string()]);
            }
            if stops {
                cells.push(row.step.map(|step| step.to_string()).unwrap_or_default());
            }
            cells.extend(params.iter().map(|(_, value)| value.clone()));
            cells
        });
        (columns, rows.collect())
    }

    fn markdown(&self, page: &mut Page) {
        let (columns, rows) = self.cells();
        let line =
            |cells: Vec<String>| format!("| {} |", cells.into_iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>().join(" | "));
        let rule = |align: &Align| if *align == Align::Right { "---:" } else { "---" }.to_owned();
        page.line(line(columns.iter().map(|(name, _)| name.clone()).collect()));
        page.line(line(columns.iter().map(|(_, align)| rule(align)).collect()));
        for cells in rows {
            page.line(line(cells.iter().map(|cell| anstream::adapter::strip_str(cell).to_string()).collect()));
        }
    }
}

/// A parameter's key and its value, short.
pub(super) fn param(typed: &str) -> (String, String) {
    let (key, value) = typed.split_once('=').unwrap_or((typed, ""));
    let value = match value.parse::<f64>() {
        Ok(float) if value.contains(['.', 'e']) => number(float),
        _ => value.to_owned(),
    };
    (key.to_owned(), value)
}

/// Four digits.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.3e}");
    Value::Float(text.parse().unwrap_or(value)).shown()
}

impl Report for Shown {
    const KIND: &'static str = "sweep";

    fn human(&self, page: &mut Page) {
        if self.md {
            return self.markdown(page);
        }
        let (columns, rows) = self.cells();
        let mut table = Table::with_columns(columns);
        for row in rows {
            table.row(row);
        }
        page.table(&table);
        let better = if self.settings.goal == Goal::Max { "more" } else { "less" };
        let mut parts = vec![format!("{} done", self.count(State::Done))];
        for (state, word) in [(State::Stopped, "ended early"), (State::Failed, "failed")] {
            let n = self.count(state);
            parts.extend((n > 0).then(|| format!("{n} {word}")));
        }
        let open = self.settings.trials - self.rows.iter().filter(|line| line.row.state.is_some()).count().min(self.settings.trials);
        parts.extend((open > 0).then(|| format!("{open} to come")));
        page.blank();
        page.line(format!("Sweep {} ({}, {better} is better): {}.", Style::Heading.paint(&self.name), self.search(), parts.join(", ")));
        match (self.state, self.best.as_deref()) {
            ("open", _) => page.line(format!("To go on: derm sweep --resume {}", self.name)),
            (_, Some([one])) => page.line(format!("To take the best: derm exp apply {one}")),
            (_, Some(several)) => page.line(format!("The best are {}.", text::some_of(several, 5))),
            _ => page,
        };
    }
}

/// All sweeps.
#[derive(Serialize)]
pub(super) struct List {
    pub sweeps: Vec<One>,
}

/// A sweep in short.
#[derive(Serialize)]
pub(super) struct One {
    name: String,
    state: &'static str,
    search: &'static str,
    finished: usize,
    trials: usize,
    metric: String,
    best: Option<f64>,
}

impl One {
    pub fn of(shown: &Shown) -> Self {
        Self {
            name: shown.name.clone(),
            state: shown.state,
            search: shown.search(),
            finished: shown.rows.iter().filter(|line| line.row.state.is_some()).count(),
            trials: shown.settings.trials,
            metric: shown.settings.metric.key.clone(),
            best: shown.rows.first().filter(|line| line.row.best).and_then(|line| line.row.value),
        }
    }
}

impl Report for List {
    const KIND: &'static str = "sweeps";

    fn human(&self, page: &mut Page) {
        if self.sweeps.is_empty() {
            page.line("no sweeps");
            return;
        }
        let columns = [
            ("sweep", Align::Left),
            ("state", Align::Left),
            ("search", Align::Left),
            ("configurations", Align::Right),
            ("metric", Align::Left),
            ("best", Align::Right),
        ];
        let mut table = Table::new(columns);
        for one in &self.sweeps {
            let best = one.best.map(number).unwrap_or_default();
            let counted = format!("{} of {}", one.finished, one.trials);
            table.row([one.name.clone(), one.state.to_owned(), one.search.to_owned(), counted, one.metric.clone(), best]);
        }
        page.table(&table);
    }
}
