//! Reading a job's log while it grows.
//!
//! The log holds what the commands print and, between it, marks of the job's script: the byte 0x1E, `derm NAME `, one
//! of the words below and a line feed. NAME is random, so no program prints a mark by accident.
//!
//! | mark | what |
//! | --- | --- |
//! | `start SECONDS HOST` | the job begins, for the first time or again |
//! | `command N` | the N-th command line begins |
//! | `end` | nothing more comes |
//!
//! The file is opened anew for every look, which is what makes NFS clients ask their server.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

/// Begins a mark.
pub const MARK: u8 = 0x1e;
/// A line is handed over at this length even if it has no end.
const LONGEST: usize = 8 << 10;
/// Of what was printed before derm came, the last bytes are shown.
const BEFORE: u64 = 64 << 10;

/// What a log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The job begins; seconds since 1970, and the machine.
    Start(u64, String),
    /// A command line begins.
    Command(usize),
    /// A line was printed.
    Line(String),
    /// Nothing more comes.
    End,
}

/// A place in a log.
pub struct Follow {
    path: PathBuf,
    intro: String,
    offset: u64,
    partial: Vec<u8>,
    in_mark: bool,
}

impl Follow {
    /// From the beginning of the log of submission `name`.
    pub fn new(path: PathBuf, name: &str) -> Self {
        Self { path, intro: format!("derm {name} "), offset: 0, partial: Vec::new(), in_mark: false }
    }

    /// Skips what was printed long ago; says how many bytes.
    pub fn skip(&mut self) -> u64 {
        let size = self.path.metadata().map_or(0, |meta| meta.len());
        self.offset = size.saturating_sub(BEFORE);
        self.offset
    }

    /// Hands over what is new. A log that is not there yet, or cannot be read now, has nothing new.
    pub fn read(&mut self, hear: &mut dyn FnMut(Event)) {
        let Ok(mut file) = File::open(&self.path) else { return };
        if file.metadata().is_ok_and(|meta| meta.len() < self.offset) {
            // It was started again and its log with it.
            (self.offset, self.in_mark) = (0, false);
            self.partial.clear();
        }
        if file.seek(SeekFrom::Start(self.offset)).is_err() {
            return;
        }
        let mut block = vec![0; 64 << 10];
        while let Ok(n @ 1..) = file.read(&mut block) {
            self.offset += n as u64;
            block[..n].iter().for_each(|byte| self.take(*byte, hear));
        }
    }

    /// Hands over a last line without an end.
    pub fn finish(&mut self, hear: &mut dyn FnMut(Event)) {
        if !self.partial.is_empty() {
            self.hand_over(hear);
        }
    }

    fn take(&mut self, byte: u8, hear: &mut dyn FnMut(Event)) {
        match byte {
            MARK => {
                self.finish(hear);
                self.in_mark = true;
            }
            // Progress bars end their lines with carriage returns.
            b'\n' | b'\r' => self.hand_over(hear),
            byte => {
                self.partial.push(byte);
                if self.partial.len() >= LONGEST {
                    self.hand_over(hear);
                }
            }
        }
    }

    fn hand_over(&mut self, hear: &mut dyn FnMut(Event)) {
        let text = String::from_utf8_lossy(&self.partial).into_owned();
        self.partial.clear();
        let mark = std::mem::take(&mut self.in_mark).then(|| text.strip_prefix(&self.intro).and_then(mark)).flatten();
        hear(mark.unwrap_or(Event::Line(text)));
    }
}

fn mark(text: &str) -> Option<Event> {
    let mut words = text.split(' ');
    match (words.next()?, words.next()) {
        ("start", Some(seconds)) => Some(Event::Start(seconds.parse().ok()?, words.next().unwrap_or_default().to_owned())),
        ("command", Some(number)) => Some(Event::Command(number.parse().ok()?)),
        ("end", None) => Some(Event::End),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_told_from_what_programs_print_however_the_log_grows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let whole = "\x1ederm x-1 start 17 node3\n\x1ederm x-1 command 0\na\nhalf\x1ederm x-1 command 1\n\x1ederm y start 1\nb\rc\n\x1ederm x-1 end\n";
        let line = |text: &str| Event::Line(text.to_owned());
        let expected = [
            Event::Start(17, "node3".to_owned()),
            Event::Command(0),
            line("a"),
            line("half"),
            Event::Command(1),
            line("derm y start 1"),
            line("b"),
            line("c"),
            Event::End,
        ];
        for step in [1, 3, 7, 1000] {
            let mut follow = Follow::new(path.clone(), "x-1");
            let mut heard = Vec::new();
            for end in (0..whole.len() + step).step_by(step) {
                std::fs::write(&path, &whole[..end.min(whole.len())]).unwrap();
                follow.read(&mut |event| heard.push(event));
            }
            follow.finish(&mut |event| heard.push(event));
            assert_eq!(heard, expected, "in pieces of {step}");
        }
    }
}
