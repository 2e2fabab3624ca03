//! From parser events to a tree of nodes, without recursion.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::{Data, Entry, Mark, Node, scalar};
use crate::pipeline::problem::{Problem, Problems, Source};
use crate::pipeline::value::Value;

/// Levels of nesting that are followed.
const MAX_DEPTH: usize = 100;
/// Values that a file may expand to, aliases counted in full.
const MAX_VALUES: usize = 2_000_000;

/// Reads one YAML document; an empty one is null.
///
/// Returns every problem that can be found: a syntax error ends the reading, duplicate keys do not.
pub fn parse(source: &Source) -> Result<Node, Vec<Problem>> {
    let mut problems = Problems::new(source);
    let root = read(source, &mut problems);
    let (list, _) = problems.finish();
    match root {
        Some(node) if list.is_empty() => Ok(node),
        _ => Err(list),
    }
}

fn read(source: &Source, problems: &mut Problems<'_>) -> Option<Node> {
    let text: &str = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    let mut tree = Builder::default();
    let mut documents = 0;
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        let (event, span) = match next {
            Ok(next) => next,
            Err(error) => {
                let mark = Mark { line: error.marker().line().max(1), column: error.marker().col() + 1 };
                syntax(text, mark, error.info(), problems);
                return None;
            }
        };
        let mark = Mark { line: span.start.line().max(1), column: span.start.col() + 1 };
        match event {
            Event::StreamEnd => break,
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    problems.add(mark, "a second document begins here; only one is allowed in a file");
                    return None;
                }
            }
            event => {
                // The parser takes a tab before the outermost value for a space; other readers of YAML refuse it.
                if tree.values == 0
                    && let Some(tab) = tab_before(text, mark)
                {
                    syntax(text, tab, "", problems);
                    return None;
                }
                if let Err(message) = tree.event(event, span, mark, problems) {
                    problems.add(mark, message);
                    return None;
                }
            }
        }
    }
    Some(tree.root.unwrap_or(Node { mark: Mark { line: 1, column: 1 }, data: Data::Scalar(Value::Null) }))
}

/// What the parser says, or what is really wrong where that is known.
fn syntax(text: &str, mark: Mark, info: &str, problems: &mut Problems<'_>) {
    if let Some(tab) = tab_near(text, mark) {
        let hint = "YAML is indented with spaces; replace the tab".to_owned();
        return problems.add_with(tab, "a tab cannot indent YAML", Some(hint));
    }
    let line = text.lines().nth(mark.line.saturating_sub(1)).unwrap_or_default();
    let template =
        (info.contains("flow") && line.contains("${")).then(|| "inside `[ ]` and `{ }` put texts with `${…}` in quotes".to_owned());
    problems.add_with(mark, format!("not valid YAML: {info}"), template);
}

/// A tab between the beginning of a line and what stands at a mark on it.
fn tab_before(text: &str, mark: Mark) -> Option<Mark> {
    let line = text.lines().nth(mark.line.saturating_sub(1))?;
    let indent = || line.chars().take(mark.column.saturating_sub(1));
    let column = indent().position(|c| c == '\t').filter(|_| indent().all(char::is_whitespace))?;
    Some(Mark { line: mark.line, column: column + 1 })
}

/// A tab that indents, on the line of an error or the one before: what the parser then says is about something else.
fn tab_near(text: &str, mark: Mark) -> Option<Mark> {
    let lines = text.lines().enumerate().skip(mark.line.saturating_sub(2)).take(2);
    let found = lines.filter_map(|(i, line)| {
        let indent = line.chars().take_while(|c| matches!(c, ' ' | '\t'));
        let column = indent.into_iter().position(|c| c == '\t')?;
        Some(Mark { line: i + 1, column: column + 1 })
    });
    found.last()
}

