//! The answer of `derm repro`.

use serde::Serialize;

use crate::pipeline::run::{Action, Outcome, PutBack, Step};
use crate::pipeline::{Project, Reason};
use crate::relpath::RelPath;
use crate::text;
use crate::ui::{Align, Page, Report, Style, Table};

#[derive(Serialize)]
pub struct Repro {
    dry: bool,
    up_to_date: bool,
    interrupted: bool,
    seconds: f64,
    pub stages: Vec<StageReport>,
    #[serde(skip)]
    explain: bool,
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
    /// What became of its outputs when it did not succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    undone: Option<PutBack>,
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
    pub fn new(project: &Project, outcome: &Outcome, dry: bool, explain: bool, seconds: f64) -> Self {
        let stage = |step: &Step| StageReport {
            stage: project.stages[step.stage].name.clone(),
            file: project.pipelines[project.stages[step.stage].pipeline].file.to_string(),
            action: step.action,
            reasons: Why::all(&step.reasons),
            seconds: step.seconds,
            error: None,
            undone: Some(step.put_back.clone()).filter(|undone| !undone.is_empty()),
        };
        let stages: Vec<StageReport> = outcome.steps.iter().map(stage).collect();
        let up_to_date = stages.iter().all(|stage| stage.action == Action::Fresh);
        Self { dry, up_to_date, interrupted: outcome.interrupted, seconds, stages, explain }
    }

    fn count(&self, action: Action) -> usize {
        self.stages.iter().filter(|stage| stage.action == action).count()
    }

    /// After a failure or a stop: what was saved, what became of the rest, and what was not done.
    pub fn left_over(&self) -> Vec<String> {
        let of = |wanted: &dyn Fn(Action) -> bool| -> Vec<&str> {
            self.stages.iter().filter(|stage| wanted(stage.action)).map(|stage| stage.stage.as_str()).collect()
        };
        let saved = of(&|action| matches!(action, Action::Ran | Action::Restored | Action::Recorded));
        let undone = |of: fn(&PutBack) -> &Vec<RelPath>| -> Vec<&str> {
            self.stages.iter().filter_map(|stage| stage.undone.as_ref()).flat_map(|undone| of(undone).iter().map(RelPath::as_str)).collect()
        };
        let lines = [
            ("saved and recorded", saved),
            ("put back as it was", undone(|undone| &undone.old)),
            ("half made, and removed", undone(|undone| &undone.removed)),
            ("left for the next try", undone(|undone| &undone.left)),
            ("not run", of(&|action| action == Action::Skipped)),
        ];
        let lines = lines.into_iter().filter(|(_, names)| !names.is_empty());
        lines.map(|(what, names)| format!("{what}: {}", text::some_of(&names, 10))).collect()
    }

    /// Every stage with all its reasons.
    fn explained(&self, page: &mut Page) {
        for stage in &self.stages {
            let what = match stage.action {
                Action::Fresh => "is up to date",
                Action::WouldRun => "would run",
                Action::MayRun => "would run, unless what comes before it makes the same as last time",
                Action::WouldRestore => "would be restored from the cache",
                Action::Ran => "ran",
                Action::Restored => "was restored from the cache",
                Action::Recorded => "is frozen and was recorded as it is",
                Action::Failed => "failed",
                Action::Skipped => "was not run",
            };
            page.line(format!("{} {what}", Style::Heading.paint(&stage.stage)));
            for why in &stage.reasons {
                page.line(format!("  {}", why.text));
            }
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
        if self.explain {
            self.explained(page);
            if self.dry {
                return;
            }
            page.blank();
        }
        if self.up_to_date {
            page.line(Style::Good.paint(&format!("everything is up to date ({all})")));
            return;
        }
        if self.dry {
            self.dry_table(page);
            return;
        }
        let counted = [
            (Action::Ran, "ran"),
            (Action::Restored, "restored"),
            (Action::Recorded, "recorded"),
            (Action::Fresh, "up to date"),
            (Action::Failed, "failed"),
            (Action::Skipped, "not run"),
        ];
        let parts: Vec<String> = counted
            .into_iter()
            .map(|(action, word)| (self.count(action), word))
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{n} {word}"))
            .collect();
        page.line(format!("{all}: {} in {}", parts.join(", "), text::duration(self.seconds)));
    }
}
