//! What `derm repro` says while it runs: everything on stderr.

use crate::pipeline::run::{Action, Listener, Step};
use crate::pipeline::{Project, Reason};
use crate::text;
use crate::ui::{Style, Ui};

/// Turns the events of a run into remarks.
pub struct Voice<'a> {
    pub ui: &'a Ui,
    pub project: &'a Project,
    /// Whether several stages may speak at once.
    pub several: bool,
}

impl Voice<'_> {
    fn name(&self, stage: usize) -> String {
        Style::Heading.paint(self.project.label(stage))
    }

    fn prefix(&self, stage: usize) -> String {
        if self.several { Style::Faint.paint(&format!("[{}] ", self.project.label(stage))) } else { String::new() }
    }
}

impl Listener for Voice<'_> {
    fn starts(&self, stage: usize, reasons: &[Reason]) {
        let first = reasons.first().map(|reason| format!(": {}", reason.text())).unwrap_or_default();
        self.ui.note(format!("running {}{first}", self.name(stage)));
        if self.ui.verbosity() > 0 {
            reasons.iter().skip(1).for_each(|reason| self.ui.note(format!("  also: {}", reason.text())));
        }
    }

    fn command(&self, stage: usize, line: &str) {
        self.ui.note(format!("{}{} {line}", self.prefix(stage), Style::Faint.paint(">")));
    }

    fn output(&self, stage: usize, line: &str) {
        self.ui.note(format!("{}{line}", self.prefix(stage)));
    }

    fn done(&self, step: &Step) {
        let name = self.name(step.stage);
        let took = text::duration(step.seconds);
        match step.action {
            Action::Ran => self.ui.note(format!("{name} is done in {took}")),
            Action::Restored => {
                let first = step.reasons.first().map(|reason| format!(" ({})", reason.text())).unwrap_or_default();
                self.ui.note(format!("{name} is restored from the cache{first}"));
            }
            Action::Recorded => self.ui.note(format!("{name} is frozen: recorded as it is")),
            Action::Failed => self.ui.note(format!("{name} {}", Style::Bad.paint("failed"))),
            Action::Fresh if self.ui.verbosity() > 0 => self.ui.note(format!("{name} is up to date")),
            Action::Fresh | Action::Skipped | Action::WouldRun | Action::MayRun | Action::WouldRestore => {}
        }
    }
}
