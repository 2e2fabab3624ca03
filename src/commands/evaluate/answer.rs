//! What `derm evaluate` shows.

use serde::Serialize;

use crate::evaluation::Evaluation;
use crate::evaluation::page::{number, range};
use crate::text::count;
use crate::ui::{Align, Page, Report, Style, Table};

/// The evaluation, where it was written, and the run that records it.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// What was evaluated.
    pub title: String,
    /// Id of the run; none outside a repository.
    pub run: Option<String>,
    /// The files written.
    pub files: Vec<String>,
    /// Everything of `evaluation.json`.
    #[serde(flatten)]
    pub evaluation: Evaluation,
}

impl Report for Answer {
    const KIND: &'static str = "evaluation";

    fn human(&self, page: &mut Page) {
        let e = &self.evaluation;
        page.heading(&self.title);
        let groups = if e.groups == e.n { String::new() } else { format!(" of {}", count(e.groups, "group", "groups")) };
        page.line(format!("{}{groups}, {}", count(e.n, "image", "images"), count(e.classes.len(), "class", "classes"))).blank();
        page.table(&headline(e)).blank();
        page.table(&per_class(e));
        if !e.undefined.is_empty() {
            page.blank().line(format!("{} without a value:", count(e.undefined.len(), "number", "numbers")));
            for line in &e.undefined {
                page.line(format!("  {}", Style::Faint.paint(line)));
            }
        }
        page.blank();
        for file in &self.files {
            page.line(format!("{} {file}", Style::Good.paint("wrote")));
        }
        if let Some(run) = &self.run {
            page.line(format!("{} {run}", Style::Good.paint("run")));
        }
    }
}

fn headline(e: &Evaluation) -> Table {
    let mut table = Table::new([("metric", Align::Left), ("value", Align::Right), ("95 % interval", Align::Left)]);
    let top = &e.headline;
    let rows = [
        ("balanced accuracy", "balanced_accuracy", top.balanced_accuracy),
        ("accuracy", "accuracy", top.accuracy),
        ("macro AUC", "macro_auc", top.macro_auc),
        ("macro F1", "macro_f1", top.macro_f1),
        ("log loss", "log_loss", top.log_loss),
        ("ECE", "ece", top.ece),
    ];
    for (name, key, value) in rows {
        let interval = range(e.intervals.headline.get(key).copied().flatten());
        let noise = if key == "ece" { top.ece_noise_p95.map_or_else(String::new, |p| format!("up to {p:.3} is noise")) } else { interval };
        table.row([name.to_owned(), number(value), Style::Faint.paint(&noise)]);
    }
    table
}

fn per_class(e: &Evaluation) -> Table {
    let columns = [
        ("class", Align::Left),
        ("images", Align::Right),
        ("recall", Align::Right),
        ("95 % interval", Align::Left),
        ("precision", Align::Right),
    ];
    let more = [("specificity", Align::Right), ("F1", Align::Right), ("AUC", Align::Right), ("AP", Align::Right)];
    let mut table = Table::with_columns(columns.into_iter().chain(more).map(|(name, align)| (name.to_owned(), align)).collect());
    for (name, class) in &e.per_class {
        let interval = e.intervals.per_class.get(name).and_then(|all| all.get("recall").copied().flatten());
        let mut cells = vec![name.clone(), class.support.to_string(), number(class.recall), Style::Faint.paint(&range(interval))];
        cells.extend([class.precision, class.specificity, class.f1, class.auc, class.ap].map(number));
        table.row(cells);
    }
    table
}
