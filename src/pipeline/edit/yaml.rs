//! The layout of a YAML text, from the parser's events.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::layout::{Entry, Item, Kind, Style, dash, line_start};
use crate::pipeline::value::Value;
use crate::pipeline::yaml::scalar;

enum Open {
    List { flow: bool, start: usize, items: Vec<Item> },
    Map { flow: bool, start: usize, entries: Vec<Entry>, key: Option<(String, bool, std::ops::Range<usize>)> },
}

/// The layout of a text that [`crate::pipeline::yaml::parse`] accepts: `Some(None)` for an empty one, `None` for what
/// is not edited (keys that are not scalars).
pub(super) fn layout(text: &str) -> Option<Option<Item>> {
    let skipped = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let offsets: Vec<usize> = text[skipped..].char_indices().map(|(at, _)| at + skipped).chain([text.len()]).collect();
    let mut builder = Builder { text, offsets, open: Vec::new(), root: None };
    let mut parser = Parser::new_from_str(&text[skipped..]);
    while let Some(next) = parser.next_event() {
        let (event, span) = next.ok()?;
        builder.event(event, span)?;
    }
    Some(builder.root)
}

struct Builder<'a> {
    text: &'a str,
    /// The byte of each character.
    offsets: Vec<usize>,
    open: Vec<Open>,
    root: Option<Item>,
}

impl Builder<'_> {
    fn byte(&self, character: usize) -> usize {
        self.offsets.get(character).copied().unwrap_or(self.text.len())
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        let (start, end) = (self.byte(span.start.index()), self.byte(span.end.index()));
        match event {
            Event::Scalar(value, style, _, tag) => self.scalar(&value, style, tag.is_some(), start, end),
            Event::Alias(_) => self.finish(Item { span: start..trimmed(self.text, start, end), kind: Kind::Alias }, None),
            Event::SequenceStart(..) => {
                let (flow, start) = self.opening(start, '[');
                self.open.push(Open::List { flow, start, items: Vec::new() });
                Some(())
            }
            Event::MappingStart(..) => {
                let (flow, start) = self.opening(start, '{');
                self.open.push(Open::Map { flow, start, entries: Vec::new(), key: None });
                Some(())
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(end),
            _ => Some(()),
        }
    }

    /// Whether a collection is in brackets, and where it begins behind its anchor and tag.
    fn opening(&self, start: usize, bracket: char) -> (bool, usize) {
        let start = behind_properties(self.text, start);
        (self.text[start..].starts_with(bracket), start)
    }

    fn close(&mut self, end: usize) -> Option<()> {
        let item = match self.open.pop()? {
            Open::List { flow, start, items } => {
                let last = items.last().map_or(start, |item| item.span.end);
                let first = items.first().map_or(start, |item| dash(self.text, item.span.start).unwrap_or(start));
                Item { span: if flow { start..end } else { first..last }, kind: Kind::List { flow, items } }
            }
            Open::Map { flow, start, entries, .. } => {
                let last = entries.last().map_or(start, |entry| entry.value.span.end.max(entry.span.end));
                let first = entries.first().map_or(start, |entry| entry.span.start);
                Item { span: if flow { start..end } else { first..last }, kind: Kind::Map { flow, entries } }
            }
        };
        self.finish(item, None)
    }

    fn scalar(&mut self, value: &str, style: ScalarStyle, tagged: bool, start: usize, end: usize) -> Option<()> {
        let text = self.text;
        let begin = behind_properties(text, start);
        let end = trimmed(text, begin, end.max(begin));
        // A tag says what the text means: a new value needs none, so that it is replaced with the old one.
        let from = if tagged { start } else { begin };
        let (span, style) = match style {
            ScalarStyle::SingleQuoted => (from..quoted_end(text, begin)?, Style::Single),
            ScalarStyle::DoubleQuoted => (from..quoted_end(text, begin)?, Style::Double),
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let header = text[..begin].rfind(['|', '>'])?;
                let line = line_start(text, begin);
                (header..end, Style::Block { indent: begin - line })
            }
            ScalarStyle::Plain if value.is_empty() && begin >= end => self.empty(begin),
            ScalarStyle::Plain => (from..end, Style::Plain),
        };
        let plain = !tagged && style == Style::Plain;
        let key = if plain { scalar::resolve(value).python() } else { value.to_owned() };
        let merge = plain && value == "<<";
        let empty_key = matches!(style, Style::Empty { .. }).then(|| Value::Null.python());
        self.finish(Item { span, kind: Kind::Scalar(style) }, Some((empty_key.unwrap_or(key), merge)))
    }

    /// Where a value would be put that is not written: behind the colon, or behind the key or dash before it.
    fn empty(&self, start: usize) -> (std::ops::Range<usize>, Style) {
        let after = match self.open.last() {
            Some(Open::Map { key: Some((_, _, key)), .. }) => key.end,
            Some(Open::List { .. }) => {
                let at = self.text[..start].rfind('-').map_or(start, |at| at + 1);
                return (at..at, Style::Empty { colon: true });
            }
            _ => return (start..start, Style::Empty { colon: true }),
        };
        let rest = &self.text[after..];
        let gap = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        match rest[gap..].starts_with(':') {
            true => (after + gap + 1..after + gap + 1, Style::Empty { colon: true }),
            false => (after..after, Style::Empty { colon: false }),
        }
    }

    /// Puts a finished item where it belongs. `key`: its text should it be a key, and whether it is `<<`.
    fn finish(&mut self, item: Item, key: Option<(String, bool)>) -> Option<()> {
        match self.open.last_mut() {
            None => self.root = Some(item),
            Some(Open::List { items, .. }) => items.push(item),
            Some(Open::Map { entries, key: waiting, .. }) => match waiting.take() {
                None => {
                    let (name, merge) = key?;
                    *waiting = Some((name, merge, item.span));
                }
                Some((key, merge, span)) => entries.push(Entry { key, merge, span, value: item }),
            },
        }
        Some(())
    }
}

/// Behind the closing quote of the scalar that begins at `start`: its span may hold a remark too.
fn quoted_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = *bytes.get(start)?;
    let mut at = start + 1;
    loop {
        match (*bytes.get(at)?, bytes.get(at + 1)) {
            (b'\\', Some(_)) if quote == b'"' => at += 2,
            (b'\'', Some(b'\'')) if quote == b'\'' => at += 2,
            (end, _) if end == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Spans of blocks may hold the space behind them.
fn trimmed(text: &str, start: usize, end: usize) -> usize {
    start + text[start..end].trim_end_matches([' ', '\t', '\r', '\n']).len()
}

/// Behind anchors, tags and the space after them.
fn behind_properties(text: &str, mut at: usize) -> usize {
    while text[at..].starts_with(['&', '!']) {
        let rest = &text[at..];
        let word = rest.find([' ', '\t', '\r', '\n', ',', ']', '}']).unwrap_or(rest.len());
        let gap = &rest[word..];
        at += word + gap.len() - gap.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }
    at
}
