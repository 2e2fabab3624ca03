//! From a layout and two values to a new text: patches where the values differ.
//!
//! Nothing here is trusted: the caller reads the result back.

use indexmap::IndexMap;

use super::identical;
use super::layout::{Entry, Item, Kind, Style, begins_line, dash, line_end, line_start};
use super::words::{self, Dialect};
use crate::pipeline::value::Value;

type Map = IndexMap<String, Value>;

/// `text`, which holds `old`, changed so that it should hold `new`; `None` where that cannot be written.
pub(super) fn rewrite(text: &str, root: &Item, old: &Value, new: &Value, dialect: Dialect) -> Option<String> {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut surgeon = Surgeon { text, newline, dialect, patches: Vec::new() };
    surgeon.reconcile(root, old, new, Around { parent: Parent::Root, flow: false })?;
    Some(surgeon.finish())
}

/// What an empty YAML text becomes.
pub(super) fn fill(text: &str, new: &Value) -> Option<String> {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { newline };
    match new {
        Value::Map(map) if !map.is_empty() => {
            let lines: Option<String> = map.iter().map(|(key, value)| words::entry(key, value, 0, newline)).collect();
            Some(format!("{text}{gap}{}", lines?))
        }
        other => Some(format!("{text}{gap}{}{newline}", words::flow(other, Dialect::Yaml)?)),
    }
}

/// What a value stands in.
#[derive(Clone, Copy)]
enum Parent<'a> {
    Root,
    List,
    Entry(&'a Entry),
}

#[derive(Clone, Copy)]
struct Around<'a> {
    parent: Parent<'a>,
    /// Inside of brackets.
    flow: bool,
}

struct Surgeon<'a> {
    text: &'a str,
    newline: &'static str,
    dialect: Dialect,
    /// Bytes to replace, in the order in which those of one place follow each other.
    patches: Vec<(std::ops::Range<usize>, String)>,
}

