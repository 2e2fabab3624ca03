//! What `derm evaluate` shows.

use indexmap::IndexMap;
use serde::Serialize;

use crate::evaluation::page::{number, range};
use crate::evaluation::{ClassMetrics, Evaluation, Intervals};
use crate::text::count;
use crate::ui::{Align, Page, Report, Style, Table};

/// The evaluation, where it was written, and the run that records it.
#[derive(Debug, Serialize)]
pub struct Answer<E> {
    /// What was evaluated.
    pub title: String,
    /// Id of the run; none outside a repository.
    pub run: Option<String>,
    /// The files written.
    pub files: Vec<String>,
    /// Everything of `evaluation.json`.
    #[serde(flatten)]
    pub evaluation: E,
}

/// An evaluation as it is shown between the title and the names of its files.
pub trait Shown: Serialize {
    /// As [`Report::KIND`].
    const KIND: &'static str;

    /// How many images, in how many groups.
    fn sizes(&self) -> [usize; 2];

    /// What is told of the images beside their number.
    fn of_what(&self) -> String;

    fn tables(&self, page: &mut Page);
}

impl<E: Shown> Report for Answer<E> {
    const KIND: &'static str = E::KIND;

    fn human(&self, page: &mut Page) {
        page.heading(&self.title);
        let [n, groups] = self.evaluation.sizes();
        let groups = if groups == n { String::new() } else { format!(" of {}", count(groups, "group", "groups")) };
        page.line(format!("{}{groups}, {}", count(n, "image", "images"), self.evaluation.of_what())).blank();
        self.evaluation.tables(page);
        page.blank();
        written(page, &self.files, self.run.as_deref());
    }
}

impl Shown for Evaluation {
    const KIND: &'static str = "evaluation";

    fn sizes(&self) -> [usize; 2] {
        [self.n, self.groups]
    }

    fn of_what(&self) -> String {
        count(self.classes.len(), "class", "classes")
    }

    fn tables(&self, page: &mut Page) {
        page.table(&headline(self)).blank();
        page.table(&per_class("class", &self.per_class, &self.intervals));
        undefined(page, &self.undefined);
    }
}

/// Names what has no value.
pub fn undefined(page: &mut Page, undefined: &[String]) {
    if undefined.is_empty() {
        return;
    }
    page.blank().line(format!("{} without a value:", count(undefined.len(), "number", "numbers")));
    for line in undefined {
        page.line(format!("  {}", Style::Faint.paint(line)));
    }
}

/// Names the files and the run.
fn written(page: &mut Page, files: &[String], run: Option<&str>) {
    for file in files {
        page.line(format!("{} {file}", Style::Good.paint("wrote")));
    }
    if let Some(run) = run {
        page.line(format!("{} {run}", Style::Good.paint("run")));
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

/// Numbers of every class, or of what else it is called.
pub fn per_class(what: &str, per_class: &IndexMap<String, ClassMetrics>, intervals: &Intervals) -> Table {
    let columns = [
        (what, Align::Left),
        ("images", Align::Right),
        ("recall", Align::Right),
        ("95 % interval", Align::Left),
        ("precision", Align::Right),
    ];
    let more = [("specificity", Align::Right), ("F1", Align::Right), ("AUC", Align::Right), ("AP", Align::Right)];
    let mut table = Table::with_columns(columns.into_iter().chain(more).map(|(name, align)| (name.to_owned(), align)).collect());
    for (name, class) in per_class {
        let interval = intervals.per_class.get(name).and_then(|all| all.get("recall").copied().flatten());
        let mut cells = vec![name.clone(), class.support.to_string(), number(class.recall), Style::Faint.paint(&range(interval))];
        cells.extend([class.precision, class.specificity, class.f1, class.auc, class.ap].map(number));
        table.row(cells);
    }
    table
}
