//! What `derm repro` says while it runs: everything on stderr.
//!
//! What stages print appears as it comes; where several may run at once every line begins with its stage, or all of a stage
//! appears when it ends. It waits in a file then, not in memory.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use crate::cli::repro::Output;
use crate::pipeline::run::{Action, Listener, Step};
use crate::pipeline::{Project, Reason};
use crate::text;
use crate::ui::{Style, Ui};

/// Turns the events of a run into remarks.
pub struct Voice<'a> {
    ui: &'a Ui,
    project: &'a Project,
    output: Option<Output>,
    explain: bool,
    /// Whether colours reach the reader.
    paints: bool,
    waiting: Mutex<HashMap<usize, File>>,
}

impl<'a> Voice<'a> {
    /// For up to `jobs` stages at once.
    pub fn new(ui: &'a Ui, project: &'a Project, jobs: usize, output: Option<Output>, explain: bool) -> Self {
        let output = output.or((jobs > 1).then_some(Output::Prefixed));
        Self { paints: ui.paints(), ui, project, output, explain, waiting: Mutex::default() }
    }

    fn name(&self, stage: usize) -> String {
        Style::Heading.paint(self.project.label(stage))
    }

    /// Lines of a stage, or of its command.
    fn print(&self, stage: usize, lines: &str) {
        match self.output {
            None => self.ui.note(lines),
            Some(Output::Prefixed) => {
                let prefix = format!("{} | ", self.project.label(stage));
                // Colours that would be taken out again cost much where a stage prints much.
                let prefix = if self.paints { Style::Faint.paint(&prefix) } else { prefix };
                let mut text = String::with_capacity(lines.len() * 2);
                for (number, line) in lines.split('\n').enumerate() {
                    if number > 0 {
                        text.push('\n');
                    }
                    text.push_str(&prefix);
                    text.push_str(line);
                }
                self.ui.note(text);
            }
            Some(Output::Grouped) => {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                if let std::collections::hash_map::Entry::Vacant(place) = waiting.entry(stage)
                    && let Ok(file) = tempfile::tempfile()
                {
                    place.insert(file);
                }
                // Rather at once than not at all.
                let kept = waiting.get_mut(&stage).is_some_and(|file| writeln!(file, "{lines}").is_ok());
                if !kept {
                    self.ui.note(lines);
                }
            }
        }
    }

    /// What has waited for the stage's end.
    fn release(&self, stage: usize) {
        let file = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&stage);
        let Some(mut file) = file else { return };
        if file.seek(SeekFrom::Start(0)).is_err() {
            return;
        }
        let mut text = String::new();
        for line in BufReader::new(file).lines().map_while(Result::ok) {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&line);
            if text.len() > 64 << 10 {
                self.ui.note(std::mem::take(&mut text));
            }
        }
        if !text.is_empty() {
            self.ui.note(text);
        }
    }
}

impl Listener for Voice<'_> {
    fn starts(&self, stage: usize, reasons: &[Reason]) {
        if self.explain {
            self.ui.note(format!("running {}", self.name(stage)));
            reasons.iter().for_each(|reason| self.ui.note(format!("  because {}", reason.text())));
            return;
        }
        let first = reasons.first().map(|reason| format!(": {}", reason.text())).unwrap_or_default();
        self.ui.note(format!("running {}{first}", self.name(stage)));
        if self.ui.verbosity() > 0 {
            reasons.iter().skip(1).for_each(|reason| self.ui.note(format!("  also: {}", reason.text())));
        }
    }

    fn command(&self, stage: usize, line: &str) {
        self.print(stage, &format!("{} {line}", Style::Faint.paint(">")));
    }

    fn output(&self, stage: usize, lines: &str) {
        self.print(stage, lines);
    }

    fn done(&self, step: &Step) {
        self.release(step.stage);
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
            Action::Fresh if self.explain || self.ui.verbosity() > 0 => self.ui.note(format!("{name} is up to date")),
            Action::Fresh | Action::Skipped | Action::WouldRun | Action::MayRun | Action::WouldRestore => {}
        }
    }
}