impl Surgeon<'_> {
    fn patch(&mut self, span: std::ops::Range<usize>, text: impl Into<String>) {
        self.patches.push((span, text.into()));
    }

    fn finish(mut self) -> String {
        self.patches.sort_by_key(|(span, _)| span.start);
        let mut out = String::with_capacity(self.text.len() + 64);
        let mut at = 0;
        for (span, text) in &self.patches {
            out.push_str(self.text.get(at..span.start).unwrap_or_default());
            out.push_str(text);
            at = at.max(span.end);
        }
        out.push_str(&self.text[at..]);
        out
    }

    fn reconcile(&mut self, item: &Item, old: &Value, new: &Value, around: Around<'_>) -> Option<()> {
        if identical(old, new) {
            return Some(());
        }
        match (&item.kind, old, new) {
            (Kind::Map { flow, entries }, Value::Map(old), Value::Map(new)) if keeps(entries, new) => {
                self.map(entries, *flow || around.flow, old, new)
            }
            (Kind::List { flow, items }, Value::List(old), Value::List(new)) if !new.is_empty() && !items.is_empty() => {
                self.list(items, *flow || around.flow, old, new)
            }
            _ => self.replace(item, new, around),
        }
    }

    /// Puts another value in the place of a whole one.
    fn replace(&mut self, item: &Item, new: &Value, around: Around<'_>) -> Option<()> {
        let indent = match around.parent {
            Parent::Entry(entry) => Some(entry.span.start - line_start(self.text, entry.span.start) + 2),
            // How far in the lines of an item must stand depends on its dash: it stays on one line.
            _ => None,
        };
        let (style, inside) = match item.kind {
            Kind::Scalar(style) => (style, around.flow),
            _ => (Style::Plain, around.flow),
        };
        // A remark behind the value would become a part of lines of its own.
        let rest = self.text[item.span.end..].lines().next().unwrap_or_default();
        let indent = indent.filter(|_| item.is_block() || rest.trim().is_empty());
        let word = words::instead(new, style, self.dialect, inside, indent)?;
        let word = if self.newline == "\n" { word } else { word.replace('\n', self.newline) };
        if let Style::Empty { colon } = style {
            self.patch(item.span.clone(), if colon { format!(" {word}") } else { format!(": {word}") });
            return Some(());
        }
        match around.parent {
            // A block below its key: the new value goes behind the colon, the block's lines go.
            Parent::Entry(entry) if item.is_block() => {
                let colon = entry.span.end + self.text[entry.span.end..item.span.start].find(':')? + 1;
                let first = line_start(self.text, item.span.start);
                if first < colon {
                    self.patch(item.span.clone(), word);
                } else {
                    self.patch(colon..colon, format!(" {word}"));
                    self.patch(first..line_end(self.text, item.span.end), "");
                }
            }
            _ => self.patch(item.span.clone(), word),
        }
        Some(())
    }

    fn map(&mut self, entries: &[Entry], flow: bool, old: &Map, new: &Map) -> Option<()> {
        let stays = |entry: &Entry| entry.merge || new.contains_key(&entry.key);
        for entry in entries.iter().filter(|entry| !entry.merge) {
            if let (Some(old), Some(new)) = (old.get(&entry.key), new.get(&entry.key)) {
                self.reconcile(&entry.value, old, new, Around { parent: Parent::Entry(entry), flow })?;
            }
        }
        let stay: Vec<bool> = entries.iter().map(stays).collect();
        let spans: Vec<_> = entries.iter().map(|entry| entry.span.start..entry.value.span.end.max(entry.span.end)).collect();
        self.remove(&spans, &stay, flow);
        let written = |key: &str| entries.iter().any(|entry| !entry.merge && entry.key == key);
        // Also those that a `<<` brought in and that are to be others now.
        let added = new.iter().filter(|(key, value)| !written(key) && old.get(*key).is_none_or(|old| !identical(old, value)));
        let last = stay.iter().rposition(|stays| *stays)?;
        for (key, value) in added {
            if flow {
                let key = words::text(key, self.dialect, true);
                let word = format!("{key}: {}", words::flow(value, self.dialect)?);
                self.append(&spans[last], &word);
            } else {
                let indent = spans[last].start - line_start(self.text, spans[last].start);
                let lines = words::entry(key, value, self.column(spans[0].start).unwrap_or(indent), self.newline)?;
                self.add_lines(spans[spans.len() - 1].end, &lines);
            }
        }
        Some(())
    }

    fn list(&mut self, items: &[Item], flow: bool, old: &[Value], new: &[Value]) -> Option<()> {
        for (item, (old, new)) in items.iter().zip(old.iter().zip(new)) {
            self.reconcile(item, old, new, Around { parent: Parent::List, flow })?;
        }
        let spans: Vec<_> = items.iter().map(|item| item.span.clone()).collect();
        let stay: Vec<bool> = (0..items.len()).map(|i| i < new.len()).collect();
        if flow {
            self.remove(&spans, &stay, true);
        } else if new.len() < items.len() {
            // Items after the first have lines of their own.
            let from = line_start(self.text, dash(self.text, spans[new.len()].start)?);
            self.patch(from..line_end(self.text, spans[spans.len() - 1].end), "");
        }
        for value in new.iter().skip(items.len()) {
            let word = words::flow(value, self.dialect)?;
            if flow {
                self.append(&spans[spans.len() - 1], &word);
            } else {
                let margin = " ".repeat(self.column(dash(self.text, spans[0].start)?)?);
                self.add_lines(spans[spans.len() - 1].end, &format!("{margin}- {word}{}", self.newline));
            }
        }
        Some(())
    }

    /// Takes out what does not stay; something stays.
    fn remove(&mut self, spans: &[std::ops::Range<usize>], stay: &[bool], flow: bool) {
        let first = stay.iter().position(|stays| *stays).unwrap_or(0);
        let mut at = 0;
        while at < spans.len() {
            if stay[at] {
                at += 1;
                continue;
            }
            let end = (at..spans.len()).find(|i| stay[*i]).unwrap_or(spans.len());
            let own_line = !flow && begins_line(self.text, spans[at].start);
            if own_line {
                // Entry by entry, so that comments between them stay.
                (at..end).for_each(|i| {
                    let span = line_start(self.text, spans[i].start)..line_end(self.text, spans[i].end);
                    self.patch(span, "");
                });
            } else if end < spans.len() && (flow || at < first) {
                self.patch(spans[at].start..spans[end].start, "");
            } else {
                self.patch(spans[at.saturating_sub(1)].end..spans[end - 1].end, "");
            }
            at = end;
        }
    }

    /// Adds to a flow list or map, behind the last of it that stays: on a line of its own if that has one.
    fn append(&mut self, last: &std::ops::Range<usize>, word: &str) {
        let gap = if begins_line(self.text, last.start) {
            format!("{}{}", self.newline, &self.text[line_start(self.text, last.start)..last.start])
        } else {
            " ".to_owned()
        };
        self.patch(last.end..last.end, format!(",{gap}{word}"));
    }

    /// Adds lines of a block behind the line that holds the byte `at`.
    fn add_lines(&mut self, at: usize, lines: &str) {
        let at = line_end(self.text, at);
        if at > 0 && !self.text[..at].ends_with('\n') {
            let lines = lines.strip_suffix(self.newline).unwrap_or(lines);
            self.patch(at..at, format!("{}{lines}", self.newline));
        } else {
            self.patch(at..at, lines);
        }
    }

    /// The column of a byte; `None` where what stands before it is not as wide as it is long.
    fn column(&self, at: usize) -> Option<usize> {
        let before = &self.text[line_start(self.text, at)..at];
        Some(before.trim_start_matches('\u{feff}')).filter(|before| before.is_ascii()).map(str::len)
    }
}

/// Whether a map that becomes `new` keeps something that is written.
fn keeps(entries: &[Entry], new: &Map) -> bool {
    entries.iter().any(|entry| entry.merge || new.contains_key(&entry.key))
}
