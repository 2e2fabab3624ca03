//! What `derm drift` says on stdout.

use serde::Serialize;

use crate::drift::report::{Report, by_effect, p_text};
use crate::drift::{Verdict, cluster_sentence, false_alarm_sentence, medians, power_sentence, signed};
use crate::text;
use crate::ui::{Align, Page, Report as Shown, Style, Table};

/// Columns listed at most; the page has them all.
const LISTED: usize = 15;

/// The report, and where it was written.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    pub(super) out: String,
    #[serde(flatten)]
    pub(super) report: &'a Report,
}

impl Shown for Answer<'_> {
    const KIND: &'static str = "drift";

    fn human(&self, page: &mut Page) {
        let comparison = &self.report.comparison;
        page.heading(&self.report.subject());
        let count = |images| text::count(images, "image", "images");
        page.line(format!("{} against {}", count(comparison.current.images), count(comparison.reference.images))).blank();
        let mut levels = Table::new([("level", Align::Left), ("verdict", Align::Left), ("drift", Align::Right), ("columns", Align::Right)]);
        for level in &comparison.levels {
            levels.row([level.level.title().to_owned(), paint(level.verdict), level.drifting.to_string(), level.columns.to_string()]);
        }
        page.table(&levels);
        self.drifting(page);
        page.blank();
        for sentence in
            [false_alarm_sentence(self.report), power_sentence(self.report), cluster_sentence(self.report)].into_iter().flatten()
        {
            page.line(sentence);
        }
        for caution in self.report.cautions() {
            page.line(format!("Caution: {caution}."));
        }
        page.line(format!("Verdict: {}. Report: {}/drift.html", paint(comparison.verdict), self.out.trim_end_matches('/')));
    }
}

impl Answer<'_> {
    fn drifting(&self, page: &mut Page) {
        let drifting = by_effect(&self.report.comparison, |column| column.verdict == Verdict::Drift);
        if drifting.is_empty() {
            return;
        }
        let number = Align::Right;
        let mut table =
            Table::new([("drifts", Align::Left), ("effect", number), ("adjusted p", number), ("reference", number), ("current", number)]);
        for column in drifting.iter().take(LISTED) {
            let [reference, current] = medians(column).map(Option::unwrap_or_default);
            let effect = signed(column, column.outcome.map_or(0.0, |outcome| outcome.effect));
            let p = column.p_adjusted.map(p_text).unwrap_or_default();
            table.row([column.name.clone(), effect, p, reference, current]);
        }
        page.blank().table(&table);
        if drifting.len() > LISTED {
            page.line(Style::Faint.paint(&format!("and {} more in the report", drifting.len() - LISTED)));
        }
        page.blank().line("It may mean:");
        for (hint, columns) in self.report.meanings() {
            let names: Vec<&str> = columns.iter().take(4).map(|column| column.name.as_str()).collect();
            let more = if columns.len() > names.len() { ", …" } else { "" };
            page.line(format!("  {hint} ({}{more})", names.join(", ")));
        }
    }
}

fn paint(verdict: Verdict) -> String {
    let style = match verdict {
        Verdict::Stable | Verdict::Small => Style::Good,
        Verdict::Drift => Style::Bad,
        Verdict::NotEnoughData | Verdict::Missing => Style::Changed,
    };
    style.paint(verdict.word())
}
