//! `derm evaluate` where images have any number of labels.

use super::answer::{Answer, Shown, per_class, undefined};
use super::source::Source;
use super::{material, write};
use crate::cli::evaluate::EvaluateArgs;
use crate::commands::{Context, Failure};
use crate::evaluation::labels::{LabelEvaluation, evaluate, page};
use crate::evaluation::page::{MISTAKES, number, range};
use crate::evaluation::{Options, Predictions};
use crate::text::count;
use crate::ui::{Align, Page, Style, Table};

pub fn make(
    context: &Context,
    args: &EvaluateArgs,
    source: &Source,
    predictions: &Predictions,
    options: &Options<'_>,
) -> Result<Answer<LabelEvaluation>, Failure> {
    let evaluation = evaluate(predictions, options)?;
    let worst: Vec<&str> = page::worst_mistakes(predictions, MISTAKES).iter().map(|mistake| mistake.row.image.as_str()).collect();
    let material = material(context, source, &worst)?;
    let html = page::page(predictions, &evaluation, &material).render();
    let files = write(context, args, source, [evaluation.to_metrics_json(), evaluation.to_json(), predictions.to_csv(), html])?;
    Ok(Answer { title: source.title(), evaluation, files, run: None })
}

impl Shown for LabelEvaluation {
    const KIND: &'static str = "label-evaluation";

    fn sizes(&self) -> [usize; 2] {
        [self.n, self.groups]
    }

    fn of_what(&self) -> String {
        format!("{}, any number of which an image may have", count(self.classes.len(), "label", "labels"))
    }

    fn tables(&self, page: &mut Page) {
        page.table(&headline(self)).blank();
        page.table(&per_class("label", &self.per_class, &self.intervals));
        undefined(page, &self.undefined);
    }
}

fn headline(e: &LabelEvaluation) -> Table {
    let mut table = Table::new([("metric", Align::Left), ("value", Align::Right), ("95 % interval", Align::Left)]);
    let top = &e.headline;
    let rows = [
        ("macro AUC", "macro_auc", top.macro_auc),
        ("macro average precision", "macro_ap", top.macro_ap),
        ("macro F1", "macro_f1", top.macro_f1),
        ("micro F1", "micro_f1", top.micro_f1),
        ("subset accuracy", "subset_accuracy", top.subset_accuracy),
        ("Hamming loss", "hamming_loss", top.hamming_loss),
        ("log loss", "log_loss", top.log_loss),
    ];
    for (name, key, value) in rows {
        let interval = range(e.intervals.headline.get(key).copied().flatten());
        table.row([name.to_owned(), number(value), Style::Faint.paint(&interval)]);
    }
    table
}
