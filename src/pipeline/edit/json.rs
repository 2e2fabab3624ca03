//! The layout of a JSON text that a reader of JSON accepted already.

use super::layout::{Entry, Item, Kind, Style};

/// `None` where the text is no JSON after all.
pub(super) fn layout(text: &str) -> Option<Item> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.value(0)
}

/// Levels of nesting, as many as serde_json follows.
const MAX_DEPTH: usize = 128;

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl Scanner<'_> {
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> Option<bool> {
        let there = self.peek()? == byte;
        self.at += usize::from(there);
        Some(there)
    }

    fn value(&mut self, depth: usize) -> Option<Item> {
        if depth > MAX_DEPTH {
            return None;
        }
        let first = self.peek()?;
        let start = self.at;
        let kind = match first {
            b'{' => Kind::Map { flow: true, entries: self.entries(depth)? },
            b'[' => Kind::List { flow: true, items: self.items(depth)? },
            b'"' => {
                self.string()?;
                Kind::Scalar(Style::Double)
            }
            _ => {
                let rest = &self.text[self.at..];
                self.at += rest.find([',', ']', '}', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
                Kind::Scalar(Style::Plain)
            }
        };
        (self.at > start).then_some(Item { span: start..self.at, kind })
    }

    /// A text with its quotes.
    fn string(&mut self) -> Option<std::ops::Range<usize>> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        while *bytes.get(at)? != b'"' {
            at += if bytes[at] == b'\\' { 2 } else { 1 };
        }
        self.at = at + 1;
        Some(start..self.at)
    }

    fn items(&mut self, depth: usize) -> Option<Vec<Item>> {
        self.at += 1;
        let mut items = Vec::new();
        if self.eat(b']')? {
            return Some(items);
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.eat(b']')? {
                return Some(items);
            }
            self.eat(b',')?.then_some(())?;
        }
    }

    fn entries(&mut self, depth: usize) -> Option<Vec<Entry>> {
        self.at += 1;
        let mut entries = Vec::new();
        if self.eat(b'}')? {
            return Some(entries);
        }
        loop {
            (self.peek()? == b'"').then_some(())?;
            let span = self.string()?;
            let key: String = serde_json::from_str(&self.text[span.clone()]).ok()?;
            self.eat(b':')?.then_some(())?;
            entries.push(Entry { key, merge: false, span, value: self.value(depth + 1)? });
            if self.eat(b'}')? {
                return Some(entries);
            }
            self.eat(b',')?.then_some(())?;
        }
    }
}
