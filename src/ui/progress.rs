//! Progress on stderr.

use std::io::Write;

use crate::observer::{Observer, Task, Unit};

use super::Style;

/// The observer of the terminal.
pub struct Terminal {
    quiet: bool,
}

impl Terminal {
    /// `quiet` silences everything but warnings.
    pub fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// Removes a live progress line before other output.
    pub fn clear(&self) {}

    fn write(&self, line: &str) {
        let mut err = anstream::stderr().lock();
        let _ = writeln!(err, "{line}");
    }
}

impl Observer for Terminal {
    fn begin(&self, _name: &str, _total: Option<u64>, _unit: Unit) -> Box<dyn Task> {
        Box::new(crate::observer::Silent)
    }

    fn warn(&self, message: &str) {
        self.write(&format!("{} {message}", Style::Changed.paint("warning:")));
    }

    fn note(&self, message: &str) {
        if !self.quiet {
            self.write(message);
        }
    }
}