/// A list or map that is being filled.
enum Open {
    List { mark: Mark, anchor: usize, items: Vec<Node> },
    Map { mark: Mark, anchor: usize, entries: IndexMap<String, Entry>, merges: Vec<Node>, key: Option<(String, Mark)> },
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    /// Anchored nodes with the number of values in each.
    anchors: HashMap<usize, (Node, usize)>,
    values: usize,
    root: Option<Node>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span, mark: Mark, problems: &mut Problems<'_>) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_ref().map(|tag| tag.suffix.as_str());
                let plain = style == ScalarStyle::Plain && tag != Some("str");
                let value = match (tag, scalar::resolve(&text)) {
                    (Some("float"), Value::Int(value)) => Value::Float(value as f64),
                    (Some("int" | "float" | "bool" | "null"), value) => value,
                    (_, value) if plain => value,
                    _ => Value::Text(text.into_owned()),
                };
                self.count(1)?;
                let merge = plain && matches!(&value, Value::Text(text) if text == "<<");
                self.finish(Node { mark, data: Data::Scalar(value) }, anchor, merge, problems)
            }
            Event::Alias(id) => {
                let (mut node, size) = self.anchors.get(&id).cloned().ok_or("an alias inside the value it names")?;
                self.count(size)?;
                node.mark = mark;
                self.finish(node, 0, false, problems)
            }
            Event::SequenceStart(anchor, _) => self.push(Open::List { mark, anchor, items: Vec::new() }),
            Event::MappingStart(anchor, _) => {
                // The event of an indented map points at its first key; that of a flow map at its brace.
                let _ = span;
                self.push(Open::Map { mark, anchor, entries: IndexMap::new(), merges: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(problems),
            _ => Ok(()),
        }
    }

    fn count(&mut self, n: usize) -> Result<(), String> {
        self.values += n;
        if self.values > MAX_VALUES { Err(format!("the file expands to more than {MAX_VALUES} values")) } else { Ok(()) }
    }

    fn push(&mut self, open: Open) -> Result<(), String> {
        self.count(1)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("nested more than {MAX_DEPTH} levels deep"));
        }
        self.open.push(open);
        Ok(())
    }

    fn close(&mut self, problems: &mut Problems<'_>) -> Result<(), String> {
        let (node, anchor) = match self.open.pop() {
            Some(Open::List { mark, anchor, items }) => (Node { mark, data: Data::List(items) }, anchor),
            Some(Open::Map { mark, anchor, mut entries, merges, .. }) => {
                merge(&mut entries, merges, problems);
                (Node { mark, data: Data::Map(entries.into_values().collect()) }, anchor)
            }
            None => return Ok(()),
        };
        self.finish(node, anchor, false, problems)
    }

    /// Puts a finished node where it belongs. `merge`: it is the plain key `<<`.
    fn finish(&mut self, node: Node, anchor: usize, merge: bool, problems: &mut Problems<'_>) -> Result<(), String> {
        if anchor > 0 {
            let size = size(&node);
            self.count(size)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, merges, key, .. }) => match key.take() {
                None => {
                    let name = if merge { "<<".to_owned() } else { key_text(&node)? };
                    if !merge && let Some(first) = entries.get(&name) {
                        let hint = Some("keep one of them, or give one another name".to_owned());
                        problems.add_with(node.mark, format!("key `{name}` appears twice; first in line {}", first.mark.line), hint);
                    }
                    *key = Some((if merge { format!("\0{name}") } else { name }, node.mark));
                }
                Some((name, _)) if name == "\0<<" => merges.push(node),
                Some((name, mark)) => {
                    entries.entry(name.clone()).or_insert(Entry { key: name, mark, value: node });
                }
            },
        }
        Ok(())
    }
}

fn key_text(node: &Node) -> Result<String, String> {
    match &node.data {
        Data::Scalar(value) => Ok(value.python()),
        _ => Err(format!("{} cannot be a key", node.what())),
    }
}

fn size(node: &Node) -> usize {
    match &node.data {
        Data::Scalar(_) => 1,
        Data::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Data::Map(entries) => 1 + entries.iter().map(|entry| size(&entry.value)).sum::<usize>(),
    }
}

/// `<<: *map` or `<<: [*a, *b]`: adds the keys that are not there yet (<https://yaml.org/type/merge.html>).
fn merge(entries: &mut IndexMap<String, Entry>, merges: Vec<Node>, problems: &mut Problems<'_>) {
    let mut seen: HashSet<String> = entries.keys().cloned().collect();
    for node in merges {
        let maps = match node.data {
            Data::List(items) => items,
            _ => vec![node],
        };
        for map in maps {
            let Data::Map(added) = map.data else {
                problems.add(map.mark, "`<<` merges maps only");
                continue;
            };
            for entry in added {
                if seen.insert(entry.key.clone()) {
                    entries.insert(entry.key.clone(), entry);
                }
            }
        }
    }
}
