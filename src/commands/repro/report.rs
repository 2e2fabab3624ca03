//! The answer of `derm repro`.

use serde::Serialize;

use crate::pipeline::run::{Action, Outcome, Step};
use crate::pipeline::{Project, Reason};
use crate::text;
use crate::ui::{Align, Page, Report, Style, Table};

#[derive(Serialize)]
pub struct Repro {
    dry: bool,
    up_to_date: bool,
    interrupted: bool,
    seconds: f64,
    pub stages: Vec<StageReport>,
}

/// One stage.
#[derive(Serialize)]
pub struct StageReport {
    stage: String,
    file: String,
    action: Action,
    reasons: Vec<Why>,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<serde_json::Value>,
}

/// A reason as data and in words.
#[derive(Serialize)]
pub struct Why {
    #[serde(flatten)]
    reason: Reason,
    pub text: String,
}

impl Why {
    pub fn all(reasons: &[Reason]) -> Vec<Self> {
        reasons.iter().map(|reason| Self { text: reason.text(), reason: reason.clone() }).collect()
    }
}

impl Repro {
    pub fn new(project: &Project, outcome: &Outcome, dry: bool, seconds: f64) -> Self {
        let stage = |step: &Step| StageReport {
            stage: project.stages[step.stage].name.clone(),
            file: project.pipelines[project.stages[step.stage].pipeline].file.to_string(),
            action: step.action,
            reasons: Why::all(&step.reasons),
            seconds: step.seconds,
            error: None,
        };
        let stages: Vec<StageReport> = outcome.steps.iter().map(stage).collect();
        let up_to_date = stages.iter().all(|stage| stage.action == Action::Fresh);
        Self { dry, up_to_date, interrupted: outcome.interrupted, seconds, stages }
    }

    fn count(&self, action: Action) -> usize {
        self.stages.iter().filter(|stage| stage.action == action).count()
    }

    /// After a failure: what was not done.
    pub fn left_over(&self) -> Vec<String> {
        let names: Vec<&str> =
            self.stages.iter().filter(|stage| stage.action == Action::Skipped).map(|stage| stage.stage.as_str()).collect();
        let (shown, more) = names.split_at(names.len().min(10));
        match (shown.is_empty(), more.len()) {
            (true, _) => Vec::new(),
            (false, 0) => vec![format!("not run: {}", shown.join(", "))],
            (false, more) => vec![format!("not run: {} and {more} more", shown.join(", "))],
        }
    }

    fn dry_table(&self, page: &mut Page) {
        let mut table = Table::new([("stage", Align::Left), ("would", Align::Left), ("because", Align::Left)]);
        for stage in self.stages.iter().filter(|stage| stage.action != Action::Fresh) {
            let what = match stage.action {
                Action::WouldRun => Style::Changed.paint("run"),
                Action::MayRun => Style::Changed.paint("maybe run"),
                Action::WouldRestore => Style::Good.paint("restore"),
                _ => String::new(),
            };
            for (line, why) in stage.reasons.iter().enumerate() {
                let first = |text: &str| if line == 0 { text.to_owned() } else { String::new() };
                table.row([first(&stage.stage), first(&what), why.text.clone()]);
            }
        }
        page.table(&table);
    }
}

impl Report for Repro {
    const KIND: &'static str = "repro";

    fn human(&self, page: &mut Page) {
        let all = text::count(self.stages.len(), "stage", "stages");
        if self.up_to_date {
            page.line(Style::Good.paint(&format!("everything is up to date ({all})")));
            return;
        }
        if self.dry {
            self.dry_table(page);
            return;
        }
        let counted = [(Action::Ran, "ran"), (Action::Restored, "restored"), (Action::Recorded, "recorded"), (Action::Fresh, "up to date")];
        let parts: Vec<String> = counted
            .into_iter()
            .map(|(action, word)| (self.count(action), word))
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{n} {word}"))
            .collect();
        page.line(format!("{all}: {} in {}", parts.join(", "), text::duration(self.seconds)));
    }
}
