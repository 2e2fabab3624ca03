//! YAML text becomes a tree whose nodes know their places.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::{Error, SourceFile};

/// Nodes that one file may have after its aliases are filled in: a guard against files whose
/// aliases of aliases grow without end.
const MAX_NODES: usize = 200_000;
/// Maps and lists inside each other.
const MAX_DEPTH: usize = 100;

/// A line and a column, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl From<Marker> for Mark {
    fn from(marker: Marker) -> Self {
        Self { line: marker.line().max(1), column: marker.col() + 1 }
    }
}

/// A value and where it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it starts.
    pub mark: Mark,
    /// What it is.
    pub value: Value,
}

/// A key of a map and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub mark: Mark,
    pub text: String,
}

/// A YAML value by the core schema of YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>).
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`, and how it was written.
    Bool(bool, String),
    /// A whole number, and how it was written.
    Int(i128, String),
    /// Another number, and how it was written.
    Float(f64, String),
    /// Any other scalar.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the file; no key twice.
    Map(Vec<(Key, Node)>),
}

impl Value {
    /// For messages: "the text `many`", "a list".
    pub fn describe(&self) -> String {
        match self {
            Value::Null => "nothing".to_owned(),
            Value::Bool(_, text) | Value::Int(_, text) | Value::Float(_, text) => format!("`{text}`"),
            Value::Text(text) => format!("the text `{}`", text.escape_debug()),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        }
    }
}

/// Why a text gives no tree.
#[derive(Debug)]
pub(super) enum Problem {
    Syntax(Mark, String),
    Duplicate { mark: Mark, key: String, first_line: usize },
}

impl Problem {
    pub(super) fn into_error(self, file: &SourceFile) -> Error {
        match self {
            Problem::Duplicate { mark, key, first_line } => Error::Duplicate { place: file.place(mark), key, first_line },
            Problem::Syntax(mark, message) => match tab_near(&file.text, mark.line) {
                Some(at) => Error::Syntax { place: file.place(at), message: "a tab is used for indentation".to_owned(), tab: true },
                None => Error::Syntax { place: file.place(mark), message, tab: false },
            },
        }
    }
}

/// A tab in the indentation of the line at which the parser gave up, or of the line before it.
fn tab_near(text: &str, line: usize) -> Option<Mark> {
    let lines: Vec<&str> = text.lines().collect();
    [line, line.saturating_sub(1)].into_iter().filter(|line| *line > 0).find_map(|line| {
        let indent = lines.get(line - 1)?.chars().take_while(|c| c.is_whitespace());
        indent.enumerate().find(|(_, c)| *c == '\t').map(|(i, _)| Mark { line, column: i + 1 })
    })
}

/// The document's tree; an empty document is `Null`.
pub(super) fn parse(text: &str) -> Result<Node, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { parser: Parser::new_from_str(text), anchors: HashMap::new(), nodes: 0 };
    let mut root = None;
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamEnd => break,
            Event::DocumentStart(_) if root.is_some() => {
                return Err(Problem::Syntax(span.start.into(), "a second document starts here; one is expected".to_owned()));
            }
            Event::DocumentStart(_) => {
                let (event, span) = reader.next()?;
                root = Some(reader.node(event, span, 0)?);
            }
            _ => {}
        }
    }
    Ok(root.unwrap_or(Node { mark: Mark { line: 1, column: 1 }, value: Value::Null }))
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        let ended = || Problem::Syntax(Mark { line: 1, column: 1 }, "the text ends too early".to_owned());
        self.parser
            .next_event()
            .ok_or_else(ended)?
            .map_err(|error: ScanError| Problem::Syntax((*error.marker()).into(), error.info().to_owned()))
    }

    /// The node that starts with `event`; `depth` maps and lists are open around it.
    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Problem> {
        let mark = Mark::from(span.start);
        let before = self.nodes;
        self.count(1, mark)?;
        if depth > MAX_DEPTH {
            return Err(Problem::Syntax(mark, format!("more than {MAX_DEPTH} maps and lists lie inside each other")));
        }
        let (anchor, value) = match event {
            Event::Alias(id) => {
                let known = self.anchors.get(&id).cloned();
                let (node, size) = known.ok_or_else(|| Problem::Syntax(mark, "an alias stands inside its own anchor".to_owned()))?;
                self.count(size, mark)?;
                return Ok(Node { mark, value: node.value });
            }
            Event::Scalar(text, style, anchor, tag) => (anchor, scalar(&text, style, tag.as_deref())),
            Event::SequenceStart(anchor, _) => (anchor, self.list(depth)?),
            Event::MappingStart(anchor, _) => (anchor, self.map(depth)?),
            _ => return Err(Problem::Syntax(mark, "a value is expected here".to_owned())),
        };
        let node = Node { mark, value };
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), self.nodes - before));
        }
        Ok(node)
    }

    fn count(&mut self, nodes: usize, mark: Mark) -> Result<(), Problem> {
        self.nodes += nodes;
        let fits = self.nodes <= MAX_NODES;
        if fits { Ok(()) } else { Err(Problem::Syntax(mark, format!("the file holds more than {MAX_NODES} values"))) }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut merged: Vec<(Key, Node)> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
            let key = self.key(event, span)?;
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            if merge {
                merge_into(&mut merged, value)?;
            } else if let Some((first, _)) = entries.iter().find(|(first, _)| first.text == key.text) {
                return Err(Problem::Duplicate { mark: key.mark, key: key.text, first_line: first.mark.line });
            } else {
                entries.push((key, value));
            }
        }
        for (key, value) in merged {
            if !entries.iter().any(|(own, _)| own.text == key.text) {
                entries.push((key, value));
            }
        }
        Ok(Value::Map(entries))
    }

    fn key(&mut self, event: Event<'a>, span: Span) -> Result<Key, Problem> {
        let mark = Mark::from(span.start);
        match event {
            Event::Scalar(text, ..) => Ok(Key { mark, text: text.into_owned() }),
            Event::Alias(id) => match self.anchors.get(&id) {
                Some((Node { value: Value::Text(text), .. }, _)) => Ok(Key { mark, text: text.clone() }),
                _ => Err(Problem::Syntax(mark, "a key must be a text".to_owned())),
            },
            _ => Err(Problem::Syntax(mark, "a key must be a text".to_owned())),
        }
    }
}

/// `<<: *a` and `<<: [*a, *b]`: of several, the first map that has a key wins.
fn merge_into(merged: &mut Vec<(Key, Node)>, value: Node) -> Result<(), Problem> {
    let maps = match value.value {
        Value::List(items) => items,
        _ => vec![value],
    };
    for node in maps {
        let Value::Map(entries) = node.value else {
            return Err(Problem::Syntax(node.mark, "`<<` takes a map or a list of maps".to_owned()));
        };
        for (key, value) in entries {
            if !merged.iter().any(|(own, _)| own.text == key.text) {
                merged.push((key, value));
            }
        }
    }
    Ok(())
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let as_text = tag.is_some_and(|tag| tag.suffix == "str" || tag.handle == "!");
    if style != ScalarStyle::Plain || as_text { Value::Text(text.to_owned()) } else { plain(text) }
}

/// A plain scalar by the core schema.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true, text.to_owned()),
        "false" | "False" | "FALSE" => return Value::Bool(false, text.to_owned()),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN, text.to_owned()),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Value::Float(f64::INFINITY, text.to_owned()),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY, text.to_owned()),
        _ => {}
    }
    if let Some(number) = whole(text) {
        return Value::Int(number, text.to_owned());
    }
    // Rust's own parser also takes `inf`, `nan` and `infinity`, which are texts in YAML.
    let numeric = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) && text.bytes().any(|b| b.is_ascii_digit());
    match text.parse::<f64>() {
        Ok(number) if numeric => Value::Float(number, text.to_owned()),
        _ => Value::Text(text.to_owned()),
    }
}

fn whole(text: &str) -> Option<i128> {
    if let Some(digits) = text.strip_prefix("0o") {
        return i128::from_str_radix(digits, 8).ok().filter(|_| !digits.starts_with(['+', '-']));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return i128::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with(['+', '-']));
    }
    text.parse().ok()
}
